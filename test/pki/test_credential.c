/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/credential.h>

#include <pthread.h>

#include <openssl/err.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "pki/credential.h"
#include "pki/crls.h"
#include "pki/roots.h"
#include "crl_world.h"

static struct sti_roots *roots_of(const struct pair *root)
{
	struct sti_span pem = BUNDLE(root);
	struct sti_roots *roots;

	assert_int_equal(sti_roots_parse(pem, &roots), STI_OK);
	vectors_free(pem);
	return roots;
}

/* The body and the roots are gone before the credential is looked at. */
static enum sti_error parse(const struct pair *root, struct sti_span body, int64_t now, struct sti_credential **out)
{
	struct sti_roots *roots = roots_of(root);
	enum sti_error error;

	*out = NULL;
	error = sti_credential_parse(body, roots, now, out);
	sti_roots_free(roots);
	vectors_free(body);
	return error;
}

static void expect(const struct pair *root, struct sti_span body, int64_t now, enum sti_trust trust)
{
	struct sti_credential *credential;

	assert_int_equal(parse(root, body, now, &credential), STI_OK);
	assert_int_equal(sti_credential_trust(credential, NULL, now), trust);
	sti_credential_free(credential);
}

static void expect_error(const struct pair *root, struct sti_span body, enum sti_error error)
{
	struct sti_credential *credential;

	assert_int_equal(parse(root, body, NOON, &credential), error);
	assert_null(credential);
}

static void test_values_of_a_trusted_signer(void **state)
{
	struct pair root = root_make(), ca = intermediate_make(&root), signer = signer_make(&ca);
	struct sti_credential *credential;
	struct sti_key *key;
	struct sti_span der = der_of(&signer);
	uint8_t sha256[DIGEST_SHA256];

	(void)state;
	assert_int_equal(parse(&root, BUNDLE(&signer, &ca), NOON, &credential), STI_OK);
	assert_int_equal(sti_credential_trust(credential, NULL, NOON), STI_TRUST_OK);
	assert_true(sti_span_is(sti_credential_spc(credential), "709J"));
	assert_true(sti_span_is(sti_credential_country(credential), "US")); /* of the root; the leaf says CA */
	assert_true(sti_span_is(sti_credential_subject(credential), "SHAKEN 709J"));
	assert_int_equal(sti_credential_from(credential), DAY);
	assert_int_equal(sti_credential_until(credential), 2 * DAY);
	assert_int_equal(digest_sha256(der, sha256), STI_OK);
	assert_memory_equal(sti_credential_sha256(credential), sha256, sizeof(sha256));
	assert_int_equal(sti_key_parse(buf_span(&signer.key), &key), STI_OK);
	assert_true(sti_key_matches(key, sti_credential_key(credential)));
	sti_key_free(key);
	sti_credential_free(credential);
	vectors_free(der);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
}

static void test_country_of_the_leaf_where_the_root_has_none(void **state)
{
	struct pair root =
		pair_make((struct issue_subject){.kind = ISSUE_ROOT, .name = {NULL, "Example", "SHAKEN ROOT"}}, NULL);
	struct pair signer = signer_make(&root), other = root_make();
	struct sti_credential *credential;

	(void)state;
	assert_int_equal(parse(&root, BUNDLE(&signer), NOON, &credential), STI_OK);
	assert_true(sti_span_is(sti_credential_country(credential), "CA"));
	sti_credential_free(credential);
	assert_int_equal(parse(&other, BUNDLE(&signer), NOON, &credential), STI_OK);
	assert_true(sti_span_is(sti_credential_country(credential), "CA"));
	sti_credential_free(credential);
	pair_free(&other);
	pair_free(&signer);
	pair_free(&root);
}

static void test_name_parts_that_are_not_there(void **state)
{
	struct issue_subject subject = signer_subject();
	struct pair root = pair_make((struct issue_subject){.kind = ISSUE_ROOT, .name = {NULL, "Example", NULL}}, NULL);
	struct pair signer;
	struct sti_credential *credential;

	(void)state;
	subject.name = (struct issue_name){NULL, "Carrier", NULL};
	subject.spc = NULL;
	signer = pair_make(subject, &root);
	assert_int_equal(parse(&root, BUNDLE(&signer), NOON, &credential), STI_OK);
	assert_null(sti_credential_country(credential).p);
	assert_null(sti_credential_subject(credential).p);
	assert_null(sti_credential_spc(credential).p);
	sti_credential_free(credential);
	pair_free(&signer);
	pair_free(&root);
}

static void test_E9_window_to_the_second(void **state)
{
	static const struct {
		int64_t now;
		enum sti_trust trust;
	} rows[] = {
		{INT64_MIN, STI_TRUST_NOT_YET}, {0, STI_TRUST_NOT_YET},
		{DAY - 1, STI_TRUST_NOT_YET},   {DAY, STI_TRUST_OK},
		{2 * DAY, STI_TRUST_OK},        {2 * DAY + 1, STI_TRUST_EXPIRED},
		{INT64_MAX, STI_TRUST_EXPIRED},
	};
	struct pair root = root_make(), signer = signer_make(&root);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sti_credential *credential;

		expect(&root, BUNDLE(&signer), rows[i].now, rows[i].trust);
		/* and asked later, of a credential that was parsed in between */
		assert_int_equal(parse(&root, BUNDLE(&signer), NOON, &credential), STI_OK);
		assert_int_equal(sti_credential_trust(credential, NULL, rows[i].now), rows[i].trust);
		sti_credential_free(credential);
	}
	pair_free(&signer);
	pair_free(&root);
}

static void test_E9_I5_leaf_that_outlives_its_authority_and_year_9999(void **state)
{
	struct issue_subject subject = signer_subject();
	struct pair root = root_make(), signer;

	(void)state;
	subject.not_before = DAY;
	subject.not_after = 253402300799;
	signer = pair_make(subject, &root);
	expect(&root, BUNDLE(&signer), NOON, STI_TRUST_OK);
	expect(&root, BUNDLE(&signer), 2 * DAY + 1, STI_TRUST_EXPIRED);
	pair_free(&signer);
	pair_free(&root);
}

static void test_E9_years_that_never_meet(void **state)
{
	struct issue_subject subject = signer_subject();
	struct pair root = root_make(), signer;

	(void)state;
	subject.not_before = 3 * DAY;
	subject.not_after = 4 * DAY;
	signer = pair_make(subject, &root);
	expect(&root, BUNDLE(&signer), NOON, STI_TRUST_NOT_YET);
	expect(&root, BUNDLE(&signer), 3 * DAY + 1, STI_TRUST_EXPIRED);
	pair_free(&signer);
	pair_free(&root);
}

static void test_E10_E11_no_path(void **state)
{
	struct pair listed = root_make(), root = root_make(), signer = signer_make(&root);
	struct pair lonely = pair_make(signer_subject(), NULL);

	(void)state;
	expect(&listed, BUNDLE(&signer), NOON, STI_TRUST_NO_PATH); /* a root of the same name */
	expect(&listed, BUNDLE(&signer, &root), NOON, STI_TRUST_NO_PATH); /* brought along */
	expect(&listed, BUNDLE(&lonely), NOON, STI_TRUST_NO_PATH);
	pair_free(&lonely);
	pair_free(&signer);
	pair_free(&root);
	pair_free(&listed);
}

static void test_E13_E14_E15_E16_lists_of_signers(void **state)
{
	static const struct {
		const char *der; /* NULL: no TNAuthList */
		enum sti_trust trust;
	} rows[] = {
		{NULL, STI_TRUST_PROFILE},
		{"3008a00616043730394a", STI_TRUST_OK},
		{"3008a00616043730396a", STI_TRUST_OK}, /* lower case */
		{"3009a00716054f46543031", STI_TRUST_OK}, /* five letters */
		{"3000", STI_TRUST_PROFILE}, /* empty */
		{"300613043730394a", STI_TRUST_PROFILE}, /* [0] left out */
		{"3008a006163730394a4a", STI_TRUST_PROFILE}, /* length past the end */
		{"3010a006160436363238a006160436363238", STI_TRUST_PROFILE}, /* two */
		{"3008a206160431323334", STI_TRUST_PROFILE}, /* a number */
	};
	struct pair root = root_make();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct issue_subject subject = signer_subject();
		struct sti_span der = rows[i].der ? vectors_hex(rows[i].der) : (struct sti_span){0};
		struct sti_credential *credential;
		struct pair signer;

		subject.spc = NULL;
		subject.tnauthlist = der;
		signer = pair_make(subject, &root);
		assert_int_equal(parse(&root, BUNDLE(&signer), NOON, &credential), STI_OK);
		if (sti_credential_trust(credential, NULL, NOON) != rows[i].trust ||
		    (sti_credential_spc(credential).p != NULL) != (rows[i].trust == STI_TRUST_OK))
			fail_msg("row %zu", i);
		sti_credential_free(credential);
		pair_free(&signer);
		vectors_free(der);
	}
	pair_free(&root);
}

/* threats.md E13: on a CA the list is a finding, no fault. */
static void test_E13_list_on_an_authority(void **state)
{
	struct issue_subject subject = {
		.kind = ISSUE_INTERMEDIATE, .name = {"US", "Example", "SHAKEN CA"}, .spc = "709J"};
	struct pair root = root_make(), ca = pair_make(subject, &root), signer = signer_make(&ca);

	(void)state;
	expect(&root, BUNDLE(&signer, &ca), NOON, STI_TRUST_OK);
	expect(&root, BUNDLE(&ca), NOON, STI_TRUST_PROFILE); /* but itself it signs no call */
	expect(&root, BUNDLE(&root), NOON, STI_TRUST_PROFILE);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
}

static void change_version(X509 *x509, const void *how)
{
	assert_int_equal(X509_set_version(x509, *(const long *)how), 1);
}

/* Another keyUsage, as its one octet of bits; RFC 5280 4.2.1.3. */
static void change_key_usage(X509 *x509, const void *how)
{
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();

	assert_int_equal(ASN1_BIT_STRING_set_bit(bits, *(const int *)how, 1), 1);
	assert_int_equal(X509_add1_ext_i2d(x509, NID_key_usage, bits, 1, X509V3_ADD_REPLACE), 1);
	ASN1_BIT_STRING_free(bits);
}

static void test_profile_of_the_leaf(void **state)
{
	static const int digital_signature = 0, key_agreement = 4, cert_sign = 5, usage = NID_key_usage;
	static const long version_1 = X509_VERSION_1, version_2 = X509_VERSION_2;
	static const struct {
		void (*change)(X509 *, const void *);
		const void *how;
		enum sti_trust trust;
	} rows[] = {
		{change_key_usage, &digital_signature, STI_TRUST_OK},
		{change_key_usage, &key_agreement, STI_TRUST_PROFILE},
		{change_key_usage, &cert_sign, STI_TRUST_PROFILE},
		{change_remove, &usage, STI_TRUST_OK},
		{change_version, &version_1, STI_TRUST_PROFILE},
		{change_version, &version_2, STI_TRUST_PROFILE},
	};
	struct pair root = root_make();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair signer = signer_make(&root);
		struct sti_credential *credential;

		pair_change(&signer, &root, rows[i].change, rows[i].how);
		assert_int_equal(parse(&root, BUNDLE(&signer), NOON, &credential), STI_OK);
		if (sti_credential_trust(credential, NULL, NOON) != rows[i].trust)
			fail_msg("row %zu: %s", i, sti_trust_text(sti_credential_trust(credential, NULL, NOON)));
		sti_credential_free(credential);
		pair_free(&signer);
	}
	pair_free(&root);
}

static void test_certificate_of_tls_under_the_same_root(void **state)
{
	static const char *const host[] = {"cps.example.net"};
	struct issue_subject subject = {
		.kind = ISSUE_TLS_SERVER, .name = {"US", "Carrier", "cps.example.net"}, .host = host, .n_host = 1};
	struct pair root = root_make(), server = pair_make(subject, &root);

	(void)state;
	expect(&root, BUNDLE(&server), NOON, STI_TRUST_PROFILE);
	pair_free(&server);
	pair_free(&root);
}

static void test_A16_E2_E3_keys_of_signers(void **state)
{
	EVP_PKEY *const pkey[] = {
		ec_key("P-384", NULL, NULL),
		ec_key("secp256k1", NULL, NULL),
		ec_key("brainpoolP256r1", NULL, NULL),
		ec_key("P-256", "encoding", "explicit"),
		ec_key("P-256", "point-format", "compressed"),
		ec_key("P-256", "point-format", "hybrid"),
		EVP_RSA_gen(2048),
	};
	struct pair root = root_make();

	(void)state;
	for (size_t i = 0; i < sizeof(pkey) / sizeof(pkey[0]); i++) {
		struct pair signer = signer_make(&root);
		struct sti_credential *credential;

		pair_change(&signer, &root, change_key, pkey[i]);
		assert_int_equal(parse(&root, BUNDLE(&signer), NOON, &credential), STI_OK);
		assert_int_equal(sti_credential_trust(credential, NULL, NOON), STI_TRUST_PROFILE);
		assert_int_equal(credential_profile(credential), PROFILE_KEY);
		assert_null(sti_credential_key(credential));
		sti_credential_free(credential);
		EVP_PKEY_free(pkey[i]);
		pair_free(&signer);
	}
	pair_free(&root);
}

static struct sti_roots *roots_until(const struct pair *root, int64_t until, bool is_complete)
{
	struct sti_span der = der_of(root);
	struct roots_entry entry = {.until = until};
	struct sti_roots *roots;
	struct cert cert;

	assert_int_equal(cert_parse(der, &cert), STI_OK);
	entry.cert = &cert;
	assert_int_equal(roots_make(&entry, 1, is_complete, &roots), STI_OK);
	cert_free(&cert);
	vectors_free(der);
	return roots;
}

/* threats.md F8: where the list is past or was never had, nobody knows: neither good nor a lie. */
static void test_F8_list_that_is_past_or_was_never_had(void **state)
{
	static const struct {
		bool listed, is_complete;
		int64_t until, now;
		enum sti_trust trust;
	} rows[] = {
		{true, true, NOON, NOON, STI_TRUST_OK},
		{true, true, NOON, NOON + 1, STI_TRUST_NO_LIST},
		{true, true, NOON, 2 * DAY + 1, STI_TRUST_NO_LIST}, /* expired besides */
		{true, true, 3 * DAY, 2 * DAY + 1, STI_TRUST_EXPIRED},
		{true, false, NOON, NOON, STI_TRUST_OK},
		{false, true, NOON, NOON, STI_TRUST_NO_PATH},
		{false, false, NOON, NOON, STI_TRUST_NO_LIST},
	};
	struct pair root = root_make(), other = root_make(), ca = intermediate_make(&root), signer = signer_make(&ca);
	struct sti_span body = BUNDLE(&signer, &ca);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sti_roots *roots =
			roots_until(rows[i].listed ? &root : &other, rows[i].until, rows[i].is_complete);
		struct sti_credential *credential;

		assert_int_equal(sti_credential_parse(body, roots, NOON, &credential), STI_OK);
		sti_roots_free(roots);
		if (sti_credential_trust(credential, NULL, rows[i].now) != rows[i].trust)
			fail_msg("row %zu", i);
		assert_int_equal(sti_credential_until(credential), 2 * DAY); /* the list cuts nothing */
		sti_credential_free(credential);
	}
	vectors_free(body);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&other);
	pair_free(&root);
}

/* The CRL is given away. */
static struct sti_crls *crls_of(struct crl *crl, const char *country, bool hard)
{
	struct crls_entry entry = {.crl = crl, .country = sti_span_str(country), .hard = hard};
	struct sti_crls *crls;

	assert_int_equal(crls_make(&entry, 1, &crls), STI_OK);
	crl_unref(crl);
	return crls;
}

/* threats.md E18: the leaf, or a CA between; the root is never looked up; the same leaf with another
 * issuer's serial number in the list stands. */
static void test_E18_revoked_leaf_and_CA(void **state)
{
	const struct issue_subject subject = {.kind = ISSUE_INTERMEDIATE,
					      .name = {"US", "Example", "SHAKEN CA"},
					      .serial = sti_span((const uint8_t[]){2}, 1)};
	struct pair pa = pa_make(), root = root_make(), ca = pair_make(subject, &root), signer = leaf_make(&ca, 3);
	struct pair other = leaf_make(&root, 3);
	const struct {
		const struct pair *revoked;
		enum sti_trust trust;
	} rows[] = {
		{&signer, STI_TRUST_REVOKED},
		{&ca, STI_TRUST_REVOKED},
		{&root, STI_TRUST_OK},
		{&other, STI_TRUST_OK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sti_crls *crls = crls_of(crl_listing(true, &pa, 1, &rows[i].revoked), NULL, true);
		struct sti_credential *credential;

		assert_int_equal(parse(&root, BUNDLE(&signer, &ca), NOON, &credential), STI_OK);
		assert_int_equal(sti_credential_trust(credential, NULL, NOON), STI_TRUST_OK);
		if (sti_credential_trust(credential, crls, NOON) != rows[i].trust)
			fail_msg("row %zu", i);
		assert_int_equal(sti_credential_trust(credential, crls, 2 * DAY + 1), STI_TRUST_EXPIRED);
		sti_credential_free(credential);
		sti_crls_free(crls);
	}
	pair_free(&other);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
	pair_free(&pa);
}

static void test_E19_no_CRL_where_policy_is_hard(void **state)
{
	struct pair root = root_make(), signer = signer_make(&root);
	struct sti_credential *credential;

	(void)state;
	assert_int_equal(parse(&root, BUNDLE(&signer), NOON, &credential), STI_OK);
	for (int hard = 0; hard < 2; hard++) {
		struct sti_crls *crls = crls_of(NULL, NULL, hard);

		assert_int_equal(sti_credential_trust(credential, crls, NOON), hard ? STI_TRUST_NO_CRL : STI_TRUST_OK);
		sti_crls_free(crls);
	}
	sti_credential_free(credential);
	pair_free(&signer);
	pair_free(&root);
}

/* threats.md E22: the CRL of a country speaks for paths under its roots; a leaf's own country counts for
 * nothing. */
static void test_E22_country_of_the_root_picks_the_CRL(void **state)
{
	static const char *const country[] = {"US", "CA", NULL};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct pair root = pair_make(
			(struct issue_subject){.kind = ISSUE_ROOT, .name = {country[i], "Example", "SHAKEN ROOT"}},
			NULL);
		struct pair signer = signer_make(&root); /* C=CA */
		struct sti_crls *crls = crls_of(NULL, "CA", true);
		struct sti_credential *credential;

		assert_int_equal(parse(&root, BUNDLE(&signer), NOON, &credential), STI_OK);
		assert_int_equal(sti_credential_trust(credential, crls, NOON),
				 i == 1 ? STI_TRUST_NO_CRL : STI_TRUST_OK);
		sti_credential_free(credential);
		sti_crls_free(crls);
		pair_free(&signer);
		pair_free(&root);
	}
}

static void test_why_it_is_not_trusted(void **state)
{
	struct pair root = root_make(), other = root_make(), ca = intermediate_make(&root), signer = signer_make(&root);
	struct sti_credential *credential;

	(void)state;
	assert_int_equal(parse(&root, BUNDLE(&signer), NOON, &credential), STI_OK);
	assert_null(sti_credential_why(credential));
	assert_true(credential_has_path(credential));
	sti_credential_free(credential);
	assert_int_equal(parse(&other, BUNDLE(&signer), NOON, &credential), STI_OK);
	assert_string_equal(sti_credential_why(credential), "its issuer is neither listed nor given");
	assert_false(credential_has_path(credential));
	sti_credential_free(credential);
	assert_int_equal(parse(&root, BUNDLE(&ca), NOON, &credential), STI_OK);
	assert_string_equal(sti_credential_why(credential), profile_row(PROFILE_CA)->text);
	sti_credential_free(credential);
	assert_int_equal(sti_credential_parse(buf_span(&signer.cert), NULL, NOON, &credential), STI_OK);
	assert_int_equal(sti_credential_trust(credential, NULL, NOON), STI_TRUST_NO_PATH);
	assert_string_equal(sti_credential_why(credential), "no root is trusted");
	sti_credential_free(credential);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&other);
	pair_free(&root);
}

/* The path may go through such a key, so that others' verdicts on it can be compared; belief may not. */
static void test_E2_CA_with_P521(void **state)
{
	struct buf key = key_pem(EVP_EC_gen("P-521"));
	struct issue_subject subject = {.kind = ISSUE_ROOT, .name = {"US", "Example", "SHAKEN ROOT"}};
	struct sti_credential *credential;
	struct pair root, signer;

	(void)state;
	subject.key = buf_span(&key);
	root = pair_make(subject, NULL);
	signer = signer_make(&root);
	assert_int_equal(parse(&root, BUNDLE(&signer), NOON, &credential), STI_OK);
	assert_true(credential_has_path(credential));
	assert_int_equal(credential_profile(credential), PROFILE_CA_KEY);
	assert_int_equal(sti_credential_trust(credential, NULL, NOON), STI_TRUST_PROFILE);
	sti_credential_free(credential);
	pair_free(&signer);
	pair_free(&root);
	buf_free(&key);
}

static void test_bodies_that_are_refused(void **state)
{
	struct pair root = root_make(), signer = signer_make(&root);
	const struct pair *nine[LIMIT_CERT_BLOCKS + 1];
	struct sti_span body = BUNDLE(&signer);

	(void)state;
	for (size_t i = 0; i < LIMIT_CERT_BLOCKS + 1; i++)
		nine[i] = &signer;
	expect(&root, bundle(LIMIT_CERT_BLOCKS, nine), NOON, STI_TRUST_OK);
	expect_error(&root, bundle(LIMIT_CERT_BLOCKS + 1, nine), STI_E_LIMIT);
	expect_error(&root, vectors_copy(sti_span_from(body, 1)), STI_E_PEM);
	expect_error(&root, vectors_copy(sti_span_first(body, body.n - 8)), STI_E_PEM);
	expect_error(&root, vectors_copy(buf_span(&signer.key)), STI_E_PEM);
	expect_error(&root, vectors_copy(sti_span_str("")), STI_E_PEM);
	vectors_free(body);
	pair_free(&signer);
	pair_free(&root);
}

static void test_body_longer_than_the_limit(void **state)
{
	struct pair root = root_make(), signer = signer_make(&root);
	struct buf body = buf_own(LIMIT_CERT_BODY + 1);

	(void)state;
	buf_put(&body, buf_span(&signer.cert));
	while (body.n < LIMIT_CERT_BODY)
		buf_put_byte(&body, '\n');
	expect(&root, vectors_copy(buf_span(&body)), NOON, STI_TRUST_OK);
	buf_put_byte(&body, '\n');
	expect_error(&root, vectors_copy(buf_span(&body)), STI_E_LIMIT);
	buf_free(&body);
	pair_free(&signer);
	pair_free(&root);
}

static void test_lines_end_with_crlf(void **state)
{
	struct pair root = root_make(), signer = signer_make(&root);
	struct buf body = buf_own(LIMIT_CERT_BODY);

	(void)state;
	for (size_t i = 0; i < signer.cert.n; i++) {
		if (signer.cert.p[i] == '\n')
			buf_put_byte(&body, '\r');
		buf_put_byte(&body, signer.cert.p[i]);
	}
	expect(&root, vectors_copy(buf_span(&body)), NOON, STI_TRUST_OK);
	buf_free(&body);
	pair_free(&signer);
	pair_free(&root);
}

static void test_one_certificate_in_der(void **state)
{
	struct pair root = root_make(), signer = signer_make(&root);

	(void)state;
	expect(&root, der_of(&signer), NOON, STI_TRUST_OK);
	pair_free(&signer);
	pair_free(&root);
}

static void test_nothing_left_in_the_error_queue_of_openssl(void **state)
{
	struct pair root = root_make(), other = root_make(), signer = signer_make(&root);

	(void)state;
	ERR_clear_error();
	expect(&other, BUNDLE(&signer), NOON, STI_TRUST_NO_PATH);
	expect_error(&root, vectors_copy(sti_span("0\x01x", 3)), STI_E_CERT);
	assert_int_equal(ERR_peek_error(), 0);
	pair_free(&signer);
	pair_free(&other);
	pair_free(&root);
}

struct task {
	const struct sti_roots *roots;
	struct sti_span body;
	size_t good;
};

static void *judge_often(void *argument)
{
	struct task *task = argument;

	for (size_t i = 0; i < 50; i++) {
		struct sti_credential *credential;

		if (sti_credential_parse(task->body, task->roots, NOON, &credential))
			continue;
		task->good += sti_credential_trust(credential, NULL, NOON) == STI_TRUST_OK;
		sti_credential_free(credential);
	}
	return NULL;
}

static void test_one_list_of_roots_for_several_threads(void **state)
{
	struct pair root = root_make(), ca = intermediate_make(&root), signer = signer_make(&ca);
	struct sti_span body = BUNDLE(&signer, &ca);
	struct sti_roots *roots = roots_of(&root);
	struct task task[4];
	pthread_t thread[4];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		task[i] = (struct task){roots, body, 0};
		assert_int_equal(pthread_create(&thread[i], NULL, judge_often, &task[i]), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		assert_int_equal(task[i].good, 50);
	}
	sti_roots_free(roots);
	vectors_free(body);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
}

static long allocations_left = -1; /* none fails while negative */

static bool is_used_up(void)
{
	if (allocations_left > 0)
		allocations_left--;
	return allocations_left == 0;
}

static void *failing_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return is_used_up() ? NULL : malloc(n);
}

static void *failing_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return is_used_up() ? NULL : realloc(p, n);
}

static void plain_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* Without memory there is an error, or the right answer, and nothing is lost (asan sees that):
 * never a credential that is wrongly trusted or wrongly not. */
static void test_memory_of_openssl_ends_somewhere(void **state)
{
	struct pair root = root_make(), ca = intermediate_make(&root), signer = signer_make(&ca);
	struct sti_span body = BUNDLE(&signer, &ca);
	struct sti_roots *roots = roots_of(&root);
	bool ended = true;

	(void)state;
	for (long steps = 1; ended; steps += 7) {
		struct sti_credential *credential;
		enum sti_error error;

		allocations_left = steps;
		error = sti_credential_parse(body, roots, NOON, &credential);
		ended = allocations_left == 0;
		allocations_left = -1;
		if (error)
			continue;
		assert_int_equal(sti_credential_trust(credential, NULL, NOON), STI_TRUST_OK);
		sti_credential_free(credential);
	}
	sti_roots_free(roots);
	vectors_free(body);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
}

static void test_every_trust_has_a_text_of_its_own(void **state)
{
	(void)state;
	for (int a = 0; a < STI_TRUST_COUNT; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(sti_trust_text((enum sti_trust)a), sti_trust_text((enum sti_trust)b));
	assert_non_null(sti_trust_text(STI_TRUST_COUNT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_of_a_trusted_signer),
		cmocka_unit_test(test_country_of_the_leaf_where_the_root_has_none),
		cmocka_unit_test(test_name_parts_that_are_not_there),
		cmocka_unit_test(test_E9_window_to_the_second),
		cmocka_unit_test(test_E9_I5_leaf_that_outlives_its_authority_and_year_9999),
		cmocka_unit_test(test_E9_years_that_never_meet),
		cmocka_unit_test(test_E10_E11_no_path),
		cmocka_unit_test(test_E13_E14_E15_E16_lists_of_signers),
		cmocka_unit_test(test_E13_list_on_an_authority),
		cmocka_unit_test(test_profile_of_the_leaf),
		cmocka_unit_test(test_certificate_of_tls_under_the_same_root),
		cmocka_unit_test(test_A16_E2_E3_keys_of_signers),
		cmocka_unit_test(test_F8_list_that_is_past_or_was_never_had),
		cmocka_unit_test(test_E18_revoked_leaf_and_CA),
		cmocka_unit_test(test_E19_no_CRL_where_policy_is_hard),
		cmocka_unit_test(test_E22_country_of_the_root_picks_the_CRL),
		cmocka_unit_test(test_why_it_is_not_trusted),
		cmocka_unit_test(test_E2_CA_with_P521),
		cmocka_unit_test(test_bodies_that_are_refused),
		cmocka_unit_test(test_body_longer_than_the_limit),
		cmocka_unit_test(test_lines_end_with_crlf),
		cmocka_unit_test(test_one_certificate_in_der),
		cmocka_unit_test(test_nothing_left_in_the_error_queue_of_openssl),
		cmocka_unit_test(test_one_list_of_roots_for_several_threads),
		cmocka_unit_test(test_memory_of_openssl_ends_somewhere),
		cmocka_unit_test(test_every_trust_has_a_text_of_its_own),
	};

	assert_int_equal(CRYPTO_set_mem_functions(failing_malloc, failing_realloc, plain_free), 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
