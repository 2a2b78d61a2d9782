/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_LAB_TRUST_H
#define CMD_LAB_TRUST_H

#include "cmd/lab_call.h"

/* What the policy administrator does, and what the carriers make of it. Each waits until it is seen in
 * their metrics, which takes one look at the PA: a second. */
lab_act lab_trust_fetched; /* both have the list */
lab_act lab_trust_roll_back; /* the list before is served; B refuses it */
lab_act lab_trust_expire; /* a list that ends soon, taken by B, and its end */
lab_act lab_trust_revoke; /* a new list, and a CRL with A's certificate; B has both */

#endif
