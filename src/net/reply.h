/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_REPLY_H
#define NET_REPLY_H

#include "base/buf.h"
#include "net/http.h"

/* What the connection adds to a reply. */
struct reply_frame {
	const char *date; /* IMF-fixdate */
	const char *allow; /* for 405; NULL or empty: no such header */
	struct sti_span request_id; /* echoed as X-RequestID; absent: not */
	bool close; /* Connection: close */
	bool head; /* the answer to HEAD: all but the body */
};

/*
 * The whole answer, head and body, into out. Nothing of a request gets here but the X-RequestID
 * that reply_request_id let through. False, and out is as before: no memory, over its limit, or a
 * header with bytes that would split the answer (threats.md C11).
 */
bool reply_write(struct buf *out, const struct http_reply *reply, const struct reply_frame *frame);

/* The X-RequestID of a request: 1 to LIMIT_REQUEST_ID of letters, digits, . _ -; else absent. */
struct sti_span reply_request_id(const struct http_header *header, size_t n);

#endif
