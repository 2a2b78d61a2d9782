/* SPDX-License-Identifier: Apache-2.0 */
#include "support/raw_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

enum { CONNECTIONS = 64, REQUEST_MAX = 256 * 1024, TRICKLE_MS = 10 };

struct connection {
	struct raw_server *server;
	pthread_t thread;
	int fd;
	SSL *ssl;
	char *text; /* of the request being read */
};

struct raw_server {
	struct raw_plan plan;
	SSL_CTX *tls;
	int listener;
	int stop[2]; /* readable at its end: stop */
	pthread_t acceptor;
	struct connection connection[CONNECTIONS];
	atomic_uint n_connection;
	atomic_uint n_request;
	pthread_mutex_t lock; /* of last */
	char last[REQUEST_MAX + 1];
	char shown[REQUEST_MAX + 1];
	unsigned short port;
};

static ssize_t read_some(struct connection *c, char *to, size_t n)
{
	return c->ssl ? SSL_read(c->ssl, to, (int)n) : read(c->fd, to, n);
}

static bool write_all(struct connection *c, const char *from, size_t n)
{
	while (n) {
		ssize_t done = c->ssl ? SSL_write(c->ssl, from, (int)n) : write(c->fd, from, n);

		if (done <= 0)
			return false;
		from += done;
		n -= (size_t)done;
	}
	return true;
}

/* Octets of the whole request, 0 while it is not there yet. */
static size_t request_size(const char *text, size_t n)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = strcasestr(text, "\r\nContent-Length:");
	size_t size;

	if (!end)
		return 0;
	size = (size_t)(end + 4 - text);
	if (length && length < end)
		size += strtoul(length + 17, NULL, 10);
	return n >= size ? size : 0;
}

static bool read_request(struct connection *c)
{
	char *text = c->text;
	size_t n = 0;

	text[0] = '\0';
	while (n < REQUEST_MAX && !request_size(text, n)) {
		ssize_t got = read_some(c, text + n, REQUEST_MAX - n);

		if (got <= 0)
			return false;
		n += (size_t)got;
		text[n] = '\0';
	}
	return true;
}

static void note_request(struct connection *c)
{
	struct raw_server *server = c->server;

	pthread_mutex_lock(&server->lock);
	memcpy(server->last, c->text, strlen(c->text) + 1);
	pthread_mutex_unlock(&server->lock);
	server->n_request++;
}

static bool stopped_within(struct raw_server *server, int milliseconds)
{
	struct pollfd stop = {.fd = server->stop[0], .events = POLLIN};

	return poll(&stop, 1, milliseconds) != 0;
}

static bool trickle(struct connection *c)
{
	while (!stopped_within(c->server, TRICKLE_MS))
		if (!write_all(c, "a", 1))
			break;
	return false;
}

static bool flood(struct connection *c)
{
	static const char block[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

	while (write_all(c, block, 64))
		;
	return false;
}

static const char *answer_to(const struct connection *c)
{
	const struct raw_plan *plan = &c->server->plan;

	for (size_t i = 0; i < RAW_ROUTES && plan->route[i].in; i++)
		if (strstr(c->text, plan->route[i].in))
			return plan->route[i].answer;
	return plan->answer;
}

/* True when the next request may come. */
static bool reply(struct connection *c)
{
	const struct raw_plan *plan = &c->server->plan;
	const char *answer = answer_to(c);

	if (plan->manner == RAW_SILENT)
		return true;
	if (!write_all(c, answer, strlen(answer)))
		return false;
	if (plan->manner == RAW_TRICKLE)
		return trickle(c);
	if (plan->manner == RAW_ENDLESS)
		return flood(c);
	return plan->manner == RAW_ANSWER;
}

static void *serve_connection(void *context)
{
	struct connection *c = context;

	if (c->ssl && SSL_accept(c->ssl) != 1)
		return NULL;
	while (read_request(c)) {
		note_request(c);
		if (!reply(c))
			break;
	}
	if (c->ssl)
		SSL_shutdown(c->ssl);
	shutdown(c->fd, SHUT_RDWR);
	return NULL;
}

static void open_connection(struct raw_server *server, int fd)
{
	struct connection *c = &server->connection[server->n_connection];

	c->server = server;
	c->fd = fd;
	c->text = malloc(REQUEST_MAX + 1);
	if (!c->text)
		abort();
	if (server->tls) {
		c->ssl = SSL_new(server->tls);
		SSL_set_fd(c->ssl, fd);
	}
	server->n_connection++;
	if (pthread_create(&c->thread, NULL, serve_connection, c))
		abort();
}

static void *accept_all(void *context)
{
	struct raw_server *server = context;
	struct pollfd wait[2] = {{.fd = server->listener, .events = POLLIN}, {.fd = server->stop[0], .events = POLLIN}};

	while (server->n_connection < CONNECTIONS && poll(wait, 2, -1) > 0 && !wait[1].revents) {
		int fd = accept(server->listener, NULL, NULL);

		if (fd >= 0)
			open_connection(server, fd);
	}
	return NULL;
}

static void listen_tcp(struct raw_server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(address);

	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address, n), 0);
	assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &n), 0);
	server->port = ntohs(address.sin_port);
}

static void listen_unix(struct raw_server *server)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	assert_true(strlen(server->plan.unix_path) < sizeof(address.sun_path));
	memcpy(address.sun_path, server->plan.unix_path, strlen(server->plan.unix_path));
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
}

static BIO *bio_of(const char *text)
{
	return BIO_new_mem_buf(text, -1);
}

static void demand_client(SSL_CTX *tls, const char *ca)
{
	BIO *bio = bio_of(ca);
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), certificate), 1);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	X509_free(certificate);
	BIO_free(bio);
}

static SSL_CTX *make_tls(const struct raw_plan *plan)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	BIO *certificate_bio = bio_of(plan->tls->certificate);
	BIO *key_bio = bio_of(plan->tls->key);
	X509 *certificate = PEM_read_bio_X509(certificate_bio, NULL, NULL, NULL);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);

	SSL_CTX_set_security_level(tls, 0);
	SSL_CTX_set_max_proto_version(tls, plan->tls_max);
	assert_int_equal(SSL_CTX_use_certificate(tls, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(tls, key), 1);
	if (plan->client_ca)
		demand_client(tls, plan->client_ca);
	X509_free(certificate);
	EVP_PKEY_free(key);
	BIO_free(certificate_bio);
	BIO_free(key_bio);
	return tls;
}

struct raw_server *raw_server_start(const struct raw_plan *plan)
{
	struct raw_server *server = calloc(1, sizeof(*server));

	assert_non_null(server);
	pthread_mutex_init(&server->lock, NULL);
	server->plan = *plan;
	if (plan->tls)
		server->tls = make_tls(plan);
	if (plan->unix_path)
		listen_unix(server);
	else
		listen_tcp(server);
	assert_int_equal(listen(server->listener, CONNECTIONS), 0);
	assert_int_equal(pipe(server->stop), 0);
	assert_int_equal(pthread_create(&server->acceptor, NULL, accept_all, server), 0);
	return server;
}

unsigned short raw_server_port(const struct raw_server *server)
{
	return server->port;
}

unsigned raw_server_connections(struct raw_server *server)
{
	return server->n_connection;
}

unsigned raw_server_requests(struct raw_server *server)
{
	return server->n_request;
}

const char *raw_server_last(struct raw_server *server)
{
	pthread_mutex_lock(&server->lock);
	memcpy(server->shown, server->last, strlen(server->last) + 1);
	pthread_mutex_unlock(&server->lock);
	return server->shown;
}

static void close_connection(struct connection *c)
{
	shutdown(c->fd, SHUT_RDWR);
	pthread_join(c->thread, NULL);
	SSL_free(c->ssl);
	close(c->fd);
	free(c->text);
}

void raw_server_stop(struct raw_server *server)
{
	close(server->stop[1]);
	pthread_join(server->acceptor, NULL);
	for (unsigned i = 0; i < server->n_connection; i++)
		close_connection(&server->connection[i]);
	close(server->listener);
	close(server->stop[0]);
	if (server->plan.unix_path)
		unlink(server->plan.unix_path);
	SSL_CTX_free(server->tls);
	pthread_mutex_destroy(&server->lock);
	free(server);
}
