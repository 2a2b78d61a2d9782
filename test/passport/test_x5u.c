/* SPDX-License-Identifier: Apache-2.0 */
#include "passport/x5u.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/limits.h"
#include "support/vectors.h"

static enum sti_error check(const char *url)
{
	struct sti_span copy = vectors_copy(sti_span_str(url));
	enum sti_error error = x5u_check(copy);

	vectors_free(copy);
	return error;
}

static void test_forms_of_https(void **state)
{
	static const char *const good[] = {
		"https://cr.example.com/a.pem", "HTTPS://cr.example.com/a.pem", "https://cr.example.com:8443/a.pem?v=1",
		"https://[2001:db8::1]/a.pem",  "https://cr.example.com",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (check(good[i]))
			fail_msg("refused: %s", good[i]);
}

static void test_forms_that_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"https://",
		"https:///a.pem",
		"http://cr.example.com/a.pem",
		"ftp://cr.example.com/a.pem",
		"file:///etc/passwd",
		"/usr/share/a.pem",
		"//cr.example.com/a.pem",
		" https://cr.example.com/a.pem",
		"https://cr.example.com/a b.pem",
		"https://cr.example.com/a.pem\n",
		"https://cr.example.com/a.pem\r\nX: y",
		"https://cr.example.com/\x7f",
		"https://cr.example.com/\x1b[2J",
		"https://cr.example.com/a>;ppt=div",
		"https://cr.example.com/<a",
		"https://cr.example.com/\"a",
		"https://cr.example.com/\\a",
		"https://\xc3\xa9.example.com/a.pem",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (check(bad[i]) != STI_E_URL)
			fail_msg("accepted: %s", bad[i]);
	assert_int_equal(x5u_check(sti_span(NULL, 0)), STI_E_URL);
	assert_int_equal(x5u_check(sti_span("https://a\0b/", 12)), STI_E_URL);
}

static void test_longest_url_and_one_octet_more(void **state)
{
	char url[LIMIT_X5U + 1];

	(void)state;
	memset(url, 'a', sizeof(url));
	memcpy(url, "https://", 8);
	assert_int_equal(x5u_check(sti_span(url, LIMIT_X5U)), STI_OK);
	assert_int_equal(x5u_check(sti_span(url, LIMIT_X5U + 1)), STI_E_URL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms_of_https),
		cmocka_unit_test(test_forms_that_are_refused),
		cmocka_unit_test(test_longest_url_and_one_octet_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
