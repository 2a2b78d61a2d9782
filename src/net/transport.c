/* SPDX-License-Identifier: Apache-2.0 */
#include "net/transport.h"

#include <errno.h>
#include <limits.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <uv.h>

#include "base/limits.h"

/* Counts what a peer can send without saying anything: threats.md H5. */
static void on_message(int writing, int version, int type, const void *message, size_t n, SSL *ssl, void *context)
{
	struct transport *t = context;

	(void)version;
	(void)ssl;
	if (writing)
		return;
	if (type == SSL3_RT_HEADER)
		t->records++;
	if (type == SSL3_RT_HANDSHAKE && n > 0 && *(const uint8_t *)message == SSL3_MT_KEY_UPDATE)
		t->key_updates++;
}

enum sti_error transport_open(struct transport *t, int fd, struct tls_server *tls)
{
	*t = (struct transport){.fd = fd};
	if (!tls)
		return STI_OK;
	t->ssl = tls_server_accept(tls, fd);
	if (!t->ssl) {
		close(fd);
		return STI_E_MEMORY;
	}
	SSL_set_msg_callback(t->ssl, on_message);
	SSL_set_msg_callback_arg(t->ssl, t);
	return STI_OK;
}

void transport_close(struct transport *t)
{
	SSL_free(t->ssl);
	close(t->fd);
	*t = (struct transport){.fd = -1};
}

static enum transport_outcome again(struct transport *t, int wants)
{
	t->wants = wants;
	return TRANSPORT_AGAIN;
}

static enum transport_outcome tls_outcome(struct transport *t, int result)
{
	switch (SSL_get_error(t->ssl, result)) {
	case SSL_ERROR_NONE:
		return TRANSPORT_OK;
	case SSL_ERROR_WANT_READ:
		return again(t, UV_READABLE);
	case SSL_ERROR_WANT_WRITE:
		return again(t, UV_WRITABLE);
	case SSL_ERROR_ZERO_RETURN:
		return TRANSPORT_END;
	default:
		t->broken = true;
		ERR_clear_error();
		return TRANSPORT_FAILED;
	}
}

static enum transport_outcome plain_outcome(struct transport *t, ssize_t result, int wants)
{
	if (result > 0)
		return TRANSPORT_OK;
	if (result == 0)
		return TRANSPORT_END;
	return errno == EAGAIN || errno == EINTR ? again(t, wants) : TRANSPORT_FAILED;
}

/* One operation; once more when a record was read that brought no data. */
enum transport_outcome transport_handshake(struct transport *t)
{
	enum transport_outcome outcome;
	unsigned before;

	do {
		before = t->records;
		ERR_clear_error();
		outcome = tls_outcome(t, SSL_do_handshake(t->ssl));
	} while (outcome == TRANSPORT_AGAIN && t->records != before);
	return outcome;
}

static enum transport_outcome tls_read(struct transport *t, uint8_t *out, size_t n, size_t *got)
{
	enum transport_outcome outcome;
	unsigned before;

	do {
		before = t->records;
		ERR_clear_error();
		outcome = tls_outcome(t, SSL_read_ex(t->ssl, out, n, got));
		if (t->key_updates > LIMIT_KEY_UPDATES)
			return TRANSPORT_FAILED;
	} while (outcome == TRANSPORT_AGAIN && t->records != before);
	return outcome;
}

enum transport_outcome transport_read(struct transport *t, uint8_t *out, size_t n, size_t *got, bool *more)
{
	enum transport_outcome outcome;
	ssize_t result;

	*got = 0;
	if (t->ssl) {
		outcome = tls_read(t, out, n, got);
		*more = *got == n || SSL_has_pending(t->ssl);
		return outcome;
	}
	result = recv(t->fd, out, n, 0);
	*got = result > 0 ? (size_t)result : 0;
	*more = *got == n;
	return plain_outcome(t, result, UV_READABLE);
}

static enum transport_outcome write_some(struct transport *t, struct sti_span bytes, size_t *put)
{
	ssize_t result;

	*put = 0;
	if (t->ssl) {
		ERR_clear_error();
		return tls_outcome(t, SSL_write_ex(t->ssl, bytes.p, bytes.n, put));
	}
	result = send(t->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
	*put = result > 0 ? (size_t)result : 0;
	return plain_outcome(t, result, UV_WRITABLE);
}

enum transport_outcome transport_write(struct transport *t, struct sti_span bytes, size_t *put)
{
	enum transport_outcome outcome = TRANSPORT_OK;

	for (*put = 0; *put < bytes.n && outcome == TRANSPORT_OK;) {
		size_t n;

		outcome = write_some(t, sti_span_from(bytes, *put), &n);
		*put += n;
	}
	return outcome;
}

void transport_finish(struct transport *t)
{
	if (t->ssl && !t->broken && SSL_is_init_finished(t->ssl)) {
		ERR_clear_error();
		SSL_shutdown(t->ssl);
		ERR_clear_error();
	}
	shutdown(t->fd, SHUT_WR);
}

/* Raw bytes, for nobody decrypts them; a little at a time, so that a flood does not hold the loop. */
enum transport_outcome transport_discard(struct transport *t)
{
	uint8_t waste[4096];

	return plain_outcome(t, recv(t->fd, waste, sizeof(waste), 0), UV_READABLE);
}

bool transport_certificate(const struct transport *t, uint8_t out[32])
{
	X509 *certificate = t->ssl ? SSL_get0_peer_certificate(t->ssl) : NULL;
	unsigned n = 0;

	return certificate && X509_digest(certificate, EVP_sha256(), out, &n) == 1 && n == 32;
}

struct sti_span transport_name(const struct transport *t)
{
	return sti_span_str(t->ssl ? SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name) : NULL);
}
