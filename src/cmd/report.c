/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/report.h"

#include <stdio.h>
#include <time.h>

#include "json/utf8.h"
#include "json/writer.h"

enum { NAME_WIDTH = 14, INDENT = 2 };

void report_begin(struct report *report, bool as_json, size_t max)
{
	*report = (struct report){.out = buf_own(max), .as_json = as_json};
	if (as_json)
		buf_put_byte(&report->out, '{');
}

static void put_blanks(struct buf *out, size_t n)
{
	while (n--)
		buf_put_byte(out, ' ');
}

/* Letters as they are; controls, C1 among them, and what turns the direction of writing are not. */
static bool is_visible(uint32_t code)
{
	return code >= ' ' && (code < 0x7f || code >= 0xa0) && !(code >= 0x200b && code <= 0x200f) &&
	       !(code >= 0x2028 && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069) && code != 0xfeff;
}

static void put_escaped(struct buf *out, struct sti_span bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		buf_put_str(out, "\\x");
		buf_put_hex(out, sti_span(bytes.p + i, 1));
	}
}

void report_put_visible(struct buf *out, struct sti_span text)
{
	while (text.n) {
		uint32_t code = 0;
		size_t n = utf8_read(text, &code);

		if (n && is_visible(code))
			buf_put(out, sti_span_first(text, n));
		else
			put_escaped(out, sti_span_first(text, n ? n : 1));
		text = sti_span_from(text, n ? n : 1);
	}
}

static void put_utf8(struct buf *out, struct sti_span text)
{
	while (text.n) {
		uint32_t code;
		size_t n = utf8_read(text, &code);

		if (n)
			buf_put(out, sti_span_first(text, n));
		else
			buf_put_str(out, "\xef\xbf\xbd"); /* U+FFFD */
		text = sti_span_from(text, n ? n : 1);
	}
}

static void put_json_text(struct buf *out, struct sti_span text)
{
	struct buf clean = buf_own(text.n * 3 + 1);

	put_utf8(&clean, text);
	if (buf_error(&clean))
		out->error = buf_error(&clean);
	json_put_string(out, buf_span(&clean));
	buf_free(&clean);
}

/* What stands before a value or what opens: the name, or the number of the element. Its length for people. */
static size_t put_label(struct report *report, const char *name)
{
	char number[16];

	if (report->as_json && name)
		json_put_name(&report->out, name);
	else if (report->as_json)
		json_put_comma(&report->out);
	if (report->as_json)
		return 0;
	snprintf(number, sizeof(number), "%u", ++report->element[report->depth]);
	put_blanks(&report->out, (size_t)report->depth * INDENT);
	buf_put_str(&report->out, name ? name : number);
	return strlen(name ? name : number);
}

static void begin_line(struct report *report, const char *name)
{
	size_t n = put_label(report, name);

	if (report->as_json)
		return;
	if (n < NAME_WIDTH)
		put_blanks(&report->out, NAME_WIDTH - n);
	buf_put_byte(&report->out, ' ');
}

static void go_in(struct report *report, const char *name, uint8_t bracket)
{
	put_label(report, name);
	buf_put_byte(&report->out, report->as_json ? bracket : '\n');
	if (report->depth + 1 < REPORT_DEPTH)
		report->depth++;
	else
		report->out.error = STI_E_LIMIT;
	report->element[report->depth] = 0;
}

static void come_out(struct report *report, uint8_t bracket)
{
	if (report->depth)
		report->depth--;
	if (report->as_json)
		buf_put_byte(&report->out, bracket);
}

void report_open(struct report *report, const char *name)
{
	go_in(report, name, '{');
}

void report_close(struct report *report)
{
	come_out(report, '}');
}

void report_open_list(struct report *report, const char *name)
{
	go_in(report, name, '[');
}

void report_close_list(struct report *report)
{
	come_out(report, ']');
}

static void end_line(struct report *report)
{
	if (!report->as_json)
		buf_put_byte(&report->out, '\n');
}

void report_text(struct report *report, const char *name, struct sti_span text)
{
	begin_line(report, name);
	if (!text.p)
		buf_put_str(&report->out, report->as_json ? "null" : "-");
	else if (report->as_json)
		put_json_text(&report->out, text);
	else
		report_put_visible(&report->out, text);
	end_line(report);
}

void report_null(struct report *report, const char *name)
{
	report_text(report, name, sti_span(NULL, 0));
}

void report_int(struct report *report, const char *name, int64_t number)
{
	begin_line(report, name);
	buf_put_int(&report->out, number);
	end_line(report);
}

void report_bool(struct report *report, const char *name, bool value)
{
	begin_line(report, name);
	if (report->as_json)
		buf_put_str(&report->out, value ? "true" : "false");
	else
		buf_put_str(&report->out, value ? "yes" : "no");
	end_line(report);
}

void report_hex(struct report *report, const char *name, struct sti_span bytes)
{
	begin_line(report, name);
	if (report->as_json)
		buf_put_byte(&report->out, '"');
	buf_put_hex(&report->out, bytes);
	if (report->as_json)
		buf_put_byte(&report->out, '"');
	end_line(report);
}

const char *report_time_text(int64_t seconds, char out[REPORT_TIME])
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&time, &tm) || strftime(out, REPORT_TIME, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		snprintf(out, REPORT_TIME, "%lld", (long long)seconds);
	return out;
}

void report_time(struct report *report, const char *name, int64_t seconds)
{
	char text[REPORT_TIME];

	if (report->as_json)
		report_int(report, name, seconds);
	else
		report_text(report, name, sti_span_str(report_time_text(seconds, text)));
}

static void put_scalar(struct report *report, const char *name, const struct json_node *node)
{
	begin_line(report, name);
	if (report->as_json && node->type == JSON_STRING) {
		json_put_string(&report->out, node->text);
	} else if (node->type == JSON_STRING) {
		buf_put_byte(&report->out, '"');
		report_put_visible(&report->out, node->text);
		buf_put_byte(&report->out, '"');
	} else {
		buf_put(&report->out, node->text);
	}
	end_line(report);
}

/* The name of a member, for a label; it is cut where it is longer. */
struct label {
	char text[64];
};

static struct label label_of(const struct json_node *member)
{
	struct label label;
	struct buf out = buf_own(sizeof(label.text));
	struct sti_span seen;

	report_put_visible(&out, sti_span_first(member->name, sizeof(label.text) / 4 - 1));
	seen = buf_span(&out);
	snprintf(label.text, sizeof(label.text), "%.*s", (int)seen.n, seen.n ? (const char *)seen.p : "");
	buf_free(&out);
	return label;
}

/* As deep as the reader let the document be, which is less than there is room for here. */
static void walk(struct report *report, const char *name, const struct json *doc, const struct json_node *node)
{
	if (node->type != JSON_OBJECT && node->type != JSON_ARRAY) {
		put_scalar(report, name, node);
		return;
	}
	report_open(report, name);
	for (const struct json_node *at = json_first(doc, node); at; at = json_next(doc, node, at)) {
		struct label label = label_of(at);

		walk(report, node->type == JSON_OBJECT ? label.text : NULL, doc, at);
	}
	report_close(report);
}

void report_json(struct report *report, const char *name, const struct json *doc, const struct json_node *node)
{
	enum sti_error error;

	if (!report->as_json) {
		walk(report, name, doc, node);
		return;
	}
	begin_line(report, name);
	error = json_put_canonical(&report->out, doc, node);
	if (error)
		report->out.error = error;
}

bool report_end(struct report *report)
{
	bool good;

	if (report->as_json)
		buf_put_str(&report->out, "}\n");
	good = !buf_error(&report->out) && fwrite(report->out.p, 1, report->out.n, stdout) == report->out.n;
	buf_free(&report->out);
	return fflush(stdout) == 0 && good;
}
