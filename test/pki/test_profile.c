/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/profile.h"

#include <openssl/rsa.h>

#include "pki/chain.h"
#include "support/alloc_sweep.h"
#include "world.h"

static struct cert cert_of(const struct pair *pair)
{
	struct sti_span der = der_of(pair);
	struct cert cert;

	assert_int_equal(cert_parse(der, &cert), STI_OK);
	vectors_free(der);
	return cert;
}

static enum profile profile_under(const struct pair *leaf, const struct pair *ca)
{
	struct cert signer = cert_of(leaf), above = {0};
	const struct cert *list[] = {&above};
	enum profile profile;

	if (ca)
		above = cert_of(ca);
	assert_int_equal(profile_check(&signer, list, ca ? 1 : 0, &profile), STI_OK);
	cert_free(&signer);
	if (ca)
		cert_free(&above);
	return profile;
}

static void change_version(X509 *x509, const void *how)
{
	assert_int_equal(X509_set_version(x509, *(const long *)how), 1);
}

struct added {
	const char *oid;
	const char *hex;
	int critical;
};

/* A change: an extension more. */
static void change_add(X509 *x509, const void *how)
{
	const struct added *added = how;
	struct sti_span value = vectors_hex(added->hex);
	ASN1_OBJECT *object = OBJ_txt2obj(added->oid, 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;

	assert_int_equal(ASN1_OCTET_STRING_set(octets, value.p, (int)value.n), 1);
	extension = X509_EXTENSION_create_by_OBJ(NULL, object, added->critical, octets);
	assert_int_equal(X509_add_ext(x509, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(object);
	vectors_free(value);
}

/* A change: an extension in place of what is there. */
static void change_replace(X509 *x509, const void *how)
{
	const struct added *added = how;
	ASN1_OBJECT *object = OBJ_txt2obj(added->oid, 1);
	int at = X509_get_ext_by_OBJ(x509, object, -1);

	if (at >= 0)
		X509_EXTENSION_free(X509_delete_ext(x509, at));
	ASN1_OBJECT_free(object);
	change_add(x509, how);
}

static void change_many(X509 *x509, const void *how)
{
	while (X509_get_ext_count(x509) < *(const int *)how) {
		char oid[32];

		snprintf(oid, sizeof(oid), "1.2.3.%d", X509_get_ext_count(x509));
		change_add(x509, &(struct added){oid, "0500", 0});
	}
}

static void change_nothing(X509 *x509, const void *how)
{
	(void)how;
	assert_int_equal(X509_set_version(x509, X509_get_version(x509)), 1);
}

#define CONSTRAINTS        "2.5.29.19"
#define USAGE              "2.5.29.15"
#define IDENTIFIER         "2.5.29.14"
#define TNAUTHLIST         "1.3.6.1.5.5.7.1.26"
#define CLAIMS             "1.3.6.1.5.5.7.1.27"
#define MORE_CLAIMS        "1.3.6.1.5.5.7.1.33"
#define NAMES              "2.5.29.30"
#define POLICIES           "2.5.29.32"
#define POLICY_MAPPINGS    "2.5.29.33"
#define POLICY_CONSTRAINTS "2.5.29.36"
#define ANY_POLICY         "2.5.29.54"
#define EXCLUDES_CA        "3015a1133011a40f300d310b3009060355040613024341" /* C=CA */
#define LIST_OF_709J       "3008a00616043730394a"
#define EXCLUDES_A         "3007a2053003160161"

static const long version_1 = X509_VERSION_1, version_2 = X509_VERSION_2;
static const int no_usage = NID_key_usage, no_constraints = NID_basic_constraints;
static const int no_subject_id = NID_subject_key_identifier, no_authority_id = NID_authority_key_identifier;
static const int as_many = LIMIT_EXTENSIONS, too_many = LIMIT_EXTENSIONS + 1;

static const struct row {
	const char *what;
	void (*change)(X509 *, const void *);
	const void *how;
	enum profile profile;
} rows[] = {
	{"as it should be", change_nothing, NULL, PROFILE_OK},
	{"E4 version 1", change_version, &version_1, PROFILE_VERSION},
	{"E4 version 2", change_version, &version_2, PROFILE_VERSION},
	{"E4 no BasicConstraints", change_remove, &no_constraints, PROFILE_OK},
	{"E4 CA", change_replace, &(struct added){CONSTRAINTS, "30030101ff", 1}, PROFILE_CA},
	{"E4 keyCertSign", change_replace, &(struct added){USAGE, "03020284", 1}, PROFILE_CA},
	{"E4 keyCertSign alone", change_replace, &(struct added){USAGE, "03020204", 1}, PROFILE_CA},
	{"E4 keyAgreement", change_replace, &(struct added){USAGE, "03020308", 1}, PROFILE_KEY_USAGE},
	{"E4 more than digitalSignature", change_replace, &(struct added){USAGE, "030206c0", 1}, PROFILE_OK},
	{"E5 no keyUsage", change_remove, &no_usage, PROFILE_OK},
	{"E5 no SKI", change_remove, &no_subject_id, PROFILE_OK},
	{"E5 no AKI", change_remove, &no_authority_id, PROFILE_OK},
	{"E6 SKI twice", change_add, &(struct added){IDENTIFIER, "0404aabbccdd", 0}, PROFILE_EXTENSIONS},
	{"E6 TNAuthList twice", change_add, &(struct added){TNAUTHLIST, LIST_OF_709J, 0}, PROFILE_EXTENSIONS},
	{"E6 unknown", change_add, &(struct added){"1.2.3.4", "0500", 0}, PROFILE_OK},
	{"E6 unknown and critical", change_add, &(struct added){"1.2.3.4", "0500", 1}, PROFILE_EXTENSIONS},
	{"E6 BasicConstraints malformed", change_replace, &(struct added){CONSTRAINTS, "0500", 1}, PROFILE_EXTENSIONS},
	{"E6 keyUsage malformed", change_replace, &(struct added){USAGE, "3000", 1}, PROFILE_EXTENSIONS},
	{"E6 nameConstraints and critical", change_add, &(struct added){NAMES, EXCLUDES_CA, 1}, PROFILE_OK},
	{"E6 certificatePolicies and critical", change_replace, &(struct added){POLICIES, "3006300406022a03", 1},
	 PROFILE_OK},
	{"E6 policyConstraints", change_add, &(struct added){POLICY_CONSTRAINTS, "3003800100", 0}, PROFILE_OK},
	{"E6 policyConstraints and critical", change_add, &(struct added){POLICY_CONSTRAINTS, "3003800100", 1},
	 PROFILE_EXTENSIONS},
	{"E6 policyMappings and critical", change_add, &(struct added){POLICY_MAPPINGS, "300a300806022a0306022a04", 1},
	 PROFILE_EXTENSIONS},
	{"E6 inhibitAnyPolicy", change_add, &(struct added){ANY_POLICY, "020100", 0}, PROFILE_OK},
	{"E6 inhibitAnyPolicy and critical", change_add, &(struct added){ANY_POLICY, "020100", 1}, PROFILE_EXTENSIONS},
	{"as many extensions as may be", change_many, &as_many, PROFILE_OK},
	{"one more", change_many, &too_many, PROFILE_EXTENSIONS},
	{"E14 empty", change_replace, &(struct added){TNAUTHLIST, "3000", 0}, PROFILE_TNAUTHLIST},
	{"E14 empty SPC", change_replace, &(struct added){TNAUTHLIST, "3004a0021600", 0}, PROFILE_TNAUTHLIST},
	{"E14 [0] left out", change_replace, &(struct added){TNAUTHLIST, "300613043730394a", 0}, PROFILE_TNAUTHLIST},
	{"E14 past the end", change_replace, &(struct added){TNAUTHLIST, "3008a006163730394a4a", 0},
	 PROFILE_TNAUTHLIST},
	{"E15 two", change_replace, &(struct added){TNAUTHLIST, "3010a006160436363238a006160436363238", 0},
	 PROFILE_SPC},
	{"E15 a number", change_replace, &(struct added){TNAUTHLIST, "3008a206160431323334", 0}, PROFILE_SPC},
	{"E16 lower case", change_replace,
	 &(struct added){TNAUTHLIST,
			 "3008a00616043535"
			 "3461",
			 0},
	 PROFILE_OK},
	{"E16 five letters", change_replace, &(struct added){TNAUTHLIST, "3009a00716054f46543031", 0}, PROFILE_OK},
	{"B12 claims", change_add, &(struct added){MORE_CLAIMS, EXCLUDES_A, 0}, PROFILE_OK},
	{"B12 claims, excluded in the plain one", change_add, &(struct added){CLAIMS, EXCLUDES_A, 0},
	 PROFILE_CONSTRAINTS},
	{"B12 claims malformed", change_add, &(struct added){MORE_CLAIMS, "3000", 0}, PROFILE_CONSTRAINTS},
};

static void test_E4_E5_E6_E14_E15_E16_B12_leaves(void **state)
{
	struct pair root = root_make();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair leaf = signer_make(&root);
		enum profile profile;

		pair_change(&leaf, &root, rows[i].change, rows[i].how);
		profile = profile_under(&leaf, &root);
		if (profile != rows[i].profile)
			fail_msg("%s: %s", rows[i].what, profile_row(profile)->name);
		pair_free(&leaf);
	}
	pair_free(&root);
}

static void test_E13_no_list(void **state)
{
	struct issue_subject subject = signer_subject();
	struct pair root = root_make(), leaf;

	(void)state;
	subject.spc = NULL;
	leaf = pair_make(subject, &root);
	assert_int_equal(profile_under(&leaf, &root), PROFILE_NO_TNAUTHLIST);
	pair_free(&leaf);
	pair_free(&root);
}

static void test_E2_E3_keys(void **state)
{
	const struct {
		EVP_PKEY *pkey;
		enum profile leaf, ca;
	} kinds[] = {
		{EVP_EC_gen("P-256"), PROFILE_OK, PROFILE_OK},
		{EVP_EC_gen("P-384"), PROFILE_KEY, PROFILE_OK},
		{EVP_RSA_gen(2048), PROFILE_KEY, PROFILE_OK},
		{EVP_EC_gen("P-521"), PROFILE_KEY, PROFILE_CA_KEY},
		{EVP_EC_gen("secp256k1"), PROFILE_KEY, PROFILE_CA_KEY},
		{ec_key("P-256", "encoding", "explicit"), PROFILE_KEY, PROFILE_CA_KEY},
		{EVP_RSA_gen(1024), PROFILE_KEY, PROFILE_CA_KEY},
	};
	struct pair root = root_make();

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct pair leaf = signer_make(&root), ca = intermediate_make(&root), good = signer_make(&root);

		pair_change(&leaf, &root, change_key, kinds[i].pkey);
		pair_change(&ca, &root, change_key, kinds[i].pkey);
		assert_int_equal(profile_under(&leaf, NULL), kinds[i].leaf);
		assert_int_equal(profile_under(&good, &ca), kinds[i].ca);
		EVP_PKEY_free(kinds[i].pkey);
		pair_free(&leaf);
		pair_free(&ca);
		pair_free(&good);
	}
	pair_free(&root);
}

static void test_E7_algorithms_of_signatures(void **state)
{
	const struct {
		const EVP_MD *digest;
		bool by_rsa;
		enum profile leaf, ca;
	} kinds[] = {
		{EVP_sha256(), false, PROFILE_OK, PROFILE_OK},
		{EVP_sha384(), false, PROFILE_OK, PROFILE_OK},
		{EVP_sha512(), false, PROFILE_SIGNATURE_ALGORITHM, PROFILE_CA_SIGNATURE},
		{EVP_sha1(), false, PROFILE_SIGNATURE_ALGORITHM, PROFILE_CA_SIGNATURE},
		{EVP_sha256(), true, PROFILE_OK, PROFILE_OK},
		{EVP_sha512(), true, PROFILE_OK, PROFILE_OK},
		{EVP_sha1(), true, PROFILE_SIGNATURE_ALGORITHM, PROFILE_CA_SIGNATURE},
		{EVP_md5(), true, PROFILE_SIGNATURE_ALGORITHM, PROFILE_CA_SIGNATURE},
	};
	struct pair root = root_make(), rsa = root_make();

	(void)state;
	buf_free(&rsa.key);
	rsa.key = key_pem(EVP_RSA_gen(2048));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct pair *by = kinds[i].by_rsa ? &rsa : &root;
		struct pair leaf = signer_make(&root), ca = intermediate_make(&root), good = signer_make(&root);

		pair_change_with(&leaf, by, kinds[i].digest, change_nothing, NULL);
		pair_change_with(&ca, by, kinds[i].digest, change_nothing, NULL);
		if (profile_under(&leaf, NULL) != kinds[i].leaf || profile_under(&good, &ca) != kinds[i].ca)
			fail_msg("row %zu", i);
		pair_free(&leaf);
		pair_free(&ca);
		pair_free(&good);
	}
	pair_free(&root);
	pair_free(&rsa);
}

static void test_E7_RSA_PSS(void **state)
{
	struct pair root = root_make(), leaf = signer_make(&root);
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	X509 *x509 = x509_of(&leaf);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how;
	struct cert cert;
	enum profile profile;
	uint8_t *der = NULL;
	int n;

	(void)state;
	assert_int_equal(EVP_DigestSignInit(context, &how, EVP_sha256(), NULL, rsa), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING), 1);
	assert_true(X509_sign_ctx(x509, context) > 0);
	n = i2d_X509(x509, &der);
	assert_int_equal(cert_parse(sti_span(der, (size_t)n), &cert), STI_OK);
	assert_int_equal(profile_check(&cert, NULL, 0, &profile), STI_OK);
	assert_int_equal(profile, PROFILE_SIGNATURE_ALGORITHM);
	cert_free(&cert);
	OPENSSL_free(der);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(rsa);
	X509_free(x509);
	pair_free(&leaf);
	pair_free(&root);
}

/* ecdsa-with-SHA256 outside is made ecdsa-with-SHA384: one octet, the last of the OID behind the TBS. */
static void test_E7_one_algorithm_outside_another_signed(void **state)
{
	static const uint8_t oid[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
	struct pair root = root_make(), leaf = signer_make(&root);
	struct sti_span der = der_of(&leaf);
	uint8_t *last = NULL;
	struct cert cert;
	enum profile profile;

	(void)state;
	for (size_t i = 0; i + sizeof(oid) <= der.n; i++)
		if (memcmp(der.p + i, oid, sizeof(oid)) == 0)
			last = (uint8_t *)(uintptr_t)(der.p + i + sizeof(oid) - 1);
	assert_non_null(last);
	*last = 3;
	assert_int_equal(cert_parse(der, &cert), STI_OK);
	assert_int_equal(profile_check(&cert, NULL, 0, &profile), STI_OK);
	assert_int_equal(profile, PROFILE_SIGNATURE_MISMATCH);
	cert_free(&cert);
	vectors_free(der);
	pair_free(&leaf);
	pair_free(&root);
}

/* A root is believed because it is listed: what it is signed with is nobody's concern. */
static void test_E7_root_signed_with_SHA1(void **state)
{
	struct pair root = root_make(), leaf = signer_make(&root);

	(void)state;
	pair_change_with(&root, &root, EVP_sha1(), change_nothing, NULL);
	assert_int_equal(profile_under(&leaf, &root), PROFILE_OK);
	pair_free(&leaf);
	pair_free(&root);
}

static void test_E5_E13_CAs_with_less_and_with_more(void **state)
{
	struct issue_subject subject = {.kind = ISSUE_INTERMEDIATE, .name = {"US", "Example", "CA"}, .spc = "709J"};
	struct pair root = root_make(), ca = pair_make(subject, &root), leaf = signer_make(&ca);

	(void)state;
	assert_int_equal(profile_under(&leaf, &ca), PROFILE_OK); /* with a TNAuthList */
	pair_change(&ca, &root, change_remove, &no_usage);
	pair_change(&ca, &root, change_remove, &no_subject_id);
	pair_change(&ca, &root, change_remove, &no_authority_id);
	assert_int_equal(profile_under(&leaf, &ca), PROFILE_OK);
	pair_change(&ca, &root, change_add, &(struct added){TNAUTHLIST, LIST_OF_709J, 0});
	assert_int_equal(profile_under(&leaf, &ca), PROFILE_CA_EXTENSIONS);
	pair_free(&leaf);
	pair_free(&ca);
	pair_free(&root);
}

/* OpenSSL's print-out stands before the certificate. */
static enum profile profile_alone(const struct pair *pair)
{
	struct cert ca = cert_of(pair);
	const struct cert *list[] = {&ca};
	enum profile profile;

	assert_int_equal(profile_check_ca(list, 1, &profile), STI_OK);
	cert_free(&ca);
	return profile;
}

/* Those of policies, which nobody enforces here: RFC 5280 4.2 leaves only to refuse them. */
static void test_E6_critical_and_known_but_not_enforced_in_a_CA(void **state)
{
	static const struct added added[] = {{POLICY_CONSTRAINTS, "3003800100", 1},
					     {POLICY_MAPPINGS, "300a300806022a0306022a04", 1},
					     {ANY_POLICY, "020100", 1}};
	struct pair root = root_make();

	(void)state;
	for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++) {
		struct pair ca = intermediate_make(&root), leaf = signer_make(&ca);

		pair_change(&ca, &root, change_add, &added[i]);
		if (profile_under(&leaf, &ca) != PROFILE_CA_EXTENSIONS || profile_alone(&ca) != PROFILE_CA_EXTENSIONS)
			fail_msg("%s is taken", added[i].oid);
		pair_free(&leaf);
		pair_free(&ca);
	}
	pair_free(&root);
}

/* Held to what is asked of CAs, not to what is asked of signers. */
static void test_CA_by_itself(void **state)
{
	static const struct added unknown = {"1.2.3.4.5", "0500", 1};
	struct pair root = root_make(), ca = intermediate_make(&root);

	(void)state;
	assert_int_equal(profile_alone(&ca), PROFILE_OK);
	assert_int_equal(profile_under(&ca, NULL), PROFILE_CA);
	pair_change(&ca, &root, change_add, &unknown);
	assert_int_equal(profile_alone(&ca), PROFILE_CA_EXTENSIONS);
	pair_free(&ca);
	pair_free(&root);
}

static struct sti_span behind_the_text(struct sti_span pem)
{
	const uint8_t *begin = memmem(pem.p, pem.n, "-----BEGIN", 10);

	assert_non_null(begin);
	return sti_span_from(pem, (size_t)(begin - pem.p));
}

/* The files of zlint, each a leaf or a CA made by ATIS' rules or against one of them: what of that makes a
 * verifier refuse. Those not named here are good signers, whatever lint finds. */
static void test_files_of_zlint(void **state)
{
	static const struct {
		const char *prefix;
		enum profile profile;
	} odd[] = {
		{"shakenBasicConst", PROFILE_CA}, /* keyCertSign besides */
		{"shakenCP1_4WSHA1", PROFILE_SIGNATURE_ALGORITHM},
		{"shakenCP1_4WSHA384", PROFILE_KEY}, /* P-384 */
		{"shakenCP1_", PROFILE_NO_TNAUTHLIST},
		{"shakenSubjectWEmail", PROFILE_NO_TNAUTHLIST},
		{"shakenCaSubjectCN", PROFILE_SIGNATURE_ALGORITHM}, /* SHA-1 */
		{"shakenSigAlgSHA1", PROFILE_SIGNATURE_ALGORITHM},
		{"shakenCaSigAlgSHA1", PROFILE_SIGNATURE_ALGORITHM},
		{"shakenCertV2", PROFILE_VERSION},
		{"shakenCaVersion2", PROFILE_VERSION},
		{"shakenKeyAlg", PROFILE_KEY},
		{"shakenCaKeyAlg", PROFILE_KEY},
		{"shakenCertEmpty", PROFILE_NO_TNAUTHLIST},
		{"shakenTNAuthEmpty", PROFILE_TNAUTHLIST},
		{"shakenTNAuth", PROFILE_SPC},
		{"shakenCa", PROFILE_CA},
		{"shakenRoot", PROFILE_CA},
	};
	struct vectors_list list;
	size_t good = 0;

	(void)state;
	if (!vectors_present())
		return;
	list = vectors_list("zlint-shaken/pem", "shaken");
	for (size_t i = 0; i < list.n; i++) {
		struct sti_span pem = vectors_read(list.name[i]);
		enum profile expected = PROFILE_OK, profile;
		struct chain chain;

		for (size_t k = 0; k < sizeof(odd) / sizeof(odd[0]) && !expected; k++)
			if (strstr(list.name[i], odd[k].prefix))
				expected = odd[k].profile;
		assert_int_equal(chain_parse(behind_the_text(pem), 1, &chain), STI_OK);
		assert_int_equal(profile_check(&chain.cert[0], NULL, 0, &profile), STI_OK);
		if (profile != expected)
			printf("%s: %s\n", list.name[i], profile_row(profile)->name);
		good += profile == expected;
		chain_free(&chain);
		vectors_free(pem);
	}
	vectors_count("files of zlint", good, list.n);
	vectors_list_free(&list);
}

static void test_every_reason_has_a_row_of_its_own(void **state)
{
	(void)state;
	for (int a = 0; a < PROFILE_COUNT; a++) {
		assert_non_null(profile_row((enum profile)a)->text);
		assert_non_null(profile_row((enum profile)a)->clause);
		for (int b = 0; b < a; b++)
			assert_string_not_equal(profile_row((enum profile)a)->name, profile_row((enum profile)b)->name);
	}
}

static bool attempt(void *context)
{
	enum profile profile;
	enum sti_error error = profile_check(context, NULL, 0, &profile);

	assert_true(error == STI_OK || (error == STI_E_MEMORY && alloc_sweep_failed()));
	if (error)
		return false;
	assert_int_equal(profile, PROFILE_OK);
	return true;
}

static void test_J5_memory_gives_out(void **state)
{
	struct pair root = root_make(), leaf = signer_make(&root);
	struct cert cert;

	(void)state;
	pair_change(&leaf, &root, change_add, &(struct added){MORE_CLAIMS, EXCLUDES_A, 0});
	cert = cert_of(&leaf);
	alloc_sweep("profile", attempt, &cert);
	cert_free(&cert);
	pair_free(&leaf);
	pair_free(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_E4_E5_E6_E14_E15_E16_B12_leaves),
		cmocka_unit_test(test_E13_no_list),
		cmocka_unit_test(test_E2_E3_keys),
		cmocka_unit_test(test_E7_algorithms_of_signatures),
		cmocka_unit_test(test_E7_RSA_PSS),
		cmocka_unit_test(test_E7_one_algorithm_outside_another_signed),
		cmocka_unit_test(test_E7_root_signed_with_SHA1),
		cmocka_unit_test(test_E5_E13_CAs_with_less_and_with_more),
		cmocka_unit_test(test_E6_critical_and_known_but_not_enforced_in_a_CA),
		cmocka_unit_test(test_CA_by_itself),
		cmocka_unit_test(test_files_of_zlint),
		cmocka_unit_test(test_every_reason_has_a_row_of_its_own),
		cmocka_unit_test(test_J5_memory_gives_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
