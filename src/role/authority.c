/* SPDX-License-Identifier: Apache-2.0 */
#include "role/authority.h"

#include "base/limits.h"

static bool comes_from(const struct authority_client *client, struct sti_span text)
{
	struct address address;

	if (client->n_address == 0)
		return true;
	if (address_parse(text, &address))
		return false;
	for (size_t i = 0; i < client->n_address; i++)
		if (address_is_in(&address, &client->address[i]))
			return true;
	return false;
}

static bool shows_certificate(const struct authority_client *client, struct sti_span certificate)
{
	return !client->certificate.p || sti_span_equal(client->certificate, certificate);
}

/* Compared as digests, in constant time: nothing is learnt of the token by guessing. */
static bool shows_token(const struct authority_client *client, struct sti_span token)
{
	uint8_t digest[DIGEST_SHA256];

	if (!client->token.p)
		return true;
	return token.p && digest_sha256(token, digest) == STI_OK && digest_equal(digest, client->token.p);
}

static const struct authority_client *find_client(const struct authority *authority,
						  const struct authority_caller *caller)
{
	for (size_t i = 0; i < authority->n_client; i++) {
		const struct authority_client *client = &authority->client[i];

		if (comes_from(client, caller->address) && shows_certificate(client, caller->certificate) &&
		    shows_token(client, caller->token))
			return client;
	}
	return NULL;
}

static bool has_prefix(struct sti_span number, const struct sti_span *prefix, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (sti_span_equal(sti_span_first(number, prefix[i].n), prefix[i]))
			return true;
	return n == 0;
}

static bool is_on(struct sti_span trunk, const struct authority_signer *signer)
{
	for (size_t i = 0; i < signer->n_trunk; i++)
		if (sti_span_equal(signer->trunk[i], trunk))
			return true;
	return signer->n_trunk == 0;
}

static bool serves(const struct authority_signer *signer, struct sti_span wanted, const struct authority_caller *caller,
		   const struct sti_tn *orig)
{
	if (!has_prefix(sti_tn_span(orig), signer->number, signer->n_number))
		return false;
	return wanted.p ? sti_span_equal(signer->name, wanted) : is_on(caller->trunk, signer);
}

/* The first that fits, in the order of the configuration. */
static bool find_signer(const struct authority *authority, struct sti_span wanted,
			const struct authority_caller *caller, const struct sti_tn *orig, size_t *signer)
{
	for (size_t i = 0; i < authority->n_signer; i++) {
		if (serves(&authority->signer[i], wanted, caller, orig)) {
			*signer = i;
			return true;
		}
	}
	return false;
}

enum authority_answer authority_ask(const struct authority *authority, const struct authority_caller *caller,
				    const struct sti_tn *orig, char attest, struct authority_grant *grant)
{
	const struct authority_client *client = find_client(authority, caller);
	struct sti_span wanted = client ? client->signer : sti_span(NULL, 0);

	if (!client && authority->n_client > 0)
		return AUTHORITY_UNKNOWN_CLIENT;
	if (client && !has_prefix(sti_tn_span(orig), client->number, client->n_number))
		return AUTHORITY_NUMBER;
	if (!find_signer(authority, wanted, caller, orig, &grant->signer))
		return AUTHORITY_NO_SIGNER;
	grant->client = client;
	grant->attest = client && client->attest_max > attest ? client->attest_max : attest;
	return AUTHORITY_GRANTED;
}

bool authority_iat_is_current(int64_t iat, int64_t now)
{
	return iat >= now - LIMIT_FRESHNESS_S && iat <= now + LIMIT_FRESHNESS_S;
}
