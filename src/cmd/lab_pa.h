/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_LAB_PA_H
#define CMD_LAB_PA_H

#include "cmd/lab_world.h"

/*
 * The policy administrator of the lab's country, under a root of its own: it signs the trusted STI-CA list
 * and the indirect CRL into its folder; its process serves what lies there, nothing else.
 */
#define LAB_PA_LIST        "/api/v1/ca-list"
#define LAB_PA_CRL         "/download/v1/crl"
#define LAB_PA_CERTIFICATE "/download/v1/certificate/certificateId_1.crt"

/* The next list, with the one STI-CA root; exp: seconds of the epoch. */
bool lab_pa_publish_list(struct lab_world *world, int64_t exp);

/* One with the sequence before that of the newest, as good as it was then. */
bool lab_pa_publish_old_list(const struct lab_world *world);

/* The next CRL; with A's certificate in it or empty. */
bool lab_pa_publish_crl(struct lab_world *world, bool is_a_revoked);

/* When what is good for long ends: seconds of the epoch, no two lists the same. */
int64_t lab_pa_exp(const struct lab_world *world);

/* The first of both, and where its process listens. */
bool lab_pa_make(struct lab_world *world);

/* What runs in its process, `sidetone lab pa FOLDER`; its exit status. */
int lab_pa_run(const char *folder);

#endif
