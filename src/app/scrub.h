/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_SCRUB_H
#define APP_SCRUB_H

#include "base/buf.h"

/*
 * The text of a configuration, made fit for libconfuse. By itself libconfuse 3.3 counts lines wrongly
 * after a comment, refuses a comment inside a list, takes a section that the end of the file cuts off,
 * expands ${VAR}, passes over bytes that it does not know, reads a|b as a path of sections, and tells
 * nobody of an empty list or of a section that is opened a second time.
 *
 * So: comments become blanks; what is strange outside or inside of quotes is refused; two marks, which
 * nobody can write himself, are added: the key SCRUB_BEGIN at the start of each section, and the value
 * SCRUB_EMPTY in each empty list. Lines stay where they are.
 */
#define SCRUB_BEGIN "\002"
#define SCRUB_EMPTY "\001"

/* Into out, with a NUL at the end. STI_E_CONFIG: *why is a static phrase, *line (from 1) its place. */
enum sti_error scrub_text(struct sti_span text, struct buf *out, unsigned *line, const char **why);

#endif
