/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_LAB_STORY_H
#define CMD_LAB_STORY_H

#include "base/buf.h"

/* What a call did, step by step, and how the lab tells it: as a ladder for people or as JSON. */
enum { STORY_STEPS = 40, STORY_TEXT = 160, STORY_RESULT = 448 };

struct lab_step {
	unsigned number; /* of the seed's call flow, 1 … 11; 0: none of them */
	const char *from;
	const char *to; /* NULL: something that `from` is found to be or to have */
	char what[STORY_TEXT];
	bool is_wrong;
};

struct lab_telling { /* of one call */
	const char *name;
	const char *figure; /* NULL: none */
	const char *title;
	const char *expected;
	char got[STORY_RESULT];
	char result[STORY_RESULT]; /* which PASSporT decided, where the Identity was lost */
	bool ok;
	struct lab_step step[STORY_STEPS];
	size_t n_step;
	size_t round; /* the first step of this attempt to call */
};

/* In the order of the ladder: behind all of this attempt that have no greater number. */
void lab_step(struct lab_telling *call, unsigned number, const char *from, const char *to, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* The same for something that must be so; when it is not, the call is wrong. */
void lab_fact(struct lab_telling *call, bool is_so, unsigned number, const char *from, const char *to,
	      const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Numbers begin anew. */
void lab_story_again(struct lab_telling *call);

struct lab_story {
	bool as_json;
	bool colour;
	struct buf json; /* owned */
	size_t told;
	size_t good;
};

void lab_story_begin(struct lab_story *story, bool as_json);
void lab_story_tell(struct lab_story *story, const struct lab_telling *call);

/* The summary. is_whole: all calls were placed; ms: how long it all took. False when something could not be
 * written. */
bool lab_story_end(struct lab_story *story, bool is_whole, double ms);

#endif
