/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_SERVICE_H
#define CMD_SERVICE_H

#include "api/request_error.h"
#include "cmd/server.h"

/* The roles, in the order in which they listen. Handlers get a struct served as their context. */
extern const struct service service_as;
extern const struct service service_vs;
extern const struct service service_cps;
extern const struct service service_cps_private;
extern const struct service service_cr;
extern const struct service service_admin;

/* requestError bodies of the REST roles, for replies that the listener makes itself. */
const char *service_explain_request(int status, struct buf *body);

/* One place where the JSON answers of the handlers are made. False: it became a 500. */
bool service_answer_json(struct http_exchange *exchange, int status, const struct buf *body);

/* A certificate that was not to be had, for the operator. */
void service_note_fetch(struct server *server, struct sti_span url, enum sti_error error);

/* Answers with {"requestError":…} and its status. */
void service_refuse(struct http_exchange *exchange, enum request_error error, const char *variable);

#endif
