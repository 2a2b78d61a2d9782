/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_IDENTITY_INPUT_H
#define CMD_IDENTITY_INPUT_H

#include "base/buf.h"
#include "base/limits.h"

/* Identity header values as people have them: one or more in a line, header lines of a message with their
 * names, folded or not, or a bare token. */
struct identity_input {
	struct buf text; /* owned; unfolded, and value points into it */
	struct sti_span value[LIMIT_IDENTITIES];
	size_t n;
};

/* Copies. STI_E_LIMIT for more than 16 values or too much text, STI_E_MEMORY. To be ended with
 * identity_input_free whatever is returned. */
enum sti_error identity_input_split(struct sti_span text, struct identity_input *out);
void identity_input_free(struct identity_input *input);

#endif
