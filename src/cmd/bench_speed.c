/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/bench_speed.h"

#include <openssl/pem.h>
#include <sti/passport.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "crypto/es256.h"
#include "store/table.h"

enum { TURNS = 9, CALLS = 64, LINES = 100, STORED = LINES * LINES, TOKEN_OCTETS = 600, DIGEST = 32, BATCH = 8 };

struct bench {
	const struct bench_signer *signer;
	EVP_PKEY *pkey; /* both halves, for OpenSSL by itself */
	EVP_PKEY_CTX *sign;
	EVP_PKEY_CTX *verify;
	struct sti_public_key *key;
	uint8_t digest[DIGEST];
	uint8_t der[ES256_DER_MAX];
	size_t n_der;
	struct sti_passport *passport[CALLS]; /* signed by the signer */
};

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- what is measured: the i-th operation of each kind ---- */

static bool openssl_sign(struct bench *bench, size_t i)
{
	(void)i;
	bench->n_der = sizeof(bench->der);
	return EVP_PKEY_sign(bench->sign, bench->der, &bench->n_der, bench->digest, DIGEST) == 1;
}

static bool openssl_verify(struct bench *bench, size_t i)
{
	(void)i;
	return EVP_PKEY_verify(bench->verify, bench->der, bench->n_der, bench->digest, DIGEST) == 1;
}

static bool library_sign(struct bench *bench, size_t i)
{
	static const struct sti_tn orig = {11, "12025550100"}, dest = {11, "13125550100"};
	const struct sti_sign_request request = {
		.orig = orig,
		.dest = &dest,
		.n_dest = 1,
		.iat = bench->signer->iat,
		.attest = 'A',
		.origid = bench->passport[i % CALLS]->origid,
	};
	char identity[STI_IDENTITY_MAX];
	size_t n;

	return sti_sign(bench->signer->key, sti_span_str(bench->signer->x5u), &request, identity, &n) == STI_OK;
}

static bool library_verify(struct bench *bench, size_t i)
{
	const struct sti_passport *passport = bench->passport[i % CALLS];

	return sti_public_key_verify(bench->key, passport->signing_input, passport->signature) == STI_OK;
}

static bool library_passport(struct bench *bench, size_t i)
{
	struct sti_passport *passport;
	bool good;

	if (sti_passport_parse(bench->passport[i % CALLS]->token, &passport))
		return false;
	good = sti_passport_check(passport, NULL) == STI_OK && sti_passport_verify(passport, bench->key) == STI_OK;
	sti_passport_free(passport);
	return good;
}

typedef bool operation(struct bench *bench, size_t i);

static operation *const row[] = {
	[SPEED_OPENSSL_SIGN] = openssl_sign, [SPEED_OPENSSL_VERIFY] = openssl_verify, [SPEED_SIGN] = library_sign,
	[SPEED_VERIFY] = library_verify,     [SPEED_PASSPORT] = library_passport,
};

enum { ROWS = sizeof(row) / sizeof(row[0]) };

/* ---- measuring ---- */

/* Microseconds each, over a slice of CPU time; negative when one failed. */
static double measure_slice(struct bench *bench, operation *work, double seconds)
{
	double start = cpu_seconds(), spent;
	size_t n = 0;

	do {
		for (size_t i = 0; i < BATCH; i++)
			if (!work(bench, n++))
				return -1;
		spent = cpu_seconds() - start;
	} while (spent < seconds);
	return spent / (double)n * 1e6;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static enum sti_error measure_all(struct bench *bench, double seconds, double us[SPEED_COUNT])
{
	double slice[ROWS][TURNS];

	for (size_t turn = 0; turn < TURNS; turn++)
		for (size_t i = 0; i < ROWS; i++) {
			slice[i][turn] = measure_slice(bench, row[i], seconds / TURNS);
			if (slice[i][turn] < 0)
				return STI_E_CRYPTO;
		}
	for (size_t i = 0; i < ROWS; i++) {
		qsort(slice[i], TURNS, sizeof(slice[i][0]), compare);
		us[i] = slice[i][TURNS / 2];
	}
	return STI_OK;
}

/* ---- making ready ---- */

static enum sti_error open_openssl(struct bench *bench, struct sti_span key_pem)
{
	BIO *bio = BIO_new_mem_buf(key_pem.p, (int)key_pem.n);
	uint8_t *der = NULL;
	int n;
	enum sti_error error;

	bench->pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	if (!bench->pkey)
		return STI_E_KEY;
	bench->sign = EVP_PKEY_CTX_new(bench->pkey, NULL);
	bench->verify = EVP_PKEY_CTX_new(bench->pkey, NULL);
	if (!bench->sign || EVP_PKEY_sign_init(bench->sign) != 1 || !bench->verify ||
	    EVP_PKEY_verify_init(bench->verify) != 1)
		return STI_E_CRYPTO;
	n = i2d_PUBKEY(bench->pkey, &der);
	if (n < 0)
		return STI_E_CRYPTO;
	error = sti_public_key_parse(sti_span(der, (size_t)n), &bench->key);
	OPENSSL_free(der);
	return error;
}

static enum sti_error sign_calls(struct bench *bench)
{
	enum sti_error error = STI_OK;

	for (size_t i = 0; !error && i < CALLS; i++) {
		char identity[STI_IDENTITY_MAX];
		struct sti_span value;
		size_t n = 0;

		error = bench_batch_identity(bench->signer, i, identity, &n);
		value = sti_span(identity, n);
		if (!error)
			error = sti_passport_parse(sti_span_first(value, sti_span_find(value, ';')),
						   &bench->passport[i]);
	}
	return error;
}

static void close_bench(struct bench *bench)
{
	for (size_t i = 0; i < CALLS; i++)
		sti_passport_free(bench->passport[i]);
	sti_public_key_free(bench->key);
	EVP_PKEY_CTX_free(bench->sign);
	EVP_PKEY_CTX_free(bench->verify);
	EVP_PKEY_free(bench->pkey);
}

static enum sti_error measure_library(const struct bench_signer *signer, struct sti_span key_pem, double seconds,
				      double us[SPEED_COUNT])
{
	struct bench bench = {.signer = signer, .n_der = ES256_DER_MAX};
	enum sti_error error = open_openssl(&bench, key_pem);

	if (!error)
		error = sign_calls(&bench);
	if (!error)
		error = measure_all(&bench, seconds, us);
	close_bench(&bench);
	return error;
}

/* ---- the store ---- */

static struct sti_tn number(const char *area, size_t i)
{
	struct sti_tn tn = {.n = 11};

	snprintf(tn.text, sizeof(tn.text), "%s55501%02u", area, (unsigned)(i % LINES));
	return tn;
}

static enum sti_error put_one(struct table *table, size_t i, int64_t now)
{
	static const uint8_t token[TOKEN_OCTETS] = {'e', 'y'};
	struct sti_tn orig = number("1202", i), dest = number("1312", i / LINES);
	struct sti_span to = sti_tn_span(&dest);
	struct table_item item = {
		.token = sti_span(token, sizeof(token)),
		.orig = sti_tn_span(&orig),
		.dest = &to,
		.n_dest = 1,
		.expires = now + 60,
		.replay_until = now + 60,
	};

	memcpy(item.replay, &i, sizeof(i));
	return table_put(table, &item, 1, now);
}

static enum sti_error take_one(struct table *table, size_t i, int64_t now)
{
	uint8_t memory[TOKEN_OCTETS];
	struct buf tokens = buf_lend(memory, sizeof(memory));
	struct sti_tn orig = number("1202", i), dest = number("1312", i / LINES);
	struct table_pair pair = {sti_tn_span(&orig), sti_tn_span(&dest)};
	size_t hit;

	return table_take(table, &pair, 1, sti_span(NULL, 0), now, &tokens, &hit);
}

static enum sti_error measure_table(struct table *table, int64_t now, double us[SPEED_COUNT])
{
	enum sti_error error = STI_OK;
	double start = cpu_seconds(), stored;

	for (size_t i = 0; !error && i < STORED; i++)
		error = put_one(table, i, now);
	stored = cpu_seconds();
	for (size_t i = 0; !error && i < STORED; i++)
		error = take_one(table, i, now);
	us[SPEED_STORE_PUT] = (stored - start) / STORED * 1e6;
	us[SPEED_STORE_TAKE] = (cpu_seconds() - stored) / STORED * 1e6;
	return error;
}

static enum sti_error measure_store(const char *path, int64_t now, double us[SPEED_COUNT])
{
	struct table_config config = {path, STORED, 10};
	struct table *table;
	enum sti_error error = table_open(&config, now, &table);

	if (error)
		return error;
	error = measure_table(table, now, us);
	table_close(table);
	unlink(path);
	return error;
}

enum sti_error bench_speed_run(const struct bench_signer *signer, struct sti_span key_pem, const char *path,
			       double seconds, double us[SPEED_COUNT])
{
	enum sti_error error = measure_library(signer, key_pem, seconds, us);

	return error ? error : measure_store(path, signer->iat, us);
}
