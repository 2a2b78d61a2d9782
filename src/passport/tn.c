/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/tn.h>

const struct sti_tn_plan sti_tn_plan_nanp = {
	.country_code = "1",
	.trunk_prefix = "",
	.international_prefix = "011",
	.national_min = 10,
	.national_max = 10,
};

/* What was dialled, cleaned: room for the longest number and a prefix before it. */
enum { DIALLED_MAX = STI_TN_MAX + 8 };

struct dialled {
	uint8_t text[DIALLED_MAX];
	size_t n;
	bool global; /* a + stood before it: country code first, nothing to work out */
	bool service; /* has # or *: a code, no E.164 number */
};

/* RFC 3966 5.1.1, and the blank that people write. */
static bool is_separator(uint8_t c)
{
	return c == ' ' || c == '-' || c == '.' || c == '(' || c == ')';
}

static bool is_service(uint8_t c)
{
	return c == '#' || c == '*';
}

static bool take(struct dialled *d, uint8_t c)
{
	if ((c < '0' || c > '9') && !is_service(c))
		return false;
	if (d->n == DIALLED_MAX)
		return false;
	d->service |= is_service(c);
	d->text[d->n++] = c;
	return true;
}

static enum sti_error clean(struct sti_span text, struct dialled *d)
{
	*d = (struct dialled){0};
	for (size_t i = 0; i < text.n; i++) {
		if (is_separator(text.p[i]))
			continue;
		if (text.p[i] == '+' && d->n == 0 && !d->global)
			d->global = true;
		else if (!take(d, text.p[i]))
			return STI_E_TN;
	}
	return d->n ? STI_OK : STI_E_TN;
}

/* Takes a prefix off that has something behind it. */
static bool strip(struct sti_span *number, const char *prefix)
{
	size_t n = strlen(prefix);

	if (n == 0 || n >= number->n || memcmp(number->p, prefix, n) != 0)
		return false;
	*number = sti_span_from(*number, n);
	return true;
}

/* RFC 8224 8.3: the country code that goes before the number, which loses its prefixes. */
static const char *work_out(const struct sti_tn_plan *plan, struct sti_span *number)
{
	struct sti_span national = *number;

	if (strip(number, plan->international_prefix))
		return "";
	if (!strip(&national, plan->trunk_prefix) && plan->trunk_prefix[0])
		return ""; /* without the prefix it is not a national number there */
	if (national.n < plan->national_min || national.n > plan->national_max)
		return ""; /* service numbers stay as they are */
	*number = national;
	return plan->country_code;
}

static enum sti_error put(const char *country_code, struct sti_span number, struct sti_tn *out)
{
	size_t n = strlen(country_code);

	if (n > STI_TN_MAX || number.n > STI_TN_MAX - n)
		return STI_E_TN;
	*out = (struct sti_tn){.n = (uint8_t)(n + number.n)};
	memcpy(out->text, country_code, n);
	memcpy(out->text + n, number.p, number.n);
	return STI_OK;
}

enum sti_error sti_tn_canonical(struct sti_span text, const struct sti_tn_plan *plan, struct sti_tn *out)
{
	struct dialled d;
	struct sti_span number;
	const char *country_code = "";
	enum sti_error error = clean(text, &d);

	if (error)
		return error;
	number = sti_span(d.text, d.n);
	if (plan && !d.global && !d.service)
		country_code = work_out(plan, &number);
	return put(country_code, number, out);
}

bool sti_tn_equal(const struct sti_tn *a, const struct sti_tn *b)
{
	return sti_span_equal(sti_tn_span(a), sti_tn_span(b));
}
