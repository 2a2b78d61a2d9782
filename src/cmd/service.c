/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/service.h"

#include "app/clock.h"

const char *service_explain_request(int status, struct buf *body)
{
	request_error_write(body, request_error_of_status(status), "application/json");
	return "application/json";
}

void service_note_fetch(struct server *server, struct sti_span url, enum sti_error error)
{
	struct log_line line;

	log_begin(&line, LOG_CERT_FETCH_FAILED);
	log_put_str(&line, "why", sti_error_text(error));
	log_put(&line, "x5u", url);
	log_end(server->log, &line, clock_now());
}

void service_refuse(struct http_exchange *exchange, enum request_error error, const char *variable)
{
	/* RFC 9110 15.5.2: what would be taken */
	const struct http_header bearer = {sti_span_str("WWW-Authenticate"), sti_span_str("Bearer")};
	uint8_t memory[1024];
	struct buf body = buf_lend(memory, sizeof(memory));
	struct http_reply reply = {.status = request_error_status(error), .media = "application/json"};

	request_error_write(&body, error, variable);
	reply.body = buf_span(&body);
	reply.retry_after_s = reply.status == 503 ? 1 : 0;
	reply.header = &bearer;
	reply.n_header = reply.status == 401 ? 1 : 0;
	http_answer(exchange, &reply);
}

bool service_answer_json(struct http_exchange *exchange, int status, const struct buf *body)
{
	struct http_reply reply = {.status = status, .media = "application/json", .body = buf_span(body)};

	if (buf_error(body)) {
		service_refuse(exchange, REQUEST_INTERNAL, NULL);
		return false;
	}
	http_answer(exchange, &reply);
	return true;
}
