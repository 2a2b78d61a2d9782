/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_CERT_H
#define PKI_CERT_H

#include <openssl/x509.h>

#include <sti/key.h>
#include <sti/tnauthlist.h>

#include "base/limits.h"

/* The keys with which we calculate: curves are named and points uncompressed (threats.md A16), RSA has
 * 2048 to 4096 bits and an odd exponent of 2 to 32 bits. Which of them a signer or a CA may have is the
 * profile's to say. */
enum cert_key { CERT_KEY_OTHER, CERT_KEY_P256, CERT_KEY_P384, CERT_KEY_P521, CERT_KEY_RSA };

/* One certificate, only read once it is parsed. */
struct cert {
	X509 *x509; /* of CERT_KEY_OTHER: without its key, so it is signed by nobody and signs nothing */
	struct sti_span der; /* owned */
	enum cert_key key;
	int64_t from, until; /* validity in seconds, both ends inclusive */
};

/* Copies. STI_E_CERT for anything that is not one certificate in DER with times as RFC 5280 writes
 * them; a key that is not ours is no error here: see key. */
enum sti_error cert_parse(struct sti_span der, struct cert *out);
void cert_free(struct cert *cert);

/* One more owner of what OpenSSL parsed, across threads too; ended by cert_free. STI_E_MEMORY. */
enum sti_error cert_share(const struct cert *cert, struct cert *out);

/* The validity of any X509, in seconds of the epoch, exactly, up to the year 9999. STI_E_CERT. */
enum sti_error cert_validity(const X509 *x509, int64_t *from, int64_t *until);

/* One time as it stands in certificates and CRLs (RFC 5280 4.1.2.5, 5.1.2.4), seconds of the epoch. STI_E_CERT. */
enum sti_error cert_time(const ASN1_TIME *time, int64_t *out);

/* The value of an extension, by the octets of its OID; owned by the certificate. STI_E_NOT_FOUND,
 * or STI_E_CERT when it is there twice (RFC 5280 4.2). */
enum sti_error cert_extension(const struct cert *cert, struct sti_span oid, struct sti_span *value);

/* The TNAuthList, which points into the certificate; *out is the caller's. STI_E_NOT_FOUND, STI_E_CERT
 * when it is there twice, else as sti_tnauthlist_parse. */
enum sti_error cert_tnauthlist(const struct cert *cert, struct sti_tnauthlist **out);

/* The first attribute `nid` of the subject, cut to size, octets that are not printable ASCII as
 * '?'. Its length; 0 when there is none. */
size_t cert_subject(const struct cert *cert, int nid, char out[LIMIT_CERT_NAME]);

/* Its key as one that verifies ES256: STI_E_KEY unless it has P-256. *out is the caller's. */
enum sti_error cert_public_key(const struct cert *cert, struct sti_public_key **out);

/* Whether it is a CA that has signed itself: what a root is. False, too, where memory gave out. */
bool cert_is_root(const struct cert *cert);

#endif
