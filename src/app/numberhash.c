/* SPDX-License-Identifier: Apache-2.0 */
#include "app/numberhash.h"

#include <openssl/crypto.h>

#include "base/buf.h"

enum { DAY = 86400, HASH_OCTETS = 4, LAST = 2, SHORT_NUMBER = 7 };

static enum sti_error day_turn(struct numberhash *hash, int64_t day)
{
	char text[24];
	struct buf b = buf_lend(text, sizeof(text));
	enum sti_error error;

	buf_put_int(&b, day);
	error = digest_keyed(sti_span(hash->key, sizeof(hash->key)), buf_span(&b), hash->day_key);
	if (!error)
		hash->day = day;
	return error;
}

enum sti_error numberhash_open(struct sti_span secret, struct numberhash *out)
{
	static const char purpose[] = "sidetone numbers in logs";

	if (secret.n < NUMBERHASH_SECRET_MIN)
		return STI_E_KEY;
	out->day = INT64_MIN;
	return digest_keyed(secret, sti_span_str(purpose), out->key);
}

void numberhash_close(struct numberhash *hash)
{
	OPENSSL_cleanse(hash, sizeof(*hash));
}

enum sti_error numberhash_write(struct numberhash *hash, int64_t now, struct sti_span number,
				char out[NUMBERHASH_TEXT + 1])
{
	struct buf b = buf_lend(out, NUMBERHASH_TEXT + 1);
	uint8_t digest[DIGEST_SHA256];
	enum sti_error error = STI_OK;

	if (hash->day != now / DAY)
		error = day_turn(hash, now / DAY);
	if (!error)
		error = digest_keyed(sti_span(hash->day_key, sizeof(hash->day_key)), number, digest);
	if (error)
		return error;
	buf_put_hex(&b, sti_span(digest, HASH_OCTETS));
	buf_put_byte(&b, '-');
	buf_put(&b, number.n < SHORT_NUMBER ? sti_span_str("xx") : sti_span_from(number, number.n - LAST));
	buf_put_byte(&b, 0);
	return buf_error(&b);
}
