/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_FETCH_H
#define CMD_FETCH_H

#include "base/buf.h"
#include "net/http_client.h"

/* Blocking HTTP for the commands: a loop of its own that runs until the one answer is there. */
struct fetch_policy {
	const char *const *permit; /* "host:port" let through the gate */
	size_t n_permit;
	const char *ca_file; /* NULL: the system's */
};

/* Any call, whatever the status of its answer; the body is appended to out. */
enum sti_error fetch_call(const struct fetch_policy *policy, const struct http_call *call, int *status,
			  struct buf *out);

/* GET; STI_OK only for 200. */
enum sti_error fetch_url(const struct fetch_policy *policy, struct sti_span url, size_t max, struct buf *out);

/* A file, pipe or terminal to its end; STI_E_LIMIT when out has no room for it, STI_E_IO with errno. */
enum sti_error fetch_file(const char *path, struct buf *out);

#endif
