/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/lint_extension.h"

#include "lint_world.h"

static void without(struct pair (*make)(const struct pair *), int nid, const char *lint)
{
	odd_check(make, &(struct odd){change_remove, &nid, lint});
}

static void with(struct pair (*make)(const struct pair *), int nid, const char *value, const char *lint)
{
	odd_check(make, &(struct odd){change_extension, &(struct extension_text){nid, value}, lint});
}

static void with_list(struct pair (*make)(const struct pair *), const char *hex, const char *lint)
{
	struct sti_span der = vectors_hex(hex);

	odd_check(make, &(struct odd){change_tnauthlist, &der, lint});
	vectors_free(der);
}

static void test_E5_ca_without_key_identifiers_or_usage(void **state)
{
	(void)state;
	without(intermediate_make, NID_authority_key_identifier, "e_atis_ca_authority_key_identifier");
	without(intermediate_make, NID_subject_key_identifier, "e_atis_ca_subject_key_identifier");
	without(intermediate_make, NID_key_usage, "e_atis_ca_key_usage");
	without(NULL, NID_key_usage, "e_atis_ca_key_usage");
}

static void test_E13_ca_with_tnauthlist(void **state)
{
	(void)state;
	with_list(intermediate_make, "3008a00616043730394a", "e_atis_tn_auth_list_ca");
	with_list(NULL, "3008a00616043730394a", "e_atis_tn_auth_list_ca");
}

static void test_E13_E14_signer_with_a_list_that_cannot_be_read(void **state)
{
	(void)state;
	with_list(signer_make, "3000", "e_atis_tn_auth_list");
	with_list(signer_make, "3006160437303941", "e_atis_tn_auth_list");
	with_list(signer_make, "3010a00616043730394aa006160437303941", "e_atis_tn_auth_list");
}

static void test_E16_spc_in_small_letters(void **state)
{
	(void)state;
	with_list(signer_make, "3008a006160435353461", "e_atis_tn_auth_list_spc_format");
}

static void test_E16_spc_of_five_characters(void **state)
{
	(void)state;
	with_list(signer_make, "3009a00716053132333435", "n_domain_spc_length");
}

static void test_key_usage_of_more_or_less(void **state)
{
	(void)state;
	with(signer_make, NID_key_usage, "critical,digitalSignature,keyEncipherment", "e_atis_key_usage");
	with(signer_make, NID_key_usage, "digitalSignature", "e_atis_key_usage");
	with(intermediate_make, NID_key_usage, "critical,keyCertSign,keyEncipherment", "e_atis_ca_key_usage");
	with(signer_make, NID_key_usage, "critical,digitalSignature,decipherOnly", "e_atis_key_usage");
}

/* What v003 still allowed besides keyCertSign. */
static void test_ca_that_may_sign_crls(void **state)
{
	struct extension_text alone = {NID_key_usage, "critical,keyCertSign"};
	struct pair root = root_make(), ca = intermediate_make(&root);

	(void)state;
	assert_int_equal(lint_of(&ca, "e_us_cp_ca_key_usage_crl_sign"), LINT_FOUND);
	assert_int_equal(lint_of(&ca, "e_atis_ext_key_usage_ca"), LINT_FOUND);
	assert_int_equal(lint_of(&ca, "e_atis_ca_key_usage"), LINT_PASS);
	pair_change(&ca, &root, change_extension, &alone);
	assert_int_equal(lint_of(&ca, "e_us_cp_ca_key_usage_crl_sign"), LINT_PASS);
	assert_int_equal(lint_of(&ca, "e_atis_ext_key_usage_ca"), LINT_PASS);
	pair_free(&ca);
	pair_free(&root);
}

static void test_subject_key_identifier_of_another_size(void **state)
{
	(void)state;
	with(signer_make, NID_subject_key_identifier, "01:02:03", "e_atis_subject_key_identifier_size");
}

static void test_extensions_that_the_profile_does_not_name(void **state)
{
	(void)state;
	with(signer_make, NID_ext_key_usage, "clientAuth", "e_atis_extension_unknown");
	with(intermediate_make, NID_ext_key_usage, "clientAuth", "e_atis_ca_extension_unknown");
	with(NULL, NID_ext_key_usage, "clientAuth", "e_atis_root_extension_unknown");
}

static void test_distribution_points_of_a_root(void **state)
{
	(void)state;
	with(NULL, NID_crl_distribution_points, "URI:https://example.com/crl", "e_atis_ext_crl_distribution_root");
}

static struct pair with_crl(const struct pair *root)
{
	struct issue_name issuer = {"US", "STI-PA", "STI-PA CRL"};
	struct issue_subject subject = signer_subject();

	subject.crl_url = "https://authenticate-api.iconectiv.com/download/v1/crl";
	subject.crl_issuer = &issuer;
	return pair_make(subject, root);
}

static void test_distribution_point_of_another_kind(void **state)
{
	const int nid = NID_crl_distribution_points;

	(void)state;
	with(with_crl, nid, "URI:ldap://example.com/crl", "e_atis_crl_distribution");
	with(with_crl, nid, "URI:https://example.com/1,URI:https://example.com/2", "e_atis_crl_distribution");
	with(with_crl, nid, "DNS:example.com", "e_atis_crl_distribution");
	with(with_crl, nid, "URI:https://example.com/crl", "e_atis_ext_crl_distribution_struct");
	with(with_crl, nid, "URI:https://example.com/crl", "e_atis_crl_distribution_not_reachable");
}

/* A policy of the domain counts when it is in force: CP 1.4 is of 2023. */
static struct pair ca_of_2024(const struct pair *root)
{
	return pair_make((struct issue_subject){.kind = ISSUE_INTERMEDIATE,
						.name = {"US", "Example", "Example SHAKEN CA"},
						.not_before = 1704067200,
						.not_after = 1704067200 + DAY},
			 root);
}

static void test_policy_of_another_domain(void **state)
{
	(void)state;
	with(intermediate_make, NID_certificate_policies, "critical,2.16.840.1.114569.1.1.4",
	     "n_atis_ca_certificate_policy_critical");
	with(ca_of_2024, NID_certificate_policies, "1.3.6.1.4.1.56223.1", "e_atis_ca_certificate_policies");
	with(ca_of_2024, NID_certificate_policies, "2.16.840.1.114569.1.1.4,2.16.840.1.114569.1.1.3",
	     "e_atis_ca_certificate_policies");
	with(ca_of_2024, NID_certificate_policies, "2.16.840.1.114569.1.1.1", "e_atis_ca_certificate_policies");
	with(NULL, NID_certificate_policies, "2.16.840.1.114569.1.1.4", "e_atis_root_certificate_policies");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_E5_ca_without_key_identifiers_or_usage),
		cmocka_unit_test(test_E13_ca_with_tnauthlist),
		cmocka_unit_test(test_E13_E14_signer_with_a_list_that_cannot_be_read),
		cmocka_unit_test(test_E16_spc_in_small_letters),
		cmocka_unit_test(test_E16_spc_of_five_characters),
		cmocka_unit_test(test_key_usage_of_more_or_less),
		cmocka_unit_test(test_ca_that_may_sign_crls),
		cmocka_unit_test(test_subject_key_identifier_of_another_size),
		cmocka_unit_test(test_extensions_that_the_profile_does_not_name),
		cmocka_unit_test(test_distribution_points_of_a_root),
		cmocka_unit_test(test_distribution_point_of_another_kind),
		cmocka_unit_test(test_policy_of_another_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
