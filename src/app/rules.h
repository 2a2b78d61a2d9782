/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_RULES_H
#define APP_RULES_H

#include "app/config.h"

/* What must hold between the keys of a configuration that is right key by key. */
struct rules_finding {
	const void *at; /* the field of the configuration, or the struct of the section */
	const char *text; /* "as.signer: there is none, expected at least one" */
};

/* The first rule that is broken: STI_E_CONFIG and *out; else STI_OK. */
enum sti_error rules_check(const struct config *config, struct rules_finding *out);

#endif
