/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/extension.h"

#include "world.h"

/* The profile of standards.md 3.2 as it comes out, extension by extension, in order. */
static char *extensions_of(X509 *x509)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text, *copy;
	long n;

	for (int i = 0; i < X509_get_ext_count(x509); i++) {
		X509_EXTENSION *extension = X509_get_ext(x509, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));

		i2a_ASN1_OBJECT(bio, X509_EXTENSION_get_object(extension));
		BIO_puts(bio, X509_EXTENSION_get_critical(extension) ? " critical" : "");
		if (nid == NID_basic_constraints || nid == NID_key_usage || nid == NID_ext_key_usage ||
		    nid == NID_subject_alt_name || nid == NID_certificate_policies) {
			BIO_puts(bio, " ");
			X509V3_EXT_print(bio, extension, 0, 0);
		}
		BIO_puts(bio, "\n");
	}
	n = BIO_get_mem_data(bio, &text);
	copy = strndup(text, (size_t)n);
	BIO_free(bio);
	return copy;
}

static void expect(const struct pair *pair, const char *expected)
{
	X509 *x509 = x509_of(pair);
	char *text = extensions_of(x509);

	assert_string_equal(text, expected);
	free(text);
	X509_free(x509);
}

static void test_profiles_of_the_registry(void **state)
{
	struct pair root = root_make(), ca = intermediate_make(&root), signer = signer_make(&ca);

	(void)state;
	expect(&root, "X509v3 Basic Constraints critical CA:TRUE\n"
		      "X509v3 Key Usage critical Certificate Sign, CRL Sign\n"
		      "X509v3 Subject Key Identifier\n");
	expect(&ca, "X509v3 Basic Constraints critical CA:TRUE\n"
		    "X509v3 Key Usage critical Certificate Sign, CRL Sign\n"
		    "X509v3 Subject Key Identifier\n"
		    "X509v3 Authority Key Identifier\n"
		    "X509v3 Certificate Policies Policy: 2.16.840.1.114569.1.1.4\n");
	expect(&signer, "X509v3 Basic Constraints critical CA:FALSE\n"
			"X509v3 Key Usage critical Digital Signature\n"
			"X509v3 Subject Key Identifier\n"
			"X509v3 Authority Key Identifier\n"
			"X509v3 Certificate Policies Policy: 2.16.840.1.114569.1.1.4\n"
			"1.3.6.1.5.5.7.1.26\n");
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
}

static void test_profiles_of_tls(void **state)
{
	static const char *const host[] = {"localhost", "127.0.0.1", "::1", "a,DNS:b"};
	struct issue_subject subject = {.kind = ISSUE_TLS_CA, .name = {"US", "Example", "TLS CA"}};
	struct pair ca = pair_make(subject, NULL), server, client;

	(void)state;
	subject = (struct issue_subject){
		.kind = ISSUE_TLS_SERVER, .name = {NULL, NULL, "server"}, .host = host, .n_host = 4};
	server = pair_make(subject, &ca);
	subject = (struct issue_subject){.kind = ISSUE_TLS_CLIENT, .name = {NULL, NULL, "client"}};
	client = pair_make(subject, &ca);
	expect(&ca, "X509v3 Basic Constraints critical CA:TRUE\n"
		    "X509v3 Key Usage critical Certificate Sign, CRL Sign\n"
		    "X509v3 Subject Key Identifier\n");
	expect(&server, "X509v3 Basic Constraints critical CA:FALSE\n"
			"X509v3 Key Usage critical Digital Signature\n"
			"X509v3 Subject Key Identifier\n"
			"X509v3 Extended Key Usage TLS Web Server Authentication\n"
			"X509v3 Authority Key Identifier\n"
			"X509v3 Subject Alternative Name DNS:localhost, IP Address:127.0.0.1, IP Address:"
			"0:0:0:0:0:0:0:1, DNS:a,DNS:b\n");
	expect(&client, "X509v3 Basic Constraints critical CA:FALSE\n"
			"X509v3 Key Usage critical Digital Signature\n"
			"X509v3 Subject Key Identifier\n"
			"X509v3 Extended Key Usage TLS Web Client Authentication\n"
			"X509v3 Authority Key Identifier\n");
	pair_free(&client);
	pair_free(&server);
	pair_free(&ca);
}

static void test_signer_of_lists_and_crls_is_no_ca_and_no_caller(void **state)
{
	struct pair root = pair_make(
		(struct issue_subject){.kind = ISSUE_TLS_CA, .name = {"US", "Example PA", "STI-PA ROOT"}}, NULL);
	struct pair signer = pair_make(
		(struct issue_subject){.kind = ISSUE_AUTHORITY, .name = {"US", "Example PA", "STI-PA CRL"}}, &root);

	(void)state;
	expect(&signer, "X509v3 Basic Constraints critical CA:FALSE\n"
			"X509v3 Key Usage critical Digital Signature, CRL Sign\n"
			"X509v3 Subject Key Identifier\n"
			"X509v3 Authority Key Identifier\n");
	pair_free(&signer);
	pair_free(&root);
}

static void test_names_of_hosts_are_matched(void **state)
{
	static const char *const host[] = {"cps.example.net", "192.0.2.1", "2001:db8::1"};
	struct issue_subject subject = {.kind = ISSUE_TLS_SERVER, .name = {NULL, NULL, "x"}, .host = host, .n_host = 3};
	struct pair server = pair_make(subject, NULL);
	X509 *x509 = x509_of(&server);

	(void)state;
	assert_int_equal(X509_check_host(x509, "cps.example.net", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(x509, "x", 0, 0, NULL), 0);
	assert_int_equal(X509_check_ip_asc(x509, "192.0.2.1", 0), 1);
	assert_int_equal(X509_check_ip_asc(x509, "2001:db8:0::1", 0), 1);
	assert_int_equal(X509_check_ip_asc(x509, "192.0.2.2", 0), 0);
	X509_free(x509);
	pair_free(&server);
}

static void test_distribution_point_of_an_indirect_list(void **state)
{
	static const struct issue_name pa = {"US", "STI-PA", "STI-PA CRL"};
	struct issue_subject subject = signer_subject();
	struct pair signer;
	X509 *x509;
	CRL_DIST_POINTS *points;
	DIST_POINT *point;
	char text[100];

	(void)state;
	subject.crl_url = "https://pa.example.net/download/v1/crl";
	subject.crl_issuer = &pa;
	signer = pair_make(subject, NULL);
	x509 = x509_of(&signer);
	points = X509_get_ext_d2i(x509, NID_crl_distribution_points, NULL, NULL);
	assert_int_equal(sk_DIST_POINT_num(points), 1);
	point = sk_DIST_POINT_value(points, 0);
	assert_int_equal(sk_GENERAL_NAME_num(point->distpoint->name.fullname), 1);
	GENERAL_NAME *url = sk_GENERAL_NAME_value(point->distpoint->name.fullname, 0);
	assert_int_equal(url->type, GEN_URI);
	assert_string_equal((const char *)ASN1_STRING_get0_data(url->d.ia5), subject.crl_url);
	GENERAL_NAME *issuer = sk_GENERAL_NAME_value(point->CRLissuer, 0);
	assert_int_equal(issuer->type, GEN_DIRNAME);
	assert_string_equal(X509_NAME_oneline(issuer->d.directoryName, text, sizeof(text)),
			    "/C=US/O=STI-PA/CN=STI-PA CRL");
	CRL_DIST_POINTS_free(points);
	X509_free(x509);
	pair_free(&signer);
}

/* Straight at the function: pair_make would stop at the error. */
static enum sti_error add(struct issue_subject subject)
{
	X509 *x509 = X509_new();
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	enum sti_error error;

	assert_int_equal(X509_set_pubkey(x509, pkey), 1);
	error = extension_add(&subject, x509, x509);
	EVP_PKEY_free(pkey);
	X509_free(x509);
	return error;
}

static void test_what_must_not_be_issued(void **state)
{
	static const char *const spc[] = {"", "709J/", "7 9J", "123456789", "\xc3\xa9"};
	struct issue_subject subject = signer_subject();

	(void)state;
	assert_int_equal(add(subject), STI_OK);
	subject.policy = "1.2.3.4";
	assert_int_equal(add(subject), STI_OK);
	subject.policy = "not an OID";
	assert_int_equal(add(subject), STI_E_CONFIG);
	subject = signer_subject();
	for (size_t i = 0; i < sizeof(spc) / sizeof(spc[0]); i++) {
		subject.spc = spc[i];
		assert_int_equal(add(subject), STI_E_TNAUTHLIST);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_profiles_of_the_registry),
		cmocka_unit_test(test_profiles_of_tls),
		cmocka_unit_test(test_signer_of_lists_and_crls_is_no_ca_and_no_caller),
		cmocka_unit_test(test_names_of_hosts_are_matched),
		cmocka_unit_test(test_distribution_point_of_an_indirect_list),
		cmocka_unit_test(test_what_must_not_be_issued),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
