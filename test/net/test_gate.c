/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "net/gate.h"

static bool is_public(const char *text)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return gate_address_is_public((struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return gate_address_is_public((struct sockaddr *)&v6);
}

static void check_all(const char *const *address, size_t n, bool expected)
{
	size_t good = 0;

	for (size_t i = 0; i < n; i++) {
		if (is_public(address[i]) == expected)
			good++;
		else
			print_error("%s: expected %s\n", address[i], expected ? "public" : "special");
	}
	assert_int_equal(good, n);
}

#define CHECK(list, expected) check_all(list, sizeof(list) / sizeof((list)[0]), expected)

/* First and last of each special range. */
static void test_D6_special_ipv4_ranges(void **state)
{
	static const char *const special[] = {
		"0.0.0.0",         "0.255.255.255",   "10.0.0.0",        "10.255.255.255",  "100.64.0.0",
		"100.127.255.255", "127.0.0.1",       "127.255.255.255", "169.254.0.0",     "169.254.169.254",
		"169.254.255.255", "172.16.0.0",      "172.31.255.255",  "192.0.0.0",       "192.0.0.255",
		"192.0.2.0",       "192.0.2.255",     "192.31.196.1",    "192.52.193.1",    "192.88.99.1",
		"192.168.0.0",     "192.168.255.255", "192.175.48.6",    "198.18.0.0",      "198.19.255.255",
		"198.51.100.0",    "198.51.100.255",  "203.0.113.0",     "203.0.113.255",   "224.0.0.0",
		"239.255.255.255", "240.0.0.0",       "255.255.255.254", "255.255.255.255",
	};

	(void)state;
	CHECK(special, false);
}

/* The neighbours on both sides. */
static void test_D6_public_ipv4_beside_the_special_ranges(void **state)
{
	static const char *const public[] = {
		"1.0.0.0",      "9.255.255.255",   "11.0.0.0",    "100.63.255.255",  "100.128.0.0", "126.255.255.255",
		"128.0.0.0",    "169.253.255.255", "169.255.0.0", "172.15.255.255",  "172.32.0.0",  "192.0.1.0",
		"192.0.3.0",    "192.167.255.255", "192.169.0.0", "198.17.255.255",  "198.20.0.0",  "198.51.99.255",
		"198.51.101.0", "203.0.112.255",   "203.0.114.0", "223.255.255.255", "8.8.8.8",
	};

	(void)state;
	CHECK(public, true);
}

static void test_D5_special_ipv6_ranges(void **state)
{
	static const char *const special[] = {
		"::",
		"::1",
		"::2",
		"::8.8.8.8",
		"::127.0.0.1",
		"100::1",
		"100:0:0:1::1",
		"64:ff9b:1::1",
		"64:ff9b:1::808:808",
		"64:ff9b:0:1::808:808",
		"2001::1",
		"2001:0:808:808::1",
		"2001:2::1",
		"2001:10::1",
		"2001:1ff:ffff::1",
		"2001:db8::1",
		"2001:db8:ffff::1",
		"2002:808:808::1",
		"2002:7f00:1::",
		"2620:4f:8000::1",
		"3fff::1",
		"3fff:fff:ffff::1",
		"5f00::1",
		"fc00::1",
		"fdff::1",
		"fe80::1",
		"febf::1",
		"fec0::1",
		"ff02::1",
		"ff0e::1",
		"4000::1",
		"1fff::1",
		"8000::1",
	};

	(void)state;
	CHECK(special, false);
}

static void test_D5_public_ipv6(void **state)
{
	static const char *const public[] = {
		"2001:200::1",     "2001:4860:4860::8888", "2001:db7::1", "2001:db9::1", "2003::1",
		"2606:4700::1111", "2620:4f:8001::1",      "2a00::1",     "3ffe::1",     "3fff:1000::1",
	};

	(void)state;
	CHECK(public, true);
}

static void test_D5_ipv4_inside_ipv6_is_judged_as_ipv4(void **state)
{
	static const char *const special[] = {
		"::ffff:10.0.0.1",    "::ffff:127.0.0.1",         "::ffff:169.254.169.254",
		"::ffff:0:10.0.0.1",  "::ffff:0:127.0.0.1",       "64:ff9b::10.0.0.1",
		"64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "::ffff:0.0.0.0",
	};
	static const char *const public[] = {"::ffff:8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::8.8.8.8"};

	(void)state;
	CHECK(special, false);
	CHECK(public, true);
}

static void test_other_address_families_are_not_public(void **state)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	struct sockaddr none = {.sa_family = AF_UNSPEC};

	(void)state;
	assert_false(gate_address_is_public((struct sockaddr *)&local));
	assert_false(gate_address_is_public(&none));
}

static const char *const permit[] = {"cps.example.net:9443", "localhost:8443", "127.0.0.1:8444", "[::1]:8445",
				     "broken"};
static const struct gate gate = {permit, sizeof(permit) / sizeof(permit[0])};

struct row {
	const char *text;
	enum sti_error error;
	bool permitted;
};

static void check_url(const struct row *row)
{
	struct url url = {0};
	enum sti_error error = gate_check_url(&gate, sti_span_str(row->text), &url);

	if (error != row->error)
		print_error("%s: %s\n", row->text, sti_error_text(error));
	assert_int_equal(error, row->error);
	if (!error)
		assert_int_equal(gate_is_permitted(&gate, &url), row->permitted);
}

static void test_D2_only_443_and_8443_and_what_is_permitted(void **state)
{
	static const struct row row[] = {
		{"https://h.example/a", STI_OK, false},
		{"https://h.example:443/a", STI_OK, false},
		{"https://h.example:8443/a", STI_OK, false},
		{"https://h.example:1/a", STI_E_DENIED, false},
		{"https://h.example:22/a", STI_E_DENIED, false},
		{"https://h.example:80/a", STI_E_DENIED, false},
		{"https://h.example:65535/a", STI_E_DENIED, false},
		{"https://h.example:9443/a", STI_E_DENIED, false},
		{"https://h.example:0443/a", STI_E_URL, false},
		{"https://h.example:0/a", STI_E_URL, false},
		{"https://h.example:65536/a", STI_E_URL, false},
		{"https://h.example:+443/a", STI_E_URL, false},
		{"https://h.example:/a", STI_E_URL, false},
		{"https://cps.example.net:9443/a", STI_OK, true},
		{"https://CPS.Example.NET:9443/a", STI_OK, true},
		{"https://cps.example.net:9444/a", STI_E_DENIED, false},
		{"https://cps.example.net/a", STI_OK, false},
		{"https://xcps.example.net:9443/a", STI_E_DENIED, false},
		{"https://localhost:8443/a", STI_OK, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		check_url(&row[i]);
}

static void test_D4_literals_only_where_permitted(void **state)
{
	static const struct row row[] = {
		{"https://127.0.0.1:8444/a", STI_OK, true},     {"https://[::1]:8445/a", STI_OK, true},
		{"https://127.0.0.1:8443/a", STI_E_URL, false}, {"https://127.0.0.1/a", STI_E_URL, false},
		{"https://[::1]:8443/a", STI_E_URL, false},     {"https://8.8.8.8/a", STI_E_URL, false},
		{"https://127.1:8444/a", STI_E_URL, false},     {"https://0x7f000001:8444/a", STI_E_URL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		check_url(&row[i]);
}

static void test_D3_permission_does_not_loosen_the_form(void **state)
{
	static const struct row row[] = {
		{"https://localhost:8443/a?b", STI_E_URL, false}, {"https://localhost:8443/a?", STI_E_URL, false},
		{"https://a@localhost:8443/a", STI_E_URL, false}, {"http://localhost:8443/a", STI_E_URL, false},
		{"https://localhost:8443/a#b", STI_E_URL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		check_url(&row[i]);
}

static void test_no_gate_permits_nothing(void **state)
{
	struct url url;

	(void)state;
	assert_int_equal(gate_check_url(NULL, sti_span_str("https://h.example/a"), &url), STI_OK);
	assert_false(gate_is_permitted(NULL, &url));
	assert_int_equal(gate_check_url(NULL, sti_span_str("https://h.example:9443/a"), &url), STI_E_DENIED);
}

/* ---- the URLs of real calls ---- */

static FILE *open_vectors(void)
{
	const char *folder = getenv("STI_VECTORS");
	char path[4096];

	snprintf(path, sizeof(path), "%s/x5u-urls/shaken-urls.txt", folder ? folder : "../shared/vectors");
	return fopen(path, "r");
}

static FILE *open_golden(void)
{
	const char *source = getenv("STI_SOURCE");
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/test/net/x5u_refused.golden", source ? source : ".");
	file = fopen(path, "r");
	assert_non_null(file);
	return file;
}

static bool read_line(FILE *file, char line[1024])
{
	if (!fgets(line, 1024, file))
		return false;
	line[strcspn(line, "\r\n")] = '\0';
	return true;
}

/* Form and port, what a resolver that says "public" leaves to refuse. NULL: let through. */
static const char *refusal(const char *text)
{
	struct url url;

	switch (gate_check_url(NULL, sti_span_str(text), &url)) {
	case STI_OK:
		return NULL;
	case STI_E_DENIED:
		return "port";
	case STI_E_LIMIT:
		return "length";
	default:
		break;
	}
	if (url_parse_own(sti_span_str(text), &url) == STI_OK)
		return url.is_literal ? "address" : "query";
	return url_parse_unix(sti_span_str(text), &url) == STI_OK ? "http" : "form";
}

/* The golden file was looked through by hand: reason, blank, URL. */
static void test_D1_D2_D4_urls_seen_in_real_calls(void **state)
{
	size_t n = 0, refused = 0, unlike = 0;
	char line[1024], wanted[1024], got[1100];
	FILE *file = open_vectors();
	FILE *golden;

	(void)state;
	if (!file) {
		print_message("skipped: no vectors\n");
		return;
	}
	golden = open_golden();
	for (; read_line(file, line); n++) {
		const char *why = refusal(line);

		if (!why)
			continue;
		refused++;
		snprintf(got, sizeof(got), "%s %s", why, line);
		if (read_line(golden, wanted) && strcmp(got, wanted) == 0)
			continue;
		unlike++;
		print_error("%s\n", got);
	}
	unlike += read_line(golden, wanted);
	fclose(file);
	fclose(golden);
	print_message("x5u-urls: %zu of %zu let through, %zu refused\n", n - refused, n, refused);
	assert_int_equal(unlike, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_D6_special_ipv4_ranges),
		cmocka_unit_test(test_D6_public_ipv4_beside_the_special_ranges),
		cmocka_unit_test(test_D5_special_ipv6_ranges),
		cmocka_unit_test(test_D5_public_ipv6),
		cmocka_unit_test(test_D5_ipv4_inside_ipv6_is_judged_as_ipv4),
		cmocka_unit_test(test_other_address_families_are_not_public),
		cmocka_unit_test(test_D2_only_443_and_8443_and_what_is_permitted),
		cmocka_unit_test(test_D4_literals_only_where_permitted),
		cmocka_unit_test(test_D3_permission_does_not_loosen_the_form),
		cmocka_unit_test(test_no_gate_permits_nothing),
		cmocka_unit_test(test_D1_D2_D4_urls_seen_in_real_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
