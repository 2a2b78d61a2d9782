/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "net/router.h"

static const struct http_route route[] = {
	{.method = HTTP_METHOD_POST, .path = "/cps/company/{}", .media = "application/passport"},
	{.method = HTTP_METHOD_GET, .path = "/cps/passports/{}/{}"},
	{.method = HTTP_METHOD_GET, .path = "/certs/{}.pem"},
	{.method = HTTP_METHOD_POST, .path = "/json", .media = "application/json", .media_charset = true},
	{.method = HTTP_METHOD_PUT, .path = "/json", .media = "application/json"},
};

static const struct http_site site = {.route = route, .n_route = sizeof(route) / sizeof(route[0])};

static int find(const struct http_site *of, enum http_method method, const char *path, const char *media,
		struct http_request *request, char allow[ROUTER_ALLOW])
{
	struct http_header header = {sti_span_str("Content-Type"), sti_span_str(media)};
	uint8_t *copy = malloc(strlen(path));
	const struct http_route *found;
	int status;

	assert_non_null(copy);
	memcpy(copy, path, strlen(path));
	*request = (struct http_request){
		.method = method, .path = sti_span(copy, strlen(path)), .header = &header, .n_header = media ? 1 : 0};
	status = router_find(of, request, ROUTER_BODY_LENGTH, &found, allow);
	assert_true((found != NULL) == (status != 404 && status != 405));
	request->header = NULL;
	free(copy);
	return status;
}

static int find_path(enum http_method method, const char *path)
{
	struct http_request request;
	char allow[ROUTER_ALLOW];

	return find(&site, method, path, "application/passport", &request, allow);
}

static void test_C6_paths_that_are_not_in_the_table(void **state)
{
	static const struct {
		const char *path;
		int status;
	} row[] = {
		{"/cps/company/1234", 0},
		{"/cps/company/709J", 0},
		{"/cps/company/a-b_c.d~e", 0},
		{"/cps/company/*%23", 0},
		{"/cps/company/", 404},
		{"/cps/company", 404},
		{"/cps/company/1234/", 404},
		{"/cps/company//1234", 404},
		{"//cps/company/1234", 404},
		{"/CPS/company/1234", 404},
		{"/cps/company/..", 404},
		{"/cps/company/.", 404},
		{"/cps/company/../../etc", 404},
		{"/cps/company/%2e%2e", 404},
		{"/cps/company/%2E%2E%2fetc", 404},
		{"/cps/company/1234%00", 404},
		{"/cps/company/%", 404},
		{"/cps/company/%3", 404},
		{"/cps/company/%zz", 404},
		{"/cps/company/%31234", 404},
		{"/cps/company/%7f", 404},
		{"/cps/company/%c3%a4", 404},
		{"/cps/company/\xc3\xa4", 404},
		{"/cps/company/1\\2", 404},
		{"/cps/company/%5c", 404},
		{"/cps/company/<a>", 404},
		{"/cps/company/12 34", 404},
		{"/", 404},
		{"/cps", 404},
	};
	const size_t rows = sizeof(row) / sizeof(row[0]);
	size_t good = 0;

	(void)state;
	for (size_t i = 0; i < rows; i++) {
		int status = find_path(HTTP_METHOD_POST, row[i].path);

		if (status != row[i].status)
			print_error("%s: %d\n", row[i].path, status);
		good += status == row[i].status;
	}
	print_message("paths: %zu of %zu\n", good, rows);
	assert_int_equal(good, rows);
}

static void test_arguments_before_a_slash_and_before_a_suffix(void **state)
{
	struct http_header none;
	struct http_request request = {
		.method = HTTP_METHOD_GET, .path = sti_span_str("/cps/passports/12025550100/*1"), .header = &none};
	const struct http_route *found;
	char allow[ROUTER_ALLOW];

	(void)state;
	assert_int_equal(router_find(&site, &request, ROUTER_BODY_NONE, &found, allow), 0);
	assert_ptr_equal(found, &route[1]);
	assert_true(sti_span_is(request.argument[0], "12025550100"));
	assert_true(sti_span_is(request.argument[1], "*1"));
	request.path = sti_span_str("/certs/a.pem.pem");
	assert_int_equal(router_find(&site, &request, ROUTER_BODY_NONE, &found, allow), 0);
	assert_true(sti_span_is(request.argument[0], "a.pem"));
	request.path = sti_span_str("/certs/.pem");
	assert_int_equal(router_find(&site, &request, ROUTER_BODY_NONE, &found, allow), 404);
	request.path = sti_span_str("/certs/..pem");
	assert_int_equal(router_find(&site, &request, ROUTER_BODY_NONE, &found, allow), 404);
}

static void test_C5_methods_that_the_path_does_not_have(void **state)
{
	static const struct {
		enum http_method method;
		const char *path;
		int status;
		const char *allow;
	} row[] = {
		{HTTP_METHOD_GET, "/cps/company/1234", 405, "POST"},
		{HTTP_METHOD_HEAD, "/cps/company/1234", 405, "POST"},
		{HTTP_METHOD_DELETE, "/cps/company/1234", 405, "POST"},
		{HTTP_METHOD_OTHER, "/cps/company/1234", 405, "POST"},
		{HTTP_METHOD_POST, "/certs/a.pem", 405, "GET, HEAD"},
		{HTTP_METHOD_HEAD, "/certs/a.pem", 0, ""},
		{HTTP_METHOD_GET, "/json", 405, "POST, PUT"},
		{HTTP_METHOD_OTHER, "*", 405, "GET, HEAD, POST, PUT"},
		{HTTP_METHOD_OTHER, "a:443", 405, "GET, HEAD, POST, PUT"},
		{HTTP_METHOD_OTHER, "/nowhere", 404, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct http_request request;
		char allow[ROUTER_ALLOW];

		assert_int_equal(find(&site, row[i].method, row[i].path, "application/passport", &request, allow),
				 row[i].status);
		assert_string_equal(allow, row[i].allow);
	}
}

static void test_C7_media_types_beside_the_one(void **state)
{
	static const struct {
		const char *path, *media;
		int status;
	} row[] = {
		{"/cps/company/1", "application/passport", 0},
		{"/cps/company/1", "Application/PASSPORT", 0},
		{"/cps/company/1", NULL, 415},
		{"/cps/company/1", "", 415},
		{"/cps/company/1", "application/passport; charset=x", 415},
		{"/cps/company/1", "application/passport;", 415},
		{"/cps/company/1", "application/passport,text/plain", 415},
		{"/cps/company/1", "application/passports", 415},
		{"/cps/company/1", "multipart/form-data; boundary=a", 415},
		{"/json", "application/json", 0},
		{"/json", "application/json; charset=utf-8", 0},
		{"/json", "application/json;charset=\"UTF-8\"", 0},
		{"/json", "application/json; charset=latin1", 415},
		{"/json", "application/json; charset=utf-8; a=b", 415},
		{"/json", "application/json; a=b", 415},
		{"/json", "text/json", 415},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct http_request request;
		char allow[ROUTER_ALLOW];

		assert_int_equal(find(&site, HTTP_METHOD_POST, row[i].path, row[i].media, &request, allow),
				 row[i].status);
	}
}

static int find_coded(const char *coding, enum router_body body, bool length_required)
{
	struct http_header header[] = {{sti_span_str("Content-Type"), sti_span_str("application/json")},
				       {sti_span_str("Content-Encoding"), sti_span_str(coding)}};
	struct http_request request = {.method = HTTP_METHOD_POST,
				       .path = sti_span_str("/json"),
				       .header = header,
				       .n_header = coding ? 2 : 1};
	struct http_site strict = site;
	const struct http_route *found;
	char allow[ROUTER_ALLOW];

	strict.length_required = length_required;
	return router_find(&strict, &request, body, &found, allow);
}

static void test_C7_body_that_is_packed(void **state)
{
	(void)state;
	assert_int_equal(find_coded(NULL, ROUTER_BODY_LENGTH, false), 0);
	assert_int_equal(find_coded("identity", ROUTER_BODY_LENGTH, false), 0);
	assert_int_equal(find_coded("gzip", ROUTER_BODY_LENGTH, false), 415);
	assert_int_equal(find_coded("GZIP, identity", ROUTER_BODY_CHUNKED, false), 415);
	assert_int_equal(find_coded("", ROUTER_BODY_LENGTH, false), 415);
}

static void test_length_required_and_chunked(void **state)
{
	(void)state;
	assert_int_equal(find_coded(NULL, ROUTER_BODY_LENGTH, true), 0);
	assert_int_equal(find_coded(NULL, ROUTER_BODY_CHUNKED, true), 411);
	assert_int_equal(find_coded(NULL, ROUTER_BODY_NONE, true), 411);
	assert_int_equal(find_coded(NULL, ROUTER_BODY_CHUNKED, false), 0);
}

static void test_name_of_somebody_else(void **state)
{
	static const char *const name[] = {"cps.example", "127.0.0.1"};
	const struct http_site named = {.name = name, .n_name = 2};

	(void)state;
	assert_true(router_is_named(&named, sti_span_str("CPS.example")));
	assert_true(router_is_named(&named, sti_span_str("127.0.0.1")));
	assert_false(router_is_named(&named, sti_span_str("cps.example.")));
	assert_false(router_is_named(&named, sti_span_str("example")));
	assert_false(router_is_named(&named, sti_span(NULL, 0)));
	assert_true(router_is_named(&site, sti_span_str("any")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_C6_paths_that_are_not_in_the_table),
		cmocka_unit_test(test_arguments_before_a_slash_and_before_a_suffix),
		cmocka_unit_test(test_C5_methods_that_the_path_does_not_have),
		cmocka_unit_test(test_C7_media_types_beside_the_one),
		cmocka_unit_test(test_C7_body_that_is_packed),
		cmocka_unit_test(test_length_required_and_chunked),
		cmocka_unit_test(test_name_of_somebody_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
