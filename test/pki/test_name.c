/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/name.h"

#include "world.h"

static void test_order_and_parts_left_out(void **state)
{
	static const struct {
		struct issue_name name;
		const char *text;
	} rows[] = {
		{{"US", "Example", "SHAKEN 709J"}, "/C=US/O=Example/CN=SHAKEN 709J"},
		{{NULL, "Example", NULL}, "/O=Example"},
		{{"FR", NULL, "\xc3\xa9"}, "/C=FR/CN=\\xC3\\xA9"},
		{{NULL, NULL, NULL}, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		X509_NAME *name = X509_NAME_new();
		char text[200];

		assert_int_equal(name_write(&rows[i].name, name), STI_OK);
		assert_string_equal(X509_NAME_oneline(name, text, sizeof(text)), rows[i].text);
		X509_NAME_free(name);
	}
}

static void test_parts_that_do_not_fit(void **state)
{
	static const struct issue_name rows[] = {
		{"USA", NULL, NULL}, /* three letters: X.520 6.3.1 */
		{"U", NULL, NULL}, /* one */
		{"", NULL, NULL}, /* none */
		{NULL, NULL, ""}, /* an empty CN */
		{NULL, "\xff", NULL}, /* not UTF-8 */
		{NULL, NULL, "01234567890123456789012345678901234567890123456789012345678901234"}, /* 65 letters */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		X509_NAME *name = X509_NAME_new();

		if (name_write(&rows[i], name) != STI_E_CERT)
			fail_msg("row %zu", i);
		X509_NAME_free(name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_parts_left_out),
		cmocka_unit_test(test_parts_that_do_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
