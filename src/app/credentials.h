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
 * costs one attempt and not one per call. What has outlived its time but is still good is served while
 * it is fetched anew beside. What has no path to a root gets a tenth of the room and goes first
 * (threats.md D14). Loop thread only.
 */
struct credentials;

/* A credential in use: it stays whole until the lease ends, whatever the cache does meanwhile. */
struct credential_lease;
const struct sti_credential *credential_lease_of(const struct credential_lease *lease);
void credential_lease_end(struct credential_lease *lease); /* NULL is fine */

struct credentials_config {
	struct http_client *client; /* outlives the cache, or credentials_set */
	struct metrics *metrics;
	unsigned fetch_ms; /* for one fetch, connecting included */
	size_t capacity; /* URLs kept, 1 at least; the one least used goes first */
};

/* The lease is the receiver's, NULL with an error: STI_E_URL, STI_E_LIMIT and STI_E_DENIED may be the gate's,
 * STI_E_FULL and STI_E_MEMORY are our own want of room, everything else means that the certificate is not to
 * be had. */
typedef void credentials_done(void *context, struct credential_lease *lease, enum sti_error error);

/* STI_E_MEMORY, STI_E_CRYPTO without randomness. *out is the caller's. */
enum sti_error credentials_create(const struct credentials_config *config, struct credentials **out);

/* Ends every question with STI_E_NETWORK. */
void credentials_free(struct credentials *credentials);

/* done is called once, at once when it is known. What it is given is judged under this trust, whatever
 * others ask under; a reference is taken while the question is open. now: seconds of the epoch. */
void credentials_get(struct credentials *credentials, struct sti_span url, struct trust_snapshot *trust, int64_t now,
		     credentials_done *done, void *context);

/* A signature did not verify under the certificate of this URL: it may have been renewed there. When ours is
 * more than a minute old, its next use fetches it anew and waits for it, once a minute at most (D17). */
void credentials_doubt(struct credentials *credentials, struct sti_span url, int64_t now);

/* For the fetches from now on. */
void credentials_set(struct credentials *credentials, struct http_client *client, unsigned fetch_ms);

#endif
