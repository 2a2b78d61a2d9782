/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/key.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <dlfcn.h>
#include <pthread.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "crypto/digest.h"
#include "support/key_pair.h"
#include "support/vectors.h"

/* Stands before the library's own: counts the calls and, when told, answers in its place. */
static struct {
	bool in_place;
	int answer;
	unsigned calls;
} shim;

int EVP_PKEY_verify(EVP_PKEY_CTX *ctx, const unsigned char *sig, size_t siglen, const unsigned char *tbs, size_t tbslen)
{
	int (*real)(EVP_PKEY_CTX *, const unsigned char *, size_t, const unsigned char *, size_t) = NULL;

	*(void **)&real = dlsym(RTLD_NEXT, "EVP_PKEY_verify");
	__atomic_add_fetch(&shim.calls, 1, __ATOMIC_RELAXED);
	return shim.in_place ? shim.answer : real(ctx, sig, siglen, tbs, tbslen);
}

/* The library's memory: gives out after `left` more blocks, unless that is negative. */
static long left = -1;

static bool spent(void)
{
	long now = __atomic_load_n(&left, __ATOMIC_RELAXED);

	if (now > 0)
		__atomic_sub_fetch(&left, 1, __ATOMIC_RELAXED);
	return now == 0;
}

static void *scarce_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return n == 0 || spent() ? NULL : malloc(n);
}

static void *scarce_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return spent() ? NULL : realloc(p, n);
}

static void plain_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

struct fixture {
	struct key_pair pair;
	struct sti_key *key;
	struct sti_public_key *public_key;
	struct sti_span message;
	uint8_t signature[STI_SIGNATURE];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->pair = key_pair_make();
	f->message = sti_span_str("header.payload");
	assert_int_equal(sti_key_parse(f->pair.private_pem, &f->key), STI_OK);
	assert_int_equal(sti_public_key_parse(f->pair.public_pem, &f->public_key), STI_OK);
	assert_int_equal(sti_key_sign(f->key, f->message, f->signature), STI_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	shim.in_place = false;
	left = -1;
	sti_key_free(f->key);
	sti_public_key_free(f->public_key);
	key_pair_free(&f->pair);
	free(f);
	return 0;
}

static void test_signed_by_one_half_verifies_with_the_other(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(sti_public_key_verify(f->public_key, f->message, f->signature), STI_OK);
	assert_int_equal(sti_public_key_verify(f->public_key, sti_span_str("header.payloae"), f->signature),
			 STI_E_SIGNATURE);
	assert_true(sti_key_matches(f->key, f->public_key));
}

static void test_every_bit_of_a_signature_counts(void **state)
{
	struct fixture *f = *state;

	for (size_t bit = 0; bit < STI_SIGNATURE * 8; bit++) {
		f->signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(sti_public_key_verify(f->public_key, f->message, f->signature), STI_E_SIGNATURE);
		f->signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void test_A17_the_key_of_somebody_else(void **state)
{
	struct fixture *f = *state;
	struct key_pair other = key_pair_make();
	struct sti_public_key *key = NULL;

	assert_int_equal(sti_public_key_parse(other.public_pem, &key), STI_OK);
	assert_int_equal(sti_public_key_verify(key, f->message, f->signature), STI_E_SIGNATURE);
	assert_false(sti_key_matches(f->key, key));
	sti_public_key_free(key);
	key_pair_free(&other);
}

static void test_A8_out_of_range_is_refused_before_the_library_is_asked(void **state)
{
	static const char *const rows[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552",
		"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	struct fixture *f = *state;

	shim.calls = 0;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(*rows); i++) {
		struct sti_span half = vectors_hex(rows[i / 2]);
		uint8_t signature[STI_SIGNATURE];

		memcpy(signature, f->signature, sizeof(signature));
		memcpy(signature + i % 2 * 32, half.p, half.n);
		assert_int_equal(sti_public_key_verify(f->public_key, f->message, signature), STI_E_SIGNATURE);
		vectors_free(half);
	}
	assert_int_equal(shim.calls, 0);
	assert_int_equal(sti_public_key_verify(f->public_key, f->message, f->signature), STI_OK);
	assert_int_equal(shim.calls, 1);
}

static void test_A9_the_twin_with_n_less_s_verifies_too(void **state)
{
	struct fixture *f = *state;
	struct sti_span order = vectors_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
	BIGNUM *n = BN_bin2bn(order.p, 32, NULL), *s = BN_bin2bn(f->signature + 32, 32, NULL);

	assert_int_equal(BN_sub(s, n, s), 1);
	assert_int_equal(BN_bn2binpad(s, f->signature + 32, 32), 32);
	assert_int_equal(sti_public_key_verify(f->public_key, f->message, f->signature), STI_OK);
	BN_free(s);
	BN_free(n);
	vectors_free(order);
}

static void test_A19_only_1_is_yes(void **state)
{
	static const struct {
		int answer;
		enum sti_error error;
	} rows[] = {{1, STI_OK}, {0, STI_E_SIGNATURE}, {-1, STI_E_CRYPTO}, {-2, STI_E_CRYPTO}, {2, STI_E_CRYPTO}};
	struct fixture *f = *state;

	shim.in_place = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		shim.answer = rows[i].answer;
		assert_int_equal(sti_public_key_verify(f->public_key, f->message, f->signature), rows[i].error);
	}
}

/* Wherever the library's memory gives out, a verification says so, and a wrong signature is never
 * found right. */
static void test_A19_the_library_runs_out_of_memory_while_verifying(void **state)
{
	struct fixture *f = *state;
	enum sti_error error = STI_E_CRYPTO;
	long needed = 0;

	for (; error; needed++) {
		left = needed;
		error = sti_public_key_verify(f->public_key, f->message, f->signature);
		assert_true(error == STI_OK || error == STI_E_CRYPTO);
		left = needed;
		assert_int_not_equal(sti_public_key_verify(f->public_key, sti_span_str("x"), f->signature), STI_OK);
	}
	assert_true(needed > 1);
}

static void test_the_library_runs_out_of_memory_while_signing(void **state)
{
	struct fixture *f = *state;
	enum sti_error error = STI_E_CRYPTO;

	for (long needed = 0; error; needed++) {
		left = needed;
		error = sti_key_sign(f->key, f->message, f->signature);
		assert_true(error == STI_OK || error == STI_E_CRYPTO);
	}
	left = -1;
	assert_int_equal(sti_public_key_verify(f->public_key, f->message, f->signature), STI_OK);
}

static void test_the_library_runs_out_of_memory_while_reading_keys(void **state)
{
	struct fixture *f = *state;
	struct sti_public_key *public_key = NULL;
	struct sti_key *key = NULL;

	for (long needed = 0; !key; needed += 1 + needed / 16) {
		left = needed;
		sti_key_parse(f->pair.private_pem, &key);
	}
	for (long needed = 0; !public_key; needed += 1 + needed / 16) {
		left = needed;
		sti_public_key_parse(f->pair.public_pem, &public_key);
	}
	left = -1;
	assert_true(sti_key_matches(key, public_key));
	sti_public_key_free(public_key);
	sti_key_free(key);
}

/* An error left behind would be taken for one of the next TLS call in this thread. */
static void test_nothing_stays_in_the_error_queue(void **state)
{
	struct fixture *f = *state;
	struct sti_public_key *public_key = NULL;
	struct sti_key *key = NULL;

	assert_int_equal(sti_key_parse(f->pair.private_pem, &key), STI_OK);
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(sti_public_key_parse(f->pair.public_pem, &public_key), STI_OK);
	assert_int_equal(ERR_peek_error(), 0);
	sti_key_free(key);
	sti_public_key_free(public_key);
	assert_int_equal(sti_key_parse(f->pair.public_pem, &key), STI_E_KEY);
	assert_int_equal(ERR_peek_error(), 0);
}

enum { THREADS = 4, ROUNDS = 50 };

static void *work(void *argument)
{
	struct fixture *f = argument;
	uintptr_t wrong = 0;

	for (int i = 0; i < ROUNDS; i++) {
		uint8_t signature[STI_SIGNATURE];

		wrong += sti_key_sign(f->key, f->message, signature) != STI_OK;
		wrong += sti_public_key_verify(f->public_key, f->message, signature) != STI_OK;
		signature[40] ^= 1;
		wrong += sti_public_key_verify(f->public_key, f->message, signature) != STI_E_SIGNATURE;
	}
	return (void *)wrong;
}

static void test_one_key_in_four_threads(void **state)
{
	pthread_t thread[THREADS];
	void *wrong;

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, work, *state), 0);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(thread[i], &wrong), 0);
		assert_null(wrong);
	}
}

static void test_the_id_is_the_hash_of_the_der(void **state)
{
	struct fixture *f = *state;
	BIO *bio = BIO_new_mem_buf(f->pair.public_pem.p, (int)f->pair.public_pem.n);
	EVP_PKEY *pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	struct sti_public_key *from_der = NULL;
	uint8_t *der = NULL, id[DIGEST_SHA256];
	int n = i2d_PUBKEY(pkey, &der);

	assert_int_equal(digest_sha256(sti_span(der, (size_t)n), id), STI_OK);
	assert_memory_equal(id, sti_public_key_id(f->public_key), sizeof(id));
	assert_int_equal(sti_public_key_parse(sti_span(der, (size_t)n), &from_der), STI_OK);
	assert_memory_equal(id, sti_public_key_id(from_der), sizeof(id));
	sti_public_key_free(from_der);
	OPENSSL_free(der);
	EVP_PKEY_free(pkey);
	BIO_free(bio);
}

static struct sti_span bio_copy(BIO *bio)
{
	char *text;
	long n = BIO_get_mem_data(bio, &text);
	struct sti_span copy = vectors_copy(sti_span(text, (size_t)n));

	BIO_free(bio);
	return copy;
}

enum spelling { PKCS8, SEC1, ENCRYPTED, ENCRYPTED_SEC1, PUBLIC, PUBLIC_DER };

/* Takes the key. */
static struct sti_span spell(EVP_PKEY *pkey, enum spelling spelling)
{
	static const unsigned char word[] = "secret";
	BIO *bio = BIO_new(BIO_s_mem());
	int good = 0;

	assert_non_null(pkey);
	if (spelling == PKCS8)
		good = PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
	else if (spelling == SEC1)
		good = PEM_write_bio_PrivateKey_traditional(bio, pkey, NULL, NULL, 0, NULL, NULL);
	else if (spelling == ENCRYPTED)
		good = PEM_write_bio_PKCS8PrivateKey(bio, pkey, EVP_aes_128_cbc(), "secret", 6, NULL, NULL);
	else if (spelling == ENCRYPTED_SEC1)
		good = PEM_write_bio_PrivateKey_traditional(bio, pkey, EVP_aes_128_cbc(), word, 6, NULL, NULL);
	else if (spelling == PUBLIC)
		good = PEM_write_bio_PUBKEY(bio, pkey);
	else
		good = i2d_PUBKEY_bio(bio, pkey);
	assert_int_equal(good, 1);
	EVP_PKEY_free(pkey);
	return bio_copy(bio);
}

static EVP_PKEY *p256(const char *parameter, const char *value)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");

	assert_int_equal(EVP_PKEY_set_utf8_string_param(pkey, parameter, value), 1);
	return pkey;
}

/* Takes both; names what the private half and the public half are. */
static void check_keys(struct sti_span private_text, enum sti_error private_error, struct sti_span public_text,
		       enum sti_error public_error)
{
	struct sti_public_key *public_key = NULL;
	struct sti_key *key = NULL;

	assert_int_equal(sti_key_parse(private_text, &key), private_error);
	assert_int_equal(sti_public_key_parse(public_text, &public_key), public_error);
	assert_true((key == NULL) == (private_error != STI_OK));
	assert_true((public_key == NULL) == (public_error != STI_OK));
	sti_key_free(key);
	sti_public_key_free(public_key);
	vectors_free(private_text);
	vectors_free(public_text);
}

static void test_both_private_spellings_and_both_public_ones(void **state)
{
	(void)state;
	check_keys(spell(EVP_EC_gen("P-256"), PKCS8), STI_OK, spell(EVP_EC_gen("P-256"), PUBLIC), STI_OK);
	check_keys(spell(EVP_EC_gen("P-256"), SEC1), STI_OK, spell(EVP_EC_gen("P-256"), PUBLIC_DER), STI_OK);
}

static void test_a_key_behind_a_password(void **state)
{
	(void)state;
	check_keys(spell(EVP_EC_gen("P-256"), ENCRYPTED), STI_E_KEY, spell(EVP_EC_gen("P-256"), ENCRYPTED_SEC1),
		   STI_E_KEY);
	check_keys(spell(EVP_EC_gen("P-256"), ENCRYPTED_SEC1), STI_E_KEY, spell(EVP_EC_gen("P-256"), ENCRYPTED),
		   STI_E_KEY);
}

static void test_the_wrong_half(void **state)
{
	(void)state;
	check_keys(spell(EVP_EC_gen("P-256"), PUBLIC), STI_E_KEY, spell(EVP_EC_gen("P-256"), PKCS8), STI_E_KEY);
}

static void test_A16_other_curves_and_other_kinds(void **state)
{
	static const char *const curves[] = {"P-384", "P-521", "secp256k1", "brainpoolP256r1"};

	(void)state;
	for (size_t i = 0; i < sizeof(curves) / sizeof(*curves); i++) {
		check_keys(spell(EVP_EC_gen(curves[i]), PKCS8), STI_E_KEY, spell(EVP_EC_gen(curves[i]), PUBLIC),
			   STI_E_KEY);
		check_keys(spell(EVP_EC_gen(curves[i]), SEC1), STI_E_KEY, spell(EVP_EC_gen(curves[i]), PUBLIC_DER),
			   STI_E_KEY);
	}
	check_keys(spell(EVP_RSA_gen(1024), PKCS8), STI_E_KEY, spell(EVP_RSA_gen(1024), PUBLIC), STI_E_KEY);
	check_keys(spell(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), PKCS8), STI_E_KEY,
		   spell(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), PUBLIC_DER), STI_E_KEY);
}

static void test_A16_the_curve_spelt_out_instead_of_named(void **state)
{
	static const enum spelling private_ones[] = {PKCS8, SEC1}, public_ones[] = {PUBLIC, PUBLIC_DER};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		check_keys(spell(p256(OSSL_PKEY_PARAM_EC_ENCODING, "explicit"), private_ones[i]), STI_E_KEY,
			   spell(p256(OSSL_PKEY_PARAM_EC_ENCODING, "explicit"), public_ones[i]), STI_E_KEY);
}

static void test_A16_a_compressed_point(void **state)
{
	const char *format = OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		check_keys(spell(p256(format, "compressed"), PKCS8), STI_E_KEY,
			   spell(p256(format, i ? "hybrid" : "compressed"), PUBLIC_DER), STI_E_KEY);
}

#define SPKI_HEAD "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
#define X_OF_G    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define Y_OF_G    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define FIELD     "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
#define NOTHING   "0000000000000000000000000000000000000000000000000000000000000000"

static void test_A16_points_that_are_none(void **state)
{
	static const struct {
		const char *der;
		enum sti_error error;
	} rows[] = {
		{SPKI_HEAD X_OF_G Y_OF_G, STI_OK},
		{SPKI_HEAD Y_OF_G X_OF_G, STI_E_KEY},
		{SPKI_HEAD NOTHING NOTHING, STI_E_KEY},
		{SPKI_HEAD X_OF_G NOTHING, STI_E_KEY},
		{SPKI_HEAD FIELD Y_OF_G, STI_E_KEY},
		{SPKI_HEAD X_OF_G FIELD, STI_E_KEY},
		{SPKI_HEAD X_OF_G Y_OF_G "00", STI_E_KEY},
		{SPKI_HEAD X_OF_G, STI_E_KEY},
		{"3019301306072a8648ce3d020106082a8648ce3d03010703020000", STI_E_KEY}, /* infinity */
		{"", STI_E_KEY},
		{"30", STI_E_KEY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sti_public_key *key = NULL;
		struct sti_span der = vectors_hex(rows[i].der);

		if (sti_public_key_parse(der, &key) != rows[i].error)
			fail_msg("%s", rows[i].der);
		sti_public_key_free(key);
		vectors_free(der);
	}
}

static struct sti_span join(const char *before, struct sti_span text, const char *after)
{
	size_t a = strlen(before), b = strlen(after);
	uint8_t *p = malloc(a + text.n + b);
	struct sti_span copy;

	assert_non_null(p);
	memcpy(p, before, a);
	if (text.n)
		memcpy(p + a, text.p, text.n);
	memcpy(p + a + text.n, after, b);
	copy = vectors_copy(sti_span(p, a + text.n + b));
	free(p);
	return copy;
}

#define PARAMETERS "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"

static void test_pem_with_more_than_the_key(void **state)
{
	struct fixture *f = *state;
	struct sti_span sec1 = spell(EVP_EC_gen("P-256"), SEC1);
	struct sti_span twice = join("", f->pair.private_pem, PARAMETERS);
	struct sti_span both = join(PARAMETERS PARAMETERS, sec1, "");

	/* as `openssl ecparam -genkey` writes it */
	check_keys(join(PARAMETERS, sec1, ""), STI_OK, join("", f->pair.public_pem, PARAMETERS), STI_E_KEY);
	check_keys(twice, STI_E_KEY, both, STI_E_KEY);
	check_keys(join(PARAMETERS PARAMETERS, sec1, ""), STI_E_KEY, join("", sti_span(NULL, 0), ""), STI_E_KEY);
	check_keys(join("", sti_span(NULL, 0), ""), STI_E_KEY, join(PARAMETERS, sti_span(NULL, 0), ""), STI_E_KEY);
	vectors_free(sec1);
}

/* The headers of RFC 1421, which once said that a key is encrypted. */
static void test_pem_with_a_header(void **state)
{
	struct fixture *f = *state;
	size_t line = sti_span_find(f->pair.private_pem, '\n') + 1,
	       public_line = sti_span_find(f->pair.public_pem, '\n') + 1;
	struct sti_span tail = join("Comment: x\n\n", sti_span_from(f->pair.private_pem, line), "");
	struct sti_span public_tail = join("Comment: x\n\n", sti_span_from(f->pair.public_pem, public_line), "");

	check_keys(join("-----BEGIN PRIVATE KEY-----\n", tail, ""), STI_E_KEY,
		   join("-----BEGIN PUBLIC KEY-----\n", public_tail, ""), STI_E_KEY);
	vectors_free(tail);
	vectors_free(public_tail);
}

static void test_octets_behind_the_key_in_its_block(void **state)
{
	struct fixture *f = *state;
	BIO *in = BIO_new_mem_buf(f->pair.private_pem.p, (int)f->pair.private_pem.n), *out = BIO_new(BIO_s_mem());
	char *name = NULL, *header = NULL;
	uint8_t *der = NULL, longer[256] = {0};
	long n = 0;

	assert_int_equal(PEM_read_bio(in, &name, &header, &der, &n), 1);
	memcpy(longer, der, (size_t)n);
	assert_true(PEM_write_bio(out, name, "", longer, n + 1) > 0);
	check_keys(bio_copy(out), STI_E_KEY, vectors_copy(sti_span(longer, (size_t)n)), STI_E_KEY);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(in);
}

static void test_pem_of_two_keys(void **state)
{
	struct fixture *f = *state;
	char *text = calloc(1, f->pair.private_pem.n + 1), *public_text = calloc(1, f->pair.public_pem.n + 1);

	memcpy(text, f->pair.private_pem.p, f->pair.private_pem.n);
	memcpy(public_text, f->pair.public_pem.p, f->pair.public_pem.n);
	check_keys(join("", f->pair.private_pem, text), STI_E_KEY, join("", f->pair.public_pem, public_text),
		   STI_E_KEY);
	free(text);
	free(public_text);
}

static void test_pem_cut_short_anywhere(void **state)
{
	struct fixture *f = *state;

	/* the last octet is the newline, which may be missing */
	for (size_t n = 0; n + 1 < f->pair.private_pem.n; n++)
		check_keys(join("", sti_span_first(f->pair.private_pem, n), ""), STI_E_KEY,
			   join("", sti_span_first(f->pair.public_pem, n < 170 ? n : 170), ""), STI_E_KEY);
}

/* RFC 5915 3: the public key stands in the private one, and may be somebody else's. */
static void test_a_private_key_with_the_public_half_of_another(void **state)
{
	EVP_PKEY *a = EVP_EC_gen("P-256"), *b = EVP_EC_gen("P-256");
	uint8_t *der_a = NULL, *der_b = NULL;
	int n = i2d_PrivateKey(a, &der_a), m = i2d_PrivateKey(b, &der_b);
	BIO *bio = BIO_new(BIO_s_mem());

	(void)state;
	assert_int_equal(n, m);
	memcpy(der_a + n - 64, der_b + n - 64, 64);
	assert_true(PEM_write_bio(bio, "EC PRIVATE KEY", "", der_a, n) > 0);
	check_keys(bio_copy(bio), STI_E_KEY, vectors_copy(sti_span(der_a, (size_t)n)), STI_E_KEY);
	OPENSSL_free(der_a);
	OPENSSL_free(der_b);
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
}

static void test_the_message_may_be_empty(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(sti_key_sign(f->key, sti_span(NULL, 0), f->signature), STI_OK);
	assert_int_equal(sti_public_key_verify(f->public_key, sti_span("", 0), f->signature), STI_OK);
}

#define KEYED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KEYED(test_signed_by_one_half_verifies_with_the_other),
		KEYED(test_every_bit_of_a_signature_counts),
		KEYED(test_A17_the_key_of_somebody_else),
		KEYED(test_A8_out_of_range_is_refused_before_the_library_is_asked),
		KEYED(test_A9_the_twin_with_n_less_s_verifies_too),
		KEYED(test_A19_only_1_is_yes),
		KEYED(test_A19_the_library_runs_out_of_memory_while_verifying),
		KEYED(test_the_library_runs_out_of_memory_while_signing),
		KEYED(test_the_library_runs_out_of_memory_while_reading_keys),
		KEYED(test_nothing_stays_in_the_error_queue),
		KEYED(test_one_key_in_four_threads),
		KEYED(test_the_id_is_the_hash_of_the_der),
		KEYED(test_the_message_may_be_empty),
		KEYED(test_pem_with_more_than_the_key),
		KEYED(test_pem_of_two_keys),
		KEYED(test_pem_with_a_header),
		KEYED(test_octets_behind_the_key_in_its_block),
		KEYED(test_pem_cut_short_anywhere),
		cmocka_unit_test(test_both_private_spellings_and_both_public_ones),
		cmocka_unit_test(test_a_key_behind_a_password),
		cmocka_unit_test(test_the_wrong_half),
		cmocka_unit_test(test_A16_other_curves_and_other_kinds),
		cmocka_unit_test(test_A16_the_curve_spelt_out_instead_of_named),
		cmocka_unit_test(test_A16_a_compressed_point),
		cmocka_unit_test(test_A16_points_that_are_none),
		cmocka_unit_test(test_a_private_key_with_the_public_half_of_another),
	};

	if (CRYPTO_set_mem_functions(scarce_malloc, scarce_realloc, plain_free) != 1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
