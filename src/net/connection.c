/* SPDX-License-Identifier: Apache-2.0 */
#include "net/connection.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "net/endpoint.h"
#include "net/http_parser.h"
#include "net/reply.h"
#include "net/router.h"
#include "net/transport.h"

enum {
	/* Answers to pipelined requests are sent together up to here. */
	TOGETHER = 64 * 1024,
	/* An output buffer that grew beyond this is given back when it is empty. */
	KEPT = 4 * 1024
};

struct http_exchange {
	bool open; /* http_answer is still to come */
	bool abandoned; /* nobody waits for it any more: out of time, or closed */
	bool gone; /* the peer has hung up meanwhile */
	uint64_t since; /* nanoseconds of uv_hrtime */
};

struct connection {
	struct deadline deadline; /* first: deadlines are connections */
	struct connection_group *group;
	struct transport transport;
	uv_poll_t poll;
	int events; /* polled for */
	enum phase phase;
	bool in_phase; /* the deadline is set */
	bool in_turn;
	bool dry; /* the socket has nothing more until a poll says so */
	bool again; /* there is work that no poll will tell of */
	bool finish; /* close once all is written */
	bool closed;
	struct http_parser parser;
	struct buf out;
	struct http_exchange exchange;
	const struct http_route *route;
	int early; /* status that the head alone has earned; 0: none */
	unsigned update;
	struct tls_server *tls; /* it was made under; NULL: plain */
	struct crowd_member member; /* of the group's crowd; spare while idle */
	struct crowd_member handshake; /* of the group's handshakes */
	char allow[ROUTER_ALLOW];
	char address_text[ENDPOINT_TEXT];
	uint8_t certificate[32];
};

static unsigned limit_of(const struct http_limits *limits, enum phase phase)
{
	switch (phase) {
	case PHASE_HANDSHAKE:
		return limits->handshake_ms;
	case PHASE_IDLE:
		return limits->idle_ms;
	case PHASE_HEAD:
		return limits->head_ms;
	case PHASE_BODY:
		return limits->body_ms;
	case PHASE_HANDLER:
		return limits->handler_ms;
	case PHASE_WRITE:
		return limits->write_ms;
	default:
		return limits->write_ms < LIMIT_LINGER_MS ? limits->write_ms : LIMIT_LINGER_MS;
	}
}

static void leave_phase(struct connection *c)
{
	if (!c->in_phase)
		return;
	deadline_clear(&c->group->queue[c->phase], &c->deadline);
	crowd_set_spare(c->group->crowd, &c->member, false);
	crowd_leave(c->group->handshakes, &c->handshake);
	c->in_phase = false;
}

/* A limit is absolute: staying in a phase does not renew it. */
static void enter_phase(struct connection *c, enum phase phase)
{
	if (c->in_phase && c->phase == phase)
		return;
	leave_phase(c);
	c->phase = phase;
	c->in_phase = true;
	crowd_set_spare(c->group->crowd, &c->member, phase == PHASE_IDLE);
	deadline_set(&c->group->queue[phase], &c->deadline,
		     uv_now(c->group->loop) + limit_of(&c->group->limits, phase));
}

static void destroy(struct connection *c)
{
	http_parser_free(&c->parser);
	buf_free(&c->out);
	free(c);
}

/* An exchange that is not answered yet keeps its connection's memory until it is. */
static void on_closed(uv_handle_t *handle)
{
	struct connection *c = handle->data;
	struct connection_group *group = c->group;

	c->group = NULL;
	c->exchange.abandoned = true;
	tls_server_unref(c->tls);
	if (!c->exchange.open)
		destroy(c);
	group->n--;
	group->ended(group);
}

static void close_now(struct connection *c)
{
	if (c->closed)
		return;
	c->closed = true;
	c->exchange.gone = true;
	leave_phase(c);
	crowd_leave(c->group->crowd, &c->member);
	uv_close((uv_handle_t *)&c->poll, on_closed);
	transport_close(&c->transport);
}

static void on_poll(uv_poll_t *poll, int status, int events);

/* Only a change costs a system call. */
static void poll_for(struct connection *c, int events)
{
	if (c->closed || events == c->events)
		return;
	c->events = events;
	if (uv_poll_start(&c->poll, events, on_poll))
		close_now(c);
}

/* All that is to be said; true when it is out. A peer that is gone closes the connection. */
static bool flush(struct connection *c)
{
	size_t put;
	enum transport_outcome outcome;

	if (!c->out.n)
		return true;
	outcome = transport_write(&c->transport, buf_span(&c->out), &put);
	memmove(c->out.p, c->out.p + put, c->out.n - put);
	c->out.n -= put;
	if (outcome != TRANSPORT_OK && outcome != TRANSPORT_AGAIN) {
		close_now(c);
		return false;
	}
	if (c->out.n)
		return false;
	if (c->out.capacity > KEPT) {
		buf_free(&c->out);
		c->out = buf_own(TOGETHER + LIMIT_HTTP_REPLY);
	}
	return true;
}

/* Lingering close: a socket closed with bytes unread is reset, and the client loses the answer. */
static void begin_closing(struct connection *c)
{
	if (c->in_phase && c->phase == PHASE_CLOSING)
		return;
	transport_finish(&c->transport);
	enter_phase(c, PHASE_CLOSING);
	poll_for(c, UV_READABLE);
}

static enum phase phase_of(const struct connection *c)
{
	if (c->exchange.open)
		return PHASE_HANDLER;
	if (http_parser_is_in_body(&c->parser))
		return PHASE_BODY;
	return http_parser_is_idle(&c->parser) ? PHASE_IDLE : PHASE_HEAD;
}

/* After every turn: send what there is to send, then wait for the right thing for the right time. */
static void settle(struct connection *c)
{
	bool sent = !c->closed && flush(c);

	if (c->closed)
		return;
	if (!sent) {
		enter_phase(c, c->exchange.open && !c->exchange.abandoned ? PHASE_HANDLER : PHASE_WRITE);
		poll_for(c, c->transport.wants);
		return;
	}
	if (c->finish) {
		begin_closing(c);
		return;
	}
	enter_phase(c, phase_of(c));
	poll_for(c, c->again ? UV_READABLE | UV_WRITABLE : UV_READABLE);
}

static const char *date_now(struct connection_group *group)
{
	time_t now = time(NULL);

	if (now != group->date_of) {
		group->date_of = now;
		date_write(now, group->date);
	}
	return group->date;
}

static void put_reply(struct connection *c, const struct http_reply *reply)
{
	static const struct http_reply broken = {.status = 500};
	const struct http_request *request = &c->parser.request;
	struct reply_frame frame = {
		.date = date_now(c->group),
		.allow = reply->status == 405 ? c->allow : NULL,
		.request_id = reply_request_id(request->header, request->n_header),
		.close = c->finish,
		.head = request->method == HTTP_METHOD_HEAD,
	};

	if (reply_write(&c->out, reply, &frame))
		return;
	c->finish = frame.close = true;
	if (!reply_write(&c->out, &broken, &frame))
		c->out.n = 0;
}

/* Who was let in by a client certificate under rules that are no longer ours must come again. */
static bool is_outdated(const struct connection *c)
{
	return tls_server_is_outdated(c->tls, c->group->tls);
}

/* RFC 9112 9.3: kept, unless one of us says otherwise; never with HTTP/1.0. */
static bool ends_here(const struct connection *c)
{
	return c->group->draining || is_outdated(c) || c->parser.guard.close || c->parser.guard.minor == 0;
}

static void answer(struct connection *c, const struct http_reply *reply)
{
	const struct http_site *site = c->group->site;
	uint64_t took = c->exchange.since ? uv_hrtime() - c->exchange.since : 0;

	c->finish = c->finish || ends_here(c);
	put_reply(c, reply);
	if (site->seen)
		site->seen(site->seen_context, &c->parser.request, reply->status, took);
}

enum { EXPLANATION = 512 }; /* octets: a sentence of the site, in JSON */

/* An answer of the server itself; the site writes its body. */
static void answer_status(struct connection *c, int status)
{
	const struct http_site *site = c->group->site;
	struct http_reply reply = {.status = status, .retry_after_s = status == 503 ? 1 : 0};
	uint8_t memory[EXPLANATION];
	struct buf body = buf_lend(memory, sizeof(memory));

	if (site->explain)
		reply.media = site->explain(status, &body);
	reply.body = buf_span(&body);
	answer(c, &reply);
}

/* The last answer on this connection. */
static void refuse(struct connection *c, int status)
{
	c->finish = true;
	answer_status(c, status);
}

static void next_request(struct connection *c)
{
	leave_phase(c);
	c->exchange.since = 0;
	c->early = 0;
	if (c->finish)
		return;
	http_parser_advance(&c->parser);
	c->parser.body_max = c->group->limits.body;
}

static enum router_body body_of(const struct http_parser *parser)
{
	if (parser->guard.chunked)
		return ROUTER_BODY_CHUNKED;
	return parser->guard.length >= 0 ? ROUTER_BODY_LENGTH : ROUTER_BODY_NONE;
}

/* RFC 9110 7.4: neither the Host nor the name of the handshake may be a stranger's. */
static bool is_misdirected(const struct connection *c)
{
	const struct http_site *site = c->group->site;
	struct sti_span name = transport_name(&c->transport);

	return !router_is_named(site, c->parser.request.host) || (name.p && !router_is_named(site, name));
}

static void find_route(struct connection *c)
{
	c->update = c->group->updates;
	c->allow[0] = '\0';
	c->early = is_outdated(c) || is_misdirected(c)
			   ? 421
			   : router_find(c->group->site, &c->parser.request, body_of(&c->parser), &c->route, c->allow);
}

/* Who asks for leave to send a body gets the refusal instead, RFC 9110 10.1.1; and as it may be
 * sending all the same, the connection ends. */
static bool take_head(struct connection *c)
{
	find_route(c);
	if (!http_parser_expects(&c->parser))
		return true;
	if (!c->early) {
		buf_put_str(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
		return true;
	}
	refuse(c, c->early);
	return false;
}

static void call_handler(struct connection *c)
{
	c->exchange.since = uv_hrtime();
	if (c->update != c->group->updates)
		find_route(c);
	if (c->early) {
		answer_status(c, c->early);
		return;
	}
	c->exchange.open = true;
	c->route->handler(&c->exchange, &c->parser.request, c->group->site->context);
}

static bool take_request(struct connection *c)
{
	call_handler(c);
	if (c->exchange.open)
		return false;
	next_request(c);
	if (c->out.n > TOGETHER)
		c->again = true;
	return !c->finish && !c->again;
}

/* Reads what is there; false when there is nothing now. */
static bool fill(struct connection *c)
{
	size_t room, got;
	uint8_t *at;
	bool more;
	enum transport_outcome outcome;

	if (c->dry)
		return false;
	at = http_parser_room(&c->parser, &room);
	if (!at) {
		refuse(c, 503);
		return false;
	}
	outcome = transport_read(&c->transport, at, room, &got, &more);
	http_parser_add(&c->parser, got);
	c->dry = !more;
	if (outcome == TRANSPORT_AGAIN)
		c->dry = true;
	if (outcome == TRANSPORT_END && c->out.n) /* it has finished, but it may be listening */
		c->finish = true;
	else if (outcome == TRANSPORT_END || outcome == TRANSPORT_FAILED)
		close_now(c);
	return outcome == TRANSPORT_OK;
}

static bool step(struct connection *c)
{
	switch (http_parser_next(&c->parser)) {
	case HTTP_EVENT_MORE:
		return fill(c);
	case HTTP_EVENT_HEAD:
		return take_head(c);
	case HTTP_EVENT_REQUEST:
		return take_request(c);
	default:
		refuse(c, c->parser.status);
		return false;
	}
}

/* All requests that are there, one after the other; their answers go out together. */
static void turn(struct connection *c)
{
	c->again = false;
	c->in_turn = true;
	while (step(c))
		;
	c->in_turn = false;
	settle(c);
}

static void read_peer(struct connection *c)
{
	struct http_peer *peer = &c->parser.request.peer;

	if (c->address_text[0])
		peer->address = sti_span_str(c->address_text);
	if (transport_certificate(&c->transport, c->certificate))
		peer->certificate = sti_span(c->certificate, sizeof(c->certificate));
}

static void shake_hands(struct connection *c)
{
	switch (transport_handshake(&c->transport)) {
	case TRANSPORT_OK:
		read_peer(c);
		turn(c);
		return;
	case TRANSPORT_AGAIN:
		poll_for(c, c->transport.wants);
		return;
	default: /* OpenSSL has sent its alert; let it be read */
		begin_closing(c);
	}
}

/* While a handler works nothing is read: what comes waits in the kernel. Only a hang-up counts. */
static void while_handled(struct connection *c, int events)
{
	if (events & UV_DISCONNECT)
		c->exchange.gone = true;
	if (!flush(c))
		poll_for(c, c->transport.wants);
	else if (!c->exchange.gone)
		poll_for(c, UV_DISCONNECT);
	else if (!c->closed) {
		c->events = 0;
		uv_poll_stop(&c->poll);
	}
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct connection *c = poll->data;

	if (status) {
		close_now(c);
		return;
	}
	switch (c->phase) {
	case PHASE_HANDSHAKE:
		shake_hands(c);
		return;
	case PHASE_CLOSING:
		if (transport_discard(&c->transport) > TRANSPORT_AGAIN)
			close_now(c);
		return;
	case PHASE_HANDLER:
		while_handled(c, events);
		return;
	default:
		break;
	}
	if (events & UV_READABLE)
		c->dry = false;
	if (flush(c) && !c->finish)
		turn(c);
	else
		settle(c);
}

static void expire(struct connection *c)
{
	switch (c->phase) {
	case PHASE_HEAD:
	case PHASE_BODY:
		refuse(c, 408);
		settle(c);
		return;
	case PHASE_HANDLER:
		c->exchange.abandoned = true;
		refuse(c, 503);
		settle(c);
		return;
	default:
		close_now(c);
	}
}

void connection_tick(struct connection_group *group)
{
	for (unsigned phase = 0; phase < PHASE_COUNT; phase++) {
		struct deadline *due;

		while ((due = deadline_due(&group->queue[phase], uv_now(group->loop))))
			expire((struct connection *)due);
	}
}

void connection_close_all(struct connection_group *group, enum phase phase)
{
	while (group->queue[phase].first)
		close_now((struct connection *)group->queue[phase].first);
}

bool connection_close_oldest(struct connection_group *group, enum phase phase, unsigned ms)
{
	struct deadline *oldest = group->queue[phase].first;

	if (!oldest || oldest->at + ms > uv_now(group->loop) + limit_of(&group->limits, phase))
		return false;
	close_now((struct connection *)oldest);
	return true;
}

static void start(struct connection *c)
{
	c->group->n++;
	if (c->transport.ssl) {
		enter_phase(c, PHASE_HANDSHAKE);
	} else {
		read_peer(c);
		enter_phase(c, PHASE_IDLE);
	}
	poll_for(c, UV_READABLE);
}

static enum sti_error make_room(struct connection *c)
{
	struct crowd_member *surplus;

	if (c->group->n < c->group->limits.connections)
		return STI_OK;
	surplus = crowd_surplus(c->group->crowd, &c->member);
	if (!surplus)
		return STI_E_FULL;
	close_now((struct connection *)((char *)surplus - offsetof(struct connection, member)));
	return STI_OK;
}

static enum sti_error join(struct connection *c, const struct sockaddr *address)
{
	struct connection_group *group = c->group;
	unsigned max = group->limits.connections_per_address;
	uint8_t key[CROWD_KEY];
	bool counted = crowd_key(address, key);
	enum sti_error error = crowd_enter(group->crowd, key, counted && max ? max : UINT_MAX, &c->member);

	if (!error && c->tls)
		error = crowd_enter(group->handshakes, key, counted ? LIMIT_ADDRESS_HANDSHAKES : UINT_MAX,
				    &c->handshake);
	return error ? error : make_room(c);
}

/* Not to be heard of again; it was never started. */
static void drop(struct connection *c)
{
	crowd_leave(c->group->handshakes, &c->handshake);
	crowd_leave(c->group->crowd, &c->member);
	tls_server_unref(c->tls);
	free(c);
}

static enum sti_error take_socket(struct connection *c, int fd)
{
	enum sti_error error = transport_open(&c->transport, fd, c->tls);

	if (error)
		return error;
	if (uv_poll_init(c->group->loop, &c->poll, fd) == 0)
		return STI_OK;
	transport_close(&c->transport);
	return STI_E_IO;
}

enum sti_error connection_open(struct connection_group *group, int fd, const struct sockaddr *address)
{
	struct connection *c = calloc(1, sizeof(*c));
	enum sti_error error = STI_E_MEMORY;

	if (!c) {
		close(fd);
		return error;
	}
	c->group = group;
	c->tls = tls_server_ref(group->tls);
	error = join(c, address);
	if (error)
		close(fd);
	else
		error = take_socket(c, fd);
	if (error) {
		drop(c);
		return error;
	}
	c->poll.data = c;
	c->out = buf_own(TOGETHER + LIMIT_HTTP_REPLY);
	endpoint_write(address, c->address_text);
	http_parser_init(&c->parser, group->limits.body);
	start(c);
	return STI_OK;
}

static struct connection *connection_of(struct http_exchange *exchange)
{
	return (struct connection *)((char *)exchange - offsetof(struct connection, exchange));
}

/* Bytes that wait for this answer are looked at in the next turn of the loop, not on the back of
 * whoever answers. */
static void resume(struct connection *c)
{
	next_request(c);
	c->again = c->parser.n > 0 || !c->dry;
	settle(c);
}

/* True when the exchange ends here without an answer. */
static bool end_unheard(struct connection *c)
{
	bool unheard = c->exchange.abandoned || c->closed;

	c->exchange.open = false;
	if (unheard && !c->group)
		destroy(c);
	return unheard;
}

void http_answer(struct http_exchange *exchange, const struct http_reply *reply)
{
	struct connection *c = connection_of(exchange);

	if (end_unheard(c))
		return;
	answer(c, reply);
	if (!c->in_turn)
		resume(c);
}

void http_answer_status(struct http_exchange *exchange, int status)
{
	struct connection *c = connection_of(exchange);

	if (end_unheard(c))
		return;
	answer_status(c, status);
	if (!c->in_turn)
		resume(c);
}

bool http_exchange_is_gone(const struct http_exchange *exchange)
{
	return exchange->gone || exchange->abandoned;
}
