/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_SERVICE_H
#define CMD_SERVICE_H

#include "api/request_error.h"
#include "cmd/server.h"

/* The roles, in the order in which they listen. Handlers get the server as their context. */
extern const struct service service_as;
extern const struct service service_vs;
extern const struct service service_cps;
extern const struct service service_cps_private;
extern const struct service service_cr;
extern const struct service service_admin;

/* requestError bodies of the REST roles, for replies that the listener makes itself. */
void service_explain_request(int status, struct http_reply *reply);

/* Answers with {"requestError":…} and its status. */
void service_refuse(struct http_exchange *exchange, enum request_error error, const char *variable);

#endif
