/* SPDX-License-Identifier: Apache-2.0 */
#include "support/http_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ROOM = 4 << 20, PATIENCE_MS = 5000 };

struct wire {
	uv_loop_t *loop;
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
	bool ended;
	char *in; /* not looked at yet */
	size_t n;
	char *head, *body;
};

void wire_pump(uv_loop_t *loop)
{
	for (int i = 0; i < 3; i++)
		uv_run(loop, UV_RUN_NOWAIT);
}

static uint64_t now_ms(void)
{
	return uv_hrtime() / 1000000;
}

/* The server works, then the socket may become ready for a moment. */
static void turn(struct wire *w, uint64_t since, short events)
{
	struct pollfd p = {.fd = w->fd, .events = events};

	wire_pump(w->loop);
	poll(&p, 1, 1);
	if (now_ms() - since > PATIENCE_MS)
		fail_msg("waited too long");
}

static struct wire *wire_at(uv_loop_t *loop, const void *address, socklen_t n, int family)
{
	struct wire *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->loop = loop;
	w->in = malloc(ROOM);
	assert_non_null(w->in);
	w->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(w->fd >= 0);
	if (connect(w->fd, address, n)) {
		wire_close(w);
		return NULL;
	}
	fcntl(w->fd, F_SETFL, O_NONBLOCK);
	return w;
}

struct wire *wire_open(uv_loop_t *loop, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return wire_at(loop, &address, sizeof(address), AF_INET);
}

struct wire *wire_open_v6(uv_loop_t *loop, uint16_t port)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	address.sin6_addr = in6addr_loopback;
	return wire_at(loop, &address, sizeof(address), AF_INET6);
}

struct wire *wire_open_unix(uv_loop_t *loop, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return wire_at(loop, &address, sizeof(address), AF_UNIX);
}

static void use_credential(SSL_CTX *ctx, const struct wire_tls *tls)
{
	BIO *certificate_text = BIO_new_mem_buf(tls->certificate, -1);
	BIO *key_text = BIO_new_mem_buf(tls->key, -1);
	X509 *certificate = PEM_read_bio_X509(certificate_text, NULL, NULL, NULL);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(key_text, NULL, NULL, NULL);

	assert_int_equal(SSL_CTX_use_certificate(ctx, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
	BIO_free(certificate_text);
	BIO_free(key_text);
}

static void trust(SSL_CTX *ctx, const char *pem)
{
	BIO *text = BIO_new_mem_buf(pem, -1);
	X509 *ca = PEM_read_bio_X509(text, NULL, NULL, NULL);

	assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca), 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	X509_free(ca);
	BIO_free(text);
}

static SSL_CTX *client_context(const struct wire_tls *tls)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	assert_non_null(ctx);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (tls->ca)
		trust(ctx, tls->ca);
	if (tls->certificate)
		use_credential(ctx, tls);
	if (tls->version && tls->version < TLS1_2_VERSION)
		SSL_CTX_set_security_level(ctx, 0);
	if (tls->version) {
		SSL_CTX_set_min_proto_version(ctx, tls->version);
		SSL_CTX_set_max_proto_version(ctx, tls->version);
	}
	return ctx;
}

static bool wants_more(struct wire *w, int result, uint64_t since)
{
	int error = SSL_get_error(w->ssl, result);

	ERR_clear_error();
	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		return false;
	turn(w, since, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT);
	return true;
}

static bool shake_hands(struct wire *w)
{
	uint64_t since = now_ms();
	int result;

	while ((result = SSL_connect(w->ssl)) != 1)
		if (!wants_more(w, result, since))
			return false;
	return true;
}

struct wire *wire_open_tls(uv_loop_t *loop, uint16_t port, const struct wire_tls *tls)
{
	struct wire *w = wire_open(loop, port);

	assert_non_null(w);
	w->ctx = client_context(tls);
	w->ssl = SSL_new(w->ctx);
	SSL_set_fd(w->ssl, w->fd);
	if (tls->name)
		SSL_set_tlsext_host_name(w->ssl, tls->name);
	if (tls->protocol)
		SSL_set_alpn_protos(w->ssl, (const unsigned char *)tls->protocol, (unsigned)strlen(tls->protocol));
	if (shake_hands(w))
		return w;
	wire_close(w);
	return NULL;
}

void wire_close(struct wire *w)
{
	SSL_free(w->ssl);
	SSL_CTX_free(w->ctx);
	close(w->fd);
	free(w->in);
	free(w->head);
	free(w->body);
	free(w);
}

static ssize_t put_some(struct wire *w, const char *bytes, size_t n)
{
	size_t put = 0;

	if (!w->ssl)
		return send(w->fd, bytes, n, MSG_NOSIGNAL);
	if (SSL_write_ex(w->ssl, bytes, n, &put) == 1)
		return (ssize_t)put;
	errno = SSL_get_error(w->ssl, 0) == SSL_ERROR_WANT_WRITE ? EAGAIN : EPIPE;
	ERR_clear_error();
	return -1;
}

void wire_send(struct wire *w, const void *bytes, size_t n)
{
	const char *at = bytes;
	uint64_t since = now_ms();

	while (n) {
		ssize_t put = put_some(w, at, n);

		if (put < 0 && errno != EAGAIN)
			return;
		if (put < 0) {
			turn(w, since, POLLOUT);
			continue;
		}
		at += put;
		n -= (size_t)put;
	}
}

void wire_say(struct wire *w, const char *text)
{
	wire_send(w, text, strlen(text));
}

void wire_finish(struct wire *w)
{
	if (w->ssl)
		SSL_shutdown(w->ssl);
	shutdown(w->fd, SHUT_WR);
}

static ssize_t get_some(struct wire *w)
{
	size_t got = 0;
	int error;

	if (!w->ssl)
		return recv(w->fd, w->in + w->n, ROOM - w->n, 0);
	if (SSL_read_ex(w->ssl, w->in + w->n, ROOM - w->n, &got) == 1)
		return (ssize_t)got;
	error = SSL_get_error(w->ssl, 0);
	ERR_clear_error();
	errno = error == SSL_ERROR_WANT_READ ? EAGAIN : ECONNRESET;
	return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

/* More bytes, or the end. */
static void hear(struct wire *w)
{
	uint64_t since = now_ms();
	ssize_t got;

	while ((got = get_some(w)) < 0 && errno == EAGAIN)
		turn(w, since, POLLIN);
	if (got > 0)
		w->n += (size_t)got;
	else
		w->ended = true;
}

static void take(struct wire *w, size_t n, char **out)
{
	free(*out);
	*out = strndup(w->in, n);
	memmove(w->in, w->in + n, w->n - n);
	w->n -= n;
}

static bool hear_until(struct wire *w, size_t n)
{
	while (w->n < n && !w->ended)
		hear(w);
	return w->n >= n;
}

static char *head_end(struct wire *w)
{
	char *at;

	while (!(at = memmem(w->in, w->n, "\r\n\r\n", 4)) && !w->ended)
		hear(w);
	return at;
}

static int next_status(struct wire *w, bool has_body)
{
	char *end = head_end(w);
	const char *length;
	size_t body;

	if (!end)
		return 0;
	take(w, (size_t)(end - w->in) + 4, &w->head);
	length = strstr(w->head, "\r\nContent-Length: ");
	body = length && has_body ? strtoul(length + 18, NULL, 10) : 0;
	if (!hear_until(w, body))
		return 0;
	take(w, body, &w->body);
	assert_memory_equal(w->head, "HTTP/1.1 ", 9);
	return (int)strtol(w->head + 9, NULL, 10);
}

int wire_status(struct wire *w)
{
	return next_status(w, true);
}

int wire_status_of_head(struct wire *w)
{
	return next_status(w, false);
}

const char *wire_head(const struct wire *w)
{
	return w->head;
}

const char *wire_body(const struct wire *w)
{
	return w->body;
}

bool wire_ends(struct wire *w)
{
	while (!w->ended && w->n == 0)
		hear(w);
	return w->n == 0;
}

SSL *wire_ssl(struct wire *w)
{
	return w->ssl;
}

int wire_fd(const struct wire *w)
{
	return w->fd;
}
