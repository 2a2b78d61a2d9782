/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/fetch.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"

struct fetch {
	struct buf *out;
	int status;
	enum sti_error error;
};

static void fetched(void *context, enum sti_error error, const struct http_response *response)
{
	struct fetch *fetch = context;

	fetch->error = error;
	if (error)
		return;
	fetch->status = response->status;
	buf_put(fetch->out, response->body);
}

static enum sti_error run_call(uv_loop_t *loop, const struct http_client_config *config, const struct http_call *call,
			       struct fetch *fetch)
{
	struct http_client *client;
	enum sti_error error = http_client_create(loop, config, &client);

	if (error)
		return error;
	error = http_client_send(client, call, fetched, fetch);
	while (!error && http_client_in_flight(client))
		uv_run(loop, UV_RUN_ONCE);
	http_client_close(client);
	uv_run(loop, UV_RUN_DEFAULT);
	if (!error)
		error = fetch->error;
	return error ? error : buf_error(fetch->out);
}

enum sti_error fetch_call(const struct fetch_policy *policy, const struct http_call *call, int *status, struct buf *out)
{
	struct gate gate = {policy->permit, policy->n_permit};
	struct http_client_config config = {.ca_file = policy->ca_file, .gate = &gate, .in_flight = 1, .per_host = 1};
	struct fetch fetch = {.out = out};
	uv_loop_t loop;
	enum sti_error error;

	if (uv_loop_init(&loop))
		return STI_E_MEMORY;
	error = run_call(&loop, &config, call, &fetch);
	uv_loop_close(&loop);
	*status = fetch.status;
	return error;
}

enum sti_error fetch_url(const struct fetch_policy *policy, struct sti_span url, size_t max, struct buf *out)
{
	struct http_call call = {
		.method = HTTP_METHOD_GET,
		.url = url,
		.connect_ms = LIMIT_FETCH_MS / 2,
		.total_ms = LIMIT_FETCH_MS,
		.answer_max = max,
	};
	int status;
	enum sti_error error = fetch_call(policy, &call, &status, out);

	if (!error && status != 200)
		return STI_E_NOT_FOUND;
	return error;
}

enum sti_error fetch_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	if (fd < 0)
		return STI_E_IO;
	while (n > 0 && !buf_error(out)) {
		uint8_t part[4096];

		n = read(fd, part, sizeof(part));
		if (n > 0)
			buf_put(out, sti_span(part, (size_t)n));
	}
	close(fd);
	return n < 0 ? STI_E_IO : buf_error(out);
}
