/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_CREDENTIALS_H
#define APP_CREDENTIALS_H

#include "app/credential_entry.h"
#include "app/log.h"
#include "net/http_client.h"

/*
 * The signers' credentials by URL: fetched once, parsed once, judged once, then shared by all calls, and by
 * all URLs that serve the same octets. One fetch in flight per URL; failures are remembered for a short time,
 * so that a dead repository costs one attempt and not one per call. What has outlived its time but is still
 * good is served while it is fetched anew beside; what is in use is fetched ahead of that. What has no path to
 * a root, or under which no signature has verified yet, gets a tenth of the room and goes first (threats.md D13 to
 * D17). Loop thread only.
 */
struct credentials;

struct credentials_config {
	struct http_client *client; /* outlives the cache, or credentials_set */
	struct metrics *metrics;
	struct log *log; /* for what an operator must know; NULL: none */
	unsigned fetch_ms; /* for one fetch, connecting included */
	size_t capacity; /* URLs kept, 1 at least; the one least used goes first */
	size_t max_bytes; /* of memory for them; 0: not bounded */
};

/* STI_E_MEMORY, STI_E_CRYPTO without randomness. *out is the caller's. */
enum sti_error credentials_create(const struct credentials_config *config, struct credentials **out);

/* Ends every question with STI_E_NETWORK. */
void credentials_free(struct credentials *credentials);

/* done is called once, at once when it is known; the lease is the receiver's, NULL with an error: STI_E_URL,
 * STI_E_LIMIT and STI_E_DENIED may be the gate's, of what stands in the URL; STI_E_FULL and STI_E_MEMORY are our
 * own want of room; everything else means that the certificate is not to be had. What it is given is judged under the
 * roots of this trust, whatever others ask under, and not for revocation, which is asked at each call; a reference is
 * taken while the question is open. now: seconds of the epoch. */
void credentials_get(struct credentials *credentials, struct sti_span url, struct trust_snapshot *trust, int64_t now,
		     credentials_done *done, void *context);

/* Whether credentials_get would begin a fetch before it could answer: not for what others wait for already. */
bool credentials_would_fetch(struct credentials *credentials, struct sti_span url, struct trust_snapshot *trust,
			     int64_t now);

/* A signature did not verify under the certificate of this URL: it may have been renewed there. When ours is
 * more than a minute old, its next use fetches it anew and waits for it, once a minute at most (D17). */
void credentials_doubt(struct credentials *credentials, struct sti_span url, int64_t now);

/* A signature verified under the certificate of this URL: from now on it has the room of the good ones. */
void credentials_prove(struct credentials *credentials, struct sti_span url);

/* Known ahead of calls, as of then (seconds): kept though no call has asked, and refreshed as long as the
 * process lives. Does nothing where what we have is as new. Errors are those of a URL and of the parser. */
enum sti_error credentials_preload(struct credentials *credentials, struct sti_span url, struct sti_span body,
				   int64_t fetched, const struct trust_snapshot *trust, int64_t now);

/* To be called about twice a second: fetches again what was used in the last day, or was preloaded, before
 * its time is over; a few in one call. */
void credentials_refresh(struct credentials *credentials, struct trust_snapshot *trust, int64_t now);

/* For the fetches from now on. */
void credentials_set(struct credentials *credentials, struct http_client *client, unsigned fetch_ms);

#endif
