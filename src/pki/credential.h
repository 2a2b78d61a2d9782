/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_CREDENTIAL_H
#define PKI_CREDENTIAL_H

#include <sti/credential.h>

#include "pki/constraints.h"
#include "pki/profile.h"

/* Owned by the credential; NULL: it may claim anything. */
const struct constraints *credential_constraints(const struct sti_credential *credential);

/* What the profile says of its leaf and, where it has a path, of the CAs above. */
enum profile credential_profile(const struct sti_credential *credential);

/* Whether it has a path to a root that was listed when it was judged: not just anybody made it. */
bool credential_has_path(const struct sti_credential *credential);

#endif
