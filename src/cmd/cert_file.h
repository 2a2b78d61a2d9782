/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_CERT_FILE_H
#define CMD_CERT_FILE_H

#include "pki/chain.h"

/* The certificates of a file that a person gives: DER, or PEM with any text around the blocks. Any
 * other block is STI_E_PEM, so that a private key is noticed; more than LIMIT_ROOTS are STI_E_LIMIT. A
 * block that is no certificate is left out and counted in *n_bad. STI_E_IO with errno. */
enum sti_error cert_file_read(const char *path, struct chain *out, size_t *n_bad);

/* The same for what must be certificates alone, added to what is there; after a complaint on stderr a
 * status of cmd/command.h. */
int cert_file_add(const char *path, struct chain *all);

/* What to say of an error of the above; of a file that cannot be read what the system said. */
const char *cert_file_why(enum sti_error error);

#endif
