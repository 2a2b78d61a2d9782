/* SPDX-License-Identifier: Apache-2.0 */
#include "app/domain_file.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/decimal.h"
#include "base/limits.h"
#include "json/reader.h"

enum { POLICIES_MAX = 32, URLS_MAX = 16 };

struct domain_file {
	char *text; /* the strings of the domain point into it and into the document */
	struct json *doc;
	struct domain domain;
	struct domain_policy policy[POLICIES_MAX];
	struct sti_span url[URLS_MAX];
};

struct reading {
	struct domain_file *file;
	const char *why;
};

struct member {
	const char *name;
	bool (*read)(struct reading *r, const struct json_node *node, void *to);
};

static bool refuse(struct reading *r, const char *why)
{
	r->why = why;
	return false;
}

/* Every member of the object by its row. */
static bool object_read(struct reading *r, const struct json_node *object, const struct member *row, size_t n, void *to)
{
	const struct json_node *node;

	if (object->type != JSON_OBJECT)
		return refuse(r, "expected an object");
	for (node = json_first(r->file->doc, object); node; node = json_next(r->file->doc, object, node)) {
		size_t i = 0;

		while (i < n && !sti_span_is(node->name, row[i].name))
			i++;
		if (i == n)
			return refuse(r, "a member that is not known");
		if (!row[i].read(r, node, to))
			return false;
	}
	return true;
}

static bool number_at(struct sti_span text, size_t at, size_t n, int *out)
{
	int64_t value = 0;
	bool good = decimal_parse(sti_span(text.p + at, n), 9999, &value) == STI_OK;

	*out = (int)value;
	return good;
}

/* 2020-04-07: its first second. */
static bool day_parse(struct sti_span text, int64_t *out)
{
	struct tm tm = {0}, again;
	time_t time;

	if (text.n != 10 || text.p[4] != '-' || text.p[7] != '-' || !number_at(text, 0, 4, &tm.tm_year) ||
	    !number_at(text, 5, 2, &tm.tm_mon) || !number_at(text, 8, 2, &tm.tm_mday))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	again = tm;
	time = timegm(&again);
	*out = time;
	return again.tm_mon == tm.tm_mon && again.tm_mday == tm.tm_mday && again.tm_year == tm.tm_year;
}

static bool read_day(struct reading *r, const struct json_node *node, void *to)
{
	struct sti_span text;

	if (!json_string(node, &text) || !day_parse(text, to))
		return refuse(r, "expected a day: 2020-04-07");
	return true;
}

static bool read_from(struct reading *r, const struct json_node *node, void *to)
{
	return read_day(r, node, &((struct domain_term *)to)->from);
}

static bool read_until(struct reading *r, const struct json_node *node, void *to)
{
	return read_day(r, node, &((struct domain_term *)to)->until);
}

static bool term_read(struct reading *r, const struct json_node *node, struct domain_term *to)
{
	static const struct member row[] = {{"from", read_from}, {"until", read_until}};

	return object_read(r, node, row, sizeof(row) / sizeof(row[0]), to);
}

static bool read_ca(struct reading *r, const struct json_node *node, void *to)
{
	return term_read(r, node, &((struct domain_policy *)to)->term[DOMAIN_CA]);
}

static bool read_signer(struct reading *r, const struct json_node *node, void *to)
{
	return term_read(r, node, &((struct domain_policy *)to)->term[DOMAIN_SIGNER]);
}

static bool is_oid(struct sti_span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '.' && (text.p[i] < '0' || text.p[i] > '9'))
			return false;
	return text.n > 0;
}

static bool read_oid(struct reading *r, const struct json_node *node, void *to)
{
	struct domain_policy *policy = to;

	if (!json_string(node, &policy->oid) || !is_oid(policy->oid))
		return refuse(r, "expected an OID: 2.16.840.1.114569.1.1.4");
	return true;
}

static bool rule_read(struct reading *r, const struct json_node *node, unsigned *rules)
{
	static const struct {
		const char *name;
		enum domain_rule rule;
	} known[] = {
		{"sha256-only", DOMAIN_SHA256_ONLY}, {"subject-serial", DOMAIN_SUBJECT_SERIAL},
		{"exact-name", DOMAIN_EXACT_NAME},   {"no-email", DOMAIN_NO_EMAIL},
		{"no-crl-sign", DOMAIN_NO_CRL_SIGN}, {"country", DOMAIN_COUNTRY},
	};
	struct sti_span name;

	for (size_t i = 0; json_string(node, &name) && i < sizeof(known) / sizeof(known[0]); i++)
		if (sti_span_is(name, known[i].name)) {
			*rules |= known[i].rule;
			return true;
		}
	return refuse(r, "expected sha256-only, subject-serial, exact-name, no-email, no-crl-sign or country");
}

static bool read_rules(struct reading *r, const struct json_node *node, void *to)
{
	const struct json_node *rule;

	if (node->type != JSON_ARRAY)
		return refuse(r, "expected a list of rules");
	for (rule = json_first(r->file->doc, node); rule; rule = json_next(r->file->doc, node, rule))
		if (!rule_read(r, rule, &((struct domain_policy *)to)->rules))
			return false;
	return true;
}

static bool policy_read(struct reading *r, const struct json_node *node, struct domain_policy *to)
{
	static const struct member row[] = {
		{"oid", read_oid}, {"ca", read_ca}, {"signer", read_signer}, {"rules", read_rules}};

	*to = (struct domain_policy){.term = {{INT64_MIN, INT64_MAX}, {INT64_MIN, INT64_MAX}}};
	if (!object_read(r, node, row, sizeof(row) / sizeof(row[0]), to))
		return false;
	return to->oid.p || refuse(r, "expected \"oid\" in each policy");
}

static bool read_policies(struct reading *r, const struct json_node *node, void *to)
{
	const struct json_node *policy;

	(void)to;
	if (node->type != JSON_ARRAY || node->count > POLICIES_MAX)
		return refuse(r, "expected a list of at most 32 policies");
	for (policy = json_first(r->file->doc, node); policy; policy = json_next(r->file->doc, node, policy))
		if (!policy_read(r, policy, &r->file->policy[r->file->domain.n_policy++]))
			return false;
	return true;
}

static bool read_urls(struct reading *r, const struct json_node *node, void *to)
{
	const struct json_node *url;

	(void)to;
	if (node->type != JSON_ARRAY || node->count > URLS_MAX)
		return refuse(r, "expected a list of at most 16 URLs");
	for (url = json_first(r->file->doc, node); url; url = json_next(r->file->doc, node, url))
		if (!json_string(url, &r->file->url[r->file->domain.n_crl_url++]))
			return refuse(r, "expected URLs as text");
	return true;
}

static bool read_country(struct reading *r, const struct json_node *node, void *to)
{
	struct sti_span *country = &((struct domain *)to)->country;

	if (!json_string(node, country) || country->n != 2)
		return refuse(r, "expected a country of two letters (ISO 3166-1)");
	return true;
}

static bool read_spc(struct reading *r, const struct json_node *node, void *to)
{
	int64_t n;

	if (json_integer(node, &n) || n < 1 || n > LIMIT_SPC)
		return refuse(r, "expected the characters of an SPC, 1 to 8");
	((struct domain *)to)->spc = (size_t)n;
	return true;
}

static bool domain_read(struct reading *r)
{
	static const struct member row[] = {{"country", read_country},
					    {"spc_length", read_spc},
					    {"crl_urls", read_urls},
					    {"policies", read_policies}};
	struct domain *domain = &r->file->domain;

	domain->policy = r->file->policy;
	domain->crl_url = r->file->url;
	return object_read(r, json_root(r->file->doc), row, sizeof(row) / sizeof(row[0]), domain);
}

static enum sti_error read_all(struct sti_span text, struct reading *r)
{
	enum sti_error error;

	r->file->text = malloc(text.n + 1);
	if (!r->file->text)
		return STI_E_MEMORY;
	memcpy(r->file->text, text.p, text.n);
	error = json_parse(sti_span(r->file->text, text.n), &json_limits_default, &r->file->doc);
	if (error)
		return error;
	return domain_read(r) ? STI_OK : STI_E_CLAIM_VALUE;
}

enum sti_error domain_file_parse(struct sti_span text, struct domain_file **out, const char **why)
{
	struct reading r = {.file = calloc(1, sizeof(*r.file))};
	enum sti_error error = r.file ? read_all(text, &r) : STI_E_MEMORY;

	*why = r.why;
	if (error)
		domain_file_free(r.file);
	else
		*out = r.file;
	return error;
}

void domain_file_free(struct domain_file *file)
{
	if (!file)
		return;
	json_free(file->doc);
	free(file->text);
	free(file);
}

const struct domain *domain_file_domain(const struct domain_file *file)
{
	return &file->domain;
}
