/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_CREDENTIAL_LEASE_H
#define APP_CREDENTIAL_LEASE_H

#include <sti/credential.h>

/* A credential in use: it stays whole until the last lease ends, whatever the cache does meanwhile. Loop
 * thread only. */
struct credential_lease;

/* Takes the credential over. NULL without memory: then it is still the caller's. */
struct credential_lease *credential_lease_make(struct sti_credential *credential);

const struct sti_credential *credential_lease_of(const struct credential_lease *lease);

/* The same lease, to be ended once more. */
struct credential_lease *credential_lease_share(struct credential_lease *lease);
void credential_lease_end(struct credential_lease *lease); /* NULL is fine */

#endif
