/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/identity_input.h"

#include <sti/identity.h>

/* RFC 3261 7.3.1: a line that begins with a blank belongs to the one before. */
static void unfold(struct buf *text)
{
	for (size_t i = 0; i + 1 < text->n; i++)
		if (text->p[i] == '\n' && (text->p[i + 1] == ' ' || text->p[i + 1] == '\t'))
			text->p[i] = ' ';
	for (size_t i = 0; i + 1 < text->n; i++)
		if (text->p[i] == '\r' && text->p[i + 1] == ' ')
			text->p[i] = ' ';
}

static enum sti_error split_line(struct identity_input *out, struct sti_span line)
{
	struct sti_span value;

	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	line = sti_span_trim(line);
	while (line.n && sti_identity_next(&line, &value)) {
		if (out->n == LIMIT_IDENTITIES)
			return STI_E_LIMIT;
		out->value[out->n++] = value;
	}
	return STI_OK;
}

/* Lines that do not begin with a blank are header lines of their own. */
enum sti_error identity_input_split(struct sti_span text, struct identity_input *out)
{
	struct sti_span rest;
	struct sti_span line;
	enum sti_error error;

	*out = (struct identity_input){.text = buf_own(LIMIT_IDENTITY * LIMIT_IDENTITIES)};
	buf_put(&out->text, text);
	error = buf_error(&out->text);
	if (error)
		return error;
	unfold(&out->text);
	rest = buf_span(&out->text);
	while (!error && sti_span_cut(&rest, '\n', &line))
		error = split_line(out, line);
	return error;
}

void identity_input_free(struct identity_input *input)
{
	buf_free(&input->text);
}
