/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_CRL_OPTION_H
#define CMD_CRL_OPTION_H

#include <sti/crls.h>

#include "cmd/option.h"

/* --crl FILE with --crl-anchor FILE: one anchor for each CRL, in their order, or one for all. */
struct crl_option {
	struct option_list crl;
	struct option_list anchor;
};

/* Reads and verifies them. now: seconds of the epoch; grace and hard as in struct sti_crl_source. *out is the
 * caller's, NULL where there are none. A status of command.h, after a complaint. */
int crl_option_load(const struct crl_option *option, int64_t now, int64_t grace, bool hard, struct sti_crls **out);

#endif
