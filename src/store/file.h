/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include <sys/types.h>

#include "base/buf.h"

/* The whole file into *out, which is made here and is the caller's to free; empty after an error.
 * STI_E_LIMIT when larger than max, STI_E_IO with errno, STI_E_BUSY when it grows meanwhile.
 * A folder, device, socket or FIFO is STI_E_DENIED. */
enum sti_error file_read(const char *path, size_t max, struct buf *out);

/* A private key or token: besides, no symbolic link, owner root or ourselves, no access for group or
 * others (threats.md L1). *why, when STI_E_DENIED, says which in a static phrase, else it is NULL.
 * One allocation, so that no copy stays behind in freed memory. */
enum sti_error file_read_secret(const char *path, size_t max, struct buf *out, const char **why);

/* A folder or file that is believed: STI_E_DENIED where others than root and ourselves may write it, and *why is a
 * static phrase that says how, else NULL. Links are followed. STI_E_IO with errno. */
enum sti_error file_check_writers(const char *path, const char **why);

/* Old or new, never neither: temporary file beside it, write, fsync, rename, fsync of the folder.
 * STI_E_IO with errno; STI_E_LIMIT when the path is too long. */
enum sti_error file_write(const char *path, struct sti_span bytes, mode_t mode);

/* What was renamed or deleted beside path is so after a power failure too. STI_E_IO with errno. */
enum sti_error file_sync_folder(const char *path);

/* A descriptor of the folder that holds path, the caller's to close, and the last part of path in
 * *name; -1 with errno. */
int file_open_folder(const char *path, const char **name);

#endif
