/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_TRUST_PLAN_H
#define APP_TRUST_PLAN_H

#include <stdatomic.h>

#include <sti/credential.h>

#include "app/arena.h"
#include "app/config.h"
#include "app/trust_cell.h"
#include "pki/anchor.h"
#include "trust/list.h"

/*
 * What one configuration says about trust, with everything that its files hold, and the trust that
 * comes of it. Immutable but for the cell; references are counted across threads. A reload makes the
 * next one; who still serves under the old one keeps the trust that was in force then.
 */
enum plan_kind { PLAN_CA_LIST, PLAN_MAPPING, PLAN_CRL }; /* as enum list_kind, enum metrics_source */

struct plan_source {
	enum plan_kind kind;
	const char *name; /* of its section */
	const char *url; /* NULL: file */
	const char *file;
	struct sti_span id; /* of what is kept of it: a domestic and a merged list of one signer count apart */
	size_t max; /* octets of an answer */
	struct anchor *anchor;
	struct chain signer; /* the operator's; n is 0: from x5u */
	const struct sti_span *host;
	size_t n_host;
	int64_t poll_s;
	int64_t max_age_s;
	int64_t confirmed_sequence;
	uint8_t confirmed_number[MARK_NUMBER]; /* crlNumber, as in struct mark; 0: none */
	const char *login; /* NULL: none */
	const char *user;
	const char *password_file;
	const char *token_file;
	struct sti_span country;
	int64_t grace_s;
	bool hard;
};

struct trust_plan {
	atomic_uint refs;
	struct arena arena;
	struct trust_cell *cell; /* the trust in force under this plan */
	struct sti_roots *roots; /* of the operator's files; NULL: none */
	const char *state; /* folder; NULL: nothing is kept */
	const char *ca_file; /* NULL: the system's */
	struct plan_source *source;
	size_t n_source;
};

/* Reads every file that is named: STI_E_IO and whatever they are wrong with; message says line, file and
 * what was expected. Secrets are read to be checked and read again when they are used. The cell starts
 * with the operator's roots alone. */
enum sti_error trust_plan_load(const struct config *config, struct trust_plan **out, struct config_message *message);
struct trust_plan *trust_plan_ref(struct trust_plan *plan);
void trust_plan_unref(struct trust_plan *plan);

#endif
