/* SPDX-License-Identifier: Apache-2.0 */
#include "support/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <jansson.h>

#include "support/vectors.h"

/* struct value is never completed: it is jansson's json_t under a name that does not collide. */
static json_t *of(const struct value *v)
{
	return (json_t *)(uintptr_t)v;
}

struct value *value_parse(struct sti_span text)
{
	return (struct value *)json_loadb((const char *)text.p, text.n,
					  JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

struct value *value_read(const char *vector)
{
	struct sti_span text = vectors_read(vector);
	struct value *root = value_parse(text);

	vectors_free(text);
	if (!root)
		fail_msg("%s: not JSON", vector);
	return root;
}

void value_free(struct value *root)
{
	json_decref(of(root));
}

bool value_has(const struct value *object, const char *name)
{
	return json_object_get(of(object), name) != NULL;
}

const struct value *value_member(const struct value *object, const char *name)
{
	json_t *member = json_object_get(of(object), name);

	if (!member)
		fail_msg("no member %s", name);
	return (const struct value *)member;
}

const char *value_text(const struct value *object, const char *name)
{
	const char *text = json_string_value(of(value_member(object, name)));

	if (!text)
		fail_msg("%s is no string", name);
	return text;
}

long long value_number(const struct value *object, const char *name)
{
	json_t *number = of(value_member(object, name));

	if (!json_is_integer(number))
		fail_msg("%s is no integer", name);
	return json_integer_value(number);
}

size_t value_count(const struct value *array)
{
	return json_array_size(of(array));
}

const struct value *value_at(const struct value *array, size_t i)
{
	return (const struct value *)json_array_get(of(array), i);
}

const char *value_string(const struct value *string)
{
	assert_true(json_is_string(of(string)));
	return json_string_value(of(string));
}

bool value_true(const struct value *object, const char *name)
{
	const json_t *member = json_object_get(of(object), name);

	assert_true(json_is_boolean(member));
	return json_is_true(member);
}

bool value_equal(const struct value *a, const struct value *b)
{
	return json_equal(of(a), of(b)) != 0;
}
