/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_TRANSFER_H
#define NET_TRANSFER_H

#include <curl/curl.h>

#include "base/buf.h"
#include "net/http_client.h"

/*
 * One HTTP call as libcurl's easy handle: what is sent, the rules that hold for every call, and what
 * the header of the answer says. Knows no loop and no gate.
 */
struct transfer {
	CURL *easy;
	struct curl_slist *header;
	struct buf body;
	size_t body_n;
};

/* Whom we believe and who we are; lent for the call. */
struct transfer_tls {
	const char *ca_file; /* NULL: the system's */
	struct sti_span certificate; /* own, PEM; absent: none */
	struct sti_span key;
};

/* STI_E_DENIED: a method that we do not send, a body where the method has none. */
enum sti_error transfer_check(const struct http_call *call);

/* For a call that was checked. Copies it. STI_E_MEMORY; STI_E_DENIED for a header that would be two;
 * transfer_free in any case. */
enum sti_error transfer_make(struct transfer *transfer, const struct http_call *call, const struct transfer_tls *tls);
void transfer_free(struct transfer *transfer);

/* Status, max_age, retry_after and etag, which lives as long as the transfer; the body is left as it is. */
void transfer_read_head(const struct transfer *transfer, struct http_response *response);

#endif
