/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "base/limits.h"

struct tls_server {
	SSL_CTX *ctx;
	unsigned references;
	bool asks; /* for a client certificate */
	bool required;
	uint8_t client_ca[32]; /* SHA-256 of the text */
};

/* A key that wants a passphrase is not a key for a server: never ask. */
static int no_passphrase(char *out, int size, int writing, void *context)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

static BIO *open_pem(struct sti_span pem)
{
	return pem.p && pem.n <= INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
}

/* True at the end of the text, false when something in it could not be read. */
static bool at_end(void)
{
	unsigned long error = ERR_peek_last_error();

	return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

typedef bool take_certificate(SSL_CTX *ctx, X509 *certificate, size_t index);

/* Every certificate of a PEM text, one to LIMIT_CERT_BLOCKS for a chain; more of them for CAs. */
static enum sti_error each_certificate(SSL_CTX *ctx, struct sti_span pem, take_certificate *take)
{
	BIO *bio = open_pem(pem);
	enum sti_error error = STI_OK;
	size_t n = 0;
	X509 *certificate;

	if (!bio)
		return STI_E_PEM;
	ERR_clear_error();
	while (!error && (certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL))) {
		if (!take(ctx, certificate, n++))
			error = STI_E_CERT;
		X509_free(certificate);
	}
	if (!error && (n == 0 || !at_end()))
		error = STI_E_PEM;
	ERR_clear_error();
	BIO_free(bio);
	return error;
}

static bool take_own(SSL_CTX *ctx, X509 *certificate, size_t index)
{
	if (index == 0)
		return SSL_CTX_use_certificate(ctx, certificate) == 1;
	return index < LIMIT_CERT_BLOCKS && SSL_CTX_add1_chain_cert(ctx, certificate) == 1;
}

static bool take_client_ca(SSL_CTX *ctx, X509 *certificate, size_t index)
{
	(void)index;
	return X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), certificate) == 1 &&
	       SSL_CTX_add_client_CA(ctx, certificate) == 1;
}

static enum sti_error use_key(SSL_CTX *ctx, struct sti_span pem)
{
	BIO *bio = open_pem(pem);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
	bool good = key && SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1;

	EVP_PKEY_free(key);
	BIO_free(bio);
	ERR_clear_error();
	return good ? STI_OK : STI_E_KEY;
}

/* A client that offers protocols must offer ours, RFC 7301 3.2. */
static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *in,
			   unsigned in_n, void *context)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *selected;

	(void)ssl;
	(void)context;
	if (SSL_select_next_proto(&selected, n, ours, sizeof(ours) - 1, in, in_n) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = selected;
	return SSL_TLSEXT_ERR_OK;
}

/* threats.md 2.4. No tickets and no session cache on any listener: connections are kept, so there
 * is little to gain, and what does not exist cannot be carried to another listener (H6). */
static bool set_policy(SSL_CTX *ctx)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_alpn_select_cb(ctx, select_protocol, NULL);
	return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 && SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
	       SSL_CTX_set_max_early_data(ctx, 0) == 1 &&
	       SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
	       SSL_CTX_set1_groups_list(ctx, "X25519:P-256") == 1;
}

/* Sessions of one listener are worth nothing at another, even if one day there are any. */
static bool set_session_context(SSL_CTX *ctx)
{
	unsigned char id[SSL_MAX_SID_CTX_LENGTH];

	return RAND_bytes(id, sizeof(id)) == 1 && SSL_CTX_set_session_id_context(ctx, id, sizeof(id)) == 1;
}

static enum sti_error ask_for_certificates(struct tls_server *tls, const struct tls_server_config *config)
{
	int mode = SSL_VERIFY_PEER | (config->client_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);

	tls->asks = config->client_ca.p != NULL;
	tls->required = config->client_required;
	if (!tls->asks)
		return STI_OK;
	SSL_CTX_set_verify(tls->ctx, mode, NULL);
	if (EVP_Digest(config->client_ca.p, config->client_ca.n, tls->client_ca, NULL, EVP_sha256(), NULL) != 1)
		return STI_E_CRYPTO;
	return each_certificate(tls->ctx, config->client_ca, take_client_ca);
}

static enum sti_error set_up(struct tls_server *tls, const struct tls_server_config *config)
{
	SSL_CTX *ctx = tls->ctx;
	enum sti_error error;

	if (!set_policy(ctx) || !set_session_context(ctx))
		return STI_E_CRYPTO;
	error = each_certificate(ctx, config->certificate, take_own);
	if (!error)
		error = use_key(ctx, config->key);
	if (!error)
		error = ask_for_certificates(tls, config);
	return error;
}

enum sti_error tls_server_create(const struct tls_server_config *config, struct tls_server **out)
{
	struct tls_server *tls = calloc(1, sizeof(*tls));
	enum sti_error error = STI_E_MEMORY;

	if (!tls)
		return error;
	tls->references = 1;
	tls->ctx = SSL_CTX_new(TLS_server_method());
	if (tls->ctx)
		error = set_up(tls, config);
	if (error) {
		tls_server_unref(tls);
		ERR_clear_error();
		return error;
	}
	*out = tls;
	return STI_OK;
}

struct tls_server *tls_server_ref(struct tls_server *tls)
{
	if (tls)
		tls->references++;
	return tls;
}

void tls_server_unref(struct tls_server *tls)
{
	if (!tls || --tls->references)
		return;
	SSL_CTX_free(tls->ctx);
	free(tls);
}

bool tls_server_is_outdated(const struct tls_server *then, const struct tls_server *now)
{
	if (!then || then == now || !then->asks)
		return false;
	return !now || !now->asks || then->required != now->required ||
	       memcmp(then->client_ca, now->client_ca, sizeof(now->client_ca)) != 0;
}

SSL *tls_server_accept(struct tls_server *tls, int fd)
{
	SSL *ssl = SSL_new(tls->ctx);

	if (ssl && SSL_set_fd(ssl, fd) == 1) {
		SSL_set_accept_state(ssl);
		return ssl;
	}
	SSL_free(ssl);
	ERR_clear_error();
	return NULL;
}

bool tls_is_ca(struct sti_span pem)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	bool good = ctx && each_certificate(ctx, pem, take_client_ca) == STI_OK;

	SSL_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

bool tls_is_pair(struct sti_span certificate, struct sti_span key)
{
	struct tls_server_config config = {.certificate = certificate, .key = key};
	struct tls_server *tls;

	if (tls_server_create(&config, &tls))
		return false;
	tls_server_unref(tls);
	return true;
}
