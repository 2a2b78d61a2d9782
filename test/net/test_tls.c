/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <openssl/ssl.h>

#include "stage.h"

static const struct tls_pair_wish wish = {.names = "DNS:a.example,IP:127.0.0.1"};

struct world {
	struct tls_pair pair;
	struct http_site site;
	struct stage *stage;
};

static void open_world(struct world *world, const char *client_ca, bool required)
{
	struct http_listener_config config = {.address = "127.0.0.1:0", .limits = stage_limits()};

	world->pair = tls_pair_make(&wish);
	world->site = stage_site(NULL);
	config.site = &world->site;
	config.tls = stage_tls(&world->pair, client_ca, required);
	world->stage = stage_open_at(&config);
	tls_server_unref(config.tls);
}

static void close_world(struct world *world)
{
	stage_close(world->stage);
	tls_pair_free(&world->pair);
}

static struct wire *dial(struct world *world, const struct wire_tls *tls)
{
	return wire_open_tls(&world->stage->loop, http_listener_port(world->stage->listener), tls);
}

static bool is_accepted(struct world *world, const struct wire_tls *tls)
{
	struct wire *w = dial(world, tls);
	bool accepted = false;

	if (!w)
		return false;
	wire_say(w, "GET /show/a HTTP/1.1\r\nHost: a.example\r\n\r\n");
	accepted = wire_status(w) == 200;
	wire_close(w);
	return accepted;
}

static void test_versions_below_1_2_are_refused(void **state)
{
	struct world world;

	(void)state;
	open_world(&world, NULL, false);
	assert_true(is_accepted(&world, &(struct wire_tls){.ca = world.pair.ca, .version = TLS1_3_VERSION}));
	assert_true(is_accepted(&world, &(struct wire_tls){.ca = world.pair.ca, .version = TLS1_2_VERSION}));
	assert_false(is_accepted(&world, &(struct wire_tls){.version = TLS1_1_VERSION}));
	assert_false(is_accepted(&world, &(struct wire_tls){.version = TLS1_VERSION}));
	close_world(&world);
}

static void test_protocol_that_is_not_http_1_1(void **state)
{
	struct world world;

	(void)state;
	open_world(&world, NULL, false);
	assert_true(is_accepted(&world, &(struct wire_tls){.protocol = "\x08http/1.1"}));
	assert_true(is_accepted(&world, &(struct wire_tls){.protocol = "\x02h2\x08http/1.1"}));
	assert_false(is_accepted(&world, &(struct wire_tls){.protocol = "\x02h2"}));
	close_world(&world);
}

/* No cipher without ECDHE and AEAD: what a client of 1.2 gets is asked for by name. */
static void test_ciphers_of_1_2_without_forward_secrecy_or_aead(void **state)
{
	struct tls_pair pair = tls_pair_make(&wish);
	struct tls_server *tls = stage_tls(&pair, NULL, false);
	SSL *ssl = tls_server_accept(tls, 0);
	STACK_OF(SSL_CIPHER) *ciphers = SSL_get_ciphers(ssl);

	(void)state;
	assert_true(sk_SSL_CIPHER_num(ciphers) > 0);
	for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
		const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);

		assert_true(SSL_CIPHER_is_aead(cipher));
		assert_true(strncmp(SSL_CIPHER_get_name(cipher), "ECDHE-", 6) == 0 ||
			    strncmp(SSL_CIPHER_get_name(cipher), "TLS_", 4) == 0);
	}
	assert_true(SSL_get_options(ssl) & SSL_OP_NO_RENEGOTIATION);
	assert_true(SSL_get_options(ssl) & SSL_OP_NO_COMPRESSION);
	assert_int_equal(SSL_get_max_early_data(ssl), 0);
	SSL_free(ssl);
	tls_server_unref(tls);
	tls_pair_free(&pair);
}

static void test_client_certificate_of_the_right_the_wrong_and_no_authority(void **state)
{
	struct tls_pair right = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:client.example"});
	struct tls_pair wrong = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:client.example"});
	struct tls_pair expired =
		tls_pair_make(&(struct tls_pair_wish){.names = "DNS:client.example", .from = -7200, .until = -3600});
	struct world world;

	(void)state;
	open_world(&world, right.ca, true);
	assert_true(is_accepted(&world, &(struct wire_tls){.certificate = right.certificate, .key = right.key}));
	assert_false(is_accepted(&world, &(struct wire_tls){.certificate = wrong.certificate, .key = wrong.key}));
	assert_false(is_accepted(&world, &(struct wire_tls){.certificate = expired.certificate, .key = expired.key}));
	assert_false(is_accepted(&world, &(struct wire_tls){.ca = NULL}));
	assert_int_equal(world.stage->called, 1);
	close_world(&world);
	tls_pair_free(&right);
	tls_pair_free(&wrong);
	tls_pair_free(&expired);
}

static void test_client_certificate_asked_for_but_not_required(void **state)
{
	struct tls_pair client = tls_pair_make(&(struct tls_pair_wish){.names = "DNS:client.example"});
	struct world world;

	(void)state;
	open_world(&world, client.ca, false);
	for (int shown = 0; shown < 2; shown++) {
		struct wire_tls tls = {.certificate = shown ? client.certificate : NULL, .key = client.key};
		struct wire *w = dial(&world, &tls);

		wire_say(w, "GET /show/a HTTP/1.1\r\nHost: a.example\r\n\r\n");
		assert_int_equal(wire_status(w), 200);
		assert_string_equal(wire_body(w), shown ? "a|a.example|127.0.0.1|32" : "a|a.example|127.0.0.1|0");
		wire_close(w);
	}
	close_world(&world);
	tls_pair_free(&client);
}

static unsigned sessions_seen;

static int count_session(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	sessions_seen += SSL_SESSION_is_resumable(session) ? 1 : 0;
	return 0;
}

/* H6: nothing is handed out that could be carried to another listener. */
static void test_H6_no_session_to_resume(void **state)
{
	static const int version[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct world world;

	(void)state;
	open_world(&world, NULL, false);
	for (int i = 0; i < 2; i++) {
		struct wire *w = dial(&world, &(struct wire_tls){.version = version[i]});
		SSL_CTX *ctx = SSL_get_SSL_CTX(wire_ssl(w));

		SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT);
		SSL_CTX_sess_set_new_cb(ctx, count_session);
		wire_say(w, "GET /show/a HTTP/1.1\r\nHost: a.example\r\n\r\n");
		assert_int_equal(wire_status(w), 200);
		assert_false(SSL_SESSION_is_resumable(SSL_get_session(wire_ssl(w))));
		wire_close(w);
	}
	assert_int_equal(sessions_seen, 0);
	close_world(&world);
}

/* H5: a peer may not have us derive keys for ever. */
static void test_H5_key_updates_without_end(void **state)
{
	struct world world;
	struct wire *w;
	int i;

	(void)state;
	open_world(&world, NULL, false);
	w = dial(&world, &(struct wire_tls){.version = TLS1_3_VERSION});
	for (i = 0; i < 10; i++) {
		assert_int_equal(SSL_key_update(wire_ssl(w), SSL_KEY_UPDATE_REQUESTED), 1);
		wire_say(w, "GET /show/a HTTP/1.1\r\nHost: a.example\r\n\r\n");
		assert_int_equal(wire_status(w), 200);
	}
	for (i = 0; i < 100; i++) {
		SSL_key_update(wire_ssl(w), SSL_KEY_UPDATE_NOT_REQUESTED);
		wire_say(w, "G");
		wire_pump(&world.stage->loop);
	}
	assert_int_equal(wire_status(w), 0);
	assert_int_equal(http_listener_connections(world.stage->listener), 0);
	wire_close(w);
	close_world(&world);
}

static void test_H5_renegotiation(void **state)
{
	struct world world;
	struct wire *w;
	int done = 0;

	(void)state;
	open_world(&world, NULL, false);
	w = dial(&world, &(struct wire_tls){.version = TLS1_2_VERSION});
	assert_int_equal(SSL_renegotiate(wire_ssl(w)), 1);
	for (int i = 0; i < 50 && !done; i++) {
		done = SSL_do_handshake(wire_ssl(w));
		wire_pump(&world.stage->loop);
	}
	assert_int_not_equal(done, 1);
	wire_close(w);
	close_world(&world);
}

static enum sti_error create(const char *certificate, const char *key, const char *client_ca)
{
	const struct tls_server_config config = {sti_span_str(certificate), sti_span_str(key), sti_span_str(client_ca),
						 false};
	struct tls_server *tls;
	enum sti_error error = tls_server_create(&config, &tls);

	if (!error)
		tls_server_unref(tls);
	return error;
}

static void test_files_that_do_not_fit(void **state)
{
	struct tls_pair one = tls_pair_make(&wish), two = tls_pair_make(&wish);
	char broken[4096];

	(void)state;
	assert_int_equal(create(one.certificate, one.key, NULL), STI_OK);
	assert_int_equal(create(one.certificate, two.key, NULL), STI_E_KEY);
	assert_int_equal(create(one.certificate, one.certificate, NULL), STI_E_KEY);
	assert_int_equal(create(one.certificate, "", NULL), STI_E_KEY);
	assert_int_equal(create("", one.key, NULL), STI_E_PEM);
	assert_int_equal(create("nonsense", one.key, NULL), STI_E_PEM);
	assert_int_equal(create(one.key, one.key, NULL), STI_E_PEM);
	assert_int_equal(create(one.certificate, one.key, "nonsense"), STI_E_PEM);
	assert_int_equal(create(one.certificate, one.key, two.ca), STI_OK);
	snprintf(broken, sizeof(broken), "%s-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		 one.certificate);
	assert_int_equal(create(broken, one.key, NULL), STI_E_PEM);
	tls_pair_free(&one);
	tls_pair_free(&two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions_below_1_2_are_refused),
		cmocka_unit_test(test_protocol_that_is_not_http_1_1),
		cmocka_unit_test(test_ciphers_of_1_2_without_forward_secrecy_or_aead),
		cmocka_unit_test(test_client_certificate_of_the_right_the_wrong_and_no_authority),
		cmocka_unit_test(test_client_certificate_asked_for_but_not_required),
		cmocka_unit_test(test_H6_no_session_to_resume),
		cmocka_unit_test(test_H5_key_updates_without_end),
		cmocka_unit_test(test_H5_renegotiation),
		cmocka_unit_test(test_files_that_do_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
