/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include "pa.h"

#include "app/login.h"

struct answer {
	enum sti_error error;
	char token[64];
	bool is_there;
};

static void done(void *context, enum sti_error error, const struct http_response *response)
{
	struct answer *answer = context;
	struct buf token = {0};

	answer->is_there = true;
	answer->error = error ? error : login_read(response, &token);
	if (!answer->error)
		memcpy(answer->token, token.p, token.n);
	buf_free(&token);
}

static struct answer log_in(struct rig *rig, const struct trust_plan *plan)
{
	struct answer answer = {0};

	assert_int_equal(login_send(rig->client, &plan->source[0], done, &answer), STI_OK);
	while (!answer.is_there)
		uv_run(&rig->loop, UV_RUN_ONCE);
	return answer;
}

#define LOGIN "login = \"" PA_LOGIN "\" user = \"u\" password_file = \"password\""

static void test_what_is_sent_and_what_comes_back(void **state)
{
	struct rig rig = rig_open();
	struct pa pa = pa_open();
	struct trust_plan *plan = pa_plan(&pa, PA_STATE PA_LIST_MORE(LOGIN));
	struct answer answer;

	(void)state;
	rig_begin(&rig);
	rig_serve(&rig, RAW_ANSWER, "200 OK", sti_span_str("{\"status\":\"success\",\"accessToken\":\"t0ken\"}"));
	answer = log_in(&rig, plan);
	assert_int_equal(answer.error, STI_OK);
	assert_string_equal(answer.token, "t0ken");
	assert_non_null(strstr(raw_server_last(rig.server), "\r\nContent-Type: application/json\r\n"));
	assert_non_null(
		strstr(raw_server_last(rig.server), "\r\n\r\n{\"userId\":\"u\",\"password\":\"s3cret \\\"x\\\"\"}"));
	rig_close(&rig);
	trust_plan_unref(plan);
	pa_close(&pa);
}

static void test_answers_without_a_token(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum sti_error error;
	} row[] = {
		{200, "{\"status\":\"success\"}", STI_E_CLAIM_MISSING},
		{200, "{\"accessToken\":\"\"}", STI_E_CLAIM_MISSING},
		{200, "{\"accessToken\":7}", STI_E_CLAIM_MISSING},
		{200, "[]", STI_E_CLAIM_MISSING},
		{200, "<html>", STI_E_JSON},
		{401, "{\"accessToken\":\"x\"}", STI_E_DENIED},
		{500, "", STI_E_DENIED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sti_span body = vectors_copy(sti_span_str(row[i].body));
		struct http_response response = {.status = row[i].status, .body = body};
		struct buf token;

		assert_int_equal(login_read(&response, &token), row[i].error);
		buf_free(&token);
		vectors_free(body);
	}
}

static void test_L1_a_secret_file_that_others_may_read(void **state)
{
	struct pa pa = pa_open();
	struct buf token;
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/token", pa.folder);
	assert_int_equal(login_read_file(path, &token), STI_OK);
	assert_true(sti_span_is(buf_span(&token), "file-token"));
	buf_free(&token);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(login_read_file(path, &token), STI_E_DENIED);
	buf_free(&token);
	pa_close(&pa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_sent_and_what_comes_back),
		cmocka_unit_test(test_answers_without_a_token),
		cmocka_unit_test(test_L1_a_secret_file_that_others_may_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
