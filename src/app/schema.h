/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_SCHEMA_H
#define APP_SCHEMA_H

#include "app/config.h"
#include "base/buf.h"

/* Every section and key of the configuration as rows: what they are called, what they may hold, where
 * they go in struct config, and one line about each. */

/* What one value looks like. */
enum schema_kind {
	SCHEMA_TEXT,
	SCHEMA_NAME,
	SCHEMA_PATH,
	SCHEMA_URL, /* https, of anybody */
	SCHEMA_OWN_URL, /* https, an IP address may be the host */
	SCHEMA_LISTEN,
	SCHEMA_NETWORK,
	SCHEMA_HOST,
	SCHEMA_HOST_PORT,
	SCHEMA_DIGITS,
	SCHEMA_COUNTRY,
	SCHEMA_ISO_COUNTRY,
	SCHEMA_TRUNK,
	SCHEMA_SHA256,
	SCHEMA_CRL_NUMBER,
	SCHEMA_OCN,
	SCHEMA_PPT,
	SCHEMA_URL_PATH,
	SCHEMA_STORE_OF, /* where the vs finds PASSporTs that came out of band */
	SCHEMA_NUMBER,
	SCHEMA_WORD,
	SCHEMA_KINDS
};

/* The field of struct config it goes to. */
enum schema_keep {
	SCHEMA_STRING, /* const char * */
	SCHEMA_LIST, /* const char **, its size_t behind it */
	SCHEMA_INT, /* int64_t */
	SCHEMA_BOOL, /* the second of two words is true */
	SCHEMA_PREFER /* enum sti_prefer, words in its order */
};

struct schema_row {
	const char *key;
	enum schema_kind kind;
	enum schema_keep keep;
	size_t at; /* offset in struct config, or in the entry of a section that may stand often */
	int64_t min; /* of a number; of a list: how many entries */
	int64_t max;
	const char *words; /* a|b|c */
	const char *fallback; /* value when it is not set; NULL: none */
	bool mandatory;
	const char *what;
};

enum schema_section {
	SCHEMA_ROOT,
	SCHEMA_TRUST,
	SCHEMA_SIGNED_LIST,
	SCHEMA_CRL,
	SCHEMA_FETCH,
	SCHEMA_CACHE,
	SCHEMA_LIMITS,
	SCHEMA_AS,
	SCHEMA_SIGNER,
	SCHEMA_CLIENT,
	SCHEMA_VS,
	SCHEMA_CPS,
	SCHEMA_PRIVATE,
	SCHEMA_CR,
	SCHEMA_CERTIFICATE,
	SCHEMA_ROUTE,
	SCHEMA_SECTIONS
};

enum { SCHEMA_PARTS = 4 };

/* Rows that several sections share, each at a base of its own. */
struct schema_part {
	const struct schema_row *row;
	size_t n;
	size_t base;
};

struct schema_section_row {
	const char *name;
	enum schema_section parent; /* of the root: itself */
	bool role; /* begins with `bool on` */
	bool many; /* section "title" { … }, any number of them */
	enum schema_kind title;
	size_t at; /* of its struct, or of the pointer to its entries, in struct config */
	size_t size; /* of the struct or of one entry */
	struct schema_part part[SCHEMA_PARTS];
	const char *what;
};

const struct schema_section_row *schema_section(enum schema_section section);

/* The i-th key of a section and where it goes; NULL when there are no more. */
const struct schema_row *schema_row(enum schema_section section, size_t i, size_t *at);

/* One value. */
bool schema_check(enum schema_kind kind, const struct schema_row *row, const char *value);

/* "a number from 1 to 67108864" */
void schema_put_expected(struct buf *out, enum schema_kind kind, const struct schema_row *row);

/* Which of a|b|c it is; -1 for none. */
int schema_word(const char *words, const char *value);

/* "cps.private.listen"; key may be NULL. */
void schema_put_name(struct buf *out, enum schema_section section, const char *key);

#endif
