/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_VALUE_H
#define SUPPORT_VALUE_H

#include <sti/span.h>

/*
 * JSON by another library (jansson): to read the tables in the vectors, and as the second opinion
 * on our own reader. jansson's names and ours collide, so only value.c may include jansson.h.
 */
struct value;

/* NULL when jansson refuses it; a member name twice is refused. *root is the caller's. */
struct value *value_parse(struct sti_span text);
struct value *value_read(const char *vector); /* a file of the vectors; fails the test if not JSON */
void value_free(struct value *root);

/* Borrowed from the root. The test fails when a member is not there or has another type. */
const struct value *value_member(const struct value *object, const char *name);
const char *value_text(const struct value *object, const char *name);
long long value_number(const struct value *object, const char *name);
bool value_true(const struct value *object, const char *name); /* a boolean */
bool value_has(const struct value *object, const char *name);
size_t value_count(const struct value *array);
const struct value *value_at(const struct value *array, size_t i);
const char *value_string(const struct value *string);

/* The same content, however it is spelt. */
bool value_equal(const struct value *a, const struct value *b);

#endif
