/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_LAB_HTTP_H
#define CMD_LAB_HTTP_H

#include "base/buf.h"
#include "cmd/lab_world.h"

/* What the switches of the lab ask its carriers, over HTTPS. */
struct lab_answer {
	int status;
	struct buf body; /* owned */
	double ms;
};

/* request_id: X-RequestID; NULL: none. The answer ends with lab_answer_free, whatever is returned. */
enum sti_error lab_http_post(const struct lab_world *world, const struct lab_url *url, const char *media,
			     struct sti_span body, const char *request_id, struct lab_answer *answer);

/* From a carrier's admin socket. */
enum sti_error lab_http_admin(const struct lab_world *world, size_t who, const char *path, struct lab_answer *answer);

void lab_answer_free(struct lab_answer *answer);

#endif
