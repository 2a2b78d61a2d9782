/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/snapshot.h"

#include <stdatomic.h>
#include <stdlib.h>

struct trust_snapshot {
	struct sti_roots *roots;
	uint64_t generation;
	atomic_uint refs;
};

enum sti_error trust_snapshot_create(struct sti_span pem, uint64_t generation, struct trust_snapshot **out)
{
	struct trust_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	enum sti_error error;

	if (!snapshot)
		return STI_E_MEMORY;
	error = pem.p ? sti_roots_parse(pem, &snapshot->roots) : STI_OK;
	if (error) {
		free(snapshot);
		return error;
	}
	snapshot->generation = generation;
	atomic_init(&snapshot->refs, 1);
	*out = snapshot;
	return STI_OK;
}

struct trust_snapshot *trust_snapshot_ref(struct trust_snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->refs, 1, memory_order_relaxed);
	return snapshot;
}

void trust_snapshot_unref(struct trust_snapshot *snapshot)
{
	if (!snapshot || atomic_fetch_sub_explicit(&snapshot->refs, 1, memory_order_acq_rel) != 1)
		return;
	sti_roots_free(snapshot->roots);
	free(snapshot);
}

const struct sti_roots *trust_snapshot_roots(const struct trust_snapshot *snapshot)
{
	return snapshot->roots;
}

uint64_t trust_snapshot_generation(const struct trust_snapshot *snapshot)
{
	return snapshot->generation;
}
