/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_LAB_PKI_H
#define CMD_LAB_PKI_H

#include "cmd/lab_world.h"

/* Keys and certificates of the whole world into its folder, NAME.key and NAME.pem each: a TLS CA and a
 * server certificate for each member, the PA's root with the signers of its list and its CRL, the STI-CA with an
 * intermediate and a SHAKEN certificate for each carrier, and the same for the stranger under a root that is in
 * nobody's list. New at each call. */
bool lab_pki_make(const struct lab_world *world);

#endif
