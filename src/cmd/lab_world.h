/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_LAB_WORLD_H
#define CMD_LAB_WORLD_H

#include <sti/span.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/limits.h"

/*
 * The lab's world on loopback: two carriers, their policy administrator, and a stranger whose certificate
 * nobody trusts and who has a certificate repository only. Its files lie in one folder; its sockets and PASSporTs in
 * another, on tmpfs and with a short name. Functions that fail have said why on stderr.
 */
enum { LAB_A, LAB_B, LAB_STRANGER, LAB_PA, LAB_MEMBERS };

/* What is fixed about each: invented numbers, the company numbers of the seed's examples. */
struct lab_who {
	const char *name; /* of its folder, its certificate and its process */
	const char *title;
	const char *country;
	const char *spc; /* the stranger claims that of the first carrier */
	const char *number; /* one of its own, canonical */
	const char *prefix; /* of all its numbers */
	bool is_carrier;
};

extern const struct lab_who lab_who[LAB_MEMBERS];

/* Called numbers that begin so belong to the second carrier, but their CPS is a port where nobody listens. */
#define LAB_DEAD_PREFIX "1312555019"

enum lab_port { LAB_PORT_AS, LAB_PORT_VS, LAB_PORT_CPS, LAB_PORT_CR, LAB_PORT_ADMIN, LAB_PORTS };

struct lab_path {
	char text[LIMIT_PATH + 1];
};

struct lab_world {
	struct lab_path dir; /* absolute */
	struct lab_path run; /* sockets and PASSporTs */
	bool is_temporary; /* dir goes with the world; run is the same folder */
	uint16_t port[LAB_MEMBERS][LAB_PORTS];
	uint16_t closed; /* where nobody listens */
	pid_t pid[LAB_MEMBERS]; /* 0: does not run */
	int64_t sequence; /* of the newest list that the PA has published */
	int64_t list_exp; /* its exp, seconds of the epoch */
	int64_t crl_number; /* of the newest CRL */
};

/* Makes the folders (dir NULL: a temporary one), keys, certificates and configurations. */
bool lab_world_make(struct lab_world *world, const char *dir);

/* Chooses other ports and writes the configurations again. */
bool lab_world_move(struct lab_world *world);

/* Finds a world that lab_world_make has left in dir; false, without a word, when there is none. */
bool lab_world_find(struct lab_world *world, const char *dir);

/* Removes the sockets and PASSporTs, and everything if it was temporary. */
void lab_world_remove(struct lab_world *world);

/* DIR/lab.json, the last thing to be written: the world runs. */
bool lab_world_announce(const struct lab_world *world);

/* Folder and parts joined by the format; too long cannot happen with the names of this file. */
struct lab_path lab_path(const struct lab_path *folder, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The whole file, 0600. */
bool lab_write(const struct lab_path *path, struct sti_span bytes);

/* https://localhost:PORT */
struct lab_url {
	char text[LIMIT_X5U];
};
struct lab_url lab_url(uint16_t port, const char *path);
struct lab_url lab_x5u(const struct lab_world *world, size_t who);
struct lab_url lab_cps(const struct lab_world *world, size_t who);

#endif
