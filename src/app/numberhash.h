/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_NUMBERHASH_H
#define APP_NUMBERHASH_H

#include "crypto/digest.h"

/*
 * A telephone number as logs show it (threats.md L5): the first 8 hex digits of an HMAC-SHA-256 under a
 * key of the day, and the last two digits of the number. The same number looks the same all day and
 * another way tomorrow. One thread.
 */
struct numberhash {
	uint8_t key[DIGEST_SHA256];
	int64_t day; /* since the epoch, UTC; of day_key */
	uint8_t day_key[DIGEST_SHA256];
};

enum { NUMBERHASH_SECRET_MIN = 16, NUMBERHASH_TEXT = 11 };

/* secret: the content of number_key, NUMBERHASH_SECRET_MIN octets or more, else STI_E_KEY. */
enum sti_error numberhash_open(struct sti_span secret, struct numberhash *out);

/* Forgets the keys. */
void numberhash_close(struct numberhash *hash);

/* "1f3a90bc-07" and a NUL; of a number with fewer than 7 digits the last two are not shown: "1f3a90bc-xx".
 * now: seconds of the epoch. */
enum sti_error numberhash_write(struct numberhash *hash, int64_t now, struct sti_span number,
				char out[NUMBERHASH_TEXT + 1]);

#endif
