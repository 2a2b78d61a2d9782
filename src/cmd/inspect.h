/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_INSPECT_H
#define CMD_INSPECT_H

#include <openssl/x509v3.h>
#include <sti/tnauthlist.h>

#include "cmd/report.h"
#include "jose/jws.h"
#include "pki/lint.h"

/*
 * What `sidetone inspect` decodes. A kind is known by its content; a wrapping, {"caList":"<JWS>"} and the
 * like as servers answer, is taken off first.
 */
enum { INSPECT_FINDINGS = 64, INSPECT_FINDING = 200, INSPECT_ENTRIES = 100 };

struct inspect_finding {
	const char *level; /* "error", or how bad a lint finds it; "note": only worth knowing */
	const char *lint; /* its name; NULL: it is none */
	const char *clause; /* static */
	char what[INSPECT_FINDING];
};

struct inspect {
	struct sti_span bytes; /* all that was given */
	struct sti_span text; /* without white space around it */
	struct sti_span token; /* text, or the token that is wrapped in it */
	struct json *wrapper; /* owned; NULL: it is in none */
	const char *wrapping; /* name of the member that it was in */
	struct jws jws; /* of token; its token is absent where that could not be taken apart */
	enum sti_error jws_error;
	int64_t now;
	struct report report;
	struct inspect_finding finding[INSPECT_FINDINGS];
	size_t n_finding;
	size_t n_error; /* counted also where there is no room */
};

/* One for each kind, below: into in->report. Fails when it could not be decoded at all. */
typedef enum sti_error inspect_tell(struct inspect *in);

inspect_tell inspect_certificates;
inspect_tell inspect_crl;
inspect_tell inspect_identity;
inspect_tell inspect_passport;
inspect_tell inspect_ca_list;
inspect_tell inspect_mapping;
inspect_tell inspect_spc_token;

/* What is wrong with it, and which clause says so. */
void inspect_fault(struct inspect *in, const char *clause, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What is worth knowing: it has expired, say. */
void inspect_note(struct inspect *in, const char *clause, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What no verifier refuses it for (pki/lint.h). */
void inspect_lint(struct inspect *in, const struct lint *lint, const char *subject);

/* Parts that several kinds have. */
void inspect_put_jws(struct inspect *in, const struct jws *jws, bool with_payload);
void inspect_put_name(struct report *report, const char *name, const X509_NAME *value);
void inspect_put_serial(struct report *report, const char *name, const ASN1_INTEGER *serial);

void inspect_put_names(struct report *report, const char *name,
		       const GENERAL_NAMES *names); /* URLs and directory names */
void inspect_put_tnauthlist(struct inspect *in, const struct sti_tnauthlist *list);

void inspect_put_certificate(struct inspect *in, const char *name, const struct cert *cert);

#endif
