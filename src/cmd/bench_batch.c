/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/bench_batch.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/field.h"
#include "base/uuid.h"
#include "json/writer.h"

enum { REQUEST_MAX = 2048, AREAS = 10, LINES = 100, CALLERS = AREAS / BENCH_KINDS * LINES };

struct call {
	struct sti_tn orig;
	struct sti_tn dest;
	char origid[UUID_TEXT + 1];
	int64_t iat;
};

static struct sti_tn invented(size_t i)
{
	static const unsigned area[AREAS] = {202, 212, 303, 312, 404, 415, 512, 617, 702, 808};
	struct sti_tn tn;

	tn.n = (uint8_t)snprintf(tn.text, sizeof(tn.text), "1%u55501%02u", area[i / LINES % AREAS],
				 (unsigned)(i % LINES));
	return tn;
}

/* Each kind has callers of its own: a verification must not find what was posted. */
static enum sti_error make_call(enum bench_kind kind, size_t i, int64_t iat, struct call *out)
{
	uint8_t random[16];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return STI_E_CRYPTO;
	uuid_write(random, out->origid);
	out->orig = invented(kind * CALLERS + i % CALLERS);
	out->dest = invented(i / CALLERS);
	out->iat = iat;
	return STI_OK;
}

static enum sti_error sign(const struct bench_signer *signer, const struct call *call, char out[STI_IDENTITY_MAX],
			   size_t *n)
{
	const struct sti_sign_request request = {
		.orig = call->orig,
		.dest = &call->dest,
		.n_dest = 1,
		.iat = call->iat,
		.attest = 'A',
		.origid = sti_span_str(call->origid),
	};

	return sti_sign(signer->key, sti_span_str(signer->x5u), &request, out, n);
}

enum sti_error bench_batch_identity(const struct bench_signer *signer, size_t i, char out[STI_IDENTITY_MAX], size_t *n)
{
	struct call call;
	enum sti_error error = make_call(BENCH_POSTING, i, signer->iat, &call);

	return error ? error : sign(signer, &call, out, n);
}

static void put_posting(struct buf *out, const struct call *call, struct sti_span identity)
{
	(void)call;
	buf_put(out, sti_span_first(identity, sti_span_find(identity, ';')));
}

static void put_verification(struct buf *out, const struct call *call, struct sti_span identity)
{
	buf_put_str(out, "{\"verificationRequest\":{");
	field_put_tn(out, "from", &call->orig);
	field_put_tns(out, "to", &call->dest, 1);
	json_put_name(out, "time");
	buf_put_int(out, call->iat);
	json_put_member(out, "identity", identity);
	buf_put_str(out, "}}");
}

static void put_signing(struct buf *out, const struct call *call, struct sti_span identity)
{
	(void)identity;
	buf_put_str(out, "{\"signingRequest\":{");
	json_put_member(out, "attest", sti_span_str("A"));
	field_put_tns(out, "dest", &call->dest, 1);
	json_put_name(out, "iat");
	buf_put_int(out, call->iat);
	field_put_tn(out, "orig", &call->orig);
	json_put_member(out, "origid", sti_span_str(call->origid));
	buf_put_str(out, "}}");
}

static const struct {
	const char *path;
	const char *media;
	void (*put)(struct buf *out, const struct call *call, struct sti_span identity);
	bool is_signed;
} row[BENCH_KINDS] = {
	[BENCH_POSTING] = {"/cps/company/" BENCH_OCN, "application/passport", put_posting, true},
	[BENCH_VERIFICATION] = {BENCH_PREFIX "/verification", "application/json", put_verification, true},
	[BENCH_SIGNING] = {BENCH_PREFIX "/signing", "application/json", put_signing, false},
};

static void put_request(struct buf *out, enum bench_kind kind, struct sti_span body)
{
	buf_put_str(out, "POST ");
	buf_put_str(out, row[kind].path);
	buf_put_str(out, " HTTP/1.1\r\nHost: localhost\r\nContent-Type: ");
	buf_put_str(out, row[kind].media);
	buf_put_str(out, "\r\nContent-Length: ");
	buf_put_int(out, (int64_t)body.n);
	buf_put_str(out, "\r\n\r\n");
	buf_put(out, body);
}

static enum sti_error make_one(struct bench_batch *batch, enum bench_kind kind, const struct bench_signer *signer,
			       size_t i)
{
	uint8_t memory[REQUEST_MAX];
	struct buf body = buf_lend(memory, sizeof(memory));
	char identity[STI_IDENTITY_MAX];
	struct call call;
	size_t n = 0;
	enum sti_error error = make_call(kind, i, signer->iat, &call);

	if (!error && row[kind].is_signed)
		error = sign(signer, &call, identity, &n);
	if (error)
		return error;
	row[kind].put(&body, &call, sti_span(identity, n));
	put_request(&batch->text, kind, buf_span(&body));
	batch->end[i] = buf_span(&batch->text).n;
	return buf_error(&body) ? buf_error(&body) : buf_error(&batch->text);
}

enum sti_error bench_batch_make(enum bench_kind kind, const struct bench_signer *signer, size_t n,
				struct bench_batch *out)
{
	enum sti_error error = STI_OK;

	*out = (struct bench_batch){.text = buf_own(n * REQUEST_MAX), .end = calloc(n, sizeof(*out->end))};
	if (!out->end)
		return STI_E_MEMORY;
	while (!error && out->n < n) {
		error = make_one(out, kind, signer, out->n);
		out->n += !error;
	}
	return error;
}

void bench_batch_free(struct bench_batch *batch)
{
	buf_free(&batch->text);
	free(batch->end);
	*batch = (struct bench_batch){.n = 0};
}

struct sti_span bench_batch_request(const struct bench_batch *batch, size_t i)
{
	size_t start = i ? batch->end[i - 1] : 0;

	return sti_span(buf_span(&batch->text).p + start, batch->end[i] - start);
}
