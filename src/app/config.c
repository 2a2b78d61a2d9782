/* SPDX-License-Identifier: Apache-2.0 */
#include "app/config.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/arena.h"
#include "app/rules.h"
#include "app/schema.h"
#include "app/scrub.h"
#include "base/decimal.h"
#include "base/limits.h"

struct whole {
	struct config config; /* first: config_free is given this */
	struct arena arena;
	struct buf places; /* struct place, one behind the other */
};

/* Where a field, or the struct of a section, was set. */
struct place {
	uintptr_t from;
	size_t n;
	unsigned line;
};

struct reader {
	struct config_message *message;
	struct whole *whole;
	struct sti_span folder; /* with the slash; empty: paths stay as they are */
	struct arena arena; /* what is needed while reading */
	unsigned sections;
	enum sti_error error;
};

/* What one key of libconfuse is to us. */
struct slot {
	struct reader *reader;
	enum schema_section section;
	const struct schema_row *row; /* NULL: SCRUB_BEGIN */
};

/* --- messages: the first one stays --- */

static struct buf complain(struct reader *r, unsigned line, enum schema_section section, const char *key)
{
	struct config_message *m = r->message;
	struct buf b = buf_lend(m->text, sizeof(m->text) - 1);

	r->error = STI_E_CONFIG;
	if (m->text[0])
		return buf_lend(NULL, 0);
	m->line = line;
	schema_put_name(&b, section, key);
	if (b.n)
		buf_put_str(&b, ": ");
	return b;
}

static void complain_value(struct reader *r, unsigned line, enum schema_section section, const struct schema_row *row,
			   const char *value)
{
	struct buf b = complain(r, line, section, row->key);

	buf_put_byte(&b, '"');
	buf_put(&b, sti_span_first(sti_span_str(value), 64));
	buf_put_str(&b, "\" is wrong, expected ");
	schema_put_expected(&b, row->kind, row);
}

/* --- libconfuse ---
 * It has no pointer of the caller's anywhere. All keys are strings without default, so the fields for
 * defaults of other types are free: def.number holds our slot, def.fpnumber the line of the setting. */

static const struct slot *slot_of(const cfg_opt_t *opt)
{
	return (const struct slot *)(uintptr_t)opt->def.number;
}

static unsigned line_of(const cfg_opt_t *opt)
{
	return opt ? (unsigned)opt->def.fpnumber : 0;
}

static void begin_section(struct reader *r, const cfg_t *cfg, enum schema_section section, unsigned line)
{
	const struct schema_section_row *s = schema_section(section);
	struct buf b;

	if (++r->sections > LIMIT_CONFIG_ENTRIES) {
		b = complain(r, line, section, NULL);
		buf_put_str(&b, "too many sections, expected no more than ");
		buf_put_int(&b, LIMIT_CONFIG_ENTRIES);
		return;
	}
	if (!s->many || schema_check(s->title, NULL, cfg->title))
		return;
	b = complain(r, line, section, NULL);
	buf_put_str(&b, "the title is wrong, expected ");
	schema_put_expected(&b, s->title, NULL);
}

static void complain_twice(struct reader *r, unsigned line, const struct slot *slot, unsigned first)
{
	struct buf b = complain(r, line, slot->section, slot->row ? slot->row->key : NULL);

	buf_put_str(&b, slot->row ? "set a second time" : "a second section of this name");
	buf_put_str(&b, ", expected one; the first is on line ");
	buf_put_int(&b, first);
}

/* One value, or one of a list: an = makes libconfuse count from 1 again. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	const struct slot *slot = slot_of(opt);
	unsigned line = (unsigned)cfg->line;

	*(const char **)result = value;
	if (opt->nvalues == 1 && line_of(opt))
		complain_twice(slot->reader, line, slot, line_of(opt));
	else if (!slot->row)
		begin_section(slot->reader, cfg, slot->section, line);
	else if (strcmp(value, SCRUB_EMPTY) != 0 && !schema_check(slot->row->kind, slot->row, value))
		complain_value(slot->reader, line, slot->section, slot->row, value);
	if (opt->nvalues == 1)
		opt->def.fpnumber = line;
	return slot->reader->error ? -1 : 0;
}

__attribute__((format(printf, 2, 0))) static void on_error(cfg_t *cfg, const char *format, va_list arguments)
{
	const struct slot *slot = slot_of(&cfg->opts[0]);
	struct buf b = complain(slot->reader, (unsigned)cfg->line, slot->section, NULL);
	char text[256];

	vsnprintf(text, sizeof(text), format, arguments);
	buf_put_str(&b, text);
}

/* libconfuse's own look-ups by name take memory, and without it say "not set". The keys of a section stand as
 * options_make has put them: SCRUB_BEGIN, its rows, its sections in their order. */
static cfg_opt_t *row_option(cfg_t *cfg, size_t i)
{
	return cfg ? &cfg->opts[1 + i] : NULL;
}

static cfg_opt_t *section_option(cfg_t *parent, enum schema_section section)
{
	cfg_opt_t *opt = parent ? parent->opts : NULL;

	while (opt && opt->name && (opt->type != CFGT_SEC || strcmp(opt->name, schema_section(section)->name) != 0))
		opt++;
	return opt && opt->name ? opt : NULL;
}

static unsigned begin_line(const cfg_t *cfg)
{
	return line_of(&cfg->opts[0]);
}

static bool slot_make(struct reader *r, enum schema_section section, const struct schema_row *row, cfg_opt_t *out)
{
	struct slot *slot = arena_alloc(&r->arena, 1, sizeof(*slot));

	if (!slot)
		return false;
	*slot = (struct slot){.reader = r, .section = section, .row = row};
	*out = (cfg_opt_t)CFG_STR_CB(row ? row->key : SCRUB_BEGIN, NULL, CFGF_NODEFAULT, on_value);
	if (row && row->keep == SCHEMA_LIST)
		out->flags |= CFGF_LIST;
	out->def.number = (long)(uintptr_t)slot;
	return true;
}

static size_t row_count(enum schema_section section)
{
	size_t n = 0, at;

	while (schema_row(section, n, &at))
		n++;
	return n;
}

/* Owned by the reader. SCRUB_BEGIN comes first, so that on_error finds a slot. */
static cfg_opt_t *options_make(struct reader *r, enum schema_section section)
{
	size_t n = row_count(section), at;
	cfg_opt_t *opts = arena_alloc(&r->arena, 1 + n + SCHEMA_SECTIONS + 1, sizeof(*opts));
	cfg_opt_t *next = opts;

	if (!opts || !slot_make(r, section, NULL, next++))
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (!slot_make(r, section, schema_row(section, i, &at), next++))
			return NULL;
	for (enum schema_section child = 1; child < SCHEMA_SECTIONS; child++) {
		const struct schema_section_row *s = schema_section(child);
		cfg_flag_t flags = s->many ? CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES : CFGF_NODEFAULT;
		cfg_opt_t *subopts;

		if (s->parent != section)
			continue;
		subopts = options_make(r, child);
		if (!subopts)
			return NULL;
		*next++ = (cfg_opt_t)CFG_SEC(s->name, subopts, flags);
	}
	*next = (cfg_opt_t)CFG_END();
	return opts;
}

/* --- from libconfuse to struct config --- */

static void place_add(struct reader *r, const void *from, size_t n, unsigned line)
{
	struct place place = {.from = (uintptr_t)from, .n = n, .line = line};

	buf_put(&r->whole->places, sti_span(&place, sizeof(place)));
}

/* The smallest thing around `at` that the text has set. */
unsigned config_line(const struct config *config, const void *at)
{
	const struct buf *places = &((const struct whole *)config)->places;
	struct place place, best = {.n = SIZE_MAX};

	for (size_t i = 0; i < places->n; i += sizeof(place)) {
		memcpy(&place, places->p + i, sizeof(place));
		if ((uintptr_t)at >= place.from && (uintptr_t)at - place.from < place.n && place.n < best.n)
			best = place;
	}
	return best.line;
}

static const char *resolve(struct reader *r, struct sti_span before, const char *path)
{
	struct sti_span folder = path[0] == '/' ? sti_span(NULL, 0) : r->folder;
	const char *head = arena_join(&r->arena, before, folder);

	return head ? arena_join(&r->whole->arena, sti_span_str(head), sti_span_str(path)) : NULL;
}

static const char *string_make(struct reader *r, enum schema_kind kind, const char *value)
{
	static const char socket[] = "unix:";
	const char *s;

	if (kind == SCHEMA_PATH)
		s = resolve(r, sti_span(NULL, 0), value);
	else if ((kind == SCHEMA_LISTEN || kind == SCHEMA_STORE_OF) && strncmp(value, socket, strlen(socket)) == 0)
		s = resolve(r, sti_span_str(socket), value + strlen(socket));
	else
		s = arena_join(&r->whole->arena, sti_span_str(value), sti_span(NULL, 0));
	if (!s)
		r->error = STI_E_MEMORY;
	return s;
}

static void list_fill(struct reader *r, enum schema_section section, const struct schema_row *row, cfg_opt_t *opt,
		      uint8_t *field)
{
	size_t n = cfg_opt_size(opt);
	const char **list;

	if (n == 1 && strcmp(cfg_opt_getnstr(opt, 0), SCRUB_EMPTY) == 0)
		n = 0;
	if ((int64_t)n < row->min || (int64_t)n > row->max) {
		struct buf b = complain(r, line_of(opt), section, row->key);

		buf_put_str(&b, "too few or too many entries, expected from ");
		buf_put_int(&b, row->min);
		buf_put_str(&b, " to ");
		buf_put_int(&b, row->max);
		return;
	}
	list = arena_alloc(&r->whole->arena, n, sizeof(*list));
	if (!list)
		r->error = STI_E_MEMORY;
	for (size_t i = 0; i < n && !r->error; i++)
		list[i] = string_make(r, row->kind, cfg_opt_getnstr(opt, (unsigned)i));
	memcpy(field, &list, sizeof(list));
	memcpy(field + sizeof(list), &n, sizeof(n));
}

/* `value` has passed schema_check. */
static void value_fill(struct reader *r, const struct schema_row *row, const char *value, uint8_t *field)
{
	int64_t number = 0;
	int word;

	switch (row->keep) {
	case SCHEMA_STRING:
		*(const char **)field = string_make(r, row->kind, value);
		break;
	case SCHEMA_INT:
		if (decimal_parse(sti_span_str(value), row->max, &number))
			r->error = STI_E_NUMBER;
		*(int64_t *)field = number;
		break;
	case SCHEMA_BOOL:
		*(bool *)field = schema_word(row->words, value) == 1;
		break;
	case SCHEMA_PREFER:
		word = schema_word(row->words, value);
		*(enum sti_prefer *)field = (enum sti_prefer)word;
		break;
	case SCHEMA_LIST: /* has no default */
		break;
	}
}

static size_t keep_size(enum schema_keep keep)
{
	static const size_t size[] = {
		[SCHEMA_STRING] = sizeof(char *),
		[SCHEMA_LIST] = sizeof(char **),
		[SCHEMA_INT] = sizeof(int64_t),
		[SCHEMA_BOOL] = sizeof(bool),
		[SCHEMA_PREFER] = sizeof(enum sti_prefer),
	};

	return size[keep];
}

static void complain_missing(struct reader *r, cfg_t *cfg, enum schema_section section, const struct schema_row *row)
{
	struct buf b = complain(r, begin_line(cfg), section, row->key);

	buf_put_str(&b, "missing, expected ");
	schema_put_expected(&b, row->kind, row);
}

static void row_fill(struct reader *r, cfg_t *cfg, enum schema_section section, size_t i, uint8_t *base)
{
	size_t at;
	const struct schema_row *row = schema_row(section, i, &at);
	cfg_opt_t *opt = row_option(cfg, i);
	uint8_t *field = base + at;

	if (line_of(opt))
		place_add(r, field, keep_size(row->keep), line_of(opt));
	if (line_of(opt) && row->keep == SCHEMA_LIST)
		list_fill(r, section, row, opt, field);
	else if (line_of(opt))
		value_fill(r, row, cfg_opt_getnstr(opt, 0), field);
	else if (row->mandatory && cfg)
		complain_missing(r, cfg, section, row);
	else if (row->fallback)
		value_fill(r, row, row->fallback, field);
}

static void section_fill(struct reader *r, cfg_t *cfg, enum schema_section section, uint8_t *base)
{
	size_t at;

	for (size_t i = 0; schema_row(section, i, &at) && !r->error; i++)
		row_fill(r, cfg, section, i, base);
}

static void entries_fill(struct reader *r, cfg_t *parent, enum schema_section section)
{
	const struct schema_section_row *s = schema_section(section);
	uint8_t *field = (uint8_t *)&r->whole->config + s->at;
	cfg_opt_t *opt = section_option(parent, section);
	size_t n = opt ? cfg_opt_size(opt) : 0;
	uint8_t *entries = arena_alloc(&r->whole->arena, n, s->size);

	if (!entries)
		r->error = STI_E_MEMORY;
	for (size_t i = 0; i < n && !r->error; i++) {
		cfg_t *cfg = cfg_opt_getnsec(opt, (unsigned)i);
		uint8_t *entry = entries + i * s->size;

		*(const char **)entry = string_make(r, s->title, cfg->title);
		place_add(r, entry, s->size, begin_line(cfg));
		section_fill(r, cfg, section, entry);
	}
	memcpy(field, &entries, sizeof(entries));
	memcpy(field + sizeof(entries), &n, sizeof(n));
}

static cfg_t *one_fill(struct reader *r, cfg_t *parent, enum schema_section section)
{
	const struct schema_section_row *s = schema_section(section);
	uint8_t *config = (uint8_t *)&r->whole->config;
	cfg_opt_t *opt = section_option(parent, section);
	cfg_t *cfg = opt && cfg_opt_size(opt) ? cfg_opt_getnsec(opt, 0) : NULL;

	if (cfg)
		place_add(r, config + s->at, s->size, begin_line(cfg));
	if (s->role)
		*(bool *)(config + s->at) = cfg != NULL;
	section_fill(r, cfg, section, config);
	return cfg;
}

/* A parent stands before its children in enum schema_section. */
static void config_fill(struct reader *r, cfg_t *root)
{
	cfg_t *found[SCHEMA_SECTIONS] = {[SCHEMA_ROOT] = root};
	struct config_listen *private_listen = &r->whole->config.cps.private_listen;

	section_fill(r, root, SCHEMA_ROOT, (uint8_t *)&r->whole->config);
	for (enum schema_section i = 1; i < SCHEMA_SECTIONS && !r->error; i++) {
		cfg_t *parent = found[schema_section(i)->parent];

		if (schema_section(i)->many)
			entries_fill(r, parent, i);
		else
			found[i] = one_fill(r, parent, i);
	}
	private_listen->client_required = private_listen->client_ca != NULL;
}

static void rules_apply(struct reader *r)
{
	struct rules_finding finding;

	if (rules_check(&r->whole->config, &finding) == STI_OK)
		return;
	r->error = STI_E_CONFIG;
	r->message->line = config_line(&r->whole->config, finding.at);
	snprintf(r->message->text, sizeof(r->message->text), "%s", finding.text);
}

static void tree_read(struct reader *r, cfg_t *root, const char *text)
{
	cfg_set_error_function(root, on_error);
	root->line = 1;
	errno = 0;
	if (cfg_parse_buf(root, text) != CFG_SUCCESS && !r->error)
		r->error = errno == ENOMEM ? STI_E_MEMORY : STI_E_CONFIG;
	if (!r->error)
		config_fill(r, root);
	if (!r->error)
		r->error = buf_error(&r->whole->places);
	if (!r->error)
		rules_apply(r);
}

static void text_read(struct reader *r, const char *text)
{
	cfg_opt_t *opts = options_make(r, SCHEMA_ROOT);
	cfg_t *root = opts ? cfg_init(opts, CFGF_NONE) : NULL;

	if (!root) {
		r->error = STI_E_MEMORY;
		return;
	}
	tree_read(r, root, text);
	/* A section for which libconfuse had no memory is freed but still in its tree: better to lose the tree. */
	if (r->error != STI_E_MEMORY)
		cfg_free(root);
}

static void scrub_read(struct reader *r, struct sti_span text)
{
	struct buf clean = buf_own(4 * LIMIT_CONFIG);
	const char *why;
	unsigned line;

	r->error = text.n > LIMIT_CONFIG ? STI_E_LIMIT : scrub_text(text, &clean, &line, &why);
	if (r->error == STI_E_CONFIG) {
		r->message->line = line;
		snprintf(r->message->text, sizeof(r->message->text), "%s", why);
	}
	if (!r->error)
		text_read(r, (const char *)clean.p);
	buf_free(&clean);
}

static struct sti_span folder_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return sti_span(file, slash ? (size_t)(slash - file) + 1 : 0);
}

enum sti_error config_parse_text(struct sti_span text, const char *file, struct config **out,
				 struct config_message *message)
{
	struct reader r = {.message = message, .folder = folder_of(file)};

	memset(message, 0, sizeof(*message));
	r.whole = calloc(1, sizeof(*r.whole));
	if (!r.whole)
		return STI_E_MEMORY;
	r.whole->places = buf_own(SIZE_MAX / 2);
	r.whole->config.file = string_make(&r, SCHEMA_TEXT, file);
	if (!r.error)
		scrub_read(&r, text);
	if (r.error && !message->text[0])
		snprintf(message->text, sizeof(message->text), "%s", sti_error_text(r.error));
	if (r.error)
		config_free(&r.whole->config);
	else
		*out = &r.whole->config;
	arena_free(&r.arena);
	return r.error;
}

void config_free(struct config *config)
{
	struct whole *whole = (struct whole *)config;

	if (!whole)
		return;
	arena_free(&whole->arena);
	buf_free(&whole->places);
	free(whole);
}

/* --- the file (threats.md J11) --- */

static const char *strange_file(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "not a regular file";
	if (st->st_mode & S_IWOTH)
		return "everybody may write it, expected a file without write permission for others";
	if (st->st_size > LIMIT_CONFIG)
		return "over 1 MiB";
	return NULL;
}

static enum sti_error all_read(int fd, struct buf *out)
{
	ssize_t n;

	do {
		uint8_t block[4096];

		n = TEMP_FAILURE_RETRY(read(fd, block, sizeof(block)));
		if (n > 0)
			buf_put(out, sti_span(block, (size_t)n));
	} while (n > 0 && !buf_error(out));
	return n < 0 ? STI_E_IO : buf_error(out);
}

static enum sti_error file_take(const char *file, struct buf *out, const char **why)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	enum sti_error error = STI_OK;
	struct stat st;

	if (fd < 0) {
		*why = errno == ELOOP ? "a symbolic link, expected the file itself" : strerrordesc_np(errno);
		return errno == ELOOP ? STI_E_CONFIG : STI_E_IO;
	}
	if (fstat(fd, &st) != 0)
		error = STI_E_IO;
	else if ((*why = strange_file(&st)))
		error = STI_E_CONFIG;
	else
		error = all_read(fd, out);
	if (error == STI_E_IO)
		*why = strerrordesc_np(errno);
	close(fd);
	return error;
}

enum sti_error config_parse(const char *file, struct config **out, struct config_message *message)
{
	struct buf text = buf_own(LIMIT_CONFIG);
	const char *why = NULL;
	enum sti_error error = file_take(file, &text, &why);

	memset(message, 0, sizeof(*message));
	if (error)
		snprintf(message->text, sizeof(message->text), "%s", why ? why : sti_error_text(error));
	else
		error = config_parse_text(buf_span(&text), file, out, message);
	buf_free(&text);
	return error;
}
