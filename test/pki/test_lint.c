/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/lint.h"

#include "lint_world.h"
#include "pki/chain.h"
#include "support/value.h"

static const struct lint *lint_named(const char *name)
{
	for (const struct lint *lint = lint_table; lint->name; lint++)
		if (strcmp(lint->name, name) == 0)
			return lint;
	fail_msg("no lint %s", name);
	return NULL;
}

/* As zlint says it. */
static const char *status_text(const struct lint *lint, enum lint_status status)
{
	static const char *const level[] = {[LINT_ERROR] = "Error", [LINT_WARN] = "Warn", [LINT_NOTICE] = "Notice"};

	if (status == LINT_FOUND)
		return level[lint->level];
	return status == LINT_PASS ? "Pass" : "NA";
}

/* The row's certificate with an empty subject and no TNAuthList is not among the files; this is another. */
static const char *file_of(const struct value *row)
{
	const char *file = value_text(row, "file");

	return strcmp(file, "subjectEmpty.pem") == 0 ? "shakenCertEmpty.pem" : file;
}

/* That lint asks the network in the vectors of one commit and is switched off in those of the other. */
static bool is_offline(const struct value *row)
{
	return strcmp(value_text(row, "lint"), "e_atis_crl_distribution_not_reachable") == 0 &&
	       strcmp(value_text(row, "ref"), "a7f11f7") == 0;
}

/* openssl's text for people stands before it. */
static struct sti_span block_of(struct sti_span pem)
{
	const uint8_t *begin = memmem(pem.p, pem.n, "-----BEGIN", 10);

	assert_non_null(begin);
	return sti_span_from(pem, (size_t)(begin - pem.p));
}

/* The vectors are of 2022 and try rules of v005: so all are held to that. */
static const char *verdict_of(const struct value *row)
{
	const struct lint *lint = lint_named(value_text(row, "lint"));
	struct lint_view view;
	struct sti_span pem;
	struct chain chain;
	char path[128];
	const char *text;

	snprintf(path, sizeof(path), "zlint-shaken/pem/%s", file_of(row));
	pem = vectors_read(path);
	assert_int_equal(chain_parse(block_of(pem), 1, &chain), STI_OK);
	assert_int_equal(lint_view_open(&chain.cert[0], is_offline(row) ? NULL : domain_us(), LINT_V5, &view), STI_OK);
	text = status_text(lint, lint_check(lint, &view));
	lint_view_close(&view);
	chain_free(&chain);
	vectors_free(pem);
	return text;
}

static void test_verdicts_of_zlint(void **state)
{
	struct value *rows;
	size_t good = 0;

	(void)state;
	if (!vectors_present())
		return;
	rows = value_read("zlint-shaken/expected.json");
	for (size_t i = 0; i < value_count(rows); i++) {
		const struct value *row = value_at(rows, i);
		const char *found = verdict_of(row);

		if (strcmp(found, value_text(row, "status")) == 0)
			good++;
		else
			printf("%s %s: %s, not %s\n", value_text(row, "lint"), value_text(row, "file"), found,
			       value_text(row, "status"));
	}
	vectors_count("zlint-shaken", good, value_count(rows));
	value_free(rows);
}

static void change_serial(X509 *x509, const void *how)
{
	BIGNUM *n = NULL;
	ASN1_INTEGER *serial;

	assert_true(BN_hex2bn(&n, how) > 0);
	serial = BN_to_ASN1_INTEGER(n, NULL);
	assert_int_equal(X509_set_serialNumber(x509, serial), 1);
	ASN1_INTEGER_free(serial);
	BN_free(n);
}

static void test_E8_serial_zero_negative_short_or_of_21_octets(void **state)
{
	static const struct {
		const char *serial, *lint;
	} row[] = {
		{"0", "e_atis_serial_number"},
		{"-8123456789abcdef", "e_atis_serial_number"},
		{"7fffffffffffffff", "e_atis_serial_number"},
		{"0123456789abcdef0123456789abcdef0123456789", "e_serial_number_longer_than_20_octets"},
		{"8000000000000000000000000000000000000000", "e_serial_number_longer_than_20_octets"},
	};
	struct pair root = root_make();

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct pair signer = signer_make(&root);

		pair_change(&signer, &root, change_serial, row[i].serial);
		if (lint_of(&signer, row[i].lint) != LINT_FOUND)
			fail_msg("%s", row[i].serial);
		pair_free(&signer);
	}
	pair_free(&root);
}

static void test_serials_of_64_bits_and_of_20_octets_are_good(void **state)
{
	struct pair root = root_make(), signer = signer_make(&root);

	(void)state;
	pair_change(&signer, &root, change_serial, "8000000000000000");
	assert_int_equal(lint_of(&signer, "e_atis_serial_number"), LINT_PASS);
	pair_change(&signer, &root, change_serial, "7fffffffffffffffffffffffffffffffffffffff");
	assert_int_equal(lint_of(&signer, "e_serial_number_longer_than_20_octets"), LINT_PASS);
	pair_free(&signer);
	pair_free(&root);
}

/* The names of zlint begin with the level; a name stands once. */
static void test_names_say_their_level(void **state)
{
	(void)state;
	for (const struct lint *lint = lint_table; lint->name; lint++) {
		assert_int_equal(lint->name[0], lint_level_text(lint->level)[0]);
		assert_ptr_equal(lint_named(lint->name), lint);
	}
	assert_string_equal(lint_level_text((enum lint_level)9), "unknown");
}

/* Without a domain its rules do not exist, and others are as before. */
static void test_without_a_domain_its_lints_say_nothing(void **state)
{
	static const char *const of_domain[] = {"e_cp_1_1_key_size",   "e_cp_1_4_key_size",
						"e_domain_subject_c",  "e_us_cp_ambiguous_identifier",
						"e_us_cp_subject_sn",  "w_cp_1_3_subject_email",
						"n_domain_spc_length", "e_atis_crl_distribution_not_reachable"};
	struct pair root = root_make(), signer = signer_make(&root);
	struct sti_span der = der_of(&signer);
	struct lint_view view;
	struct cert cert;

	(void)state;
	assert_int_equal(cert_parse(der, &cert), STI_OK);
	assert_int_equal(lint_view_open(&cert, NULL, LINT_V5, &view), STI_OK);
	for (size_t i = 0; i < sizeof(of_domain) / sizeof(of_domain[0]); i++)
		assert_int_equal(lint_check(lint_named(of_domain[i]), &view), LINT_NA);
	assert_int_equal(lint_check(lint_named("e_atis_certificate_policies"), &view), LINT_PASS);
	lint_view_close(&view);
	cert_free(&cert);
	vectors_free(der);
	pair_free(&signer);
	pair_free(&root);
}

static void test_rules_that_bound_nobody_yet(void **state)
{
	struct pair root = root_make();
	struct sti_span der = der_of(&root);
	struct lint_view view;
	struct cert cert;

	(void)state;
	assert_int_equal(cert_parse(der, &cert), STI_OK); /* of 1970 */
	assert_int_equal(lint_view_open(&cert, NULL, LINT_NONE, &view), STI_OK);
	assert_int_equal(lint_check(lint_named("e_atis_ca_version"), &view), LINT_NOT_EFFECTIVE);
	assert_int_equal(lint_check(lint_named("e_serial_number_longer_than_20_octets"), &view), LINT_PASS);
	assert_int_equal(lint_check(lint_named("e_atis_version"), &view), LINT_NA);
	lint_view_close(&view);
	cert_free(&cert);
	vectors_free(der);
	pair_free(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_E8_serial_zero_negative_short_or_of_21_octets),
		cmocka_unit_test(test_serials_of_64_bits_and_of_20_octets_are_good),
		cmocka_unit_test(test_names_say_their_level),
		cmocka_unit_test(test_without_a_domain_its_lints_say_nothing),
		cmocka_unit_test(test_rules_that_bound_nobody_yet),
		cmocka_unit_test(test_verdicts_of_zlint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
