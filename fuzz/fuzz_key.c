/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: crypto */
#include <sti/key.h>

#include <stdlib.h>

#include "crypto/es256.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Strict DER: one spelling for one signature. */
static void check_signature(struct sti_span der)
{
	uint8_t signature[STI_SIGNATURE], again[ES256_DER_MAX];

	if (es256_from_der(der, signature) != STI_OK)
		return;
	if (!sti_span_equal(der, sti_span(again, es256_to_der(signature, again))))
		abort();
}

/* A key that is taken can be used. */
static void check_private(struct sti_span pem)
{
	uint8_t signature[STI_SIGNATURE];
	struct sti_key *key;

	if (sti_key_parse(pem, &key) != STI_OK)
		return;
	if (sti_key_sign(key, pem, signature) != STI_OK || !es256_in_range(signature))
		abort();
	sti_key_free(key);
}

static void check_public(struct sti_span text)
{
	static const uint8_t signature[STI_SIGNATURE] = {[31] = 1, [63] = 1};
	struct sti_public_key *key;

	if (sti_public_key_parse(text, &key) != STI_OK)
		return;
	if (sti_public_key_verify(key, text, signature) == STI_E_CRYPTO)
		abort();
	sti_public_key_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_signature(sti_span(data, size));
	check_private(sti_span(data, size));
	check_public(sti_span(data, size));
	return 0;
}
