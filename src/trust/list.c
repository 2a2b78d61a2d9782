/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/list.h"

#include <stdlib.h>

#include <openssl/x509v3.h>

#include "base/copy.h"
#include "base/url.h"
#include "crypto/digest.h"

static const struct kind {
	const char *name;
	const char *wrapping; /* the member of the JSON object around it */
	const char *body; /* the claim */
	enum json_type body_type;
	enum json_type version_type; /* one prints an int, the other a string (threats.md F9) */
	const char *version; /* as written */
	uint32_t octets;
} kinds[LIST_KINDS] = {
	[LIST_CA] = {"ca-list", "caList", "trustList", JSON_ARRAY, JSON_NUMBER, "1", LIMIT_CA_LIST},
	[LIST_MAPPING] = {"cps-mapping", "cpsMapping", "cpsMapping", JSON_OBJECT, JSON_STRING, "1.0",
			  LIMIT_MAPPING_LIST},
};

const char *list_kind_name(enum list_kind kind)
{
	return kinds[kind].name;
}

/* Entries are counted by those who read the body. */
static struct json_limits limits_of(const struct kind *kind)
{
	return (struct json_limits){
		.depth = LIMIT_JSON_DEPTH,
		.members = LIMIT_LIST_NODES,
		.nodes = LIMIT_LIST_NODES,
		.string = kind->octets,
	};
}

static enum sti_error copy_wrapped(struct sti_span body, const struct kind *kind, struct sti_span *out)
{
	struct json_limits limits = limits_of(kind);
	struct json *doc;
	struct sti_span token;
	enum sti_error error = json_parse(body, &limits, &doc);

	if (error)
		return error;
	if (json_string(json_member(doc, json_root(doc), kind->wrapping), &token))
		error = copy_make(token, out);
	else
		error = STI_E_CLAIM_MISSING;
	json_free(doc);
	return error;
}

static struct sti_span without_newlines(struct sti_span body)
{
	while (body.n && (body.p[body.n - 1] == '\n' || body.p[body.n - 1] == '\r'))
		body.n--;
	return body;
}

/* No JWS begins with a brace or a blank. */
static enum sti_error copy_token(struct sti_span body, const struct kind *kind, struct sti_span *out)
{
	bool is_bare = body.n && !strchr("{ \t\r\n", body.p[0]);

	return is_bare ? copy_make(without_newlines(body), out) : copy_wrapped(body, kind, out);
}

static enum sti_error take_apart(const struct kind *kind, struct list *list)
{
	struct json_limits limits = limits_of(kind);
	enum sti_error error = jws_parse(list->token, &limits, &list->jws);

	if (!error)
		error = list->jws.payload_error;
	if (!error)
		error = digest_sha256(list->token, list->sha256);
	return error ? error : digest_sha256(list->jws.payload_text, list->payload_sha256);
}

static void read_parts(const struct kind *kind, struct list *list)
{
	const struct json *header = list->jws.header, *payload = list->jws.payload;

	json_string(json_member(header, json_root(header), "x5u"), &list->x5u);
	list->body = json_member(payload, json_root(payload), kind->body);
	if (list->body && list->body->type != kind->body_type)
		list->body = NULL;
}

enum sti_error list_parse(struct sti_span body, enum list_kind kind, struct list **out)
{
	struct list *list;
	enum sti_error error;

	if (body.n > kinds[kind].octets)
		return STI_E_LIMIT;
	list = calloc(1, sizeof(*list));
	if (!list)
		return STI_E_MEMORY;
	list->kind = kind;
	error = copy_token(body, &kinds[kind], &list->token);
	if (!error)
		error = take_apart(&kinds[kind], list);
	if (error) {
		list_free(list);
		return error;
	}
	read_parts(&kinds[kind], list);
	*out = list;
	return STI_OK;
}

void list_free(struct list *list)
{
	if (!list)
		return;
	jws_free(&list->jws);
	copy_free(list->token);
	free(list);
}

struct judgement {
	const struct list_source *source;
	const struct chain *signer;
	const struct mark *mark;
	int64_t now;
};

static const struct json_node *claim(const struct list *list, const char *name)
{
	return json_member(list->jws.payload, json_root(list->jws.payload), name);
}

/* alg is compared, never looked up (threats.md A3); typ without case, as one seed prints jwt and the
 * other JWT (RFC 7519 5.1). */
static enum list_verdict check_type(struct list *list, const struct judgement *judgement)
{
	const struct json *header = list->jws.header;
	struct sti_span alg, typ;

	(void)judgement;
	if (!json_string(json_member(header, json_root(header), "alg"), &alg) || !sti_span_is(alg, "ES256"))
		return LIST_BAD_TYPE;
	if (!json_string(json_member(header, json_root(header), "typ"), &typ) || !sti_span_is_nocase(typ, "JWT"))
		return LIST_BAD_TYPE;
	return LIST_GOOD;
}

static enum list_verdict check_version(struct list *list, const struct judgement *judgement)
{
	const struct json_node *version = claim(list, "version");
	const struct kind *kind = &kinds[list->kind];

	(void)judgement;
	if (!version || version->type != kind->version_type || !sti_span_is(version->text, kind->version))
		return LIST_BAD_VERSION;
	return LIST_GOOD;
}

static enum list_verdict check_body(struct list *list, const struct judgement *judgement)
{
	(void)judgement;
	return list->body ? LIST_GOOD : LIST_BAD_TYPE;
}

static enum list_verdict check_sequence(struct list *list, const struct judgement *judgement)
{
	(void)judgement;
	if (json_integer(claim(list, "sequence"), &list->sequence) || list->sequence < 0)
		return LIST_BAD_SEQUENCE;
	return LIST_GOOD;
}

/* RFC 7519 4.1.4: not on exp, nor after it. A list without would be good for ever (threats.md F7). */
static enum list_verdict check_exp(struct list *list, const struct judgement *judgement)
{
	if (json_integer(claim(list, "exp"), &list->exp))
		return LIST_BAD_EXP;
	return list->exp > judgement->now ? LIST_GOOD : LIST_EXPIRED;
}

static bool may_name(const struct list_source *source, const struct url *x5u)
{
	struct url own;

	if (source->url.p && url_parse_own(source->url, &own) == STI_OK && url_is_at(x5u, own.host))
		return true;
	for (size_t i = 0; i < source->n_host; i++)
		if (url_is_at(x5u, source->host[i]))
			return true;
	return false;
}

/* An IP literal may be its host where the operator has named that very host: the gate of the fetcher
 * has the last word. */
static enum list_verdict check_x5u(struct list *list, const struct judgement *judgement)
{
	const struct json *header = list->jws.header;
	struct url url;

	if (!json_member(header, json_root(header), "x5u"))
		return judgement->signer ? LIST_GOOD : LIST_FOREIGN_X5U;
	if (!list->x5u.p || url_parse_own(list->x5u, &url) || sti_span_find(list->x5u, '?') < list->x5u.n)
		return LIST_FOREIGN_X5U;
	return may_name(judgement->source, &url) ? LIST_GOOD : LIST_FOREIGN_X5U;
}

static enum list_verdict verdict_of(enum sti_error error, enum list_verdict bad)
{
	if (error == STI_E_MEMORY || error == STI_E_CRYPTO)
		return LIST_UNJUDGED;
	return error ? bad : LIST_GOOD;
}

static enum list_verdict check_signer(struct list *list, const struct judgement *judgement)
{
	(void)list;
	if (!judgement->signer)
		return LIST_GOOD;
	return verdict_of(
		anchor_check(judgement->source->anchor, judgement->signer, KU_DIGITAL_SIGNATURE, judgement->now),
		LIST_BAD_SIGNER);
}

static enum list_verdict check_signature(struct list *list, const struct judgement *judgement)
{
	struct sti_public_key *key;
	enum list_verdict verdict;

	if (!judgement->signer)
		return LIST_GOOD;
	verdict = verdict_of(cert_public_key(&judgement->signer->cert[0], &key), LIST_BAD_SIGNER);
	if (verdict)
		return verdict;
	verdict = verdict_of(jws_verify(&list->jws, key), LIST_BAD_SIGNATURE);
	sti_public_key_free(key);
	return verdict;
}

static bool is_jump(int64_t sequence, const struct mark *mark)
{
	struct mark low = {0};

	if (sequence <= LIMIT_LIST_JUMP)
		return false;
	mark_set_number(&low, sequence - LIMIT_LIST_JUMP);
	return mark_compare(&low, mark) > 0;
}

/* Of one sequence the payload must be the same, octet for octet (standards.md B9). A signature is another
 * each time. */
static bool is_known(const struct list *list, const struct judgement *judgement)
{
	struct sti_span held = judgement->source->payload_sha256;

	return digest_equal(list->sha256, judgement->mark->sha256) ||
	       sti_span_equal(sti_span(list->payload_sha256, sizeof(list->payload_sha256)), held);
}

static enum list_verdict check_mark(struct list *list, const struct judgement *judgement)
{
	struct mark here = {0};
	int order;

	if (!judgement->mark)
		return LIST_GOOD;
	mark_set_number(&here, list->sequence);
	order = mark_compare(&here, judgement->mark);
	if (order == 0 && is_known(list, judgement))
		return LIST_SAME;
	if (!judgement->signer)
		return LIST_GOOD;
	if (order <= 0)
		return order ? LIST_ROLLBACK : LIST_EQUIVOCATION;
	return is_jump(list->sequence, judgement->mark) && !judgement->source->confirmed ? LIST_JUMP : LIST_GOOD;
}

static enum list_verdict judge(struct list *list, const struct judgement *judgement)
{
	static enum list_verdict (*const check[])(struct list *, const struct judgement *) = {
		check_type, check_version, check_body,      check_sequence, check_exp,
		check_x5u,  check_signer,  check_signature, check_mark,
	};
	enum list_verdict verdict = LIST_GOOD;

	for (size_t i = 0; i < sizeof(check) / sizeof(check[0]) && verdict == LIST_GOOD; i++)
		verdict = check[i](list, judgement);
	return verdict;
}

/* Without memory OpenSSL finds no path and no key, and says just that (threats.md J5). So such a no counts
 * when it is said twice: where memory is really gone, the second time ends as LIST_UNJUDGED. */
enum list_verdict list_judge(struct list *list, const struct list_source *source, const struct chain *signer,
			     const struct mark *mark, int64_t now)
{
	struct judgement judgement = {source, signer, mark, now};
	enum list_verdict verdict = judge(list, &judgement);

	return verdict == LIST_BAD_SIGNER ? judge(list, &judgement) : verdict;
}

void list_mark(const struct list *list, int64_t now, struct mark *out)
{
	*out = (struct mark){.time = now};
	mark_set_number(out, list->sequence);
	memcpy(out->sha256, list->sha256, sizeof(out->sha256));
}

int64_t list_until(const struct list *list, int64_t max_age, int64_t now)
{
	int64_t longest;

	if (__builtin_add_overflow(now, max_age, &longest))
		return list->exp;
	return list->exp < longest ? list->exp : longest;
}
