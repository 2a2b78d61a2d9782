/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_ROUTER_H
#define NET_ROUTER_H

#include "net/http_server.h"

/* How the body is framed. */
enum router_body { ROUTER_BODY_NONE, ROUTER_BODY_LENGTH, ROUTER_BODY_CHUNKED };

enum { ROUTER_ALLOW = 40 };

/*
 * Finds the route of a request, before its body is read. The path is matched octet by octet against
 * the table and never turned into anything else: {} takes one segment in its one normal spelling,
 * not ".", not "..", percent signs only before what cannot stand plainly. HEAD goes where GET goes.
 *
 * 0: *route, and request->argument is set. Else 404, 405 (allow: the methods for the Allow header,
 * also for CONNECT and `OPTIONS *`), 411 or 415.
 */
int router_find(const struct http_site *site, struct http_request *request, enum router_body body,
		const struct http_route **route, char allow[ROUTER_ALLOW]);

/* The site answers for this name; any, when it has none configured. */
bool router_is_named(const struct http_site *site, struct sti_span name);

#endif
