/* SPDX-License-Identifier: Apache-2.0 */
#include "passport/passport.h"

#include <stdlib.h>

#include "base/limits.h"
#include "jose/jws.h"
#include "passport/ppt.h"
#include "passport/x5u.h"

/* What a caller holds is the first member. */
struct owner {
	struct sti_passport passport;
	struct jws jws;
	const struct ppt *type;
	struct sti_span dest[LIMIT_DEST]; /* tn first, then uri */
	size_t n_dest; /* identities that stand in the claim, may be over the limit */
	uint8_t token[];
};

static const char *const base_claims[] = {"orig", "dest", "iat"}; /* RFC 8225 5 */

/* Only the first problem is kept. */
static void note(struct sti_passport *p, enum sti_error error, const char *at)
{
	if (p->claims_error)
		return;
	p->claims_error = error;
	p->claims_at = at;
}

static void note_value_unless(struct sti_passport *p, bool good, const char *at)
{
	if (!good)
		note(p, STI_E_CLAIM_VALUE, at);
}

static const struct json_node *claim(const struct owner *o, const char *name)
{
	return json_member(o->jws.payload, json_root(o->jws.payload), name);
}

/* False when it is there and no string. */
static bool string_member(const struct json *doc, const struct json_node *object, const char *name,
			  struct sti_span *out)
{
	const struct json_node *node = json_member(doc, object, name);

	return !node || json_string(node, out);
}

static void read_header(struct owner *o)
{
	const struct json_node *root = json_root(o->jws.header);

	string_member(o->jws.header, root, "alg", &o->passport.alg);
	string_member(o->jws.header, root, "typ", &o->passport.typ);
	note_value_unless(&o->passport, string_member(o->jws.header, root, "ppt", &o->passport.ppt), "ppt");
	string_member(o->jws.header, root, "x5u", &o->passport.x5u);
	o->type = ppt_find(o->passport.ppt);
}

/* Claims of a type that the verdict does not rest on are demanded by sti_passport_check alone. */
static void note_missing(struct owner *o)
{
	for (size_t i = 0; i < sizeof(base_claims) / sizeof(base_claims[0]); i++)
		if (!claim(o, base_claims[i]))
			note(&o->passport, STI_E_CLAIM_MISSING, base_claims[i]);
	if (!o->type || !o->type->verdict)
		return;
	for (size_t i = 0; i < PPT_DEMANDS && o->type->demands[i]; i++)
		if (!claim(o, o->type->demands[i]))
			note(&o->passport, STI_E_CLAIM_MISSING, o->type->demands[i]);
}

/* orig and div: an object with one identity, tn or uri, a string (RFC 8225 5.2.1). */
static bool read_identity(const struct owner *o, const char *name, struct sti_span *tn, struct sti_span *uri)
{
	const struct json_node *object = claim(o, name);
	bool tn_good;

	if (!object)
		return true;
	if (object->type != JSON_OBJECT)
		return false;
	tn_good = string_member(o->jws.payload, object, "tn", tn);
	return string_member(o->jws.payload, object, "uri", uri) && tn_good;
}

/* One list of dest; returns how many were kept in *list. */
static size_t read_list(struct owner *o, const struct json_node *dest, const char *name, const struct sti_span **list)
{
	const struct json *doc = o->jws.payload;
	const struct json_node *array = json_member(doc, dest, name);
	size_t n = 0;

	if (!array)
		return 0;
	if (array->type != JSON_ARRAY) {
		note(&o->passport, STI_E_CLAIM_VALUE, "dest");
		return 0;
	}
	*list = o->dest + (o->n_dest < LIMIT_DEST ? o->n_dest : LIMIT_DEST);
	for (const struct json_node *e = json_first(doc, array); e; e = json_next(doc, array, e)) {
		if (o->n_dest++ >= LIMIT_DEST)
			continue;
		note_value_unless(&o->passport, json_string(e, &o->dest[o->n_dest - 1]), "dest");
		n++;
	}
	return n;
}

static void read_dest(struct owner *o)
{
	const struct json_node *dest = claim(o, "dest");

	if (!dest)
		return;
	note_value_unless(&o->passport, dest->type == JSON_OBJECT, "dest");
	o->passport.n_dest_tn = read_list(o, dest, "tn", &o->passport.dest_tn);
	o->passport.n_dest_uri = read_list(o, dest, "uri", &o->passport.dest_uri);
}

/* NumericDate, and for us a whole number only: never by way of a double (threats.md B5). */
static void read_iat(struct owner *o)
{
	const struct json_node *node = claim(o, "iat");
	int64_t iat;

	if (!node)
		return;
	if (json_integer(node, &iat) == STI_OK && iat >= 0 && iat <= LIMIT_IAT)
		o->passport.iat = iat;
	note_value_unless(&o->passport, o->passport.iat >= 0, "iat");
}

static void read_shaken(struct owner *o)
{
	struct sti_passport *p = &o->passport;
	const struct json_node *root = json_root(o->jws.payload);
	bool attest = string_member(o->jws.payload, root, "attest", &p->attest);
	bool origid = string_member(o->jws.payload, root, "origid", &p->origid);

	if (!o->type || !o->type->verdict)
		return;
	note_value_unless(p, attest, "attest");
	note_value_unless(p, origid, "origid");
}

static bool is_tn(struct sti_span text)
{
	struct sti_tn tn;

	return sti_tn_canonical(text, NULL, &tn) == STI_OK;
}

static bool is_identity(struct sti_span tn, struct sti_span uri)
{
	return (tn.p == NULL) != (uri.p == NULL) && (tn.p || uri.n > 0);
}

static void read_div(struct owner *o)
{
	struct sti_span uri = {0};
	struct sti_span *tn = &o->passport.div_tn;
	bool good = read_identity(o, "div", tn, &uri);

	if (claim(o, "div") && ppt_demands(o->type, "div"))
		note_value_unless(&o->passport, good && is_identity(*tn, uri) && (!tn->p || is_tn(*tn)), "div");
}

static void note_values(struct owner *o)
{
	struct sti_passport *p = &o->passport;

	note_value_unless(p, !p->orig_tn.p || is_tn(p->orig_tn), "orig");
	for (size_t i = 0; i < p->n_dest_tn; i++)
		note_value_unless(p, is_tn(p->dest_tn[i]), "dest");
	for (size_t i = 0; i < p->n_dest_uri; i++)
		note_value_unless(p, p->dest_uri[i].n > 0, "dest");
	note_value_unless(p, o->n_dest > 0, "dest");
	note_value_unless(p, is_identity(p->orig_tn, p->orig_uri), "orig");
	if (o->n_dest > LIMIT_DEST)
		note(p, STI_E_LIMIT, "dest");
	if (o->type && o->type->verdict && p->origid.n > LIMIT_ORIGID)
		note(p, STI_E_LIMIT, "origid");
}

static void read_claims(struct owner *o)
{
	struct sti_passport *p = &o->passport;

	if (!o->jws.payload) {
		note(p, o->jws.payload_error, "payload");
		return;
	}
	note_missing(o);
	note_value_unless(p, read_identity(o, "orig", &p->orig_tn, &p->orig_uri), "orig");
	read_dest(o);
	read_iat(o);
	read_shaken(o);
	note_values(o);
	read_div(o);
}

/* Where memory ran out, nothing is known of the payload: that is no fault of the token. */
static enum sti_error read_jws(struct owner *o, struct sti_span token)
{
	enum sti_error error;

	memcpy(o->token, token.p, token.n);
	error = jws_parse(sti_span(o->token, token.n), &json_limits_default, &o->jws);
	if (error)
		return error;
	if (o->jws.payload_error == STI_E_MEMORY) {
		jws_free(&o->jws);
		return STI_E_MEMORY;
	}
	return STI_OK;
}

static void read_parts(struct owner *o)
{
	struct sti_passport *p = &o->passport;

	p->token = o->jws.token;
	p->signing_input = o->jws.signing_input;
	memcpy(p->signature, o->jws.signature, STI_SIGNATURE);
	p->signature_error = o->jws.signature_error;
	p->iat = -1;
	read_header(o);
	read_claims(o);
}

enum sti_error sti_passport_parse(struct sti_span token, struct sti_passport **out)
{
	struct owner *o;
	enum sti_error error;

	if (token.n == 0)
		return STI_E_JWS;
	if (token.n > LIMIT_JWS)
		return STI_E_LIMIT;
	o = calloc(1, sizeof(*o) + token.n);
	if (!o)
		return STI_E_MEMORY;
	error = read_jws(o, token);
	if (error) {
		free(o);
		return error;
	}
	read_parts(o);
	*out = &o->passport;
	return STI_OK;
}

void sti_passport_free(struct sti_passport *passport)
{
	struct owner *o = (struct owner *)passport;

	if (!o)
		return;
	jws_free(&o->jws);
	free(o);
}

bool passport_claim(const struct sti_passport *passport, struct sti_span name, struct sti_span *text)
{
	const struct json *doc = ((const struct owner *)passport)->jws.payload;
	const struct json_node *root = doc ? json_root(doc) : NULL;

	if (!root || root->type != JSON_OBJECT)
		return false;
	for (const struct json_node *node = json_first(doc, root); node; node = json_next(doc, root, node))
		if (sti_span_equal(node->name, name)) {
			*text = node->text;
			return true;
		}
	return false;
}

/* RFC 8225 4: what the header must have, and which value where there is only one. */
static const struct {
	const char *name;
	const char *value;
} header_members[] = {{"typ", "passport"}, {"alg", "ES256"}, {"x5u", NULL}};

static enum sti_error check_member(const struct owner *o, const char *name, const char *value)
{
	const struct json_node *node = json_member(o->jws.header, json_root(o->jws.header), name);
	struct sti_span text;

	if (!node)
		return STI_E_CLAIM_MISSING;
	if (!json_string(node, &text) || (value && !sti_span_is(text, value)))
		return STI_E_CLAIM_VALUE;
	return STI_OK;
}

static enum sti_error check_header(const struct owner *o, const char **at)
{
	enum sti_error error;

	for (size_t i = 0; i < sizeof(header_members) / sizeof(header_members[0]); i++) {
		*at = header_members[i].name;
		error = check_member(o, header_members[i].name, header_members[i].value);
		if (error)
			return error;
	}
	error = x5u_check(o->passport.x5u);
	if (error)
		return error;
	*at = "ppt";
	return check_member(o, "ppt", NULL) == STI_E_CLAIM_VALUE ? STI_E_CLAIM_VALUE : STI_OK;
}

/* RFC 8588 4: full, partial or gateway. */
static bool is_attest(struct sti_span attest)
{
	return sti_span_is(attest, "A") || sti_span_is(attest, "B") || sti_span_is(attest, "C");
}

static enum sti_error check_claims(const struct owner *o, const char **at)
{
	*at = o->passport.claims_at;
	if (o->passport.claims_error)
		return o->passport.claims_error;
	for (size_t i = 0; o->type && i < PPT_DEMANDS && o->type->demands[i]; i++) {
		*at = o->type->demands[i];
		if (!claim(o, *at))
			return STI_E_CLAIM_MISSING;
	}
	*at = "attest";
	return ppt_demands(o->type, "attest") && !is_attest(o->passport.attest) ? STI_E_CLAIM_VALUE : STI_OK;
}

enum sti_error sti_passport_check(const struct sti_passport *passport, const char **at)
{
	const struct owner *o = (const struct owner *)passport;
	const char *where = "signature";
	enum sti_error error = passport->signature_error;

	if (!error)
		error = check_header(o, &where);
	if (!error)
		error = check_claims(o, &where);
	if (at)
		*at = error ? where : NULL;
	return error;
}

/* One function for one algorithm: alg is compared, never looked up (threats.md A1-A3). */
enum sti_error sti_passport_verify(const struct sti_passport *passport, const struct sti_public_key *key)
{
	if (!sti_span_is(passport->alg, "ES256") || passport->signature_error)
		return STI_E_SIGNATURE;
	return sti_public_key_verify(key, passport->signing_input, passport->signature);
}
