/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/lint_name.h"

#include "lint_world.h"

static void signer_is_odd(struct attribute attribute, const char *lint)
{
	odd_check(signer_make, &(struct odd){change_subject, &attribute, lint});
}

static void ca_is_odd(struct attribute attribute, const char *lint)
{
	odd_check(intermediate_make, &(struct odd){change_subject, &attribute, lint});
}

static void test_E8_nul_in_the_common_name(void **state)
{
	(void)state;
	signer_is_odd((struct attribute){NID_commonName, V_ASN1_UTF8STRING, "SHAKEN 709J\0.example", 20},
		      "e_subject_dn_not_printable_characters");
}

static void test_E8_common_name_as_bmpstring(void **state)
{
	(void)state;
	signer_is_odd((struct attribute){NID_commonName, V_ASN1_BMPSTRING, "\0S\0H", 4}, "n_subject_dn_string_type");
}

static void test_E8_organization_longer_than_its_bound(void **state)
{
	static char text[3001];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	signer_is_odd((struct attribute){NID_organizationName, V_ASN1_UTF8STRING, text, 3000},
		      "e_subject_attribute_max_length");
}

static void test_64_letters_of_two_octets_each_are_64_characters(void **state)
{
	struct pair root = root_make(), signer = signer_make(&root);
	struct attribute attribute = {NID_organizationName, V_ASN1_UTF8STRING, NULL, 128};
	char text[129];

	(void)state;
	for (size_t i = 0; i < 64; i++)
		memcpy(text + 2 * i, "\xc3\xa9", 3);
	attribute.text = text;
	pair_change(&signer, &root, change_subject, &attribute);
	assert_int_equal(lint_of(&signer, "e_subject_attribute_max_length"), LINT_PASS);
	pair_free(&signer);
	pair_free(&root);
}

static void test_subject_without_country_name_or_organization(void **state)
{
	(void)state;
	signer_is_odd((struct attribute){NID_countryName, 0, NULL, 0}, "e_atis_subject");
	signer_is_odd((struct attribute){NID_commonName, 0, NULL, 0}, "e_atis_subject");
	ca_is_odd((struct attribute){NID_organizationName, 0, NULL, 0}, "e_atis_ca_subject");
}

static void test_spc_in_the_common_name_runs_on(void **state)
{
	(void)state;
	signer_is_odd((struct attribute){NID_commonName, V_ASN1_UTF8STRING, "SHAKEN 709JK", -1}, "e_atis_subject_cn");
	signer_is_odd((struct attribute){NID_commonName, V_ASN1_UTF8STRING, "XSHAKEN 709J", -1}, "e_atis_subject_cn");
	signer_is_odd((struct attribute){NID_commonName, V_ASN1_UTF8STRING, "SHAKEN", -1}, "e_atis_subject_cn");
}

static void test_root_that_does_not_say_so(void **state)
{
	struct attribute no_root = {NID_commonName, V_ASN1_UTF8STRING, "Example SHAKEN CA", -1};

	(void)state;
	odd_check(NULL, &(struct odd){change_subject, &no_root, "e_atis_subject_cn_root"});
}

static void test_country_in_small_letters(void **state)
{
	(void)state;
	signer_is_odd((struct attribute){NID_countryName, V_ASN1_PRINTABLESTRING, "us", -1}, "e_atis_subject_c_iso");
}

static void test_country_of_another_domain(void **state)
{
	(void)state;
	ca_is_odd((struct attribute){NID_countryName, V_ASN1_PRINTABLESTRING, "CA", -1}, "e_domain_subject_c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_E8_nul_in_the_common_name),
		cmocka_unit_test(test_E8_common_name_as_bmpstring),
		cmocka_unit_test(test_E8_organization_longer_than_its_bound),
		cmocka_unit_test(test_64_letters_of_two_octets_each_are_64_characters),
		cmocka_unit_test(test_subject_without_country_name_or_organization),
		cmocka_unit_test(test_spc_in_the_common_name_runs_on),
		cmocka_unit_test(test_root_that_does_not_say_so),
		cmocka_unit_test(test_country_in_small_letters),
		cmocka_unit_test(test_country_of_another_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
