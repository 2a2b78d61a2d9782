/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_VERIFY_REPORT_H
#define CMD_VERIFY_REPORT_H

#include "cmd/explain.h"

/* The verdict with every check in order: its clause, what was found, what was expected; for people, or as
 * the JSON document of `verify --json`. False when it could not be written. */
bool verify_report(const struct explain *explain, bool as_json);

#endif
