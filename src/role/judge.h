/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROLE_JUDGE_H
#define ROLE_JUDGE_H

#include <sti/identity.h>
#include <sti/verify.h>

/*
 * One PASSporT judged by the table of checks (E4 … E19), in order. The STI-VS judges what came in
 * band and out of band with it, the CPS what it is asked to store.
 *
 * E8, the fetch, is made after the checks that need no certificate: a PASSporT that is refused
 * anyway must not cost a fetch. All cases from E4 to E16 give the same verstat, so no belief
 * depends on it.
 */
struct judge_policy {
	int64_t now; /* seconds of the epoch */
	int64_t freshness;
	int64_t skew;
	bool strict_origid;
	bool every_ppt; /* the CPS: certificate, signature and freshness are judged for every type */
	const struct sti_tn *orig; /* NULL: not compared with signalling (E16) */
	const struct sti_tn *dest;
	size_t n_dest;
	const struct sti_crls *crls; /* NULL: nothing is revoked */
};

enum { JUDGE_CHECKS = 24 };

struct judgement {
	struct sti_passport *passport; /* owned; NULL when the token could not be read */
	struct sti_identity identity; /* parameters of the header; only with is_inband */
	bool is_inband;
	enum sti_error parse_error;
	const struct sti_credential *credential; /* given, not owned */
	enum sti_error credential_error;
	enum sti_trust trust; /* in the credential, once it is judged */
	bool is_asked; /* the credential is asked for, here or by another PASSporT of its URL */
	bool has_answer; /* to the question for the credential */
	enum sti_error machine_error; /* the crypto library failed: no belief at all, case E8 */
	size_t step;
	enum sti_case c;
	bool done;
	struct sti_check check[JUDGE_CHECKS];
	size_t n_check;
};

/* A bare token; `out` is to be ended with judge_end whatever is returned. STI_E_MEMORY is the only
 * error: what is wrong with the token is a case. */
enum sti_error judge_token(struct sti_span token, struct judgement *out);

/* An Identity header value, which must outlive the judgement. */
enum sti_error judge_identity(struct sti_span value, struct judgement *out);
void judge_end(struct judgement *judgement);

/* Goes on as far as it can: true when it is done, false when it wants the credential at
 * judgement->passport->x5u. */
bool judge_go(struct judgement *judgement, const struct judge_policy *policy);
void judge_give(struct judgement *judgement, const struct sti_credential *credential, enum sti_error error);

/* Within freshness and skew of now: iat (E15), and the time that signalling gives (E3). */
bool judge_is_fresh(const struct judge_policy *policy, int64_t time);

bool judge_passed(const struct judgement *judgement);

/* Of a type that the verdict does not look at: set aside, RFC 8224 6.2 step 1. */
bool judge_is_aside(const struct judgement *judgement);

#endif
