/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/profile.h"

#include <openssl/x509v3.h>

#include "pki/constraints.h"

/* STI_OK: as it must be; STI_E_MEMORY: not known; anything else: refused. */
typedef enum sti_error profile_test(const struct cert *cert);

static enum sti_error is(bool good)
{
	return good ? STI_OK : STI_E_CERT;
}

static enum sti_error has_version(const struct cert *cert)
{
	return is(X509_get_version(cert->x509) == X509_VERSION_3);
}

static bool is_twice(const X509 *x509, int i)
{
	const ASN1_OBJECT *object = X509_EXTENSION_get_object(X509_get_ext(x509, i));

	return X509_get_ext_by_OBJ(x509, object, i) >= 0;
}

/* OpenSSL reads them, but enforces them only for one who asks for policies (RFC 5280 6.1), which SHAKEN has none
 * to ask for: critical and not enforced is to be refused, RFC 5280 4.2. */
static bool is_about_policies(X509_EXTENSION *extension)
{
	static const int nid[] = {NID_policy_constraints, NID_policy_mappings, NID_inhibit_any_policy};
	int own = OBJ_obj2nid(X509_EXTENSION_get_object(extension));

	for (size_t i = 0; i < sizeof(nid) / sizeof(nid[0]); i++)
		if (own == nid[i])
			return true;
	return false;
}

/* Those that OpenSSL enforces for us or whose value does not bear on a path. */
static bool is_known(X509_EXTENSION *extension)
{
	return !X509_EXTENSION_get_critical(extension) ||
	       (X509_supported_extension(extension) && !is_about_policies(extension));
}

/* EXFLAG_INVALID: one of those that OpenSSL reads cannot be read. */
static enum sti_error has_extensions(const struct cert *cert)
{
	int n = X509_get_ext_count(cert->x509);

	if (n > LIMIT_EXTENSIONS)
		return STI_E_CERT;
	for (int i = 0; i < n; i++)
		if (is_twice(cert->x509, i) || !is_known(X509_get_ext(cert->x509, i)))
			return STI_E_CERT;
	return is((X509_get_extension_flags(cert->x509) & EXFLAG_INVALID) == 0);
}

static enum sti_error has_signer_key(const struct cert *cert)
{
	return is(cert->key == CERT_KEY_P256);
}

static enum sti_error has_ca_key(const struct cert *cert)
{
	return is(cert->key == CERT_KEY_P256 || cert->key == CERT_KEY_P384 || cert->key == CERT_KEY_RSA);
}

static enum sti_error has_algorithm(const struct cert *cert)
{
	static const int nid[] = {NID_ecdsa_with_SHA256, NID_ecdsa_with_SHA384, NID_sha256WithRSAEncryption,
				  NID_sha384WithRSAEncryption, NID_sha512WithRSAEncryption};

	for (size_t i = 0; i < sizeof(nid) / sizeof(nid[0]); i++)
		if (X509_get_signature_nid(cert->x509) == nid[i])
			return STI_OK;
	return STI_E_CERT;
}

/* RFC 5280 4.1.1.2: the algorithm outside is the one that is signed. */
static enum sti_error has_one_algorithm(const struct cert *cert)
{
	const X509_ALGOR *outer;

	X509_get0_signature(NULL, &outer, cert->x509);
	return is(X509_ALGOR_cmp(outer, X509_get0_tbs_sigalg(cert->x509)) == 0);
}

/* A root is believed because it is listed; nobody looks at its signature. */
static enum sti_error has_ca_algorithm(const struct cert *cert)
{
	if (X509_self_signed(cert->x509, 0) == 1)
		return STI_OK;
	return is(has_algorithm(cert) == STI_OK && has_one_algorithm(cert) == STI_OK);
}

/* Neither by BasicConstraints (X509_check_ca says no CA where only keyUsage contradicts them) nor by
 * keyCertSign, which without them must not be (RFC 5280 4.2.1.9). */
static enum sti_error is_no_ca(const struct cert *cert)
{
	uint32_t flags = X509_get_extension_flags(cert->x509);
	uint32_t usage = X509_get_key_usage(cert->x509); /* all bits where there is none */

	return is((flags & EXFLAG_CA) == 0 && ((flags & EXFLAG_KUSAGE) == 0 || (usage & KU_KEY_CERT_SIGN) == 0));
}

/* A keyUsage that is missing allows all, RFC 5280 4.2.1.3. */
static enum sti_error may_sign(const struct cert *cert)
{
	return is((X509_get_key_usage(cert->x509) & KU_DIGITAL_SIGNATURE) != 0);
}

static enum sti_error has_tnauthlist(const struct cert *cert)
{
	struct sti_tnauthlist *list;
	enum sti_error error = cert_tnauthlist(cert, &list);

	if (!error)
		sti_tnauthlist_free(list);
	return error == STI_E_NOT_FOUND || error == STI_E_MEMORY ? error : STI_OK;
}

static enum sti_error can_read_tnauthlist(const struct cert *cert)
{
	struct sti_tnauthlist *list;
	enum sti_error error = cert_tnauthlist(cert, &list);

	if (!error)
		sti_tnauthlist_free(list);
	return error;
}

static enum sti_error has_spc(const struct cert *cert)
{
	struct sti_tnauthlist *list;
	struct sti_span spc;
	enum sti_error error = cert_tnauthlist(cert, &list);

	if (error)
		return error;
	error = sti_tnauthlist_spc(list, &spc);
	sti_tnauthlist_free(list);
	return error;
}

static enum sti_error can_read_constraints(const struct cert *cert)
{
	struct constraints *constraints;
	enum sti_error error = constraints_of(cert, &constraints);

	constraints_free(error ? NULL : constraints);
	return error;
}

static const struct {
	struct profile_row row;
	profile_test *leaf; /* NULL: not about it */
	profile_test *ca;
} table[PROFILE_COUNT] = {
	[PROFILE_OK] = {{"ok", "", "as ATIS-1000080 wants a signer"}, NULL, NULL},
	[PROFILE_VERSION] = {{"version", "RFC 5280 4.1.2.1", "not a certificate of version 3"}, has_version, NULL},
	[PROFILE_EXTENSIONS] = {{"extensions", "RFC 5280 4.2",
				 "an extension is there twice, malformed, or critical and not known"},
				has_extensions,
				NULL},
	[PROFILE_KEY] = {{"key", "ATIS-1000080, RFC 8225 8", "its key is not on the named curve P-256"},
			 has_signer_key,
			 NULL},
	[PROFILE_SIGNATURE_ALGORITHM] = {{"signature-algorithm", "ATIS-1000080, RFC 8226 7",
					  "signed with something else than ECDSA or RSA PKCS #1 over SHA-2"},
					 has_algorithm,
					 NULL},
	[PROFILE_SIGNATURE_MISMATCH] = {{"signature-mismatch", "RFC 5280 4.1.1.2",
					 "the signature algorithm outside is not the one that is signed"},
					has_one_algorithm,
					NULL},
	[PROFILE_CA] = {{"ca", "RFC 5280 4.2.1.9", "a CA, or with keyCertSign, and no signer of calls"},
			is_no_ca,
			NULL},
	[PROFILE_KEY_USAGE] = {{"key-usage", "RFC 5280 4.2.1.3", "its keyUsage has no digitalSignature"},
			       may_sign,
			       NULL},
	[PROFILE_NO_TNAUTHLIST] = {{"no-tnauthlist", "RFC 8226 9", "no TNAuthList"}, has_tnauthlist, NULL},
	[PROFILE_TNAUTHLIST] = {{"tnauthlist", "RFC 8226 9", "its TNAuthList is malformed"}, can_read_tnauthlist, NULL},
	[PROFILE_SPC] = {{"spc", "ATIS-1000080", "its TNAuthList is not exactly one SPC"}, has_spc, NULL},
	[PROFILE_CONSTRAINTS] = {{"claim-constraints", "RFC 8226 8, RFC 9118 3",
				  "its JWT claim constraints are malformed"},
				 can_read_constraints,
				 NULL},
	[PROFILE_CA_KEY] = {{"ca-key", "ATIS-1000080",
			     "a CA above it has a key that is not P-256, P-384 or RSA of 2048 to 4096 bits"},
			    NULL,
			    has_ca_key},
	[PROFILE_CA_SIGNATURE] = {{"ca-signature", "ATIS-1000080, RFC 5280 4.1.1.2",
				   "a CA above it is signed with an algorithm that is not allowed, or with two"},
				  NULL,
				  has_ca_algorithm},
	[PROFILE_CA_EXTENSIONS] = {{"ca-extensions", "RFC 5280 4.2",
				    "a CA above it has an extension twice, malformed, or critical and not known"},
				   NULL,
				   has_extensions},
};

static enum sti_error check_all(profile_test *test, const struct cert *const *cert, size_t n)
{
	enum sti_error error = STI_OK;

	for (size_t i = 0; test && i < n && !error; i++)
		error = test(cert[i]);
	return error;
}

static enum sti_error check(const struct cert *leaf, const struct cert *const *ca, size_t n, enum profile *out)
{
	for (int i = PROFILE_OK; i < PROFILE_COUNT; i++) {
		enum sti_error error = check_all(table[i].leaf, &leaf, leaf ? 1 : 0);

		if (!error)
			error = check_all(table[i].ca, ca, n);
		if (error == STI_E_MEMORY)
			return error;
		*out = (enum profile)i;
		if (error)
			return STI_OK;
	}
	*out = PROFILE_OK;
	return STI_OK;
}

enum sti_error profile_check(const struct cert *leaf, const struct cert *const *ca, size_t n, enum profile *out)
{
	return check(leaf, ca, n, out);
}

enum sti_error profile_check_ca(const struct cert *const *ca, size_t n, enum profile *out)
{
	return check(NULL, ca, n, out);
}

const struct profile_row *profile_row(enum profile profile)
{
	return &table[profile].row;
}
