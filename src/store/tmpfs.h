/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_TMPFS_H
#define STORE_TMPFS_H

#include "store/slot.h"

/*
 * The file of the table: a page that names the layout, then the slots. Mapped, its space reserved
 * before, so that no later write can fail.
 */
enum {
	TMPFS_HEADER = 4096,
	TMPFS_VERSION = 2 /* of the layout: struct slot, RECORD_SHARDS, what is hashed */
};

#define TMPFS_MAGIC_WORD UINT64_C(0x656e6f7465646973) /* "sidetone" */

struct tmpfs_header {
	_Atomic uint64_t magic; /* written last: 0 is a file that was never finished */
	uint32_t version;
	uint32_t slot_size;
	struct siphash_key key; /* drawn when the file is made; of all hashes in it and of its index */
};

struct tmpfs {
	int fd; /* holds the lock */
	void *map;
	size_t size;
	struct slot *slot;
	struct siphash_key key;
};

/* Errors as table_open. The bytes of the slots are whatever lies in the file. */
enum sti_error tmpfs_open(const char *path, uint32_t slots, struct tmpfs *out);
void tmpfs_close(struct tmpfs *tmpfs);

#endif
