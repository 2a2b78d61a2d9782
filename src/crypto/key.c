/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/key.h>

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/es256.h"

enum { SPKI = 91 }; /* octets of the one form of SubjectPublicKeyInfo that is allowed */

/* What both halves keep: the library's key, a context made ready once and copied for each
 * operation (which only reads it, so that threads may share the key), and SHA-256 fetched once. */
struct half {
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *ready;
	EVP_MD *sha256;
	uint8_t id[DIGEST_SHA256];
};

struct sti_key {
	struct half half;
};

struct sti_public_key {
	struct half half;
};

/* RFC 5480 2: id-ecPublicKey, prime256v1 by name, an uncompressed point. One comparison refuses
 * explicit parameters, other curves, compressed points and the point at infinity (threats.md A16). */
static bool is_allowed_spki(struct sti_span der)
{
	static const uint8_t prefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
					 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
					 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};

	return der.n == SPKI && memcmp(der.p, prefix, sizeof(prefix)) == 0;
}

static void half_clear(struct half *half)
{
	EVP_PKEY_CTX_free(half->ready);
	EVP_PKEY_free(half->pkey);
	EVP_MD_free(half->sha256);
}

static enum sti_error half_set_id(struct half *half)
{
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(half->pkey, &der);
	enum sti_error error;

	if (n < 0)
		return STI_E_CRYPTO;
	if (is_allowed_spki(sti_span(der, (size_t)n)))
		error = digest_sha256(sti_span(der, (size_t)n), half->id);
	else
		error = STI_E_KEY;
	OPENSSL_free(der);
	return error;
}

/* pkey becomes the half's, also on failure. */
static enum sti_error half_open(struct half *half, EVP_PKEY *pkey)
{
	half->pkey = pkey;
	half->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	half->ready = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	if (!half->sha256 || !half->ready)
		return STI_E_CRYPTO;
	return half_set_id(half);
}

/* Nobody reads the library's error queue here, and what is left in it would pass for an error of
 * the thread's next TLS call (SSL_get_error(3)). A PEM text read to its end leaves something. */
static enum sti_error settled(enum sti_error error)
{
	ERR_clear_error();
	return error;
}

/* One block of a PEM text, as the library gives it. */
struct block {
	char *name;
	char *header; /* empty unless encrypted in the old way */
	uint8_t *der;
	long n;
};

static bool block_read(BIO *bio, struct block *block)
{
	*block = (struct block){0};
	return PEM_read_bio(bio, &block->name, &block->header, &block->der, &block->n) == 1;
}

static void block_free(struct block *block)
{
	OPENSSL_free(block->name);
	OPENSSL_free(block->header);
	OPENSSL_clear_free(block->der, block->n > 0 ? (size_t)block->n : 0);
	*block = (struct block){0};
}

static struct sti_span block_span(const struct block *block)
{
	return sti_span(block->der, (size_t)block->n);
}

static bool is_block(const struct block *block, const char *name)
{
	return block->name && strcmp(block->name, name) == 0 && block->header[0] == '\0';
}

/* The only block. EC PARAMETERS before it, as `openssl ecparam -genkey` writes, are passed over:
 * the key names its curve itself. */
static bool block_only(BIO *bio, struct block *block)
{
	struct block more;
	bool only;

	if (!block_read(bio, block))
		return false;
	if (is_block(block, "EC PARAMETERS")) {
		block_free(block);
		if (!block_read(bio, block))
			return false;
	}
	only = !block_read(bio, &more);
	block_free(&more);
	return only;
}

static enum sti_error block_parse(struct sti_span pem, struct block *block)
{
	BIO *bio;
	enum sti_error error;

	*block = (struct block){0};
	if (pem.n == 0 || pem.n > LIMIT_KEY)
		return STI_E_KEY;
	bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	if (!bio)
		return STI_E_MEMORY;
	error = block_only(bio, block) ? STI_OK : STI_E_KEY;
	BIO_free(bio);
	return error;
}

static EVP_PKEY *private_from_der(struct sti_span der)
{
	const uint8_t *at = der.p;
	EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &at, (long)der.n);

	if (pkey && at != der.p + der.n) {
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	return pkey;
}

static enum sti_error private_open(struct half *half, const struct block *block)
{
	EVP_PKEY *pkey;
	enum sti_error error;

	if (!is_block(block, "PRIVATE KEY") && !is_block(block, "EC PRIVATE KEY"))
		return STI_E_KEY;
	pkey = private_from_der(block_span(block));
	if (!pkey)
		return STI_E_KEY;
	error = half_open(half, pkey);
	if (!error && EVP_PKEY_check(half->ready) != 1)
		error = STI_E_KEY;
	if (!error && EVP_PKEY_sign_init(half->ready) != 1)
		error = STI_E_CRYPTO;
	return error;
}

enum sti_error sti_key_parse(struct sti_span pem, struct sti_key **out)
{
	struct sti_key *key = calloc(1, sizeof(*key));
	struct block block;
	enum sti_error error;

	if (!key)
		return STI_E_MEMORY;
	error = block_parse(pem, &block);
	if (!error)
		error = private_open(&key->half, &block);
	block_free(&block);
	if (error)
		sti_key_free(key);
	else
		*out = key;
	return settled(error);
}

void sti_key_free(struct sti_key *key)
{
	if (!key)
		return;
	half_clear(&key->half);
	free(key);
}

static enum sti_error hash_of(const struct half *half, struct sti_span message, uint8_t hash[DIGEST_SHA256])
{
	return EVP_Digest(message.p, message.n, hash, NULL, half->sha256, NULL) == 1 ? STI_OK : STI_E_CRYPTO;
}

static enum sti_error sign_hash(const struct half *half, const uint8_t hash[DIGEST_SHA256],
				uint8_t signature[STI_SIGNATURE])
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_dup(half->ready);
	uint8_t der[ES256_DER_MAX];
	size_t n = sizeof(der);
	bool good = context && EVP_PKEY_sign(context, der, &n, hash, DIGEST_SHA256) == 1 &&
		    es256_from_der(sti_span(der, n), signature) == STI_OK;

	EVP_PKEY_CTX_free(context);
	return good ? STI_OK : STI_E_CRYPTO;
}

enum sti_error sti_key_sign(const struct sti_key *key, struct sti_span message, uint8_t signature[STI_SIGNATURE])
{
	uint8_t hash[DIGEST_SHA256];
	enum sti_error error = hash_of(&key->half, message, hash);

	if (!error)
		error = sign_hash(&key->half, hash, signature);
	return settled(error);
}

static enum sti_error public_open(struct half *half, struct sti_span der)
{
	const uint8_t *at = der.p;
	EVP_PKEY *pkey = is_allowed_spki(der) ? d2i_PUBKEY(NULL, &at, (long)der.n) : NULL;
	enum sti_error error;

	if (!pkey)
		return STI_E_KEY;
	error = half_open(half, pkey);
	if (!error && EVP_PKEY_public_check(half->ready) != 1)
		error = STI_E_KEY;
	if (!error && EVP_PKEY_verify_init(half->ready) != 1)
		error = STI_E_CRYPTO;
	return error;
}

static enum sti_error public_open_pem(struct half *half, struct sti_span pem)
{
	struct block block;
	enum sti_error error = block_parse(pem, &block);

	if (!error)
		error = is_block(&block, "PUBLIC KEY") ? public_open(half, block_span(&block)) : STI_E_KEY;
	block_free(&block);
	return error;
}

enum sti_error sti_public_key_parse(struct sti_span pem_or_der, struct sti_public_key **out)
{
	struct sti_public_key *key = calloc(1, sizeof(*key));
	enum sti_error error;

	if (!key)
		return STI_E_MEMORY;
	if (is_allowed_spki(pem_or_der))
		error = public_open(&key->half, pem_or_der);
	else
		error = public_open_pem(&key->half, pem_or_der);
	if (error)
		sti_public_key_free(key);
	else
		*out = key;
	return settled(error);
}

void sti_public_key_free(struct sti_public_key *key)
{
	if (!key)
		return;
	half_clear(&key->half);
	free(key);
}

/* The library says 1 for yes, 0 for no and less when it could not tell: three answers, and only
 * one of them is yes (threats.md A19). */
static enum sti_error verdict_of(int answer)
{
	if (answer == 1)
		return STI_OK;
	return answer == 0 ? STI_E_SIGNATURE : STI_E_CRYPTO;
}

static enum sti_error verify_hash(const struct half *half, const uint8_t hash[DIGEST_SHA256],
				  const uint8_t signature[STI_SIGNATURE])
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_dup(half->ready);
	uint8_t der[ES256_DER_MAX];
	size_t n = es256_to_der(signature, der);
	int answer = context ? EVP_PKEY_verify(context, der, n, hash, DIGEST_SHA256) : -1;

	EVP_PKEY_CTX_free(context);
	return verdict_of(answer);
}

enum sti_error sti_public_key_verify(const struct sti_public_key *key, struct sti_span message,
				     const uint8_t signature[STI_SIGNATURE])
{
	uint8_t hash[DIGEST_SHA256];
	enum sti_error error;

	if (!es256_in_range(signature))
		return STI_E_SIGNATURE;
	error = hash_of(&key->half, message, hash);
	if (!error)
		error = verify_hash(&key->half, hash, signature);
	return settled(error);
}

const uint8_t *sti_public_key_id(const struct sti_public_key *key)
{
	return key->half.id;
}

bool sti_key_matches(const struct sti_key *key, const struct sti_public_key *public_key)
{
	return public_key && digest_equal(key->half.id, public_key->half.id);
}
