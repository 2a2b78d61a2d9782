/* SPDX-License-Identifier: Apache-2.0 */
#include "app/credential_lease.h"

#include <stdlib.h>

struct credential_lease {
	struct sti_credential *credential;
	unsigned refs;
};

struct credential_lease *credential_lease_make(struct sti_credential *credential)
{
	struct credential_lease *lease = malloc(sizeof(*lease));

	if (lease)
		*lease = (struct credential_lease){credential, 1};
	return lease;
}

const struct sti_credential *credential_lease_of(const struct credential_lease *lease)
{
	return lease->credential;
}

struct credential_lease *credential_lease_share(struct credential_lease *lease)
{
	lease->refs++;
	return lease;
}

void credential_lease_end(struct credential_lease *lease)
{
	if (!lease || --lease->refs)
		return;
	sti_credential_free(lease->credential);
	free(lease);
}
