/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/bench_client.h"

#include <netinet/tcp.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/limits.h"

enum { READ_SIZE = 4096, ANSWER_SECONDS = 10, STATUS_AT = 9 };

SSL_CTX *bench_client_tls(const char *ca_file)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (!tls)
		return NULL;
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_load_verify_file(tls, ca_file) == 1)
		return tls;
	SSL_CTX_free(tls);
	return NULL;
}

/* A server that hangs ends the measurement instead of stopping it for ever. */
static bool set_options(int fd, int family)
{
	const struct timeval patience = {.tv_sec = ANSWER_SECONDS};
	const int on = 1;

	if (family != AF_UNIX && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		return false;
	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
	       setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0;
}

static bool shake_hands(const struct bench_peer *peer, struct bench_client *client)
{
	client->ssl = SSL_new(peer->tls);
	return client->ssl && SSL_set1_host(client->ssl, "localhost") == 1 &&
	       SSL_set_tlsext_host_name(client->ssl, "localhost") == 1 && SSL_set_fd(client->ssl, client->fd) == 1 &&
	       SSL_connect(client->ssl) == 1;
}

bool bench_client_open(const struct bench_peer *peer, struct bench_client *client)
{
	int family = peer->endpoint.address.any.sa_family;

	*client = (struct bench_client){.answer = buf_own(LIMIT_HTTP_REPLY)};
	client->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0 || !set_options(client->fd, family) ||
	    connect(client->fd, &peer->endpoint.address.any, peer->endpoint.size))
		return false;
	return !peer->tls || shake_hands(peer, client);
}

void bench_client_close(struct bench_client *client)
{
	SSL_free(client->ssl);
	if (client->fd >= 0)
		close(client->fd);
	buf_free(&client->answer);
}

static ssize_t send_some(struct bench_client *client, struct sti_span bytes)
{
	if (client->ssl)
		return SSL_write(client->ssl, bytes.p, (int)bytes.n);
	return send(client->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
}

static bool send_all(struct bench_client *client, struct sti_span bytes)
{
	while (bytes.n) {
		ssize_t n = send_some(client, bytes);

		if (n <= 0)
			return false;
		bytes = sti_span_from(bytes, (size_t)n);
	}
	return true;
}

static bool receive_some(struct bench_client *client)
{
	uint8_t bytes[READ_SIZE];
	ssize_t n =
		client->ssl ? SSL_read(client->ssl, bytes, sizeof(bytes)) : recv(client->fd, bytes, sizeof(bytes), 0);

	if (n <= 0)
		return false;
	buf_put(&client->answer, sti_span(bytes, (size_t)n));
	return !buf_error(&client->answer);
}

/* Octets of the head with its empty line, 0 while it is not all there. */
static size_t head_size(struct sti_span answer)
{
	const uint8_t *end = answer.n ? memmem(answer.p, answer.n, "\r\n\r\n", 4) : NULL;

	return end ? (size_t)(end - answer.p) + 4 : 0;
}

/* -1 when it is not said. */
static int64_t body_size(struct sti_span head)
{
	struct sti_span line, name;
	int64_t n;

	while (sti_span_cut(&head, '\n', &line)) {
		if (!sti_span_cut(&line, ':', &name) || !sti_span_is_nocase(name, "content-length"))
			continue;
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		return decimal_parse(sti_span_trim(line), LIMIT_HTTP_REPLY, &n) ? -1 : n;
	}
	return -1;
}

static int status_of_answer(struct sti_span answer)
{
	int64_t status;

	if (answer.n < STATUS_AT || memcmp(answer.p, "HTTP/1.1 ", STATUS_AT) != 0)
		return -1;
	return decimal_parse(sti_span_first(sti_span_from(answer, STATUS_AT), 3), 999, &status) ? -1 : (int)status;
}

static size_t receive_head(struct bench_client *client)
{
	size_t n;

	while (!(n = head_size(buf_span(&client->answer))))
		if (!receive_some(client))
			return 0;
	return n;
}

int bench_client_ask(struct bench_client *client, struct sti_span request, struct sti_span *body)
{
	size_t n_head;
	int64_t n_body;

	client->answer.n = 0;
	if (!send_all(client, request))
		return -1;
	n_head = receive_head(client);
	n_body = n_head ? body_size(sti_span_first(buf_span(&client->answer), n_head)) : -1;
	if (n_body < 0)
		return -1;
	while (buf_span(&client->answer).n < n_head + (size_t)n_body)
		if (!receive_some(client))
			return -1;
	if (body)
		*body = sti_span_from(buf_span(&client->answer), n_head);
	return status_of_answer(buf_span(&client->answer));
}
