/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_CREDENTIAL_ENTRY_H
#define APP_CREDENTIAL_ENTRY_H

#include "app/contents.h"
#include "app/shelf.h"

/*
 * What the cache of credentials knows of one URL: its content or its failure, how long that holds, and
 * who waits. Decides nothing about room and fetches nothing.
 */
typedef void credentials_done(void *context, struct credential_lease *lease, enum sti_error error);

/* Somebody waits. */
struct credential_question {
	struct credential_question *next;
	struct trust_snapshot *trust; /* a reference once it stands at an entry */
	credentials_done *done; /* NULL: nobody waits for this refresh */
	void *context;
	struct credential_lease *lease; /* the answer */
	enum sti_error error;
};

struct credential_entry {
	struct shelf_place place; /* first */
	struct credential_entry *collision; /* next in the bucket of its table */
	void *owner; /* the cache; NULL: gone meanwhile, a fetch is still owed an end */
	struct sti_span url; /* owned */
	struct sti_span host; /* in url */
	struct content *content; /* NULL while unknown or failed */
	enum sti_error error; /* remembered until then */
	int64_t until; /* seconds: fetched again from then on */
	int64_t refresh; /* seconds: fetched ahead of use from then on */
	int64_t fetched, tried, used; /* seconds: content, last attempt, last question */
	bool in_flight;
	bool is_doubted; /* a signature did not verify under it: D17 */
	bool is_proven; /* a signature has verified under it: no copy of somebody else's certificate */
	bool is_held; /* known ahead of calls: refreshed whether used or not */
	struct credential_question *question;
};

/* STI_E_URL and STI_E_LIMIT for what is no URL, STI_E_MEMORY. */
enum sti_error credential_entry_make(struct sti_span url, struct credential_entry **out);
void credential_entry_free(struct credential_entry *entry); /* no questions are left */
size_t credential_entry_bytes(const struct credential_entry *entry); /* of memory, its content included */

/* ---- what it knows ---- */

/* The octets fetched from it; max_age: seconds, -1 where the repository does not say. spread: 0 … 99, so that what was
 * fetched together is not refreshed together. An error leaves the entry as it was; STI_E_KEY: there is a private key in
 * it (threats.md D11). */
enum sti_error credential_entry_take(struct credential_entry *entry, struct contents *contents, struct sti_span body,
				     int64_t max_age, const struct trust_snapshot *trust, int64_t now, unsigned spread);

/* The fetch failed: what we have goes on while it is of use, else the failure is remembered. */
void credential_entry_fail(struct credential_entry *entry, enum sti_error error, int64_t now, unsigned spread);

/* Known: to be answered at once, with a lease or with the failure that is remembered (lease NULL). */
bool credential_entry_answer(struct credential_entry *entry, const struct trust_snapshot *trust, int64_t now,
			     struct credential_lease **lease);

/* Better than none: what we have, unless it has run out. NULL: nothing. */
struct credential_lease *credential_entry_leftover(struct credential_entry *entry, const struct trust_snapshot *trust,
						   int64_t now);

bool credential_entry_has_path(const struct credential_entry *entry);

/* It has a path, and is the operator's or was a signer's. Anybody can put a copy of a public certificate under any
 * number of URLs: a path alone says nothing of the URL (threats.md D14). */
bool credential_entry_is_good(const struct credential_entry *entry);

/* To be fetched ahead of use: in use or held, still good, and not long any more. */
bool credential_entry_is_due(const struct credential_entry *entry, int64_t now);

/* ---- who waits ---- */

/* Takes a reference to the question's trust. STI_E_MEMORY. */
enum sti_error credential_entry_ask(struct credential_entry *entry, const struct credential_question *asked);

/* The newest that was asked under; there is a question. */
struct trust_snapshot *credential_entry_trust(const struct credential_entry *entry);

/* Fills in the answers, each under its own trust, and takes the questions off the entry. */
struct credential_question *credential_entry_settle(struct credential_entry *entry, enum sti_error error, int64_t now);

/* Calls each and frees them. An answer may lead to the next question, or free the cache. */
void credential_question_answer(struct credential_question *question);

#endif
