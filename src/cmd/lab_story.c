/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/lab_story.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "json/writer.h"

enum { LINE = STORY_TEXT + 64 };

static size_t place_of(const struct lab_telling *call, unsigned number)
{
	size_t i = call->n_step;

	while (number && i > call->round && call->step[i - 1].number > number)
		i--;
	return i;
}

/* A step more than there is room for makes the call wrong, so that it cannot go unseen. */
static struct lab_step *insert(struct lab_telling *call, unsigned number)
{
	size_t i = place_of(call, number);

	if (call->n_step == STORY_STEPS) {
		call->ok = false;
		return NULL;
	}
	memmove(&call->step[i + 1], &call->step[i], (call->n_step - i) * sizeof(call->step[0]));
	call->n_step++;
	return &call->step[i];
}

static void put_step(struct lab_telling *call, const struct lab_step *given, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));
static void put_step(struct lab_telling *call, const struct lab_step *given, const char *format, va_list arguments)
{
	struct lab_step *step = insert(call, given->number);

	if (!step)
		return;
	*step = *given;
	vsnprintf(step->what, sizeof(step->what), format, arguments);
}

void lab_step(struct lab_telling *call, unsigned number, const char *from, const char *to, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put_step(call, &(struct lab_step){.number = number, .from = from, .to = to}, format, arguments);
	va_end(arguments);
}

void lab_fact(struct lab_telling *call, bool is_so, unsigned number, const char *from, const char *to,
	      const char *format, ...)
{
	va_list arguments;

	call->ok = call->ok && is_so;
	va_start(arguments, format);
	put_step(call, &(struct lab_step){.number = number, .from = from, .to = to, .is_wrong = !is_so}, format,
		 arguments);
	va_end(arguments);
}

void lab_story_again(struct lab_telling *call)
{
	call->round = call->n_step;
}

void lab_story_begin(struct lab_story *story, bool as_json)
{
	*story = (struct lab_story){
		.as_json = as_json,
		.colour = !as_json && isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
		.json = buf_own(LIMIT_HTTP_REPLY),
	};
	if (as_json)
		buf_put_str(&story->json, "{\"calls\":[");
}

/* One step as a line, the same for people and in JSON. */
static int write_step(const struct lab_step *step, bool wide, char line[LINE])
{
	char number[12] = "";
	const char *wrong = step->is_wrong ? " -- NOT SO" : "";

	if (step->number)
		snprintf(number, sizeof(number), "%u", step->number);
	if (!wide && step->to)
		return snprintf(line, LINE, "%s%s%s -> %s: %s%s", number, number[0] ? " " : "", step->from, step->to,
				step->what, wrong);
	if (!wide)
		return snprintf(line, LINE, "%s: %s%s", step->from, step->what, wrong);
	return snprintf(line, LINE, "%4s  %-10s %s %-10s  %s%s", number, step->from, step->to ? "->" : "  ",
			step->to ? step->to : "", step->what, wrong);
}

static void tell_json(struct buf *out, const struct lab_telling *call)
{
	char line[LINE];

	json_put_comma(out);
	buf_put_byte(out, '{');
	json_put_member(out, "name", sti_span_str(call->name));
	json_put_member(out, "figure", sti_span_str(call->figure));
	json_put_member(out, "expected", sti_span_str(call->expected));
	json_put_member(out, "got", sti_span_str(call->got));
	json_put_name(out, "ok");
	buf_put_str(out, call->ok ? "true" : "false");
	json_put_member(out, "result", sti_span_str(call->result));
	json_put_name(out, "steps");
	buf_put_byte(out, '[');
	for (size_t i = 0; i < call->n_step; i++) {
		json_put_comma(out);
		write_step(&call->step[i], false, line);
		json_put_string(out, sti_span_str(line));
	}
	buf_put_str(out, "]}");
}

static const char *paint(const struct lab_story *story, const char *colour)
{
	return story->colour ? colour : "";
}

#define BOLD  "\033[1m"
#define GREEN "\033[32m"
#define RED   "\033[31m"
#define PLAIN "\033[0m"

static void tell_people(const struct lab_story *story, const struct lab_telling *call)
{
	char line[LINE];

	printf("%s%s%s%s%s: %s\n", paint(story, BOLD), call->name, call->figure ? ", figure " : "",
	       call->figure ? call->figure : "", paint(story, PLAIN), call->title);
	for (size_t i = 0; i < call->n_step; i++) {
		write_step(&call->step[i], true, line);
		printf("%s%s%s\n", call->step[i].is_wrong ? paint(story, RED) : "", line,
		       call->step[i].is_wrong ? paint(story, PLAIN) : "");
	}
	printf("  %s%s%s  %s\n", paint(story, call->ok ? GREEN : RED), call->ok ? "as it should" : "WRONG",
	       paint(story, PLAIN), call->result);
	if (!call->ok)
		printf("  expected: %s\n  got:      %s\n", call->expected, call->got);
	putchar('\n');
	fflush(stdout);
}

void lab_story_tell(struct lab_story *story, const struct lab_telling *call)
{
	story->told++;
	story->good += call->ok ? 1 : 0;
	if (story->as_json)
		tell_json(&story->json, call);
	else
		tell_people(story, call);
}

bool lab_story_end(struct lab_story *story, bool is_whole, double ms)
{
	bool ok = is_whole && story->told == story->good;
	bool written = true;

	if (story->as_json) {
		buf_put_str(&story->json, ok ? "],\"ok\":true}\n" : "],\"ok\":false}\n");
		written = !buf_error(&story->json) && fwrite(story->json.p, 1, story->json.n, stdout) == story->json.n;
	} else {
		printf("%s%zu of %zu calls came out as they should%s, in %.1f s\n", paint(story, ok ? GREEN : RED),
		       story->good, story->told, paint(story, PLAIN), ms / 1e3);
	}
	buf_free(&story->json);
	return fflush(stdout) == 0 && !ferror(stdout) && written;
}
