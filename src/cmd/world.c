/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/world.h"

#include <errno.h>
#include <sti/credential.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/clock.h"
#include "base/hex.h"
#include "base/limits.h"
#include "store/file.h"

enum { PEM_MAX = 4 * 1024 * 1024, SECRET_MAX = 64 * 1024 };

static enum sti_error say(struct config_message *message, enum sti_error error, const char *what, const char *file,
			  const char *why)
{
	message->line = 0;
	snprintf(message->text, sizeof(message->text), "%s: %s: %s", what, file, why);
	return error;
}

static enum sti_error say_file(struct config_message *message, enum sti_error error, const char *what, const char *file)
{
	return say(message, error, what, file, error == STI_E_IO ? strerror(errno) : sti_error_text(error));
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

static enum sti_error read_pem(const char *what, const char *file, struct buf *out, struct config_message *message)
{
	enum sti_error error;

	*out = buf_own(PEM_MAX);
	error = file_read(file, PEM_MAX, out);
	return error ? say_file(message, error, what, file) : STI_OK;
}

static enum sti_error read_secret(const char *what, const char *file, struct buf *out, struct config_message *message)
{
	const char *why = "";
	enum sti_error error;

	*out = buf_own(SECRET_MAX);
	error = file_read_secret(file, SECRET_MAX, out, &why);
	if (error == STI_E_DENIED)
		return say(message, error, what, file, why);
	return error ? say_file(message, error, what, file) : STI_OK;
}

static struct sti_span *spans_of(struct world *world, const char **text, size_t n)
{
	struct sti_span *span = world_alloc(world, n, sizeof(*span));

	for (size_t i = 0; span && i < n; i++)
		span[i] = sti_span_str(text[i]);
	return span;
}

static enum sti_error load_trust(struct world *world, struct config_message *message)
{
	const struct config *config = world->config;
	struct buf all = buf_own(PEM_MAX);
	enum sti_error error = STI_OK;

	for (size_t i = 0; !error && i < config->n_roots; i++) {
		error = file_read(config->roots[i], PEM_MAX, &all);
		buf_put_str(&all, "\n");
		if (error)
			say_file(message, error, "trust.roots", config->roots[i]);
	}
	if (!error) {
		error = trust_snapshot_create(buf_span(&all), world->generation, &world->trust);
		if (error)
			say_file(message, error, "trust.roots", config->n_roots ? config->roots[0] : "none");
	}
	buf_free(&all);
	return error;
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
static enum sti_error check_certificate(struct world *world, const struct config_signer *config,
					struct world_signer *signer, struct config_message *message)
{
	struct sti_credential *credential = NULL;
	struct buf pem;
	enum sti_error error = read_pem("as.signer.certificate", config->certificate, &pem, message);

	if (!error) {
		error = sti_credential_parse(buf_span(&pem), trust_snapshot_roots(world->trust), clock_now(), &credential);
		if (error)
			say_file(message, error, "as.signer.certificate", config->certificate);
	}
	buf_free(&pem);
	if (error)
		return error;
	signer->from = sti_credential_from(credential);
	signer->until = sti_credential_until(credential);
	if (!sti_key_matches(signer->key, sti_credential_key(credential)))
		error = say(message, STI_E_KEY, "as.signer.key", config->key,
			    "is not the key of the certificate in as.signer.certificate");
	sti_credential_free(credential);
	return error;
}

static enum sti_error load_signer(struct world *world, size_t i, struct config_message *message)
{
	const struct config_signer *config = &world->config->as.signer[i];
	struct world_signer *signer = &world->signer[i];
	struct buf pem;
	enum sti_error error = read_secret("as.signer.key", config->key, &pem, message);

	if (!error) {
		error = sti_key_parse(buf_span(&pem), &signer->key);
		if (error)
			say(message, error, "as.signer.key", config->key, "not a P-256 private key in PEM (RFC 7518 3.4)");
	}
	buf_free(&pem);
	signer->x5u = sti_span_str(config->x5u);
	return error ? error : check_certificate(world, config, signer, message);
}

static enum sti_error load_signers(struct world *world, struct config_message *message)
{
	const struct config_as *config = &world->config->as;
	struct authority_signer *view = world_alloc(world, config->n_signer, sizeof(*view));
	enum sti_error error = STI_OK;

	world->signer = world_alloc(world, config->n_signer, sizeof(*world->signer));
	if (!view || !world->signer)
		return STI_E_MEMORY;
	for (size_t i = 0; !error && i < config->n_signer; i++) {
		const struct config_signer *from = &config->signer[i];

		view[i] = (struct authority_signer){
			sti_span_str(from->name),
			spans_of(world, from->numbers, from->n_numbers),
			from->n_numbers,
			spans_of(world, from->trunks, from->n_trunks),
			from->n_trunks,
		};
		error = view[i].number && view[i].trunk ? load_signer(world, i, message) : STI_E_MEMORY;
	}
	world->authority.signer = view;
	world->authority.n_signer = config->n_signer;
	return error;
}

static enum sti_error load_token(struct world *world, const char *file, struct authority_client *client,
				 struct config_message *message)
{
	uint8_t *digest = world_alloc(world, DIGEST_SHA256, 1);
	struct buf text;
	struct sti_span token;
	enum sti_error error = read_secret("as.client.token_file", file, &text, message);

	if (!error) {
		token = buf_span(&text);
		while (token.n && (token.p[token.n - 1] == '\n' || token.p[token.n - 1] == '\r'))
			token.n--;
		error = !digest ? STI_E_MEMORY : digest_sha256(token, digest);
		client->token = sti_span(digest, DIGEST_SHA256);
		if (!error && token.n < 16)
			error = say(message, STI_E_CONFIG, "as.client.token_file", file,
				    "the token is too short, expected 16 characters or more");
	}
	buf_free(&text);
	return error;
}

static enum sti_error load_client(struct world *world, const struct config_client *from, struct authority_client *to,
				  struct config_message *message)
{
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
		return say(message, STI_E_CONFIG, "as.client", from->name, "address or certificate_sha256 cannot be read");
	return from->token_file ? load_token(world, from->token_file, to, message) : STI_OK;
}

static enum sti_error load_clients(struct world *world, struct config_message *message)
{
	const struct config_as *config = &world->config->as;
	struct authority_client *view = world_alloc(world, config->n_client, sizeof(*view));
	enum sti_error error = view ? STI_OK : STI_E_MEMORY;

	for (size_t i = 0; !error && i < config->n_client; i++)
		error = load_client(world, &config->client[i], &view[i], message);
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
static enum sti_error check_served(struct world *world, const struct config_file_name *from, const struct buf *pem,
				   struct config_message *message)
{
	struct sti_credential *credential;
	enum sti_error error =
		sti_credential_parse(buf_span(pem), trust_snapshot_roots(world->trust), clock_now(), &credential);

	if (error)
		return say_file(message, error, "cr.certificate", from->file);
	sti_credential_free(credential);
	return STI_OK;
}

static enum sti_error load_certificates(struct world *world, struct config_message *message)
{
	const struct config_cr *config = &world->config->cr;
	enum sti_error error = STI_OK;

	world->certificate = world_alloc(world, config->n_certificate, sizeof(*world->certificate));
	if (!world->certificate)
		return STI_E_MEMORY;
	for (; !error && world->n_certificate < config->n_certificate; world->n_certificate++) {
		const struct config_file_name *from = &config->certificate[world->n_certificate];
		struct world_certificate *to = &world->certificate[world->n_certificate];

		to->name = sti_span_str(from->name);
		error = read_pem("cr.certificate", from->file, &to->pem, message);
		if (!error)
			error = check_served(world, from, &to->pem, message);
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

static enum sti_error load_tls(const char *role, const struct config_listen *listen, struct tls_server **out,
			       struct config_message *message)
{
	struct buf pem[3] = {{0}, {0}, {0}};
	enum sti_error error;

	if (!listen->tls_certificate)
		return STI_OK;
	error = read_pem("tls_certificate", listen->tls_certificate, &pem[0], message);
	if (!error)
		error = read_secret("tls_key", listen->tls_key, &pem[1], message);
	if (!error && listen->client_ca)
		error = read_pem("client_ca", listen->client_ca, &pem[2], message);
	if (!error) {
		error = make_tls(listen, pem, out);
		if (error)
			say(message, error, role, listen->tls_certificate,
			    "certificate, key and client_ca do not make a TLS server, expected a PEM chain and its own key");
	}
	for (size_t i = 0; i < 3; i++)
		buf_free(&pem[i]);
	return error;
}

static enum sti_error load_listeners(struct world *world, struct config_message *message)
{
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
			error = load_tls(row[i].role, row[i].listen, row[i].to, message);
	return error;
}

static enum sti_error load_secrets(struct world *world, struct config_message *message)
{
	const struct config *config = world->config;
	enum sti_error error = STI_OK;

	if (config->number_key)
		error = read_secret("number_key", config->number_key, &world->number_key, message);
	if (!error && config->vs.oob_key)
		error = read_secret("vs.oob_key", config->vs.oob_key, &world->oob_key, message);
	if (!error && config->vs.oob_certificate)
		error = read_pem("vs.oob_certificate", config->vs.oob_certificate, &world->oob_certificate, message);
	return error;
}

/* What a leading + does not settle is settled by the country we stand in. */
static void set_plan(struct world *world)
{
	if (strcmp(world->config->country_code, "1") == 0) {
		world->plan = sti_tn_plan_nanp;
		return;
	}
	world->plan = (struct sti_tn_plan){
		.country_code = world->config->country_code,
		.trunk_prefix = "0",
		.international_prefix = "00",
	};
}

static enum sti_error load(struct world *world, struct config_message *message)
{
	enum sti_error error = load_trust(world, message);

	set_plan(world);
	if (!error)
		error = load_paths(world);
	if (!error)
		error = load_discover(world);
	if (!error && world->config->as.on)
		error = load_signers(world, message);
	if (!error && world->config->as.on)
		error = load_clients(world, message);
	if (!error)
		error = load_place(world);
	if (!error && world->config->cr.on)
		error = load_certificates(world, message);
	if (!error)
		error = load_secrets(world, message);
	return error ? error : load_listeners(world, message);
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
		error = load(world, message);
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

static void free_keys(struct world *world)
{
	for (size_t i = 0; world->signer && i < world->authority.n_signer; i++)
		sti_key_free(world->signer[i].key);
	for (size_t i = 0; i < world->n_certificate; i++)
		buf_free(&world->certificate[i].pem);
	buf_free(&world->oob_certificate);
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
	trust_snapshot_unref(world->trust);
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
