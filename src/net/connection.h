/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_CONNECTION_H
#define NET_CONNECTION_H

#include "net/crowd.h"
#include "net/date.h"
#include "net/deadline.h"
#include "net/http_server.h"

/* Where a connection stands; each phase has its absolute limit and its queue. */
enum phase {
	PHASE_HANDSHAKE,
	PHASE_IDLE, /* between requests */
	PHASE_HEAD, /* from the first octet of a request */
	PHASE_BODY,
	PHASE_HANDLER, /* somebody works on the answer */
	PHASE_WRITE, /* the client does not take what we have to say */
	PHASE_CLOSING, /* all is said; the client may read it yet */
	PHASE_COUNT
};

/* What the connections of one listener share. */
struct connection_group {
	uv_loop_t *loop;
	const struct http_site *site;
	struct http_limits limits;
	struct deadline_queue queue[PHASE_COUNT];
	struct tls_server *tls; /* of those that come; NULL: plain */
	struct crowd *crowd; /* all that are not closed */
	struct crowd *handshakes; /* those in PHASE_HANDSHAKE */
	unsigned n;
	unsigned updates; /* of the site, so that no route of an old one is used */
	bool draining; /* every answer says Connection: close */
	time_t date_of;
	char date[DATE_TEXT + 1];
	void (*ended)(struct connection_group *group); /* a connection is gone */
};

/* Takes the socket over in any case. Where there are limits.connections already, an idle one of the
 * address that has the most makes room. STI_E_FULL, STI_E_MEMORY, STI_E_IO. */
enum sti_error connection_open(struct connection_group *group, int fd, const struct sockaddr *address);

/* Deals with every deadline that has passed. */
void connection_tick(struct connection_group *group);

/* Closes all that are in this phase, at once. */
void connection_close_all(struct connection_group *group, enum phase phase);

/* Closes the one that has been longest in this phase if it has been there for `ms`. */
bool connection_close_oldest(struct connection_group *group, enum phase phase, unsigned ms);

#endif
