/* SPDX-License-Identifier: Apache-2.0 */
#include "app/rules.h"

#include "app/listen_address.h"
#include "base/limits.h"
#include "trust/snapshot.h"

/* A rule gives the field that breaks it, or NULL. */
typedef const void *rule_fn(const struct config *config);

static const void *no_role(const struct config *c)
{
	return c->as.on || c->vs.on || c->cps.on || c->cr.on ? NULL : c;
}

static bool leaves_host(struct sti_span address)
{
	return !listen_address_is_unix(address) && !listen_address_is_loopback(address);
}

static const void *admin_reachable(const struct config *c)
{
	for (size_t i = 0; i < c->n_admin; i++)
		if (leaves_host(sti_span_str(c->admin[i])))
			return &c->admin;
	return NULL;
}

/* --- listeners --- */

static const struct config_listen *listener(const struct config *c, size_t i)
{
	const struct config_listen *all[] = {&c->as.listen, &c->vs.listen, &c->cps.listen, &c->cps.private_listen,
					     &c->cr.listen};

	return i < sizeof(all) / sizeof(all[0]) ? all[i] : NULL;
}

static const void *certificate_without_key(const struct config *c)
{
	const struct config_listen *l;

	for (size_t i = 0; (l = listener(c, i)); i++)
		if (l->tls_certificate && !l->tls_key)
			return &l->tls_certificate;
	return NULL;
}

static const void *key_without_certificate(const struct config *c)
{
	const struct config_listen *l;

	for (size_t i = 0; (l = listener(c, i)); i++)
		if (l->tls_key && !l->tls_certificate)
			return &l->tls_key;
	return NULL;
}

static const void *client_ca_without_tls(const struct config *c)
{
	const struct config_listen *l;

	for (size_t i = 0; (l = listener(c, i)); i++)
		if (l->client_ca && !l->tls_certificate)
			return &l->client_ca;
	return NULL;
}

static const void *required_without_client_ca(const struct config *c)
{
	const struct config_listen *l;

	for (size_t i = 0; (l = listener(c, i)); i++)
		if (l->client_required && !l->client_ca)
			return &l->client_required;
	return NULL;
}

static const void *plain_beyond_host(const struct config *c)
{
	const struct config_listen *l;

	for (size_t i = 0; (l = listener(c, i)); i++)
		for (size_t k = 0; k < l->n_address; k++)
			if (!l->tls_certificate && leaves_host(sti_span_str(l->address[k])))
				return &l->address;
	return NULL;
}

static const void *public_without_tls(const struct config *c)
{
	return c->cps.on && !c->cps.listen.tls_certificate ? &c->cps.listen.address : NULL;
}

static const void *private_without_client_ca(const struct config *c)
{
	const struct config_listen *l = &c->cps.private_listen;

	for (size_t i = 0; i < l->n_address; i++)
		if (!l->client_ca && !listen_address_is_unix(sti_span_str(l->address[i])))
			return &l->address;
	return NULL;
}

/* Port 0 is another port each time. */
static bool same_address(const char *a, const char *b)
{
	size_t n = strlen(a);

	return strcmp(a, b) == 0 && strcmp(a + (n > 2 ? n - 2 : 0), ":0") != 0;
}

static const void *same_address_twice(const struct config *c)
{
	const struct config_listen *a, *b;

	for (size_t i = 0; (a = listener(c, i)); i++)
		for (size_t k = 0; k < a->n_address; k++)
			for (size_t j = i; (b = listener(c, j)); j++)
				for (size_t m = j == i ? k + 1 : 0; m < b->n_address; m++)
					if (same_address(a->address[k], b->address[m]))
						return &b->address;
	return NULL;
}

/* --- as --- */

static const void *no_signer(const struct config *c)
{
	return c->as.on && c->as.n_signer == 0 ? &c->as : NULL;
}

static const void *client_unknowable(const struct config *c)
{
	for (size_t i = 0; i < c->as.n_client; i++) {
		const struct config_client *client = &c->as.client[i];

		if (!client->n_addresses && !client->certificate_sha256 && !client->token_file)
			return client;
	}
	return NULL;
}

static const void *client_certificate_not_asked(const struct config *c)
{
	for (size_t i = 0; i < c->as.n_client; i++)
		if (c->as.client[i].certificate_sha256 && !c->as.listen.client_ca)
			return &c->as.client[i].certificate_sha256;
	return NULL;
}

static bool is_signer(const struct config_as *as, const char *name)
{
	for (size_t i = 0; i < as->n_signer; i++)
		if (strcmp(as->signer[i].name, name) == 0)
			return true;
	return false;
}

static const void *signer_unknown(const struct config *c)
{
	for (size_t i = 0; i < c->as.n_client; i++)
		if (c->as.client[i].signer && !is_signer(&c->as, c->as.client[i].signer))
			return &c->as.client[i].signer;
	return NULL;
}

/* --- lists and CRLs --- */

static bool is_ca_list(const struct config_list *list)
{
	return strcmp(list->kind, "ca-list") == 0;
}

static const void *too_many_sources(const struct config *c)
{
	if (c->n_list + c->n_crl <= LIMIT_SOURCES)
		return NULL;
	return c->n_list ? (const void *)&c->list[c->n_list - 1] : &c->crl[c->n_crl - 1];
}

static const void *too_many_mappings(const struct config *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_list; i++)
		if (!is_ca_list(&c->list[i]) && ++n > TRUST_MAPPINGS)
			return &c->list[i];
	return NULL;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* They would share one high-water mark. */
static const void *list_twice(const struct config *c)
{
	for (size_t i = 0; i < c->n_list; i++)
		for (size_t k = 0; k < i; k++)
			if (same_text(c->list[i].kind, c->list[k].kind) && same_text(c->list[i].url, c->list[k].url) &&
			    same_text(c->list[i].user, c->list[k].user))
				return &c->list[i];
	return NULL;
}

static const void *crl_twice(const struct config *c)
{
	for (size_t i = 0; i < c->n_crl; i++)
		for (size_t k = 0; k < i; k++)
			if (c->crl[i].url && same_text(c->crl[i].url, c->crl[k].url))
				return &c->crl[i];
	return NULL;
}

static const void *no_state(const struct config *c)
{
	if (c->state)
		return NULL;
	if (c->n_list)
		return &c->list[0];
	for (size_t i = 0; i < c->n_crl; i++)
		if (c->crl[i].url)
			return &c->crl[i];
	return NULL;
}

static const void *crl_from_nowhere(const struct config *c)
{
	for (size_t i = 0; i < c->n_crl; i++)
		if (!c->crl[i].url == !c->crl[i].file)
			return &c->crl[i];
	return NULL;
}

static const void *half_login(const struct config *c)
{
	for (size_t i = 0; i < c->n_list; i++) {
		const struct config_list *l = &c->list[i];

		if (!l->login != !l->password_file || (l->login && !l->user))
			return l;
	}
	return NULL;
}

static const void *login_and_token(const struct config *c)
{
	for (size_t i = 0; i < c->n_list; i++)
		if (c->list[i].login && c->list[i].token_file)
			return &c->list[i].token_file;
	return NULL;
}

/* --- vs, cps, cr --- */

static const void *no_roots(const struct config *c)
{
	if (c->n_roots)
		return NULL;
	for (size_t i = 0; i < c->n_list; i++)
		if (is_ca_list(&c->list[i]))
			return NULL;
	return c->vs.on ? (const void *)&c->vs : c->cps.on ? &c->cps : NULL;
}

static const void *wait_over_budget(const struct config *c)
{
	return c->vs.on && c->vs.wait_ms > c->vs.budget_ms ? &c->vs.wait_ms : NULL;
}

static const void *local_without_cps(const struct config *c)
{
	return c->vs.on && !c->cps.on && strcmp(c->vs.out_of_band, "local") == 0 ? &c->vs.out_of_band : NULL;
}

static const void *oob_half_credential(const struct config *c)
{
	if (!c->vs.oob_certificate == !c->vs.oob_key)
		return NULL;
	return c->vs.oob_certificate ? &c->vs.oob_certificate : &c->vs.oob_key;
}

/* The private listener of a cps knows its clients by certificate. */
static const void *oob_without_credential(const struct config *c)
{
	bool remote = c->vs.on && sti_span_is_nocase(sti_span_first(sti_span_str(c->vs.out_of_band), 8), "https://");

	return remote && !c->vs.oob_certificate ? &c->vs.out_of_band : NULL;
}

static const void *no_certificate(const struct config *c)
{
	return c->cr.on && c->cr.n_certificate == 0 ? &c->cr : NULL;
}

static const struct rule {
	rule_fn *broken;
	const char *text;
} rules[] = {
	{no_role, "there is no role, expected at least one of the sections as, vs, cps, cr"},
	{admin_reachable, "admin: an address that others can reach, expected loopback or unix:/path"},
	{certificate_without_key, "tls_certificate: there is no tls_key, expected both or neither"},
	{key_without_certificate, "tls_key: there is no tls_certificate, expected both or neither"},
	{client_ca_without_tls, "client_ca: there is no tls_certificate, expected TLS where clients show certificates"},
	{required_without_client_ca, "client_required: there is no client_ca, expected who vouches for clients"},
	{public_without_tls, "cps.listen: there is no tls_certificate, expected TLS on the public listener"},
	{private_without_client_ca,
	 "cps.private.listen: a TCP address without client_ca, expected unix:/path, or TLS with client_ca"},
	{plain_beyond_host,
	 "listen: a plain address that others can reach, expected TLS on everything that leaves the host"},
	{same_address_twice, "listen: an address that is listened on already"},
	{no_signer, "as.signer: there is none, expected at least one"},
	{client_unknowable, "as.client: nothing to know it by, expected addresses, certificate_sha256 or token_file"},
	{client_certificate_not_asked,
	 "as.client.certificate_sha256: there is no as.client_ca, so no client is asked for a certificate"},
	{signer_unknown, "as.client.signer: there is no signer of that name"},
	{too_many_sources, "list, crl: too many, expected no more than 64 together"},
	{too_many_mappings, "list: too many of kind cps-mapping, expected no more than 32"},
	{list_twice, "list: there is one of this kind, url and user already"},
	{crl_twice, "crl: there is one of this url already"},
	{no_state, "trust.state: missing, expected a folder to keep what is fetched and how far each source has got"},
	{crl_from_nowhere, "crl: expected either url or file"},
	{half_login, "list: expected login, user and password_file, or none of login and password_file"},
	{login_and_token, "list.token_file: there is a login, expected one of them"},
	{no_roots,
	 "trust.roots: there are none, expected at least one, or a list of kind ca-list, where PASSporTs are verified"},
	{wait_over_budget, "vs.wait_ms: longer than vs.budget_ms, expected at most that"},
	{local_without_cps,
	 "vs.out_of_band: local without a cps in this process, expected unix:/path, an https URL or off"},
	{oob_half_credential, "vs.oob_certificate, vs.oob_key: one without the other, expected both or neither"},
	{oob_without_credential,
	 "vs.out_of_band: an https URL without vs.oob_certificate, expected a client certificate"},
	{no_certificate, "cr.certificate: there is none, expected at least one"},
};

enum sti_error rules_check(const struct config *config, struct rules_finding *out)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		out->at = rules[i].broken(config);
		out->text = rules[i].text;
		if (out->at)
			return STI_E_CONFIG;
	}
	return STI_OK;
}
