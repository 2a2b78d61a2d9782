/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_SOURCE_REPORT_H
#define APP_SOURCE_REPORT_H

#include "app/aging.h"
#include "app/source.h"

/* What the operator is told of a source: lines of the log, alarms among them, and their metrics. Every line names
 * the source and its kind. */
void source_report_new(const struct source *source); /* with entries of it that do not count (F14, F26) */

/* Of a list that is in force all the same: a hole in the sequence (F6), an exp beyond max_age (F7). */
void source_report_odd(const struct source *source, const struct offer *offer);
void source_report_refused(const struct source *source, const struct offer *offer);

/* Good, but not to be kept; errno with STI_E_IO. */
void source_report_unsaved(const struct source *source, enum sti_error error);

/* What lay on disk is not as it was left. */
void source_report_state(const struct source *source, const char *what);

/* status: of HTTP, 0 without one. An alarm where this failure makes it three one after another (F17). */
void source_report_failed(const struct source *source, const char *why, int64_t status);

/* Nothing where there were no three failures. */
void source_report_back(const struct source *source);
void source_report_age(const struct source *source, const struct aging_step *step);

#endif
