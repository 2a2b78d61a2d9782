/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_TLS_PAIR_H
#define SUPPORT_TLS_PAIR_H

#include <stdbool.h>

/* Certificates for TLS tests: an authority made for this one pair and a leaf signed by it. */
struct tls_pair_wish {
	const char *names; /* subjectAltName: "DNS:localhost,IP:127.0.0.1" */
	long from; /* validity, seconds from now; from == until == 0 means an hour on both sides */
	long until;
	bool self_signed; /* the leaf by itself */
};

/* PEM, NUL-terminated, owned. */
struct tls_pair {
	char *ca;
	char *certificate;
	char *key;
};

struct tls_pair tls_pair_make(const struct tls_pair_wish *wish);
void tls_pair_free(struct tls_pair *pair);

/* Writes text to a new file under the temporary folder; the path is the caller's to unlink and free. */
char *tls_pair_file(const char *text);

#endif
