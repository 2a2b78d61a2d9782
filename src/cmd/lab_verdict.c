/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/lab_verdict.h"

#include <string.h>

#include "base/limits.h"
#include "json/reader.h"

static const struct json_limits limits = {.depth = 4, .members = 64, .nodes = 128, .string = LIMIT_IDENTITY};

static const struct json_node *member(const struct json *doc, const char *object, const char *name)
{
	return json_member(doc, json_member(doc, json_root(doc), object), name);
}

/* Empty where there is no such text. */
static bool copy_text(const struct json_node *node, char *out, size_t size)
{
	struct sti_span text;

	out[0] = '\0';
	if (!node || !json_string(node, &text))
		return false;
	if (text.n >= size)
		return false;
	memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return true;
}

static void read_passports(const struct json *doc, struct sti_span expected, struct lab_verdict *out)
{
	const struct json_node *array = member(doc, "verificationResponse", "passports");
	const struct json_node *first = array ? json_first(doc, array) : NULL;
	struct sti_span token;

	out->n_passports = array ? array->count : 0;
	out->is_same = first && json_string(first, &token) && sti_span_equal(token, expected);
}

enum sti_error lab_verdict_parse(struct sti_span body, struct sti_span expected, struct lab_verdict *out)
{
	static const struct {
		const char *name;
		size_t offset;
		size_t size;
	} row[] = {
		{"case", offsetof(struct lab_verdict, code), LAB_WORD},
		{"source", offsetof(struct lab_verdict, source), LAB_WORD},
		{"attest", offsetof(struct lab_verdict, attest), LAB_WORD},
		{"reasondesc", offsetof(struct lab_verdict, why), sizeof(out->why)},
	};
	struct json *doc;
	enum sti_error error = json_parse(body, &limits, &doc);

	if (error)
		return error;
	if (!copy_text(member(doc, "verificationResponse", "verstat"), out->verstat, sizeof(out->verstat)))
		error = STI_E_CLAIM_MISSING;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		copy_text(member(doc, "verificationResponse", row[i].name), (char *)out + row[i].offset, row[i].size);
	read_passports(doc, expected, out);
	json_free(doc);
	return error;
}

enum sti_error lab_identity_parse(struct sti_span body, char *out, size_t size)
{
	struct json *doc;
	enum sti_error error = json_parse(body, &limits, &doc);

	if (error)
		return error;
	if (!copy_text(member(doc, "signingResponse", "identity"), out, size))
		error = STI_E_CLAIM_MISSING;
	json_free(doc);
	return error;
}
