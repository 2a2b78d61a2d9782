/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STI_VERIFY_H
#define STI_VERIFY_H

#include <sti/credential.h>
#include <sti/passport.h>
#include <sti/verdict.h>

STI_BEGIN

/*
 * Verification as a step machine: it never fetches, waits or looks at a clock. It says what it
 * wants and is given it, so that a daemon answers from its event loop, a command by a blocking
 * call and a test with a literal, all on the same code. Each want is told once; answers may come in
 * any order, so that certificates and the store are asked side by side:
 *
 *	sti_verify_start(&request, &v);
 *	while ((want = sti_verify_next(v, &detail)) < STI_WANT_ANSWERS) { … ask, or give at once … }
 *	… after each answer the same again, until it wants nothing …
 *	result = sti_verify_result(v);
 */
enum sti_prefer { /* when in-band and out-of-band differ: local policy (seed, Architecture) */
	STI_PREFER_INBAND, /* in-band if it passes, else what passes out of band, else in-band's failure */
	STI_PREFER_OOB,
	STI_PREFER_BEST_ATTESTATION,
	STI_PREFER_EQUAL, /* both must be there, pass, and be the same token */
	STI_PREFER_COUNT
};

struct sti_verify_policy {
	int64_t freshness; /* seconds, 5..60: iat may be that old, */
	int64_t skew;      /* seconds, 0..60: and clocks this far apart, either way */
	enum sti_prefer prefer;
	bool strict_origid; /* RFC 8588 5: not a UUID is refused, else only noted */
};

struct sti_verify_request {
	const struct sti_verify_policy *policy;
	int64_t now;           /* seconds of the epoch */
	int64_t time;          /* of the call as signalled; -1: not known, E3 is passed over */
	struct sti_tn orig;    /* from signalling, canonical; n == 0: not known, E16 is passed over */
	const struct sti_tn *dest;
	size_t n_dest;
	const struct sti_span *identity; /* Identity header values; a bare token too */
	size_t n_identity;
	bool ask_oob; /* the store is asked too */
	const struct sti_crls *crls; /* must outlive the machine; NULL: nothing is revoked */
};

enum sti_want {
	STI_WANT_CERT,    /* the credential at detail.url */
	STI_WANT_OOB,     /* the PASSporTs that came out of band for this call */
	STI_WANT_ANSWERS, /* everything is asked for, something not answered */
	STI_WANT_NOTHING  /* there is a result */
};

struct sti_want_detail {
	struct sti_span url; /* WANT_CERT; owned by the machine */
	bool passed;         /* WANT_OOB, WANT_ANSWERS: something passed in band; a late PASSporT is not worth waiting for */
};

struct sti_verify;

/* Copies what it needs of the request, all but the policy, which must outlive the machine.
 * STI_E_LIMIT for more than 16 Identity values, STI_E_MEMORY. */
STI_API enum sti_error sti_verify_start(const struct sti_verify_request *request, struct sti_verify **out);
STI_API void sti_verify_free(struct sti_verify *v);

/* What is wanted and has not been told yet. */
STI_API enum sti_want sti_verify_next(struct sti_verify *v, struct sti_want_detail *detail);

/* `credential` must live until the machine is freed. NULL with an error: STI_E_URL and STI_E_DENIED
 * (refused by the gate) are E7, anything else is E8. Serves every PASSporT that names the URL. */
STI_API void sti_verify_give_cert(struct sti_verify *v, struct sti_span url, const struct sti_credential *credential,
				  enum sti_error error);

/* Tokens from the store, copied; none is an answer too. More than 64 are passed over. STI_E_MEMORY. */
STI_API enum sti_error sti_verify_give_oob(struct sti_verify *v, const struct sti_span *token, size_t n);

/* The time is over: credentials not given yet are not to be had (E8), and nothing came out of band.
 * The next sti_verify_next says STI_WANT_NOTHING. */
STI_API void sti_verify_give_up(struct sti_verify *v);

enum sti_source { STI_SOURCE_NONE, STI_SOURCE_INBAND, STI_SOURCE_OOB };

/* One check of one PASSporT, in the order made. */
struct sti_check {
	enum sti_case c; /* its name and clause: sti_case_row(c)->check, ->clause */
	bool ok;
};

struct sti_verify_result {
	enum sti_verstat verstat;
	enum sti_case c;          /* STI_CASE_NONE when passed, and when there was no PASSporT at all */
	enum sti_source decided;  /* where the PASSporT that decided came from */
	const struct sti_passport *passport;     /* that PASSporT; NULL when none could be read */
	const struct sti_credential *credential; /* its credential; NULL when it never got so far */
	const struct sti_check *check;
	size_t n_check;
	const struct sti_span *oob; /* the tokens that came out of band, as received */
	size_t n_oob;
	bool differ; /* in-band and out-of-band were both there and not the same */
};

/* Owned by the machine. */
STI_API const struct sti_verify_result *sti_verify_result(const struct sti_verify *v);

STI_END

#endif
