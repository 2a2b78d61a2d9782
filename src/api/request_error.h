/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_REQUEST_ERROR_H
#define API_REQUEST_ERROR_H

#include "base/buf.h"

/* Protocol errors of ATIS-1000082 (standards.md 5.2). The last two are ours: the standard has no
 * words for a client that may not ask. */
enum request_error {
	REQUEST_OK,
	REQUEST_NO_BODY,
	REQUEST_MISSING,
	REQUEST_NOT_ACCEPTABLE,
	REQUEST_NOT_FOUND,
	REQUEST_MEDIA_TYPE,
	REQUEST_VALUE,
	REQUEST_SYNTAX,
	REQUEST_NO_LENGTH,
	REQUEST_METHOD,
	REQUEST_INTERNAL,
	REQUEST_CLIENT,
	REQUEST_NUMBER,
	REQUEST_BUSY,
	REQUEST_ERROR_COUNT
};

int request_error_status(enum request_error error);
const char *request_error_id(enum request_error error);

/* The error that goes with an HTTP status which the server itself gives; REQUEST_INTERNAL by default. */
enum request_error request_error_of_status(int status);

/* {"requestError":{…}}; variable is a name of ours (a parameter, a media type) or NULL, never
 * something of the request. */
void request_error_write(struct buf *out, enum request_error error, const char *variable);

#endif
