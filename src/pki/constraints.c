/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/constraints.h"

#include <stdlib.h>

#include "pki/der.h"

/* Explicit context tags, RFC 9118 appendix A. */
enum { TAG_INCLUDE = DER_CONTEXT, TAG_PERMIT, TAG_EXCLUDE, DER_UTF8STRING = 0x0c };

/* id-pe-JWTClaimConstraints and id-pe-eJWTClaimConstraints */
static const uint8_t oid_plain[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x1b};
static const uint8_t oid_enhanced[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x21};

struct owned {
	struct constraints list;
	struct constraint rule[LIMIT_CONSTRAINTS];
	struct sti_span value[LIMIT_CONSTRAINT_VALUES];
	size_t n_value;
	uint8_t der[]; /* of both extensions */
};

static bool is_ia5(struct sti_span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] > 0x7f)
			return false;
	return text.n > 0;
}

static enum sti_error rule_add(struct owned *o, struct constraint rule)
{
	if (o->list.n == LIMIT_CONSTRAINTS)
		return STI_E_LIMIT;
	o->rule[o->list.n++] = rule;
	return STI_OK;
}

/* JWTClaimNames ::= SEQUENCE SIZE (1..MAX) OF IA5String */
static enum sti_error names_parse(struct sti_span der, enum constraint_kind kind, struct owned *o)
{
	struct constraint rule = {.kind = kind};
	struct sti_span rest;
	enum sti_error error = STI_OK;

	if (der_whole(der, DER_SEQUENCE, &rest) || rest.n == 0)
		return STI_E_CERT;
	while (rest.n && !error) {
		if (der_take(&rest, DER_IA5STRING, &rule.claim) || !is_ia5(rule.claim))
			return STI_E_CERT;
		error = rule_add(o, rule);
	}
	return error;
}

/* JWTClaimValues ::= SEQUENCE { claim IA5String, values SEQUENCE SIZE (1..MAX) OF UTF8String } */
static enum sti_error values_parse(struct sti_span der, struct owned *o)
{
	struct constraint rule = {.kind = CONSTRAINT_PERMIT, .value = &o->value[o->n_value]};
	struct sti_span rest;

	if (der_take(&der, DER_IA5STRING, &rule.claim) || !is_ia5(rule.claim) || der_whole(der, DER_SEQUENCE, &rest) ||
	    rest.n == 0)
		return STI_E_CERT;
	for (; rest.n; rule.n_value++) {
		if (o->n_value == LIMIT_CONSTRAINT_VALUES)
			return STI_E_LIMIT;
		if (der_take(&rest, DER_UTF8STRING, &o->value[o->n_value++]))
			return STI_E_CERT;
	}
	return rule_add(o, rule);
}

/* JWTClaimValuesList ::= SEQUENCE SIZE (1..MAX) OF JWTClaimValues */
static enum sti_error permits_parse(struct sti_span der, struct owned *o)
{
	struct sti_span rest, one;
	enum sti_error error = STI_OK;

	if (der_whole(der, DER_SEQUENCE, &rest) || rest.n == 0)
		return STI_E_CERT;
	while (rest.n && !error)
		error = der_take(&rest, DER_SEQUENCE, &one) ? STI_E_CERT : values_parse(one, o);
	return error;
}

/* Each of the parts at most once, in order, and one at least. */
static enum sti_error parts_parse(struct sti_span der, uint8_t last, struct owned *o)
{
	struct sti_span rest, part;
	uint8_t tag, next = TAG_INCLUDE;
	enum sti_error error = STI_OK;

	if (der_whole(der, DER_SEQUENCE, &rest) || rest.n == 0)
		return STI_E_CERT;
	for (; rest.n && !error; next = (uint8_t)(tag + 1)) {
		if (der_next(&rest, &tag, &part) || tag < next || tag > last)
			return STI_E_CERT;
		if (tag == TAG_PERMIT)
			error = permits_parse(part, o);
		else
			error = names_parse(part, tag == TAG_INCLUDE ? CONSTRAINT_INCLUDE : CONSTRAINT_EXCLUDE, o);
	}
	return error;
}

static struct sti_span copy(uint8_t *to, struct sti_span from)
{
	if (from.n)
		memcpy(to, from.p, from.n);
	return sti_span(from.p ? to : NULL, from.n);
}

enum sti_error constraints_parse(struct sti_span plain, struct sti_span enhanced, struct constraints **out)
{
	struct owned *o = calloc(1, sizeof(*o) + plain.n + enhanced.n);
	enum sti_error error = STI_OK;

	if (!o)
		return STI_E_MEMORY;
	o->list.rule = o->rule;
	plain = copy(o->der, plain);
	enhanced = copy(o->der + plain.n, enhanced);
	if (plain.p)
		error = parts_parse(plain, TAG_PERMIT, o);
	if (enhanced.p && !error)
		error = parts_parse(enhanced, TAG_EXCLUDE, o);
	if (error) {
		free(o);
		return error;
	}
	*out = &o->list;
	return STI_OK;
}

static enum sti_error value_of(const struct cert *cert, const uint8_t oid[8], struct sti_span *value)
{
	enum sti_error error = cert_extension(cert, sti_span(oid, 8), value);

	if (error == STI_E_NOT_FOUND)
		*value = (struct sti_span){0};
	return error == STI_E_NOT_FOUND ? STI_OK : error;
}

enum sti_error constraints_of(const struct cert *cert, struct constraints **out)
{
	struct sti_span plain, enhanced;
	enum sti_error error = value_of(cert, oid_plain, &plain);

	if (!error)
		error = value_of(cert, oid_enhanced, &enhanced);
	*out = NULL;
	if (error || (!plain.p && !enhanced.p))
		return error;
	return constraints_parse(plain, enhanced, out);
}

void constraints_free(struct constraints *constraints)
{
	free(constraints); /* the first member of the owned block */
}
