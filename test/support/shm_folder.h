/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SHM_FOLDER_H
#define SUPPORT_SHM_FOLDER_H

#include <sti/span.h>

/* A folder of the test's own on tmpfs. Whatever goes wrong fails the test. */
struct shm_folder {
	char path[64];
	char file[192]; /* the name last asked for */
};

struct shm_folder shm_folder_make(void);
/* Files in it, and it. */
void shm_folder_remove(struct shm_folder *folder);

/* path/name; good until the next call. */
const char *shm_folder_file(struct shm_folder *folder, const char *name);
size_t shm_folder_count(const struct shm_folder *folder);

#endif
