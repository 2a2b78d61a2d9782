/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <uv.h>

#include "net/transport.h"
#include "stage.h"

struct ends {
	struct transport near;
	int far;
};

static void open_ends(struct ends *ends, struct tls_server *tls)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
	assert_int_equal(transport_open(&ends->near, fd[0], tls), STI_OK);
	ends->far = fd[1];
}

static void test_plain_silence_bytes_and_end(void **state)
{
	struct ends ends;
	uint8_t bytes[4], digest[32];
	size_t got;
	bool more;

	(void)state;
	open_ends(&ends, NULL);
	assert_int_equal(transport_read(&ends.near, bytes, 4, &got, &more), TRANSPORT_AGAIN);
	assert_int_equal(ends.near.wants, UV_READABLE);
	assert_int_equal(send(ends.far, "abcdef", 6, 0), 6);
	assert_int_equal(transport_read(&ends.near, bytes, 4, &got, &more), TRANSPORT_OK);
	assert_true(got == 4 && more);
	assert_int_equal(transport_read(&ends.near, bytes, 4, &got, &more), TRANSPORT_OK);
	assert_true(got == 2 && !more);
	assert_int_equal(shutdown(ends.far, SHUT_WR), 0);
	assert_int_equal(transport_read(&ends.near, bytes, 4, &got, &more), TRANSPORT_END);
	close(ends.far);
	assert_int_equal(transport_discard(&ends.near), TRANSPORT_END);
	assert_false(transport_certificate(&ends.near, digest));
	assert_null(transport_name(&ends.near).p);
	transport_close(&ends.near);
}

static void test_H13_writing_to_one_who_does_not_read(void **state)
{
	size_t size = 4 << 20, put;
	uint8_t *bytes = calloc(1, size);
	struct ends ends;

	(void)state;
	assert_non_null(bytes);
	open_ends(&ends, NULL);
	assert_int_equal(transport_write(&ends.near, sti_span(bytes, size), &put), TRANSPORT_AGAIN);
	assert_int_equal(ends.near.wants, UV_WRITABLE);
	assert_true(put > 0 && put < size);
	close(ends.far);
	assert_int_equal(transport_write(&ends.near, sti_span(bytes, 1), &put), TRANSPORT_FAILED); /* no SIGPIPE */
	transport_close(&ends.near);
	free(bytes);
}

/* A client of the other end, driven by hand. */
struct shaker {
	SSL_CTX *ctx;
	SSL *ssl;
};

static struct shaker shaker_open(int fd)
{
	struct shaker s = {.ctx = SSL_CTX_new(TLS_client_method())};

	s.ssl = SSL_new(s.ctx);
	SSL_set_fd(s.ssl, fd);
	SSL_set_tlsext_host_name(s.ssl, "a.example");
	return s;
}

static void shaker_close(struct shaker *s)
{
	SSL_free(s->ssl);
	SSL_CTX_free(s->ctx);
}

static void test_tls_bytes_that_a_poll_would_not_tell_of(void **state)
{
	struct tls_pair pair = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:a.example"});
	struct tls_server *tls = stage_tls(&pair, NULL, false);
	struct ends ends;
	struct shaker client;
	uint8_t bytes[8];
	size_t got;
	bool more;

	(void)state;
	open_ends(&ends, tls);
	client = shaker_open(ends.far);
	while (SSL_connect(client.ssl) != 1)
		assert_true(transport_handshake(&ends.near) <= TRANSPORT_AGAIN);
	assert_int_equal(transport_handshake(&ends.near), TRANSPORT_OK);
	assert_true(sti_span_is(transport_name(&ends.near), "a.example"));
	assert_int_equal(SSL_write(client.ssl, "0123456789", 10), 10);
	assert_int_equal(SSL_write(client.ssl, "ab", 2), 2);
	assert_int_equal(transport_read(&ends.near, bytes, 8, &got, &more), TRANSPORT_OK);
	assert_true(got == 8 && more);
	assert_int_equal(poll(&(struct pollfd){.fd = ends.near.fd, .events = POLLIN}, 1, 0), 0);
	assert_int_equal(transport_read(&ends.near, bytes, 8, &got, &more), TRANSPORT_OK);
	assert_true(got == 2 && more);
	assert_int_equal(transport_read(&ends.near, bytes, 8, &got, &more), TRANSPORT_OK);
	assert_true(got == 2 && !more);
	assert_int_equal(transport_read(&ends.near, bytes, 8, &got, &more), TRANSPORT_AGAIN);
	SSL_shutdown(client.ssl);
	assert_int_equal(transport_read(&ends.near, bytes, 8, &got, &more), TRANSPORT_END);
	transport_finish(&ends.near);
	assert_int_equal(SSL_read(client.ssl, bytes, 8), 0);
	assert_int_equal(SSL_get_error(client.ssl, 0), SSL_ERROR_ZERO_RETURN);
	shaker_close(&client);
	transport_close(&ends.near);
	close(ends.far);
	tls_server_unref(tls);
	tls_pair_free(&pair);
}

static void test_H2_handshake_in_pieces_of_one_octet_and_of_nonsense(void **state)
{
	static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
	struct tls_pair pair = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:a.example"});
	struct tls_server *tls = stage_tls(&pair, NULL, false);
	struct ends ends;

	(void)state;
	open_ends(&ends, tls);
	for (size_t i = 0; i < sizeof(hello) - 1; i++) {
		assert_int_equal(send(ends.far, hello + i, 1, 0), 1);
		assert_int_equal(transport_handshake(&ends.near), TRANSPORT_AGAIN);
	}
	transport_close(&ends.near);
	close(ends.far);
	open_ends(&ends, tls);
	assert_int_equal(send(ends.far, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
	assert_int_equal(transport_handshake(&ends.near), TRANSPORT_FAILED);
	transport_finish(&ends.near); /* says nothing over TLS that failed */
	transport_close(&ends.near);
	close(ends.far);
	tls_server_unref(tls);
	tls_pair_free(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_silence_bytes_and_end),
		cmocka_unit_test(test_H13_writing_to_one_who_does_not_read),
		cmocka_unit_test(test_tls_bytes_that_a_poll_would_not_tell_of),
		cmocka_unit_test(test_H2_handshake_in_pieces_of_one_octet_and_of_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
