/* SPDX-License-Identifier: Apache-2.0 */
#include "app/trust_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/limits.h"
#include "pki/crl.h"
#include "store/file.h"

enum { SECRET_MAX = 64 * 1024 };

/* A plan while it is loaded. */
struct loading {
	const struct config *config;
	struct trust_plan *plan;
	struct config_message *message;
};

/* at: the field that names the file; around: what to look for where that is an element of a list. */
static enum sti_error say(const struct loading *l, enum sti_error error, const char *const *at, const void *around,
			  const char *what, const char *why)
{
	if (l->message->text[0] || error == STI_E_MEMORY)
		return error;
	l->message->line = config_line(l->config, at);
	if (!l->message->line)
		l->message->line = config_line(l->config, around);
	if (!why)
		why = error == STI_E_IO ? strerror(errno) : sti_error_text(error);
	snprintf(l->message->text, sizeof(l->message->text), "%s: %s: %s", what, *at, why);
	return error;
}

static enum sti_error read_secret(const struct loading *l, const char *const *at, const char *what)
{
	struct buf secret = buf_own(SECRET_MAX);
	const char *why = NULL;
	enum sti_error error = *at ? file_read_secret(*at, SECRET_MAX, &secret, &why) : STI_OK;

	buf_free(&secret);
	return error ? say(l, error, at, at, what, why) : STI_OK;
}

/* ---- the operator's roots ---- */

/* Each file by itself, so that the right one is named. */
static enum sti_error add_roots(const struct loading *l, const char *const *at, struct buf *all)
{
	struct sti_roots *roots = NULL;
	struct buf one;
	enum sti_error error = file_read(*at, LIMIT_ROOTS_BODY, &one);

	if (!error)
		error = sti_roots_parse(buf_span(&one), &roots);
	if (error)
		say(l, error, at, &l->config->roots, "trust.roots", NULL);
	sti_roots_free(roots);
	buf_put(all, buf_span(&one));
	buf_put_str(all, "\n");
	buf_free(&one);
	return error;
}

static enum sti_error load_roots(const struct loading *l)
{
	struct buf all = buf_own(LIMIT_ROOTS_BODY);
	enum sti_error error = STI_OK;

	for (size_t i = 0; !error && i < l->config->n_roots; i++)
		error = add_roots(l, &l->config->roots[i], &all);
	if (!error)
		error = buf_error(&all);
	if (!error && l->config->n_roots)
		error = sti_roots_parse(buf_span(&all), &l->plan->roots);
	buf_free(&all);
	return error;
}

/* ---- a source ---- */

/* Newlines cannot stand in a URL. */
static enum sti_error set_id(struct trust_plan *plan, struct plan_source *source, const char *kind)
{
	const char *const part[] = {kind, source->url, source->user};
	struct buf id = buf_own(4 * LIMIT_PATH);
	uint8_t *copy;
	enum sti_error error;

	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		buf_put_str(&id, i ? "\n" : "");
		buf_put_str(&id, part[i] ? part[i] : "");
	}
	error = buf_error(&id);
	copy = error ? NULL : arena_alloc(&plan->arena, id.n, 1);
	if (copy)
		memcpy(copy, id.p, id.n);
	source->id = sti_span(copy, id.n);
	buf_free(&id);
	return error ? error : copy ? STI_OK : STI_E_MEMORY;
}

/* NULL stays NULL; false without memory. */
static bool copy_text(struct trust_plan *plan, const char *text, const char **out)
{
	*out = text ? arena_join(&plan->arena, sti_span_str(text), sti_span(NULL, 0)) : NULL;
	return !text || *out;
}

static enum sti_error load_anchor(const struct loading *l, const char *const *at, const char *what,
				  struct plan_source *source)
{
	struct buf pem;
	enum sti_error error = file_read(*at, LIMIT_ROOTS_BODY, &pem);

	if (!error)
		error = anchor_parse(buf_span(&pem), &source->anchor);
	buf_free(&pem);
	return error ? say(l, error, at, at, what, NULL) : STI_OK;
}

static enum sti_error load_signer(const struct loading *l, const char *const *at, struct plan_source *source)
{
	struct buf pem = {0};
	enum sti_error error = *at ? file_read(*at, LIMIT_CERT_BODY, &pem) : STI_OK;

	if (!error && *at)
		error = chain_parse(buf_span(&pem), LIMIT_CERT_BLOCKS, &source->signer);
	buf_free(&pem);
	return error ? say(l, error, at, at, "list.signer", NULL) : STI_OK;
}

static enum sti_error copy_hosts(struct trust_plan *plan, const struct config_list *list, struct plan_source *source)
{
	struct sti_span *host = arena_alloc(&plan->arena, list->n_hosts, sizeof(*host));

	if (!host)
		return STI_E_MEMORY;
	for (size_t i = 0; i < list->n_hosts; i++) {
		const char *copy;

		if (!copy_text(plan, list->hosts[i], &copy))
			return STI_E_MEMORY;
		host[i] = sti_span_str(copy);
	}
	source->host = host;
	source->n_host = list->n_hosts;
	return STI_OK;
}

static enum sti_error copy_list(struct trust_plan *plan, const struct config_list *list, struct plan_source *source)
{
	source->kind = strcmp(list->kind, "ca-list") == 0 ? PLAN_CA_LIST : PLAN_MAPPING;
	source->max = source->kind == PLAN_CA_LIST ? LIMIT_CA_LIST : LIMIT_MAPPING_LIST;
	source->poll_s = list->poll_s;
	source->max_age_s = list->max_age_s;
	source->confirmed_sequence = list->confirmed_sequence;
	if (!copy_text(plan, list->name, &source->name) || !copy_text(plan, list->url, &source->url) ||
	    !copy_text(plan, list->login, &source->login) || !copy_text(plan, list->user, &source->user) ||
	    !copy_text(plan, list->password_file, &source->password_file) ||
	    !copy_text(plan, list->token_file, &source->token_file))
		return STI_E_MEMORY;
	return copy_hosts(plan, list, source);
}

static enum sti_error load_list(const struct loading *l, const struct config_list *list, struct plan_source *source)
{
	enum sti_error error = copy_list(l->plan, list, source);

	if (!error)
		error = set_id(l->plan, source, list->kind);
	if (!error)
		error = load_anchor(l, &list->anchor, "list.anchor", source);
	if (!error)
		error = load_signer(l, &list->signer, source);
	if (!error)
		error = read_secret(l, &list->password_file, "list.password_file");
	return error ? error : read_secret(l, &list->token_file, "list.token_file");
}

/* NULL: stays 0. */
static enum sti_error read_crl_number(const char *text, uint8_t out[MARK_NUMBER])
{
	uint8_t digits[2 * MARK_NUMBER];
	struct sti_span number = sti_span_str(text);

	if (!text)
		return STI_OK;
	if (number.n > sizeof(digits))
		return STI_E_LIMIT;
	memset(digits, '0', sizeof(digits));
	memcpy(digits + sizeof(digits) - number.n, number.p, number.n);
	return hex_decode(sti_span(digits, sizeof(digits)), out, MARK_NUMBER);
}

static enum sti_error copy_crl(struct trust_plan *plan, const struct config_crl *crl, struct plan_source *source)
{
	const char *country;

	source->kind = PLAN_CRL;
	source->max = LIMIT_CRL_BODY;
	source->poll_s = crl->poll_s;
	source->grace_s = crl->grace_s;
	source->hard = crl->hard;
	if (!copy_text(plan, crl->name, &source->name) || !copy_text(plan, crl->url, &source->url) ||
	    !copy_text(plan, crl->file, &source->file) || !copy_text(plan, crl->country, &country))
		return STI_E_MEMORY;
	source->country = sti_span_str(country);
	return read_crl_number(crl->confirmed_number, source->confirmed_number);
}

/* That the file is a CRL is seen now, and that its signer is the right one when it is taken. */
static enum sti_error check_crl_file(const struct loading *l, const char *const *at)
{
	struct crl *crl = NULL;
	struct buf body = {0};
	enum sti_error error = *at ? file_read(*at, LIMIT_CRL_BODY, &body) : STI_OK;

	if (!error && *at)
		error = crl_parse(buf_span(&body), &crl);
	buf_free(&body);
	crl_unref(crl);
	return error ? say(l, error, at, at, "crl.file", NULL) : STI_OK;
}

static enum sti_error load_crl(const struct loading *l, const struct config_crl *crl, struct plan_source *source)
{
	enum sti_error error = copy_crl(l->plan, crl, source);

	if (!error)
		error = set_id(l->plan, source, "crl");
	if (!error)
		error = load_anchor(l, &crl->anchor, "crl.anchor", source);
	return error ? error : check_crl_file(l, &crl->file);
}

static enum sti_error load_sources(const struct loading *l)
{
	const struct config *config = l->config;
	struct trust_plan *plan = l->plan;
	enum sti_error error = STI_OK;

	plan->source = arena_alloc(&plan->arena, config->n_list + config->n_crl, sizeof(*plan->source));
	if (!plan->source)
		return STI_E_MEMORY;
	for (size_t i = 0; !error && i < config->n_list; i++)
		error = load_list(l, &config->list[i], &plan->source[plan->n_source++]);
	for (size_t i = 0; !error && i < config->n_crl; i++)
		error = load_crl(l, &config->crl[i], &plan->source[plan->n_source++]);
	return error;
}

/* ---- the plan ---- */

static enum sti_error fill_cell(struct trust_plan *plan)
{
	const struct trust_parts parts = {.roots = plan->roots};
	struct trust_snapshot *snapshot;
	enum sti_error error = trust_snapshot_assemble(&parts, 0, &snapshot);

	if (error)
		return error;
	error = trust_cell_open(snapshot, &plan->cell);
	if (error)
		trust_snapshot_unref(snapshot);
	return error;
}

static enum sti_error load(const struct loading *l)
{
	struct trust_plan *plan = l->plan;
	enum sti_error error = load_roots(l);

	if (!copy_text(plan, l->config->state, &plan->state) || !copy_text(plan, l->config->fetch_ca, &plan->ca_file))
		return STI_E_MEMORY;
	if (!error)
		error = load_sources(l);
	return error ? error : fill_cell(plan);
}

enum sti_error trust_plan_load(const struct config *config, struct trust_plan **out, struct config_message *message)
{
	struct trust_plan *plan = calloc(1, sizeof(*plan));
	enum sti_error error;

	if (!plan)
		return STI_E_MEMORY;
	atomic_init(&plan->refs, 1);
	error = load(&(struct loading){config, plan, message});
	if (error)
		trust_plan_unref(plan);
	else
		*out = plan;
	return error;
}

struct trust_plan *trust_plan_ref(struct trust_plan *plan)
{
	atomic_fetch_add_explicit(&plan->refs, 1, memory_order_relaxed);
	return plan;
}

void trust_plan_unref(struct trust_plan *plan)
{
	if (!plan || atomic_fetch_sub_explicit(&plan->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < plan->n_source; i++) {
		anchor_free(plan->source[i].anchor);
		chain_free(&plan->source[i].signer);
	}
	sti_roots_free(plan->roots);
	trust_cell_close(plan->cell);
	arena_free(&plan->arena);
	free(plan);
}
