/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/lab_carrier.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "app/clock.h"
#include "base/decimal.h"
#include "cmd/command.h"
#include "cmd/lab_http.h"
#include "cmd/lab_process.h"
#include "store/file.h"

enum {
	READY_MS = 5000,
	STOP_MS = 12000, /* longer than a drain lasts */
	METRIC_MS = 2000,
	PAUSE_MS = 5, /* between two questions to one that cannot call us */
	ATTEMPTS = 4,
	QUOTE = 4096, /* octets of a log */
	PID_MAX = 4194304,
};

struct command_line {
	struct lab_path at;
	const char *argv[5];
};

static void set_command_line(const struct lab_world *world, size_t who, struct command_line *out)
{
	size_t n = 0;

	out->at = lab_path(&world->dir, who == LAB_PA ? "/%s" : "/%s/sidetone.conf", lab_who[who].name);
	out->argv[n++] = "sidetone";
	out->argv[n++] = who == LAB_PA ? "lab" : "serve";
	if (who == LAB_PA)
		out->argv[n++] = "pa";
	out->argv[n++] = out->at.text;
	out->argv[n] = NULL;
}

static struct lab_path log_path(const struct lab_world *world, size_t who)
{
	return lab_path(&world->dir, "/%s/log", lab_who[who].name);
}

static struct lab_path pid_path(const struct lab_world *world, size_t who)
{
	return lab_path(&world->dir, "/%s/pid", lab_who[who].name);
}

static bool write_pid(const struct lab_world *world, size_t who)
{
	struct lab_path path = pid_path(world, who);
	char text[16];

	snprintf(text, sizeof(text), "%d\n", (int)world->pid[who]);
	return lab_write(&path, sti_span_str(text));
}

static bool start_one(struct lab_world *world, size_t who, bool is_left)
{
	struct command_line line;
	struct lab_path path = log_path(world, who);
	struct lab_process_plan plan = {.in = -1, .out = -1, .is_left = is_left};
	pid_t pid;

	set_command_line(world, who, &line);
	plan.argv = line.argv;
	plan.err = open(path.text, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	pid = plan.err < 0 ? -1 : lab_process_start(&plan);
	if (plan.err >= 0)
		close(plan.err);
	if (pid < 0) {
		complain(STATUS_SYSTEM, "%s: carrier %s cannot be started: %s", path.text, lab_who[who].title,
			 strerror(errno));
		return false;
	}
	world->pid[who] = pid;
	return write_pid(world, who);
}

static bool is_ready(const struct lab_world *world, size_t who)
{
	struct lab_answer answer;
	enum sti_error error = lab_http_admin(world, who, "/ready", &answer);

	lab_answer_free(&answer);
	return !error && answer.status == 200;
}

/* Waits for the end of the process and for its readiness, whichever comes first. */
static bool wait_ready(struct lab_world *world, size_t who)
{
	int64_t until = clock_mono_ms() + READY_MS;
	struct command_line line;

	set_command_line(world, who, &line);
	while (!is_ready(world, who)) {
		if (clock_mono_ms() > until)
			return false;
		if (lab_process_wait(world->pid[who], PAUSE_MS) >= 0) {
			world->pid[who] = 0;
			return false;
		}
	}
	return true;
}

/* The log of one that did not come up; true when it failed for a port that somebody else has. */
static bool quote_log(const struct lab_world *world, size_t who, bool is_last)
{
	struct lab_path path = log_path(world, who);
	struct buf text;
	bool clash;

	if (file_read(path.text, LIMIT_HTTP_REPLY, &text))
		return false;
	clash = text.n && memmem(text.p, text.n, strerror(EADDRINUSE), strlen(strerror(EADDRINUSE)));
	if (!clash || is_last) {
		struct sti_span end = sti_span_from(buf_span(&text), text.n > QUOTE ? text.n - QUOTE : 0);

		complain(STATUS_SYSTEM, "carrier %s does not come up; its log:\n%.*s", lab_who[who].title, (int)end.n,
			 end.n ? (const char *)end.p : "");
	}
	buf_free(&text);
	return clash;
}

/* The index of the first that does not come up; LAB_MEMBERS when all do. Started together, but the PA
 * before those who ask it for their trust. */
static size_t start_all(struct lab_world *world, bool is_left)
{
	if (!start_one(world, LAB_PA, is_left) || !wait_ready(world, LAB_PA))
		return LAB_PA;
	for (size_t i = 0; i < LAB_PA; i++)
		if (!start_one(world, i, is_left))
			return i;
	for (size_t i = 0; i < LAB_MEMBERS; i++)
		if (!wait_ready(world, i))
			return i;
	return LAB_MEMBERS;
}

bool lab_carriers_start(struct lab_world *world, bool is_left)
{
	for (int i = 1; i <= ATTEMPTS; i++) {
		size_t failed = start_all(world, is_left);

		if (failed == LAB_MEMBERS)
			return true;
		lab_carriers_stop(world);
		if (!quote_log(world, failed, i == ATTEMPTS) || !lab_world_move(world))
			return false;
	}
	return false;
}

/* All are told at once, so that they drain side by side. */
void lab_carriers_stop(struct lab_world *world)
{
	for (size_t i = 0; i < LAB_MEMBERS; i++)
		if (world->pid[i] > 0)
			lab_process_tell(world->pid[i]);
	for (size_t i = 0; i < LAB_MEMBERS; i++) {
		if (world->pid[i] > 0)
			lab_process_end(world->pid[i], STOP_MS);
		world->pid[i] = 0;
		unlink(pid_path(world, i).text);
	}
}

size_t lab_carriers_find(struct lab_world *world)
{
	size_t found = 0;

	for (size_t i = 0; i < LAB_MEMBERS; i++) {
		struct lab_path path = pid_path(world, i);
		struct command_line line;
		struct buf text;
		int64_t pid = 0;

		set_command_line(world, i, &line);
		if (file_read(path.text, 16, &text))
			continue;
		if (text.n && decimal_parse(sti_span_first(buf_span(&text), text.n - 1), PID_MAX, &pid) == STI_OK &&
		    pid > 1 && lab_process_is((pid_t)pid, line.argv)) {
			world->pid[i] = (pid_t)pid;
			found++;
		}
		buf_free(&text);
	}
	return found;
}

/* `series value` at the beginning of a line. */
static int64_t find_value(struct sti_span text, const char *series)
{
	struct sti_span line;
	size_t n = strlen(series);
	int64_t value;

	while (sti_span_cut(&text, '\n', &line))
		if (sti_span_is(sti_span_first(line, n), series) && line.n > n && line.p[n] == ' ')
			return decimal_parse(sti_span_from(line, n + 1), INT64_MAX, &value) ? -1 : value;
	return -1;
}

int64_t lab_carrier_metric(const struct lab_world *world, size_t who, const char *series)
{
	struct lab_answer answer;
	enum sti_error error = lab_http_admin(world, who, "/metrics", &answer);
	int64_t value = error || answer.status != 200 ? -1 : find_value(buf_span(&answer.body), series);

	lab_answer_free(&answer);
	return value;
}

int64_t lab_carrier_metric_wait(const struct lab_world *world, size_t who, const char *series, int64_t least)
{
	int64_t until = clock_mono_ms() + METRIC_MS;
	int64_t value;

	while ((value = lab_carrier_metric(world, who, series)) < least && clock_mono_ms() < until)
		poll(NULL, 0, PAUSE_MS);
	return value;
}
