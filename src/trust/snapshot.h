/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_SNAPSHOT_H
#define TRUST_SNAPSHOT_H

#include <sti/credential.h>

/*
 * What is trusted at one moment, as one immutable thing that is swapped by pointer: the roots of the
 * STI-CAs; CRLs and mappings get their place here too. References are counted across threads.
 */
struct trust_snapshot;

/* pem: all root files, one behind the other; absent: nobody is trusted. generation tells two snapshots apart in logs and
 * caches. The caller gets the first reference. */
enum sti_error trust_snapshot_create(struct sti_span pem, uint64_t generation, struct trust_snapshot **out);
struct trust_snapshot *trust_snapshot_ref(struct trust_snapshot *snapshot);
void trust_snapshot_unref(struct trust_snapshot *snapshot);

/* NULL: none. */
const struct sti_roots *trust_snapshot_roots(const struct trust_snapshot *snapshot);
uint64_t trust_snapshot_generation(const struct trust_snapshot *snapshot);

#endif
