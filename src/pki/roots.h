/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_ROOTS_H
#define PKI_ROOTS_H

#include <sti/credential.h>

#include "pki/chain.h"

/*
 * One store for each root, not one for all: OpenSSL picks an issuer by its name, and roots of one
 * name with different keys are real (threats.md E10). So each is tried by itself, and a path can
 * end nowhere but at the very certificate that is listed (E11).
 */
struct sti_roots {
	struct chain list;
	X509_STORE **store; /* one for each of list; only read once it is built */
};

#endif
