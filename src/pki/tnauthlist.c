/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/tnauthlist.h>

#include <stdlib.h>

#include "base/limits.h"
#include "pki/der.h"

/* TNEntry is a CHOICE of explicit context tags: spc [0], range [1], one [2] (RFC 8226 9). */
enum { TAG_SPC = DER_CONTEXT, TAG_RANGE, TAG_ONE };

struct owned {
	struct sti_tnauthlist list;
	struct sti_tn_entry entry[];
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_ia5(struct sti_span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] > 0x7f)
			return false;
	return text.n > 0;
}

/* TelephoneNumber ::= IA5String (SIZE (1..15)) (FROM ("0123456789#*")) */
static bool is_number(struct sti_span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!is_digit(text.p[i]) && text.p[i] != '#' && text.p[i] != '*')
			return false;
	return text.n > 0 && text.n <= LIMIT_TN;
}

/* INTEGER (2..MAX), minimal and positive; up to seven octets, for 10^15 has no more. */
static bool count_parse(struct sti_span value, uint64_t *out)
{
	if (value.n == 0 || value.n > 7 || value.p[0] > 0x7f)
		return false;
	if (value.n > 1 && value.p[0] == 0 && value.p[1] < 0x80)
		return false;
	*out = 0;
	for (size_t i = 0; i < value.n; i++)
		*out = *out << 8 | value.p[i];
	return *out >= 2;
}

/* RFC 8226 9: a start of D letters has no * or #, and start + count is less than 10^D. */
static bool range_fits(struct sti_span start, uint64_t count)
{
	uint64_t first = 0, end = 1;

	for (size_t i = 0; i < start.n; i++) {
		if (!is_digit(start.p[i]))
			return false;
		first = first * 10 + (uint64_t)(start.p[i] - '0');
		end *= 10;
	}
	return first + count < end;
}

/* The SEQUENCE is extensible: what follows count is passed over, if it is DER. */
static bool range_parse(struct sti_span der, struct sti_tn_entry *out)
{
	struct sti_span rest, value;
	uint8_t tag;

	if (der_whole(der, DER_SEQUENCE, &rest) || der_take(&rest, DER_IA5STRING, &out->text) ||
	    der_take(&rest, DER_INTEGER, &value))
		return false;
	while (rest.n)
		if (der_next(&rest, &tag, &(struct sti_span){0}))
			return false;
	return is_number(out->text) && count_parse(value, &out->count) && range_fits(out->text, out->count);
}

static bool entry_parse(uint8_t tag, struct sti_span der, struct sti_tn_entry *out)
{
	*out = (struct sti_tn_entry){.count = 1};
	switch (tag) {
	case TAG_SPC:
		out->kind = STI_TN_ENTRY_SPC;
		return der_whole(der, DER_IA5STRING, &out->text) == STI_OK && is_ia5(out->text);
	case TAG_RANGE:
		out->kind = STI_TN_ENTRY_RANGE;
		return range_parse(der, out);
	case TAG_ONE:
		out->kind = STI_TN_ENTRY_ONE;
		return der_whole(der, DER_IA5STRING, &out->text) == STI_OK && is_number(out->text);
	default:
		return false;
	}
}

static enum sti_error count_entries(struct sti_span rest, size_t *n)
{
	struct sti_span value;
	uint8_t tag;

	for (*n = 0; rest.n; ++*n) {
		if (*n == LIMIT_TNAUTHLIST)
			return STI_E_LIMIT;
		if (der_next(&rest, &tag, &value))
			return STI_E_TNAUTHLIST;
	}
	return *n ? STI_OK : STI_E_TNAUTHLIST;
}

static enum sti_error fill(struct sti_span rest, struct sti_tn_entry *entry)
{
	struct sti_span value;
	uint8_t tag;

	for (; rest.n; entry++)
		if (der_next(&rest, &tag, &value) || !entry_parse(tag, value, entry))
			return STI_E_TNAUTHLIST;
	return STI_OK;
}

enum sti_error sti_tnauthlist_parse(struct sti_span der, struct sti_tnauthlist **out)
{
	struct sti_span entries;
	struct owned *owned;
	enum sti_error error;
	size_t n;

	if (der_whole(der, DER_SEQUENCE, &entries))
		return STI_E_TNAUTHLIST;
	error = count_entries(entries, &n);
	if (error)
		return error;
	owned = malloc(sizeof(*owned) + n * sizeof(owned->entry[0]));
	if (!owned)
		return STI_E_MEMORY;
	error = fill(entries, owned->entry);
	if (error) {
		free(owned);
		return error;
	}
	owned->list = (struct sti_tnauthlist){.entry = owned->entry, .n = n};
	*out = &owned->list;
	return STI_OK;
}

void sti_tnauthlist_free(struct sti_tnauthlist *list)
{
	free(list); /* the first member of the owned block */
}

/* SPCs stand in URLs and logs, so nothing but letters and digits is let through. Lower case is
 * met in real certificates and only a finding: threats.md E16. */
static bool is_spc(struct sti_span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!is_digit(text.p[i]) && !is_letter(text.p[i]))
			return false;
	return text.n > 0 && text.n <= LIMIT_SPC;
}

enum sti_error sti_tnauthlist_spc(const struct sti_tnauthlist *list, struct sti_span *spc)
{
	if (list->n != 1 || list->entry[0].kind != STI_TN_ENTRY_SPC || !is_spc(list->entry[0].text))
		return STI_E_TNAUTHLIST;
	*spc = list->entry[0].text;
	return STI_OK;
}
