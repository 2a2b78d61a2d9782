/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "store/siphash.h"

static const struct siphash_key paper_key = {{UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};

static void test_example_of_the_paper(void **state)
{
	uint8_t bytes[15];

	(void)state;
	for (uint8_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = i;
	/* appendix A of the paper */
	assert_true(siphash(&paper_key, sti_span(bytes, sizeof(bytes))) == UINT64_C(0xa129ca6149be45e5));
}

/* The key and the sum are little-endian octets for OpenSSL; so is this machine's memory or the test says so. */
static uint64_t openssl_siphash(EVP_MAC *mac, const uint8_t *bytes, size_t n)
{
	size_t size = 8;
	OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size), OSSL_PARAM_construct_end()};
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
	uint8_t key[16];
	uint8_t sum[8];
	uint64_t word = 0;

	for (uint8_t i = 0; i < sizeof(key); i++)
		key[i] = i;
	assert_int_equal(EVP_MAC_init(context, key, sizeof(key), params), 1);
	assert_int_equal(EVP_MAC_update(context, bytes, n), 1);
	assert_int_equal(EVP_MAC_final(context, sum, &size, sizeof(sum)), 1);
	EVP_MAC_CTX_free(context);
	for (size_t i = 8; i-- > 0;)
		word = word << 8 | sum[i];
	return word;
}

static void test_every_length_as_openssl_has_it(void **state)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);

	(void)state;
	assert_non_null(mac);
	for (size_t n = 0; n <= 300; n++) {
		uint8_t *bytes = malloc(n ? n : 1);

		assert_non_null(bytes);
		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)(i * 37 + n);
		assert_true(siphash(&paper_key, sti_span(bytes, n)) == openssl_siphash(mac, bytes, n));
		free(bytes);
	}
	EVP_MAC_free(mac);
}

static void test_absent_span(void **state)
{
	(void)state;
	assert_true(siphash(&paper_key, sti_span(NULL, 0)) == siphash(&paper_key, sti_span("", 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example_of_the_paper),
		cmocka_unit_test(test_every_length_as_openssl_has_it),
		cmocka_unit_test(test_absent_span),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
