/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/world.h"

#include <sti/credential.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/clock.h"
#include "base/hex.h"
#include "base/limits.h"
#include "cmd/command.h"
#include "store/file.h"

enum {
	PEM_MAX = 4 * 1024 * 1024,
	SECRET_MAX = 64 * 1024,
	NATIONAL_MIN = 4, /* digits of a national number, E.164 6.2.1: 15 less the country code */
	NATIONAL_MAX = 14,
};

/* A world while it is loaded. */
struct loading {
	struct world *world;
	struct config_message *message;
};

/* at: the field of the configuration that names the file; its line is told. */
static enum sti_error say(const struct loading *l, enum sti_error error, const char *const *at, const char *what,
			  const char *why)
{
	l->message->line = config_line(l->world->config, at);
	snprintf(l->message->text, sizeof(l->message->text), "%s: %s: %s", what, *at, why);
	return error;
}

static enum sti_error say_file(const struct loading *l, enum sti_error error, const char *const *at, const char *what)
{
	return say(l, error, at, what, error_why(error));
}

/* Memory that lives as long as the world; NULL when there is none. */
static void *world_alloc(struct world *world, size_t n, size_t size)
{
	void **owned = realloc(world->owned, (world->n_owned + 1) * sizeof(*owned));

	if (!owned)
		return NULL;
	world->owned = owned;
	owned[world->n_owned] = calloc(n + 1, size);
	return owned[world->n_owned] ? owned[world->n_owned++] : NULL;
}

static enum sti_error read_pem(const struct loading *l, const char *what, const char *const *at, struct buf *out)
{
	enum sti_error error;

	*out = buf_own(PEM_MAX);
	error = file_read(*at, PEM_MAX, out);
	return error ? say_file(l, error, at, what) : STI_OK;
}

static enum sti_error read_secret(const struct loading *l, const char *what, const char *const *at, struct buf *out)
{
	const char *why = "";
	enum sti_error error;

	*out = buf_own(SECRET_MAX);
	error = file_read_secret(*at, SECRET_MAX, out, &why);
	if (error == STI_E_DENIED)
		return say(l, error, at, what, why);
	return error ? say_file(l, error, at, what) : STI_OK;
}

static struct sti_span *spans_of(struct world *world, const char **text, size_t n)
{
	struct sti_span *span = world_alloc(world, n, sizeof(*span));

	for (size_t i = 0; span && i < n; i++)
		span[i] = sti_span_str(text[i]);
	return span;
}

/* prefix may be missing in a configuration without the role. */
static const char *join_path(struct world *world, const char *prefix, const char *name)
{
	size_t size = strlen(prefix ? prefix : "") + strlen(name) + 1;
	char *path = world_alloc(world, size, 1);

	if (path)
		snprintf(path, size, "%s%s", prefix ? prefix : "", name);
	return path;
}

static enum sti_error load_paths(struct world *world)
{
	world->gate = (struct gate){world->config->permit, world->config->n_permit};
	world->path_signing = join_path(world, world->config->as.prefix, "/signing");
	world->path_verification = join_path(world, world->config->vs.prefix, "/verification");
	return world->path_signing && world->path_verification ? STI_OK : STI_E_MEMORY;
}

static enum sti_error load_discover(struct world *world)
{
	const struct config *config = world->config;
	struct discover_entry *entry = world_alloc(world, config->n_route, sizeof(*entry));

	if (!entry)
		return STI_E_MEMORY;
	for (size_t i = 0; i < config->n_route; i++)
		entry[i] = (struct discover_entry){sti_span_str(config->route[i].prefix),
						   sti_span_str(config->route[i].cps)};
	return discover_create(entry, config->n_route, &world->discover);
}

/* The certificate in the file must be that of the key, and a SHAKEN signer's. */
static enum sti_error check_certificate(const struct loading *l, const struct config_signer *config,
					struct world_signer *signer)
{
	const struct sti_roots *roots = l->world->trust->roots;
	struct sti_credential *credential = NULL;
	struct buf pem;
	enum sti_error error = read_pem(l, "as.signer.certificate", &config->certificate, &pem);

	if (!error) {
		error = sti_credential_parse(buf_span(&pem), roots, clock_now(), &credential);
		if (error)
			say_file(l, error, &config->certificate, "as.signer.certificate");
	}
	buf_free(&pem);
	if (error)
		return error;
	signer->from = sti_credential_from(credential);
	signer->until = sti_credential_until(credential);
	if (!sti_key_matches(signer->key, sti_credential_key(credential)))
		error = say(l, STI_E_KEY, &config->key, "as.signer.key",
			    "is not the key of the certificate in as.signer.certificate");
	sti_credential_free(credential);
	return error;
}

static enum sti_error load_signer(const struct loading *l, size_t i)
{
	const struct config_signer *config = &l->world->config->as.signer[i];
	struct world_signer *signer = &l->world->signer[i];
	struct url url;
	struct buf pem;
	enum sti_error error = read_secret(l, "as.signer.key", &config->key, &pem);

	if (!error) {
		error = sti_key_parse(buf_span(&pem), &signer->key);
		if (error)
			say(l, error, &config->key, "as.signer.key", "not a P-256 private key in PEM (RFC 7518 3.4)");
	}
	buf_free(&pem);
	if (!error && gate_check_url(&l->world->gate, sti_span_str(config->x5u), &url))
		error = say(l, STI_E_CONFIG, &config->x5u, "as.signer.x5u",
			    "nobody may fetch that, expected port 443 or 8443 (ATIS-1000074 5.3.1), or fetch.permit");
	signer->name = config->name;
	signer->x5u = sti_span_str(config->x5u);
	return error ? error : check_certificate(l, config, signer);
}

static enum sti_error load_signers(const struct loading *l)
{
	struct world *world = l->world;
	const struct config_as *config = &world->config->as;
	struct authority_signer *view = world_alloc(world, config->n_signer, sizeof(*view));
	enum sti_error error = STI_OK;

	world->signer = world_alloc(world, config->n_signer, sizeof(*world->signer));
	if (!view || !world->signer)
		return STI_E_MEMORY;
	for (size_t i = 0; !error && i < config->n_signer; i++) {
		const struct config_signer *from = &config->signer[i];

		view[i] = (struct authority_signer){
			sti_span_str(from->name), spans_of(world, from->numbers, from->n_numbers),
			from->n_numbers,          spans_of(world, from->trunks, from->n_trunks),
			from->n_trunks,
		};
		error = view[i].number && view[i].trunk ? load_signer(l, i) : STI_E_MEMORY;
	}
	world->authority.signer = view;
	world->authority.n_signer = config->n_signer;
	return error;
}

static enum sti_error load_token(const struct loading *l, const char *const *file, struct authority_client *client)
{
	uint8_t *digest = world_alloc(l->world, DIGEST_SHA256, 1);
	struct buf text;
	struct sti_span token;
	enum sti_error error = read_secret(l, "as.client.token_file", file, &text);

	if (!error) {
		token = buf_span(&text);
		while (token.n && (token.p[token.n - 1] == '\n' || token.p[token.n - 1] == '\r'))
			token.n--;
		error = !digest ? STI_E_MEMORY : digest_sha256(token, digest);
		client->token = sti_span(digest, DIGEST_SHA256);
		if (!error && token.n < 16)
			error = say(l, STI_E_CONFIG, file, "as.client.token_file",
				    "the token is too short, expected 16 characters or more");
	}
	buf_free(&text);
	return error;
}

static enum sti_error load_client(const struct loading *l, const struct config_client *from,
				  struct authority_client *to)
{
	struct world *world = l->world;
	struct address_range *range = world_alloc(world, from->n_addresses, sizeof(*range));
	uint8_t *certificate = world_alloc(world, DIGEST_SHA256, 1);
	enum sti_error error = STI_OK;

	*to = (struct authority_client){
		.name = sti_span_str(from->name),
		.address = range,
		.n_address = from->n_addresses,
		.number = spans_of(world, from->numbers, from->n_numbers),
		.n_number = from->n_numbers,
		.attest_max = from->attest_max ? from->attest_max[0] : 'A',
		.signer = sti_span_str(from->signer),
	};
	if (!range || !certificate || !to->number)
		return STI_E_MEMORY;
	for (size_t i = 0; !error && i < from->n_addresses; i++)
		error = address_range_parse(sti_span_str(from->addresses[i]), &range[i]);
	if (!error && from->certificate_sha256) {
		error = hex_decode(sti_span_str(from->certificate_sha256), certificate, DIGEST_SHA256);
		to->certificate = sti_span(certificate, DIGEST_SHA256);
	}
	if (error)
		return say(l, STI_E_CONFIG, &from->name, "as.client", "address or certificate_sha256 cannot be read");
	return from->token_file ? load_token(l, &from->token_file, to) : STI_OK;
}

static enum sti_error load_clients(const struct loading *l)
{
	struct world *world = l->world;
	const struct config_as *config = &world->config->as;
	struct authority_client *view = world_alloc(world, config->n_client, sizeof(*view));
	enum sti_error error = view ? STI_OK : STI_E_MEMORY;

	for (size_t i = 0; !error && i < config->n_client; i++)
		error = load_client(l, &config->client[i], &view[i]);
	world->authority.client = view;
	world->authority.n_client = config->n_client;
	return error;
}

static enum sti_error load_place(struct world *world)
{
	const struct config_cps *config = &world->config->cps;

	world->place = (struct place_policy){
		.freshness = config->freshness,
		.skew = config->skew,
		.type = spans_of(world, config->types, config->n_types),
		.n_type = config->n_types,
	};
	return world->place.type ? STI_OK : STI_E_MEMORY;
}

/* What is served must be certificates and nothing else, least of all a key. */
static enum sti_error check_served(const struct loading *l, const struct config_file_name *from, const struct buf *pem)
{
	const struct sti_roots *roots = l->world->trust->roots;
	struct sti_credential *credential;
	enum sti_error error = sti_credential_parse(buf_span(pem), roots, clock_now(), &credential);

	if (error)
		return say_file(l, error, &from->file, "cr.certificate");
	sti_credential_free(credential);
	return STI_OK;
}

static enum sti_error load_certificates(const struct loading *l)
{
	struct world *world = l->world;
	const struct config_cr *config = &world->config->cr;
	enum sti_error error = STI_OK;

	world->certificate = world_alloc(world, config->n_certificate, sizeof(*world->certificate));
	if (!world->certificate)
		return STI_E_MEMORY;
	for (; !error && world->n_certificate < config->n_certificate; world->n_certificate++) {
		const struct config_file_name *from = &config->certificate[world->n_certificate];
		struct world_certificate *to = &world->certificate[world->n_certificate];

		to->name = sti_span_str(from->name);
		error = read_pem(l, "cr.certificate", &from->file, &to->pem);
		if (!error)
			error = check_served(l, from, &to->pem);
	}
	return error;
}

static enum sti_error make_tls(const struct config_listen *listen, const struct buf pem[3], struct tls_server **out)
{
	struct tls_server_config config = {
		.certificate = buf_span(&pem[0]),
		.key = buf_span(&pem[1]),
		.client_ca = listen->client_ca ? buf_span(&pem[2]) : sti_span(NULL, 0),
		.client_required = listen->client_required,
	};

	return tls_server_create(&config, out);
}

static enum sti_error load_tls(const struct loading *l, const char *role, const struct config_listen *listen,
			       struct tls_server **out)
{
	struct buf pem[3] = {{0}, {0}, {0}};
	enum sti_error error;

	if (!listen->tls_certificate)
		return STI_OK;
	error = read_pem(l, "tls_certificate", &listen->tls_certificate, &pem[0]);
	if (!error)
		error = read_secret(l, "tls_key", &listen->tls_key, &pem[1]);
	if (!error && listen->client_ca)
		error = read_pem(l, "client_ca", &listen->client_ca, &pem[2]);
	if (!error) {
		error = make_tls(listen, pem, out);
		if (error)
			say(l, error, &listen->tls_certificate, role,
			    "certificate, key and client_ca do not make a TLS server, expected a PEM chain and its own "
			    "key");
	}
	for (size_t i = 0; i < 3; i++)
		buf_free(&pem[i]);
	return error;
}

static enum sti_error load_listeners(const struct loading *l)
{
	struct world *world = l->world;
	const struct config *config = world->config;
	const struct {
		bool on;
		const char *role;
		const struct config_listen *listen;
		struct tls_server **to;
	} row[] = {
		{config->as.on, "as", &config->as.listen, &world->tls_as},
		{config->vs.on, "vs", &config->vs.listen, &world->tls_vs},
		{config->cps.on, "cps", &config->cps.listen, &world->tls_cps},
		{config->cps.on, "cps.private", &config->cps.private_listen, &world->tls_private},
		{config->cr.on, "cr", &config->cr.listen, &world->tls_cr},
	};
	enum sti_error error = STI_OK;

	for (size_t i = 0; !error && i < sizeof(row) / sizeof(row[0]); i++)
		if (row[i].on)
			error = load_tls(l, row[i].role, row[i].listen, row[i].to);
	return error;
}

/* The clients read the file by its name; what is kept tells whether it has changed. */
static enum sti_error load_ca(const struct loading *l, const char *what, const char *const *at, struct buf *out)
{
	enum sti_error error = read_pem(l, what, at, out);

	if (!error && !tls_is_ca(buf_span(out)))
		error = say(l, STI_E_CERT, at, what, "expected certificates in PEM");
	return error;
}

static enum sti_error load_secrets(const struct loading *l)
{
	struct world *world = l->world;
	const struct config *config = world->config;
	enum sti_error error = STI_OK;

	if (config->number_key)
		error = read_secret(l, "number_key", &config->number_key, &world->number_key);
	if (!error && config->vs.oob_key)
		error = read_secret(l, "vs.oob_key", &config->vs.oob_key, &world->oob_key);
	if (!error && config->vs.oob_certificate)
		error = read_pem(l, "vs.oob_certificate", &config->vs.oob_certificate, &world->oob_certificate);
	if (!error && config->vs.oob_key && !tls_is_pair(buf_span(&world->oob_certificate), buf_span(&world->oob_key)))
		error = say(l, STI_E_KEY, &config->vs.oob_key, "vs.oob_key", "is not the key of vs.oob_certificate");
	if (!error && config->fetch_ca)
		error = load_ca(l, "fetch.ca", &config->fetch_ca, &world->fetch_ca);
	if (!error && config->vs.oob_ca)
		error = load_ca(l, "vs.oob_ca", &config->vs.oob_ca, &world->oob_ca);
	return error;
}

/* What a leading + does not settle is settled by the country we stand in. */
static void set_plan(struct world *world)
{
	const struct config *config = world->config;

	world->plan = sti_tn_plan_nanp;
	if (strcmp(config->country_code, "1") == 0)
		return;
	world->plan = (struct sti_tn_plan){
		.country_code = config->country_code,
		.trunk_prefix = config->trunk_prefix,
		.international_prefix = "00",
		.national_min = config->trunk_prefix[0] ? NATIONAL_MIN : 1,
		.national_max = config->trunk_prefix[0] ? NATIONAL_MAX : 0,
	};
}

static enum sti_error load(const struct loading *l)
{
	const struct config *config = l->world->config;
	enum sti_error error = trust_plan_load(config, &l->world->trust, l->message);

	set_plan(l->world);
	if (!error)
		error = load_paths(l->world);
	if (!error)
		error = load_discover(l->world);
	if (!error && config->as.on)
		error = load_signers(l);
	if (!error && config->as.on)
		error = load_clients(l);
	if (!error)
		error = load_place(l->world);
	if (!error && config->cr.on)
		error = load_certificates(l);
	if (!error)
		error = load_secrets(l);
	return error ? error : load_listeners(l);
}

enum sti_error world_load(const char *file, uint64_t generation, struct world **out, struct config_message *message)
{
	struct world *world = calloc(1, sizeof(*world));
	enum sti_error error;

	if (!world)
		return STI_E_MEMORY;
	world->refs = 1;
	world->generation = generation;
	error = config_parse(file, &world->config, message);
	if (!error)
		error = load(&(struct loading){world, message});
	if (!error) {
		*out = world;
		return STI_OK;
	}
	if (!message->text[0])
		snprintf(message->text, sizeof(message->text), "%s", sti_error_text(error));
	world_unref(world);
	return error;
}

struct world *world_ref(struct world *world)
{
	world->refs++;
	return world;
}

struct trust_snapshot *world_take_trust(const struct world *world)
{
	return trust_cell_take(world->trust->cell);
}

static void free_keys(struct world *world)
{
	for (size_t i = 0; world->signer && i < world->authority.n_signer; i++)
		sti_key_free(world->signer[i].key);
	for (size_t i = 0; i < world->n_certificate; i++)
		buf_free(&world->certificate[i].pem);
	buf_free(&world->oob_certificate);
	buf_free(&world->fetch_ca);
	buf_free(&world->oob_ca);
	buf_free(&world->oob_key);
	buf_free(&world->number_key);
}

void world_unref(struct world *world)
{
	if (!world || --world->refs)
		return;
	free_keys(world);
	tls_server_unref(world->tls_as);
	tls_server_unref(world->tls_vs);
	tls_server_unref(world->tls_cps);
	tls_server_unref(world->tls_private);
	tls_server_unref(world->tls_cr);
	discover_free(world->discover);
	trust_plan_unref(world->trust);
	for (size_t i = 0; i < world->n_owned; i++)
		free(world->owned[i]);
	free(world->owned);
	config_free(world->config);
	free(world);
}

void world_complain(const char *file, const struct config_message *message)
{
	if (message->line)
		fprintf(stderr, "%s:%u: %s\n", file, message->line, message->text);
	else
		fprintf(stderr, "%s: %s\n", file, message->text);
}
