/* SPDX-License-Identifier: Apache-2.0 */
#include "app/login.h"

#include "base/limits.h"
#include "json/writer.h"
#include "store/file.h"

enum { CONNECT_MS = 5000, TOTAL_MS = 10000, ANSWER_MAX = 4 * LIMIT_ACCESS_TOKEN };

enum sti_error login_read_file(const char *file, struct buf *out)
{
	const char *why;
	enum sti_error error = file_read_secret(file, LIMIT_ACCESS_TOKEN, out, &why);

	while (!error && out->n && (out->p[out->n - 1] == '\n' || out->p[out->n - 1] == '\r'))
		out->n--;
	return error;
}

/* Twice as long as the secret, where all of it is escaped. */
static enum sti_error write_question(const struct plan_source *plan, struct buf *out)
{
	struct buf password;
	enum sti_error error = login_read_file(plan->password_file, &password);

	buf_put_byte(out, '{');
	json_put_member(out, "userId", sti_span_str(plan->user));
	json_put_member(out, "password", buf_span(&password));
	buf_put_byte(out, '}');
	buf_free(&password);
	return error ? error : buf_error(out);
}

enum sti_error login_send(struct http_client *client, const struct plan_source *plan, http_done *done, void *context)
{
	struct buf body = buf_own(8 * LIMIT_ACCESS_TOKEN);
	enum sti_error error = write_question(plan, &body);
	struct http_call call = {
		.method = HTTP_METHOD_POST,
		.url = sti_span_str(plan->login),
		.own = true,
		.media = "application/json",
		.body = buf_span(&body),
		.connect_ms = CONNECT_MS,
		.total_ms = TOTAL_MS,
		.answer_max = ANSWER_MAX,
	};

	if (!error)
		error = http_client_send(client, &call, done, context);
	buf_free(&body);
	return error;
}

enum sti_error login_read(const struct http_response *response, struct buf *out)
{
	struct json_limits limits = json_limits_default;
	struct sti_span token;
	struct json *doc;
	enum sti_error error;

	*out = buf_own(LIMIT_ACCESS_TOKEN);
	limits.string = LIMIT_ACCESS_TOKEN;
	if (response->status != 200)
		return STI_E_DENIED;
	error = json_parse(response->body, &limits, &doc);
	if (error)
		return error;
	if (json_string(json_member(doc, json_root(doc), "accessToken"), &token) && token.n)
		buf_put(out, token);
	else
		error = STI_E_CLAIM_MISSING;
	json_free(doc);
	return error ? error : buf_error(out);
}
