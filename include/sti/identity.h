/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STI_IDENTITY_H
#define STI_IDENTITY_H

#include <sti/error.h>
#include <sti/span.h>

STI_BEGIN

/* An Identity header value, RFC 8224 4 with erratum 6499. Points into the text it was read from. */
struct sti_identity {
	struct sti_span token;
	struct sti_span info; /* absent when missing: case E6 */
	struct sti_span alg;  /* absent when missing, which means ES256 */
	struct sti_span ppt;  /* without quotes */
};

/* Every legal spelling: blanks and folded lines around ; and =, any case of parameter names,
 * parameters in any order, quoted values, unknown parameters. A parameter twice, an unbalanced <>
 * or anything behind: STI_E_IDENTITY. */
STI_API enum sti_error sti_identity_parse(struct sti_span value, struct sti_identity *out);

/* Several values in one header line, separated by commas (RFC 3261 7.3.1): takes the next one off
 * *rest; false at the end. A leading "Identity:" or "y:" is passed over. */
STI_API bool sti_identity_next(struct sti_span *rest, struct sti_span *value);

/* token;info=<x5u>;alg=ES256;ppt=shaken — into out, *n octets of `size`; ppt may be absent. */
STI_API enum sti_error sti_identity_write(struct sti_span token, struct sti_span x5u, struct sti_span ppt, char *out,
					  size_t size, size_t *n);

STI_END

#endif
