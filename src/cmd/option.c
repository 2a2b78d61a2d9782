/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/option.h"

#include <stdio.h>

#include "base/decimal.h"
#include "cmd/command.h"

static const struct option_row *find(const struct option_row *row, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(row[i].name, name) == 0)
			return &row[i];
	return NULL;
}

static bool set_text(const struct option_row *row, const char *value)
{
	const char **to = row->to;

	if (*to) {
		complain(STATUS_USAGE, "%s stands twice", row->name);
		return false;
	}
	*to = value;
	return true;
}

static bool add_text(const struct option_row *row, const char *value)
{
	struct option_list *list = row->to;

	if (list->n == OPTION_LIST_MAX) {
		complain(STATUS_USAGE, "%s stands more than %d times", row->name, OPTION_LIST_MAX);
		return false;
	}
	list->text[list->n++] = value;
	return true;
}

static bool set_number(const struct option_row *row, const char *value)
{
	if (decimal_parse(sti_span_str(value), INT64_MAX, row->to) == STI_OK)
		return true;
	complain(STATUS_USAGE, "%s: expected a decimal number", row->name);
	return false;
}

static bool set(const struct option_row *row, const char *value)
{
	switch (row->kind) {
	case OPTION_TEXT:
		return set_text(row, value);
	case OPTION_LIST:
		return add_text(row, value);
	case OPTION_NUMBER:
		return set_number(row, value);
	case OPTION_FLAG:
		*(bool *)row->to = true;
		return true;
	}
	return false;
}

static void help(const struct option_row *row, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("  %-14s %-12s %s\n", row[i].name, row[i].argument ? row[i].argument : "", row[i].what);
	printf("  %-14s %-12s %s\n", "--help", "", "this");
}

/* Takes argv[*i] and the argument behind it. */
static bool read_one(int argc, char **argv, const struct option_row *row, size_t n, int *i)
{
	const struct option_row *found = find(row, n, argv[*i]);

	if (!found) {
		complain(STATUS_USAGE, "%s: no such option, see `sidetone help %s`", argv[*i], argv[0]);
		return false;
	}
	if (found->kind == OPTION_FLAG)
		return set(found, NULL);
	if (*i + 1 == argc) {
		complain(STATUS_USAGE, "%s: %s is missing", found->name, found->argument);
		return false;
	}
	return set(found, argv[++*i]);
}

bool option_read(int argc, char **argv, const struct option_row *row, size_t n, int *n_rest, int *status)
{
	*n_rest = 0;
	*status = STATUS_USAGE;
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--", 2) != 0) {
			argv[1 + (*n_rest)++] = argv[i];
		} else if (strcmp(argv[i], "--help") == 0) {
			help(row, n);
			*status = STATUS_GOOD;
			return false;
		} else if (!read_one(argc, argv, row, n, &i)) {
			return false;
		}
	}
	return true;
}
