/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_RETRIEVAL_H
#define API_RETRIEVAL_H

#include <sti/tn.h>

#include "base/buf.h"
#include "base/limits.h"

/* The private interface between STI-VS and CPS (design.md 2.2). A value: nothing points into the
 * request but `call`. */
struct retrieval_pair {
	struct sti_tn orig;
	struct sti_tn dest;
};

enum { RETRIEVAL_PAIRS = LIMIT_DEST };

struct retrieval {
	struct retrieval_pair pair[RETRIEVAL_PAIRS];
	size_t n;
	char call[LIMIT_CALL]; /* id of the call; the same call gets the same answer again */
	size_t n_call;
	int64_t wait_ms; /* 0 … LIMIT_WAIT_MS; longer is shortened */
};

/* GET /cps/passports/{dest}/{orig}?call=ID&wait=MS: canonical numbers only. STI_E_TN,
 * STI_E_NUMBER, STI_E_LIMIT. */
enum sti_error retrieval_parse_get(struct sti_span dest, struct sti_span orig, struct sti_span query,
				   struct retrieval *out);

/* POST /cps/passports/query: {"call":"…","wait":300,"pairs":[{"dest":"…","orig":"…"},…]} */
enum sti_error retrieval_parse_query(struct sti_span body, struct retrieval *out);

/* The same body, for asking. */
void retrieval_write_query(struct buf *out, const struct retrieval *retrieval);

/* {"passports":["…"],"pair":{"dest":"…","orig":"…"}} for tokens with newline between. */
void retrieval_write_answer(struct buf *out, struct sti_span tokens, const struct retrieval_pair *hit);

#endif
