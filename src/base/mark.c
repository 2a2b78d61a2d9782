/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mark.h"

#include "base/decimal.h"
#include "base/hex.h"

void mark_set_number(struct mark *mark, int64_t number)
{
	memset(mark->number, 0, MARK_NUMBER);
	for (size_t i = MARK_NUMBER; number > 0; number >>= 8)
		mark->number[--i] = (uint8_t)number;
}

enum sti_error mark_set_octets(struct mark *mark, struct sti_span number)
{
	while (number.n && number.p[0] == 0)
		number = sti_span_from(number, 1);
	if (number.n > MARK_NUMBER)
		return STI_E_LIMIT;
	memset(mark->number, 0, MARK_NUMBER);
	if (number.n)
		memcpy(mark->number + MARK_NUMBER - number.n, number.p, number.n);
	return STI_OK;
}

int mark_compare(const struct mark *a, const struct mark *b)
{
	return memcmp(a->number, b->number, MARK_NUMBER);
}

/* 1 <number, 40 hex digits> <time, decimal> <SHA-256, 64 hex digits> LF */
void mark_write(const struct mark *mark, struct buf *out)
{
	buf_put_str(out, "1 ");
	buf_put_hex(out, sti_span(mark->number, MARK_NUMBER));
	buf_put_byte(out, ' ');
	buf_put_int(out, mark->time);
	buf_put_byte(out, ' ');
	buf_put_hex(out, sti_span(mark->sha256, MARK_SHA256));
	buf_put_byte(out, '\n');
}

static enum sti_error time_parse(struct sti_span text, int64_t *out)
{
	bool negative = text.n && text.p[0] == '-';
	enum sti_error error = decimal_parse(negative ? sti_span_from(text, 1) : text, INT64_MAX, out);

	if (!error && negative)
		*out = -*out;
	return error;
}

static enum sti_error fields_parse(struct sti_span line, struct mark *out)
{
	struct sti_span version, number, time;
	enum sti_error error = STI_E_NUMBER;

	if (sti_span_cut(&line, ' ', &version) && sti_span_is(version, "1") && sti_span_cut(&line, ' ', &number) &&
	    sti_span_cut(&line, ' ', &time) && line.p)
		error = hex_decode(number, out->number, MARK_NUMBER);
	if (!error)
		error = time_parse(time, &out->time);
	if (!error)
		error = hex_decode(line, out->sha256, MARK_SHA256);
	return error;
}

/* What is read is written the same way again: one spelling, so no other is a mark. */
static bool is_spelt(const struct mark *mark, struct sti_span text)
{
	uint8_t memory[160];
	struct buf again = buf_lend(memory, sizeof(memory));

	mark_write(mark, &again);
	return buf_error(&again) == STI_OK && sti_span_equal(buf_span(&again), text);
}

enum sti_error mark_parse(struct sti_span text, struct mark *out)
{
	struct mark mark = {0};
	struct sti_span rest = text, line;

	if (!sti_span_cut(&rest, '\n', &line) || fields_parse(line, &mark) || !is_spelt(&mark, text))
		return STI_E_NUMBER;
	*out = mark;
	return STI_OK;
}
