/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_WORLD_H
#define CMD_WORLD_H

#include <sti/key.h>

#include "app/trust_plan.h"
#include "base/buf.h"
#include "net/gate.h"
#include "net/tls.h"
#include "role/authority.h"
#include "role/discover.h"
#include "role/place.h"

/*
 * One generation of configuration with everything that its files hold: keys, certificates, roots,
 * tables. Made all or nothing, then immutable; a reload makes the next one beside it and swaps the
 * pointer. What is under way holds a reference. Loop thread only.
 */
struct world_signer {
	const char *name;
	struct sti_key *key;
	struct sti_span x5u;
	int64_t from; /* validity of the certificate, seconds; nothing is signed outside it */
	int64_t until;
};

struct world_certificate {
	struct sti_span name; /* in /certs/NAME.pem */
	struct buf pem;
};

struct world {
	struct config *config;
	uint64_t generation;
	unsigned refs;

	struct sti_tn_plan plan;
	struct trust_plan *trust;
	struct gate gate;
	const char *path_signing; /* prefix and name */
	const char *path_verification;
	struct discover *discover;

	struct authority authority;
	struct world_signer *signer; /* in the order of authority.signer */
	struct place_policy place;
	struct world_certificate *certificate;
	size_t n_certificate;

	struct tls_server *tls_as; /* NULL: plain */
	struct tls_server *tls_vs;
	struct tls_server *tls_cps;
	struct tls_server *tls_private;
	struct tls_server *tls_cr;
	struct buf oob_certificate; /* for asking a private listener elsewhere */
	struct buf oob_key;
	struct buf fetch_ca; /* content of the CA files */
	struct buf oob_ca;
	struct buf number_key;

	void **owned; /* small arrays that the views above point to */
	size_t n_owned;
};

/* STI_E_CONFIG, STI_E_IO and whatever the files named are wrong with; message says file, line and
 * what was expected, never a secret. */
enum sti_error world_load(const char *file, uint64_t generation, struct world **out, struct config_message *message);
struct world *world_ref(struct world *world);

/* The trust in force now: taken when a call begins and held to its end. The caller's to unref. */
struct trust_snapshot *world_take_trust(const struct world *world);
void world_unref(struct world *world);

/* file:line: text, on stderr */
void world_complain(const char *file, const struct config_message *message);

#endif
