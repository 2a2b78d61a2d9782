/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cert_check.h"

#include <stdlib.h>
#include <string.h>

#include "pki/profile.h"

static const char ok[] = "ok";

/* The one that is judged, then the others of its file, then the intermediates; all borrowed. */
static enum sti_error chain_of(const struct cert_check *check, const struct chain *file, size_t i, struct chain *out)
{
	size_t n = file->n + check->intermediate.n;

	*out = (struct chain){.cert = calloc(n, sizeof(*out->cert))};
	if (!out->cert)
		return STI_E_MEMORY;
	out->cert[out->n++] = file->cert[i];
	for (size_t k = 0; k < file->n; k++)
		if (k != i)
			out->cert[out->n++] = file->cert[k];
	for (size_t k = 0; k < check->intermediate.n; k++)
		out->cert[out->n++] = check->intermediate.cert[k];
	return STI_OK;
}

static const char *time_text(const struct cert_check *check, const struct path *path)
{
	if (check->any_time || (path->from <= check->now && check->now <= path->until))
		return ok;
	return sti_trust_text(check->now < path->from ? STI_TRUST_NOT_YET : STI_TRUST_EXPIRED);
}

/* A path of one certificate where there is none: the profile and a CRL have something to say all the same. */
static enum sti_error path_judge(const struct cert_check *check, const struct chain *chain, struct path *path,
				 struct cert_answer *out)
{
	enum sti_error error = path_find(check->roots, chain, check->now, path);

	out->named = &chain->cert[0];
	if (!error) {
		out->chain = time_text(check, path);
		out->named = path->anchor;
	}
	if (error == STI_E_NOT_FOUND) {
		out->chain = check->root.n ? path->why : "no root was given";
		path->cert[0] = &chain->cert[0];
		path->n = 1;
		error = STI_OK;
	}
	return error;
}

/* A CA is held to what is asked of CAs, unless its TNAuthList says that it would sign calls. The root
 * is asked like the CAs between. */
static enum sti_error profile_judge(const struct path *path, const struct cert *cert, struct cert_answer *out)
{
	bool is_ca = out->view.kind != LINT_SIGNER && !out->view.has_tnauthlist;
	const struct cert *all[LIMIT_CHAIN + 1] = {cert};
	enum profile profile;
	enum sti_error error;
	size_t n = 1;

	for (size_t i = 1; i < path->n; i++)
		all[n++] = path->cert[i];
	if (path->anchor)
		all[n++] = path->anchor;
	if (is_ca)
		error = profile_check_ca(all, n, &profile);
	else
		error = profile_check(cert, all + 1, n - 1, &profile);
	if (error)
		return error;
	out->profile = profile == PROFILE_OK ? ok : profile_row(profile)->text;
	out->clause = profile_row(profile)->clause;
	return STI_OK;
}

static struct sti_span country_of(const struct cert *cert, char memory[LIMIT_CERT_NAME])
{
	size_t n = cert_subject(cert, NID_countryName, memory);

	return sti_span(n ? memory : NULL, n);
}

static void revocation_judge(const struct cert_check *check, const struct path *path, struct cert_answer *out)
{
	char memory[LIMIT_CERT_NAME];
	enum sti_trust trust = crls_judge(check->crls, path->cert, path->n, country_of(out->named, memory), check->now);

	if (trust == STI_TRUST_OK || out->profile != ok)
		return;
	out->profile = sti_trust_text(trust);
	out->clause = "RFC 5280 6.3";
}

static enum sti_error judge(const struct cert_check *check, const struct chain *chain, struct cert_answer *out)
{
	struct path path;
	enum sti_error error = path_judge(check, chain, &path, out);

	if (!error)
		error = profile_judge(&path, &chain->cert[0], out);
	if (error)
		return error;
	revocation_judge(check, &path, out);
	error = cert_tnauthlist(&chain->cert[0], &out->list);
	return error == STI_E_MEMORY ? error : STI_OK;
}

enum sti_error cert_check_judge(const struct cert_check *check, const struct chain *file, size_t i,
				struct cert_answer *out)
{
	const struct domain *domain = check->domain ? domain_file_domain(check->domain) : NULL;
	struct chain chain;
	enum sti_error error;

	*out = (struct cert_answer){0};
	error = lint_view_open(&file->cert[i], domain, LINT_NONE, &out->view);
	if (error)
		return error;
	error = chain_of(check, file, i, &chain);
	if (!error)
		error = judge(check, &chain, out);
	if (out->named == chain.cert)
		out->named = &file->cert[i];
	free(chain.cert);
	if (error)
		cert_answer_free(out);
	return error;
}

void cert_answer_free(struct cert_answer *answer)
{
	sti_tnauthlist_free(answer->list);
	lint_view_close(&answer->view);
	*answer = (struct cert_answer){0};
}

bool cert_answer_is_good(const struct cert_answer *answer)
{
	return answer->chain == ok && answer->profile == ok;
}
