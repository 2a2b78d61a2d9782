/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "api/request_error.h"
#include "support/value.h"

/* standards.md 5.2, as printed there; the last three are ours. */
static const struct {
	enum request_error error;
	const char *id;
	int status;
	bool names; /* its text has a place for a variable */
} row[] = {
	{REQUEST_NO_BODY, "SVC4000", 400, false},       {REQUEST_MISSING, "SVC4001", 400, true},
	{REQUEST_NOT_ACCEPTABLE, "SVC4002", 406, true}, {REQUEST_NOT_FOUND, "SVC4003", 404, false},
	{REQUEST_MEDIA_TYPE, "SVC4004", 415, true},     {REQUEST_VALUE, "SVC4005", 400, true},
	{REQUEST_SYNTAX, "SVC4006", 400, false},        {REQUEST_NO_LENGTH, "SVC4007", 411, false},
	{REQUEST_METHOD, "POL4050", 405, false},        {REQUEST_INTERNAL, "POL5000", 500, false},
	{REQUEST_CLIENT, "POL4010", 401, false},        {REQUEST_NUMBER, "POL4030", 403, true},
	{REQUEST_BUSY, "POL5030", 503, false},
};
enum { ROWS = sizeof(row) / sizeof(row[0]) };

static void expect_body(size_t i, const char *variable)
{
	struct buf out = buf_own(4096);
	const struct value *error, *exception, *variables;
	struct value *root;

	request_error_write(&out, row[i].error, variable);
	root = value_parse(buf_span(&out));
	assert_non_null(root);
	error = value_member(root, "requestError");
	exception = value_member(error, row[i].id[0] == 'S' ? "serviceException" : "policyException");
	assert_string_equal(value_text(exception, "messageId"), row[i].id);
	assert_int_equal(strstr(value_text(exception, "text"), "%1") != NULL, row[i].names);
	variables = value_member(exception, "variables");
	assert_int_equal(value_count(variables), variable && row[i].names ? 1 : 0);
	value_free(root);
	buf_free(&out);
}

static void test_each_error_as_the_standard_prints_it(void **state)
{
	(void)state;
	assert_int_equal(ROWS, REQUEST_ERROR_COUNT - 1);
	for (size_t i = 0; i < ROWS; i++) {
		assert_int_equal(request_error_status(row[i].error), row[i].status);
		assert_string_equal(request_error_id(row[i].error), row[i].id);
		expect_body(i, "orig");
		expect_body(i, NULL);
	}
}

static void test_what_the_server_itself_answers(void **state)
{
	static const struct {
		int status;
		enum request_error error;
	} own[] = {{400, REQUEST_SYNTAX},         {404, REQUEST_NOT_FOUND}, {405, REQUEST_METHOD},
		   {406, REQUEST_NOT_ACCEPTABLE}, {408, REQUEST_SYNTAX},    {411, REQUEST_NO_LENGTH},
		   {413, REQUEST_SYNTAX},         {414, REQUEST_SYNTAX},    {415, REQUEST_MEDIA_TYPE},
		   {431, REQUEST_SYNTAX},         {500, REQUEST_INTERNAL},  {501, REQUEST_INTERNAL},
		   {503, REQUEST_BUSY},           {505, REQUEST_INTERNAL}};

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		assert_int_equal(request_error_of_status(own[i].status), own[i].error);
}

/* A short buffer is told, not overrun. */
static void test_a_body_that_does_not_fit(void **state)
{
	char memory[40];
	struct buf out = buf_lend(memory, sizeof(memory));

	(void)state;
	request_error_write(&out, REQUEST_MISSING, "orig");
	assert_int_equal(buf_error(&out), STI_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_error_as_the_standard_prints_it),
		cmocka_unit_test(test_what_the_server_itself_answers),
		cmocka_unit_test(test_a_body_that_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
