/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_OUTOFBAND_H
#define CMD_OUTOFBAND_H

#include "cmd/retrieve.h"

/* The STI-VS asks its CPS: the one in this process, or one behind a private listener. */

bool outofband_is_on(const struct config *config);

/* Under the world in which the call came. timeout_ms: of the whole question. asker->done is called
 * once, perhaps at once. */
void outofband_ask(struct server *server, const struct world *world, const struct retrieval *retrieval,
		   int64_t timeout_ms, const struct retrieve_asker *asker);

#endif
