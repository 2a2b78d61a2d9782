/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_CONTENTS_H
#define APP_CONTENTS_H

#include "app/credential_lease.h"
#include "app/metrics.h"
#include "trust/snapshot.h"

/*
 * What was fetched, kept once by its octets (SHA-256), whatever URLs it came from: parsed and judged once
 * under one set of roots (threats.md D17, A18). Whether it is revoked is not judged here but at each call,
 * so that a new CRL costs no parse. Loop thread only.
 */
struct contents;
struct content;

/* expected: how many there will be at most; more only make it slower. metrics outlives it. STI_E_MEMORY,
 * STI_E_CRYPTO without randomness. */
enum sti_error contents_create(size_t expected, struct metrics *metrics, struct contents **out);
void contents_free(struct contents *contents); /* every content was dropped before; NULL is fine */
size_t contents_count(const struct contents *contents);

/* The body is copied; a reference for the caller, ended by content_drop. Parsed only when these octets
 * are not known under the trust's roots, or when the judgement that we have is out of its window. STI_E_KEY: there
 * is a private key in it; whoever published that should hear of it, and we do not want to hold it (threats.md D11).
 * Any other error is the parser's. */
enum sti_error contents_take(struct contents *contents, struct sti_span body, const struct trust_snapshot *trust,
			     int64_t now, struct content **out);
bool contents_has_private_key(struct sti_span body);
struct content *content_share(struct content *content);
void content_drop(struct content *content); /* NULL is fine */

/* As this trust sees it; NULL when that is not to be told: the body was forgotten, or no memory. What the
 * newest roots see is kept; who asks under older ones is a listener that drains. */
struct credential_lease *content_judge(struct content *content, const struct trust_snapshot *trust, int64_t now);

/* Whether content_judge would not have to say NULL. */
bool content_is_judgeable(const struct content *content, const struct trust_snapshot *trust);

/* As the newest roots saw it; the content's own. */
const struct sti_credential *content_credential(const struct content *content);

/* A path to a root, whatever the time. */
bool content_has_path(const struct content *content);

/* A stranger's words are not worth their memory: other roots can then not judge it. Nothing happens to one
 * that is held. */
void content_forget_body(struct content *content);

/* The operator wants this one: its body is never forgotten. */
void content_hold(struct content *content);

const uint8_t *content_sha256(const struct content *content); /* of the octets */
size_t content_bytes(const struct content *content); /* of memory, about */

#endif
