/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_REFERENCE_H
#define APP_REFERENCE_H

#include "base/buf.h"

/* The pages of docs/ that are written from the tables of the code; `sidetone help NAME` prints them. */
struct reference_page {
	const char *name; /* docs/NAME.md */
	const char *what;
	const char *source; /* the table */
	void (*write)(struct buf *out); /* Markdown; under REFERENCE_MAX octets */
};

enum { REFERENCE_MAX = 256 * 1024 };

/* Ended by a NULL name. */
extern const struct reference_page reference_table[];

/* docs/cases.md; docs/configuration.md is config_write_reference, docs/metrics.md metrics_write_reference. */
void reference_write_cases(struct buf *out);

/* docs/lints.md */
void reference_write_lints(struct buf *out);

#endif
