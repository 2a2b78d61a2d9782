/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <curl/curl.h>

#include "base/url.h"

#include "base/limits.h"

typedef enum sti_error parser(struct sti_span text, struct url *out);

struct row {
	const char *text;
	enum sti_error error;
	const char *host;
	uint16_t port;
	const char *path;
};

/* Exact size, so that asan sees a read behind the end. */
static enum sti_error parse_exact(parser *parse, struct sti_span text, struct url *out, uint8_t **owned)
{
	*owned = malloc(text.n ? text.n : 1);
	assert_non_null(*owned);
	memcpy(*owned, text.p, text.n);
	return parse(sti_span(*owned, text.n), out);
}

static bool row_holds(parser *parse, const struct row *row)
{
	struct url url = {0};
	uint8_t *owned;
	enum sti_error error = parse_exact(parse, sti_span_str(row->text), &url, &owned);
	bool ok = error == row->error;

	if (ok && !error)
		ok = sti_span_is(url.host, row->host) && url.port == row->port && sti_span_is(url.path, row->path);
	if (!ok)
		print_error("%s: got \"%s\", port %u\n", row->text, sti_error_text(error), url.port);
	free(owned);
	return ok;
}

static void check_rows(parser *parse, const struct row *row, size_t n)
{
	size_t good = 0;

	for (size_t i = 0; i < n; i++)
		good += row_holds(parse, &row[i]);
	assert_int_equal(good, n);
}

#define CHECK(parse, rows) check_rows(parse, rows, sizeof(rows) / sizeof((rows)[0]))

static void test_good_urls_come_apart(void **state)
{
	static const struct row row[] = {
		{"https://cert.example.org/passport.cer", STI_OK, "cert.example.org", 443, "/passport.cer"},
		{"https://cr.example.net", STI_OK, "cr.example.net", 443, "/"},
		{"https://cr.example.net/", STI_OK, "cr.example.net", 443, "/"},
		{"https://localhost:8443/a", STI_OK, "localhost", 8443, "/a"},
		{"https://1.example.net/a", STI_OK, "1.example.net", 443, "/a"},
		{"https://a_b.example.net/~a/b@c:d;e=f,(g)!$&'*+", STI_OK, "a_b.example.net", 443,
		 "/~a/b@c:d;e=f,(g)!$&'*+"},
		{"https://xn--bcher-kva.example/%C3%BC%20%7e", STI_OK, "xn--bcher-kva.example", 443, "/%C3%BC%20%7e"},
		{"https://h.example//a/../b", STI_OK, "h.example", 443, "//a/../b"},
	};

	(void)state;
	CHECK(url_parse, row);
}

static void test_D1_scheme_other_than_https(void **state)
{
	static const struct row row[] = {
		{"HTTPS://h.example/a", STI_OK, "h.example", 443, "/a"},
		{"hTtPs://h.example/a", STI_OK, "h.example", 443, "/a"},
		{.text = "http://h.example/a", .error = STI_E_URL},
		{.text = "file:///etc/passwd", .error = STI_E_URL},
		{.text = "file://h.example/a", .error = STI_E_URL},
		{.text = "ftp://h.example/a", .error = STI_E_URL},
		{.text = "gopher://h.example/a", .error = STI_E_URL},
		{.text = "data:text/plain,a", .error = STI_E_URL},
		{.text = "httpss://h.example/a", .error = STI_E_URL},
		{.text = "https:/h.example/a", .error = STI_E_URL},
		{.text = "https:h.example/a", .error = STI_E_URL},
		{.text = "https", .error = STI_E_URL},
		{.text = "https:", .error = STI_E_URL},
		{.text = "https:/", .error = STI_E_URL},
		{.text = "https://", .error = STI_E_URL},
		{.text = "://h.example/a", .error = STI_E_URL},
		{.text = "//h.example/a", .error = STI_E_URL},
		{.text = "h.example/a", .error = STI_E_URL},
		{.text = "/etc/passwd", .error = STI_E_URL},
		{.text = "etc/passwd.pem", .error = STI_E_URL},
		{.text = "", .error = STI_E_URL},
		{.text = " https://h.example/a", .error = STI_E_URL},
		{.text = "<https://h.example/a>", .error = STI_E_URL},
	};

	(void)state;
	CHECK(url_parse, row);
}

static void test_D2_port_spelled_oddly(void **state)
{
	static const struct row row[] = {
		{"https://h.example:1/a", STI_OK, "h.example", 1, "/a"},
		{"https://h.example:22/a", STI_OK, "h.example", 22, "/a"},
		{"https://h.example:443/a", STI_OK, "h.example", 443, "/a"},
		{"https://h.example:8443", STI_OK, "h.example", 8443, "/"},
		{"https://h.example:65535/a", STI_OK, "h.example", 65535, "/a"},
		{.text = "https://h.example:0/a", .error = STI_E_URL},
		{.text = "https://h.example:0443/a", .error = STI_E_URL},
		{.text = "https://h.example:65536/a", .error = STI_E_URL},
		{.text = "https://h.example:66000443/a", .error = STI_E_URL},
		{.text = "https://h.example:18446744073709552059/a", .error = STI_E_URL},
		{.text = "https://h.example:+443/a", .error = STI_E_URL},
		{.text = "https://h.example:-443/a", .error = STI_E_URL},
		{.text = "https://h.example:/a", .error = STI_E_URL},
		{.text = "https://h.example:", .error = STI_E_URL},
		{.text = "https://h.example:443:443/a", .error = STI_E_URL},
		{.text = "https://h.example:44 3/a", .error = STI_E_URL},
		{.text = "https://h.example:0x1bb/a", .error = STI_E_URL},
		{.text = "https://:443/a", .error = STI_E_URL},
	};

	(void)state;
	CHECK(url_parse, row);
}

static void test_D3_parts_and_bytes_that_a_stranger_may_not_use(void **state)
{
	static const struct row row[] = {
		{.text = "https://good@127.0.0.1/", .error = STI_E_URL},
		{.text = "https://a:b@h.example/", .error = STI_E_URL},
		{.text = "https://@h.example/", .error = STI_E_URL},
		{.text = "https://h.example@/", .error = STI_E_URL},
		{.text = "https://a%40h.example/", .error = STI_E_URL},
		{.text = "https://h.example/a#b", .error = STI_E_URL},
		{.text = "https://h.example#b", .error = STI_E_URL},
		{.text = "https://h.example#@other.example/", .error = STI_E_URL},
		{.text = "https://h.example/a?b", .error = STI_E_URL},
		{.text = "https://h.example/a?", .error = STI_E_URL},
		{.text = "https://h.example?a", .error = STI_E_URL},
		{.text = "https://h.example?@other.example/", .error = STI_E_URL},
		{.text = "https://h.example\\a", .error = STI_E_URL},
		{.text = "https://h.example\\@other.example/", .error = STI_E_URL},
		{.text = "https:\\\\h.example/a", .error = STI_E_URL},
		{.text = "https://h.example/a\\b", .error = STI_E_URL},
		{.text = "https://h.example/a\tb", .error = STI_E_URL},
		{.text = "https://h.ex\tample/a", .error = STI_E_URL},
		{.text = "https://h.example/a b", .error = STI_E_URL},
		{.text = "https://h.example/a\r\nHost: x", .error = STI_E_URL},
		{.text = "https://h.example/a\n", .error = STI_E_URL},
		{.text = "https://h.example/a\x7f", .error = STI_E_URL},
		{.text = "https://h.example/%00", .error = STI_E_URL},
		{.text = "https://h.example/%0d%0a", .error = STI_E_URL},
		{.text = "https://h.example/%1f", .error = STI_E_URL},
		{.text = "https://h.example/%7F", .error = STI_E_URL},
		{.text = "https://h.example/%", .error = STI_E_URL},
		{.text = "https://h.example/%4", .error = STI_E_URL},
		{.text = "https://h.example/%4g", .error = STI_E_URL},
		{.text = "https://h.example/\"a\"", .error = STI_E_URL},
		{.text = "https://h.example/<a>", .error = STI_E_URL},
		{.text = "https://h.example/{a}|b^`", .error = STI_E_URL},
		{.text = "https://h.example/[a]", .error = STI_E_URL},
		{.text = "https://h.example/\xc3\xbc", .error = STI_E_URL},
		{.text = "https://\xc3\xbc.example/", .error = STI_E_URL},
		{.text = "https://h%2eexample/", .error = STI_E_URL},
		{.text = "https:///h.example/a", .error = STI_E_URL},
		{.text = "https:////h.example/a", .error = STI_E_URL},
		{.text = "https://h.example./a", .error = STI_E_URL},
		{.text = "https://.h.example/a", .error = STI_E_URL},
		{.text = "https://h..example/a", .error = STI_E_URL},
		{.text = "https://./a", .error = STI_E_URL},
		{.text = "https://-h.example/a", .error = STI_E_URL},
		{.text = "https://h-.example/a", .error = STI_E_URL},
		{.text = "https://h,example/a", .error = STI_E_URL},
		{.text = "https://h.example,other.example/a", .error = STI_E_URL},
	};

	(void)state;
	CHECK(url_parse, row);
}

static void test_D3_nul_octet_in_host_and_path(void **state)
{
	static const char host[] = "https://h.example\0.other.example/a";
	static const char path[] = "https://h.example/a\0b";
	struct url url;

	(void)state;
	assert_int_equal(url_parse(sti_span(host, sizeof(host) - 1), &url), STI_E_URL);
	assert_int_equal(url_parse(sti_span(path, sizeof(path) - 1), &url), STI_E_URL);
	assert_int_equal(url_parse_own(sti_span(host, sizeof(host) - 1), &url), STI_E_URL);
}

/* Hosts that some reader somewhere takes for an IPv4 or IPv6 address. */
static const char *const disguise[] = {
	"127.0.0.1",
	"10.0.0.1",
	"1.2.3.4",
	"8.8.8.8",
	"255.255.255.255",
	"0.0.0.0",
	"127.1",
	"127.0.1",
	"10.1",
	"1.2",
	"2130706433",
	"4294967295",
	"4294967296",
	"0",
	"00",
	"1",
	"3232235777",
	"017700000001",
	"0x7f.1",
	"0x7f.0.0.1",
	"0x7f000001",
	"0X7F000001",
	"0x7f.0x0.0x0.0x1",
	"0177.0.0.1",
	"0177.1",
	"0177.0x1",
	"127.0.0.0x1",
	"127.0.0.01",
	"127.000.000.001",
	"127.0.0.1.",
	"127.0.0.1.1",
	"1.2.3.4.5",
	"256.256.256.256",
	"999.1",
	"0x",
	"a.0x",
	"h.0x1f",
	"h.example.1",
	"h.2130706433",
	"[::1]",
	"[::]",
	"[fe80::1]",
	"[fe80::1%25eth0]",
	"[fe80::1%eth0]",
	"[fc00::1]",
	"[::ffff:127.0.0.1]",
	"[::ffff:7f00:1]",
	"[::127.0.0.1]",
	"[64:ff9b::7f00:1]",
	"[2002:7f00:1::]",
	"[2001:db8::1]",
	"[2001:4860:4860::8888]",
	"[127.0.0.1]",
	"[v1.a]",
	"[h.example]",
	"[]",
	"[",
	"]",
	"[::1",
	"::1]",
	"::1",
	"[::1]a",
	"[[::1]]",
	"%5b::1%5d",
};

static void test_D4_D5_addresses_and_their_disguises_as_host(void **state)
{
	size_t n = sizeof(disguise) / sizeof(disguise[0]);
	size_t refused = 0;
	char text[128];
	struct url url;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "https://%s/a", disguise[i]);
		if (url_parse(sti_span_str(text), &url) == STI_E_URL)
			refused++;
		else
			print_error("%s was taken\n", text);
	}
	print_message("addresses and disguises refused: %zu of %zu\n", refused, n);
	assert_int_equal(refused, n);
}

static void test_own_urls_may_have_an_address_and_a_query(void **state)
{
	static const struct row row[] = {
		{"https://127.0.0.1:8443/a?b=/c?d", STI_OK, "127.0.0.1", 8443, "/a"},
		{"https://[::1]:8443/a", STI_OK, "::1", 8443, "/a"},
		{"https://[::1]", STI_OK, "::1", 443, "/"},
		{"https://h.example?a=b", STI_OK, "h.example", 443, "/"},
		{.text = "https://[::1]8443/a", .error = STI_E_URL},
		{.text = "https://[::1%25lo]/a", .error = STI_E_URL},
		{.text = "https://[127.0.0.1]/a", .error = STI_E_URL},
		{.text = "https://::1/a", .error = STI_E_URL},
		{.text = "https://127.1/a", .error = STI_E_URL},
		{.text = "https://0177.0.0.1/a", .error = STI_E_URL},
		{.text = "https://a@127.0.0.1/a", .error = STI_E_URL},
		{.text = "https://127.0.0.1/a#b", .error = STI_E_URL},
		{.text = "https://127.0.0.1/a?b#c", .error = STI_E_URL},
		{.text = "https://127.0.0.1/a?b c", .error = STI_E_URL},
		{.text = "http://127.0.0.1/a", .error = STI_E_URL},
	};

	(void)state;
	CHECK(url_parse_own, row);
}

static void test_literal_is_told(void **state)
{
	struct url url;

	(void)state;
	assert_int_equal(url_parse_own(sti_span_str("https://[::1]/"), &url), STI_OK);
	assert_true(url.is_literal);
	assert_int_equal(url_parse_own(sti_span_str("https://192.0.2.1/"), &url), STI_OK);
	assert_true(url.is_literal);
	assert_int_equal(url_parse_own(sti_span_str("https://h.example/"), &url), STI_OK);
	assert_false(url.is_literal);
}

static void test_unix_urls_may_be_http(void **state)
{
	static const struct row row[] = {
		{"http://localhost/a?b", STI_OK, "localhost", 80, "/a"},
		{"https://localhost/a", STI_OK, "localhost", 443, "/a"},
		{.text = "ftp://localhost/a", .error = STI_E_URL},
		{.text = "http:///a", .error = STI_E_URL},
	};

	(void)state;
	CHECK(url_parse_unix, row);
}

static void test_longest_url_and_one_octet_more(void **state)
{
	char text[LIMIT_X5U + 1];
	struct url url;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "https://h.example/", 18);
	assert_int_equal(url_parse(sti_span(text, LIMIT_X5U), &url), STI_OK);
	assert_int_equal(url_parse(sti_span(text, LIMIT_X5U + 1), &url), STI_E_LIMIT);
}

static void test_longest_label_and_one_letter_more(void **state)
{
	char text[128] = "https://";
	struct url url;

	(void)state;
	memset(text + 8, 'a', 64);
	assert_int_equal(url_parse(sti_span(text, 8 + 63), &url), STI_OK);
	assert_int_equal(url_parse(sti_span(text, 8 + 64), &url), STI_E_URL);
}

/* D3: the reader that will connect must see the same host and port in what we let pass. */
static bool curl_agrees(const char *text, const struct url *url)
{
	CURLU *other = curl_url();
	char *host = NULL;
	char *port = NULL;
	bool same = false;

	if (!curl_url_set(other, CURLUPART_URL, text, 0) && !curl_url_get(other, CURLUPART_HOST, &host, 0) &&
	    !curl_url_get(other, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT))
		same = sti_span_is_nocase(url->host, host) && strtoul(port, NULL, 10) == url->port;
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(other);
	return same;
}

static void test_D3_curl_sees_the_same_host_and_port(void **state)
{
	static const char *const text[] = {"https://h.example/a", "HTTPS://H.example:8443/a/../b",
					   "https://h.example:65535", "https://h.example//other.example/",
					   "https://a_b.example/@c:1/"};

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		struct url url;

		assert_int_equal(url_parse(sti_span_str(text[i]), &url), STI_OK);
		assert_true(curl_agrees(text[i], &url));
	}
}

static void test_host_is_compared_whole_and_without_case(void **state)
{
	static const char *const other[] = {"", "example", "h.example.", "h.example:443", "h.exampl", "xh.example"};
	struct url url;

	(void)state;
	assert_int_equal(url_parse(sti_span_str("https://H.example:8443/a"), &url), STI_OK);
	assert_true(url_is_at(&url, sti_span_str("h.EXAMPLE")));
	assert_false(url_is_at(&url, sti_span(NULL, 0)));
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		assert_false(url_is_at(&url, sti_span_str(other[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_urls_come_apart),
		cmocka_unit_test(test_D1_scheme_other_than_https),
		cmocka_unit_test(test_D2_port_spelled_oddly),
		cmocka_unit_test(test_D3_parts_and_bytes_that_a_stranger_may_not_use),
		cmocka_unit_test(test_D3_nul_octet_in_host_and_path),
		cmocka_unit_test(test_D4_D5_addresses_and_their_disguises_as_host),
		cmocka_unit_test(test_own_urls_may_have_an_address_and_a_query),
		cmocka_unit_test(test_literal_is_told),
		cmocka_unit_test(test_unix_urls_may_be_http),
		cmocka_unit_test(test_longest_url_and_one_octet_more),
		cmocka_unit_test(test_longest_label_and_one_letter_more),
		cmocka_unit_test(test_D3_curl_sees_the_same_host_and_port),
		cmocka_unit_test(test_host_is_compared_whole_and_without_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
