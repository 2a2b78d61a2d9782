/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/clock.h"
#include "cmd/command.h"
#include "cmd/lab_carrier.h"
#include "cmd/lab_pa.h"
#include "cmd/lab_scenario.h"
#include "cmd/lab_tdm.h"
#include "cmd/option.h"

struct lab_options {
	const char *scenario;
	const char *dir;
	bool json;
};

enum { ROWS = 3 };

static void set_rows(struct lab_options *options, struct option_row row[ROWS])
{
	row[0] = (struct option_row){"--scenario", "NAME|all", OPTION_TEXT, &options->scenario,
				     "which call; default all"};
	row[1] = (struct option_row){"--json", NULL, OPTION_FLAG, &options->json,
				     "one JSON document instead of a story"};
	row[2] = (struct option_row){"--dir", "DIR", OPTION_TEXT, &options->dir,
				     "where keys, certificates, configurations and logs go; default: made and removed"};
}

static void list_scenarios(FILE *out)
{
	fprintf(out, "Scenarios (figure):\n");
	for (const struct lab_scenario *s = lab_scenarios; s->name; s++)
		fprintf(out, "  %-19s %-7s %s\n", s->name, s->figure ? s->figure : "", s->title);
}

static bool is_chosen(const struct lab_options *options, const struct lab_scenario *scenario)
{
	return !options->scenario || strcmp(options->scenario, "all") == 0 ||
	       strcmp(options->scenario, scenario->name) == 0;
}

static bool knows_scenario(const struct lab_options *options)
{
	for (const struct lab_scenario *s = lab_scenarios; s->name; s++)
		if (is_chosen(options, s))
			return true;
	complain(STATUS_USAGE, "%.32s: no such scenario", options->scenario);
	list_scenarios(stderr);
	return false;
}

/* Signals that end us are held back and looked at between two calls, so that nothing is left behind. */
static void hold_signals(void)
{
	sigset_t end;

	sigemptyset(&end);
	sigaddset(&end, SIGINT);
	sigaddset(&end, SIGTERM);
	sigaddset(&end, SIGHUP);
	sigprocmask(SIG_BLOCK, &end, NULL);
	signal(SIGPIPE, SIG_IGN);
	umask(077);
}

static bool must_end(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 ||
					     sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGHUP) == 1);
}

/* False when a signal has ended it early. */
static bool place_calls(const struct lab_options *options, struct lab_world *world, struct lab_story *story)
{
	for (const struct lab_scenario *s = lab_scenarios; s->name; s++) {
		struct lab_call call;

		if (!is_chosen(options, s))
			continue;
		if (must_end())
			return false;
		lab_scenario_run(s, world, &call);
		lab_story_tell(story, &call.telling);
	}
	return true;
}

static int tell_all(const struct lab_options *options, struct lab_world *world, int64_t started)
{
	struct lab_story story;
	bool whole;

	lab_story_begin(&story, options->json);
	whole = place_calls(options, world, &story);
	if (!lab_story_end(&story, whole, (double)(clock_mono_ms() - started)))
		return complain(STATUS_SYSTEM, "standard output cannot be written");
	if (!whole)
		return complain(STATUS_SYSTEM, "interrupted");
	return story.good == story.told ? STATUS_GOOD : STATUS_NO;
}

static bool is_up(const char *dir)
{
	struct lab_world world;

	if (!dir || !lab_world_find(&world, dir) || lab_carriers_find(&world) == 0)
		return false;
	complain(STATUS_SYSTEM, "%s: a lab runs there, see `sidetone lab down`", dir);
	return true;
}

/* The world with its carriers running. */
static bool build(struct lab_world *world, const char *dir, bool is_left)
{
	if (is_up(dir) || !lab_world_make(world, dir))
		return false;
	if (lab_carriers_start(world, is_left))
		return true;
	lab_world_remove(world);
	return false;
}

static int run(const struct lab_options *options)
{
	int64_t started = clock_mono_ms();
	struct lab_world world;
	int status;

	if (!knows_scenario(options))
		return STATUS_USAGE;
	hold_signals();
	if (!options->json) {
		puts("Two carriers, A and B, each with STI-AS, STI-VS, CPS and STI-CR, and their policy administrator, "
		     "on "
		     "loopback.\n");
		fflush(stdout);
	}
	if (!build(&world, options->dir, false))
		return STATUS_SYSTEM;
	status = tell_all(options, &world, started);
	lab_carriers_stop(&world);
	lab_world_remove(&world);
	return status;
}

static int up(const struct lab_options *options)
{
	struct lab_world world;

	hold_signals();
	if (!build(&world, options->dir, true))
		return STATUS_SYSTEM;
	if (!lab_world_announce(&world)) {
		lab_carriers_stop(&world);
		lab_world_remove(&world);
		return STATUS_SYSTEM;
	}
	printf("up: %s/lab.json\n", world.dir.text);
	return STATUS_GOOD;
}

static int down(const struct lab_options *options)
{
	struct lab_world world;

	hold_signals();
	if (!lab_world_find(&world, options->dir))
		return STATUS_GOOD;
	lab_carriers_find(&world);
	lab_carriers_stop(&world);
	lab_world_remove(&world);
	return STATUS_GOOD;
}

struct mode {
	const char *name;
	int (*run)(const struct lab_options *options);
};

static int left_or_ended(const char *name, const struct lab_options *options)
{
	static const struct mode mode[] = {{"up", up}, {"down", down}};

	for (size_t i = 0; i < sizeof(mode) / sizeof(mode[0]); i++) {
		if (strcmp(mode[i].name, name) != 0)
			continue;
		if (!options->dir || options->scenario || options->json)
			return complain(STATUS_USAGE, "lab %s needs --dir DIR and takes nothing else", name);
		return mode[i].run(options);
	}
	return complain(STATUS_USAGE, "lab %.32s: expected up or down", name);
}

int command_lab(int argc, char **argv)
{
	struct lab_options options = {0};
	struct option_row row[ROWS];
	int rest, status;

	/* The TDM leg of a call; not for people. */
	if (argc == 2 && strcmp(argv[1], "tdm") == 0)
		return lab_tdm_run();
	/* The process of the policy administrator; not for people either. */
	if (argc == 3 && strcmp(argv[1], "pa") == 0)
		return lab_pa_run(argv[2]);
	set_rows(&options, row);
	if (!option_read(argc, argv, row, ROWS, &rest, &status)) {
		if (status == STATUS_GOOD)
			list_scenarios(stdout);
		return status;
	}
	if (rest > 1)
		return complain(STATUS_USAGE, "lab takes up, down, or options");
	return rest ? left_or_ended(argv[1], &options) : run(&options);
}
