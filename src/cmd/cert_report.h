/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_CERT_REPORT_H
#define CMD_CERT_REPORT_H

#include "base/buf.h"
#include "cmd/cert_check.h"

/* The longest line of an answer: every lint once, an SPC for each entry of a full list. */
enum { CERT_REPORT_MAX = 1024 * 1024 };

/* One line for a certificate of the file: a JSON object, or text for people. */
void cert_report_put(const char *file, const struct cert_answer *answer, bool json, struct buf *out);

/* A certificate that cannot be read; nothing as text, for stderr has it. */
void cert_report_put_unread(const char *file, bool json, struct buf *out);

#endif
