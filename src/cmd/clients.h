/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_CLIENTS_H
#define CMD_CLIENTS_H

#include "cmd/world.h"
#include "net/http_client.h"

/* The three HTTP clients of a process. They outlive a reload that does not concern them, so that kept
 * connections stay; where it does, the old ones end what is under way and are closed then. */
enum client_kind {
	CLIENT_FETCH, /* certificates: through the gate */
	CLIENT_POST, /* PASSporTs to the CPSs of others: through the gate */
	CLIENT_ASK, /* our own private listener elsewhere */
	CLIENTS
};

enum { CLIENT_POSTS = 1024 }; /* POSTs at once */

struct clients {
	uv_loop_t *loop;
	struct world *world; /* a reference: the gate of the clients is in it */
	struct http_client *client[CLIENTS];
	struct retired *retired;
};

enum sti_error clients_open(struct clients *clients, uv_loop_t *loop, struct world *world);

/* Nothing when the new world names the same; on failure everything is as it was. */
enum sti_error clients_renew(struct clients *clients, struct world *world);

/* Ends everything; the loop must run once more. */
void clients_close(struct clients *clients);

#endif
