/* SPDX-License-Identifier: Apache-2.0 */
#include "app/scrub.h"

/* as, client and a list in it make three. */
enum { DEPTH = 8 };

struct scrub {
	struct sti_span rest;
	unsigned line;
	const char *why;
	struct buf *out;
	unsigned depth;
	unsigned opened[DEPTH]; /* lines of the braces that are open */
	uint8_t last[2]; /* the last two bytes that were no blanks */
};

static uint8_t look(const struct scrub *s, size_t i)
{
	return i < s->rest.n ? s->rest.p[i] : 0;
}

static void refuse(struct scrub *s, unsigned line, const char *why)
{
	if (s->why)
		return;
	s->why = why;
	s->line = line;
}

static void keep(struct scrub *s, uint8_t byte)
{
	buf_put_byte(s->out, byte);
	if (byte == '\n')
		s->line++;
	if (byte == '\n' || byte == ' ' || byte == '\t')
		return;
	s->last[0] = s->last[1];
	s->last[1] = byte;
}

static void pass(struct scrub *s, size_t n)
{
	s->rest = sti_span_from(s->rest, n);
}

static void line_comment(struct scrub *s)
{
	pass(s, sti_span_find(s->rest, '\n'));
}

static void block_comment(struct scrub *s)
{
	unsigned line = s->line;

	for (pass(s, 2); s->rest.n; pass(s, 1)) {
		if (look(s, 0) == '*' && look(s, 1) == '/') {
			pass(s, 2);
			keep(s, ' ');
			return;
		}
		if (look(s, 0) == '\n')
			keep(s, '\n');
	}
	refuse(s, line, "the comment that begins here has no end, expected */");
}

static const char *strange_in_quotes(const struct scrub *s)
{
	uint8_t c = look(s, 0);

	if (c == '\n')
		return "a quoted value has no closing quote on its line";
	if (c < ' ' || c == 0x7f)
		return "a control character inside quotes";
	if (c == '\\' || c == '|')
		return "a backslash or a vertical bar inside quotes, expected a value without them";
	if (c == '$' && look(s, 1) == '{')
		return "${...} inside quotes: the environment is not read, expected the value itself";
	return NULL;
}

static void quoted(struct scrub *s)
{
	uint8_t quote = look(s, 0);

	keep(s, quote);
	for (pass(s, 1); s->rest.n && look(s, 0) != quote; pass(s, 1)) {
		const char *why = strange_in_quotes(s);

		if (why) {
			refuse(s, s->line, why);
			return;
		}
		keep(s, look(s, 0));
	}
	if (!s->rest.n)
		refuse(s, s->line, "a quoted value has no closing quote");
	keep(s, quote);
	pass(s, 1);
}

static void open_brace(struct scrub *s)
{
	bool section = s->last[1] != '=';

	if (s->depth == DEPTH) {
		refuse(s, s->line, "braces are nested too deep");
		return;
	}
	s->opened[s->depth++] = s->line;
	keep(s, '{');
	if (section)
		buf_put_str(s->out, "\"" SCRUB_BEGIN "\"=1 ");
	pass(s, 1);
}

static void close_brace(struct scrub *s)
{
	if (s->depth == 0) {
		refuse(s, s->line, "a closing brace without an opening one");
		return;
	}
	s->depth--;
	if (s->last[0] == '=' && s->last[1] == '{')
		buf_put_str(s->out, "\"" SCRUB_EMPTY "\"");
	keep(s, '}');
	pass(s, 1);
}

static bool is_bare(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("_-.:/", c) != NULL);
}

static void bare(struct scrub *s)
{
	for (; is_bare(look(s, 0)); pass(s, 1))
		keep(s, look(s, 0));
}

static void other(struct scrub *s)
{
	uint8_t c = look(s, 0);

	if (c == 0)
		refuse(s, s->line, "a NUL byte");
	else if (c == '\r')
		refuse(s, s->line, "a carriage return, expected lines that end in a newline alone");
	else if (c == '$')
		refuse(s, s->line, "a dollar sign outside quotes: the environment is not read");
	else if (!strchr(" \t\n=,", c))
		refuse(s, s->line, "a character that has no place outside quotes");
	else
		keep(s, c);
	pass(s, 1);
}

static void next(struct scrub *s)
{
	uint8_t c = look(s, 0);

	if (c == '#' || (c == '/' && look(s, 1) == '/'))
		line_comment(s);
	else if (c == '/' && look(s, 1) == '*')
		block_comment(s);
	else if (c == '"' || c == '\'')
		quoted(s);
	else if (c == '{')
		open_brace(s);
	else if (c == '}')
		close_brace(s);
	else if (is_bare(c))
		bare(s);
	else
		other(s);
}

enum sti_error scrub_text(struct sti_span text, struct buf *out, unsigned *line, const char **why)
{
	struct scrub s = {.rest = text, .line = 1, .out = out};

	while (s.rest.n && !s.why)
		next(&s);
	if (s.depth && !s.why)
		refuse(&s, s.opened[s.depth - 1], "the brace that opens here is never closed");
	buf_put_byte(out, 0);
	*line = s.line;
	*why = s.why;
	return s.why ? STI_E_CONFIG : buf_error(out);
}
