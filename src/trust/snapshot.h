/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_SNAPSHOT_H
#define TRUST_SNAPSHOT_H

#include <sti/credential.h>

#include "trust/mapping.h"

/*
 * What is trusted at one moment, as one immutable thing that is swapped by pointer: the roots of the
 * STI-CAs, the CRLs and the mappings. References are counted across threads; the parts are shared
 * between snapshots, so that a new CRL costs no root again.
 */
struct trust_snapshot;

enum { TRUST_MAPPINGS = 32 };

struct trust_parts {
	struct sti_roots *roots; /* NULL: nobody is trusted */
	uint64_t roots_generation; /* goes up with other roots: then credentials are judged anew */
	struct sti_crls *crls; /* NULL: nothing is revoked */
	struct mapping *mapping[TRUST_MAPPINGS];
	size_t n_mapping;
	int64_t not_before; /* seconds: thisUpdate of the newest CRL ever accepted, no time is earlier; 0: none */
};

/* Takes a reference to each part. generation tells two snapshots apart in logs. The caller gets the
 * first reference. */
enum sti_error trust_snapshot_assemble(const struct trust_parts *parts, uint64_t generation,
				       struct trust_snapshot **out);

/* Roots alone; pem: all root files, one behind the other; absent: nobody is trusted. */
enum sti_error trust_snapshot_create(struct sti_span pem, uint64_t generation, struct trust_snapshot **out);
struct trust_snapshot *trust_snapshot_ref(struct trust_snapshot *snapshot);
void trust_snapshot_unref(struct trust_snapshot *snapshot);

/* The parts, owned by the snapshot. */
const struct trust_parts *trust_snapshot_parts(const struct trust_snapshot *snapshot);

/* NULL: none. */
const struct sti_roots *trust_snapshot_roots(const struct trust_snapshot *snapshot);
const struct sti_crls *trust_snapshot_crls(const struct trust_snapshot *snapshot);
uint64_t trust_snapshot_roots_generation(const struct trust_snapshot *snapshot);
uint64_t trust_snapshot_generation(const struct trust_snapshot *snapshot);

#endif
