/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/snapshot.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "pki/crls.h"
#include "pki/roots.h"

struct trust_snapshot {
	struct trust_parts parts; /* one reference to each is ours */
	uint64_t generation;
	atomic_uint refs;
};

static void share(struct trust_parts *parts)
{
	if (parts->roots)
		roots_ref(parts->roots);
	if (parts->crls)
		crls_ref(parts->crls);
	for (size_t i = 0; i < parts->n_mapping; i++)
		mapping_ref(parts->mapping[i]);
}

enum sti_error trust_snapshot_assemble(const struct trust_parts *parts, uint64_t generation,
				       struct trust_snapshot **out)
{
	struct trust_snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		return STI_E_MEMORY;
	snapshot->parts = *parts;
	share(&snapshot->parts);
	snapshot->generation = generation;
	atomic_init(&snapshot->refs, 1);
	*out = snapshot;
	return STI_OK;
}

enum sti_error trust_snapshot_create(struct sti_span pem, uint64_t generation, struct trust_snapshot **out)
{
	struct trust_parts parts = {.roots_generation = generation};
	enum sti_error error = pem.p ? sti_roots_parse(pem, &parts.roots) : STI_OK;

	if (!error)
		error = trust_snapshot_assemble(&parts, generation, out);
	sti_roots_free(parts.roots);
	return error;
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
	sti_roots_free(snapshot->parts.roots);
	sti_crls_free(snapshot->parts.crls);
	for (size_t i = 0; i < snapshot->parts.n_mapping; i++)
		mapping_unref(snapshot->parts.mapping[i]);
	free(snapshot);
}

const struct trust_parts *trust_snapshot_parts(const struct trust_snapshot *snapshot)
{
	return &snapshot->parts;
}

const struct sti_roots *trust_snapshot_roots(const struct trust_snapshot *snapshot)
{
	return snapshot->parts.roots;
}

const struct sti_crls *trust_snapshot_crls(const struct trust_snapshot *snapshot)
{
	return snapshot->parts.crls;
}

uint64_t trust_snapshot_roots_generation(const struct trust_snapshot *snapshot)
{
	return snapshot->parts.roots_generation;
}

uint64_t trust_snapshot_generation(const struct trust_snapshot *snapshot)
{
	return snapshot->generation;
}
