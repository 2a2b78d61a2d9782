/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_CREDENTIALS_H
#define APP_CREDENTIALS_H

#include <sti/credential.h>

#include "app/metrics.h"
#include "net/http_client.h"
#include "trust/snapshot.h"

/*
 * The signers' credentials by URL: fetched once, parsed once, judged once, then shared by all calls.
 * One fetch in flight per URL; failures are remembered for a short time, so that a dead repository
 * costs one attempt and not one per call. Loop thread only.
 */
struct credentials;

/* A credential in use: it stays whole until the lease ends, whatever the cache does meanwhile. */
struct credential_lease;
const struct sti_credential *credential_lease_of(const struct credential_lease *lease);
void credential_lease_end(struct credential_lease *lease); /* NULL is fine */

struct credentials_config {
	uv_loop_t *loop;
	struct http_client *client; /* outlives the cache, or credentials_set_client */
	struct trust_snapshot *trust; /* a reference is taken */
	struct metrics *metrics;
	unsigned fetch_ms;
	size_t capacity; /* URLs kept; the one least used goes first */
};

/* The lease is the receiver's, NULL with an error: STI_E_URL and STI_E_DENIED are the gate's,
 * everything else means that the certificate is not to be had. */
typedef void credentials_done(void *context, struct credential_lease *lease, enum sti_error error);

enum sti_error credentials_create(const struct credentials_config *config, struct credentials **out);

/* Ends every question with STI_E_NETWORK. */
void credentials_free(struct credentials *credentials);

/* done is called once, at once when it is known. now: seconds of the epoch. */
void credentials_get(struct credentials *credentials, struct sti_span url, int64_t now, credentials_done *done,
		     void *context);

/* What was fetched is judged again under the new trust at its next use, without another fetch. */
void credentials_set_trust(struct credentials *credentials, struct trust_snapshot *trust);
void credentials_set_client(struct credentials *credentials, struct http_client *client);

#endif
