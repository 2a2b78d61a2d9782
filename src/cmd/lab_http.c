/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/lab_http.h"

#include <time.h>

#include "cmd/fetch.h"

enum { CONNECT_MS = 2000, TOTAL_MS = 5000 };

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static enum sti_error send_call(const struct fetch_policy *policy, struct http_call *call, struct lab_answer *answer)
{
	double started = now_ms();
	enum sti_error error;

	call->own = true;
	call->connect_ms = CONNECT_MS;
	call->total_ms = TOTAL_MS;
	call->answer_max = LIMIT_HTTP_REPLY;
	*answer = (struct lab_answer){.body = buf_own(LIMIT_HTTP_REPLY)};
	error = fetch_call(policy, call, &answer->status, &answer->body);
	answer->ms = now_ms() - started;
	return error;
}

enum sti_error lab_http_post(const struct lab_world *world, const struct lab_url *url, const char *media,
			     struct sti_span body, const char *request_id, struct lab_answer *answer)
{
	struct lab_path ca = lab_path(&world->dir, "/tls-ca.pem");
	struct fetch_policy policy = {.ca_file = ca.text};
	struct http_header header = {sti_span_str("X-RequestID"), sti_span_str(request_id)};
	struct http_call call = {
		.method = HTTP_METHOD_POST,
		.url = sti_span_str(url->text),
		.media = media,
		.body = body,
		.header = &header,
		.n_header = request_id ? 1 : 0,
	};

	return send_call(&policy, &call, answer);
}

enum sti_error lab_http_admin(const struct lab_world *world, size_t who, const char *path, struct lab_answer *answer)
{
	struct lab_path socket = lab_path(&world->run, "/%s.admin", lab_who[who].name);
	struct fetch_policy policy = {.ca_file = NULL};
	char url[64];
	struct http_call call = {.method = HTTP_METHOD_GET, .unix_socket = socket.text};

	snprintf(url, sizeof(url), "http://admin%s", path);
	call.url = sti_span_str(url);
	return send_call(&policy, &call, answer);
}

void lab_answer_free(struct lab_answer *answer)
{
	buf_free(&answer->body);
}
