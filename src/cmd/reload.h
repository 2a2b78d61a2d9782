/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_RELOAD_H
#define CMD_RELOAD_H

#include "cmd/server.h"

/*
 * Another configuration in the place of the one that runs, all or nothing: its files are read here, its trust is
 * loaded on the keeper's thread, then everything changes within one turn of the loop. What becomes of it is told in
 * the log and counted. When one is under way already, another follows it.
 */
void reload_ask(struct server *server);

#endif
