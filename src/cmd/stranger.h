/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_STRANGER_H
#define CMD_STRANGER_H

#include "app/allowance.h"
#include "app/credential_lease.h"
#include "net/http_server.h"

/*
 * A client of our CPS that may have us fetch certificates, as long as not too many of them are fetched in vain
 * (threats.md D14). Loop thread only; now: seconds of the epoch.
 */
struct stranger {
	struct allowance *allowance; /* borrowed; shared by all of them */
	uint8_t name[16]; /* its address; of IPv6 the /64, which is one customer */
};

void stranger_init(struct stranger *stranger, struct allowance *allowance, const struct http_peer *peer);

bool stranger_may_fetch(const struct stranger *stranger, int64_t now);

/* What was fetched for it, NULL when nothing came: counts if that leads to no root we trust, which is as good as
 * nothing. */
void stranger_note_fetched(struct stranger *stranger, const struct credential_lease *lease, int64_t now);

/* What was fetched for it and noted turns out not to be the signer's: who names copies of somebody else's certificate
 * is as one who has us fetch in vain. Counts once. */
void stranger_note_wrong(struct stranger *stranger, const struct credential_lease *lease, int64_t now);

#endif
