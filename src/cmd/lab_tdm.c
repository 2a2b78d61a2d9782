/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/lab_tdm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/lab_process.h"

enum { NATIONAL_DIGITS = 10, LEG_MS = 3000 };

#define NATIONAL "national"

static bool is_national(struct sti_span digits)
{
	for (size_t i = 0; i < digits.n; i++)
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return false;
	return digits.n == NATIONAL_DIGITS;
}

static bool nationalise(const struct sti_tn *tn, struct sti_span *out)
{
	*out = sti_span_from(sti_tn_span(tn), 1);
	return tn->text[0] == sti_tn_plan_nanp.country_code[0] && is_national(*out);
}

bool lab_iam_write(const struct sti_tn *calling, const struct sti_tn *called, struct lab_iam *out)
{
	struct sti_span from, to;

	if (!nationalise(calling, &from) || !nationalise(called, &to))
		return false;
	snprintf(out->line, sizeof(out->line), "%.*s %.*s " NATIONAL, (int)from.n, (const char *)from.p, (int)to.n,
		 (const char *)to.p);
	return true;
}

bool lab_iam_read(const struct lab_iam *iam, struct sti_tn *calling, struct sti_tn *called)
{
	struct sti_span rest = sti_span_str(iam->line);
	struct sti_span from, to;

	return sti_span_cut(&rest, ' ', &from) && sti_span_cut(&rest, ' ', &to) && sti_span_is(rest, NATIONAL) &&
	       is_national(from) && is_national(to) && sti_tn_canonical(from, &sti_tn_plan_nanp, calling) == STI_OK &&
	       sti_tn_canonical(to, &sti_tn_plan_nanp, called) == STI_OK;
}

/* One line, newline taken off. A leg that ends early or says more gives none. */
static bool read_line(int fd, struct lab_iam *out)
{
	size_t n = 0;
	ssize_t got = 1;

	while (got > 0 && n < sizeof(out->line) && !memchr(out->line, '\n', n)) {
		got = read(fd, out->line + n, sizeof(out->line) - n);
		if (got < 0 && errno == EINTR)
			got = 1;
		else
			n += got > 0 ? (size_t)got : 0;
	}
	if (n == 0 || out->line[n - 1] != '\n' || memchr(out->line, '\n', n - 1) || memchr(out->line, '\0', n))
		return false;
	out->line[n - 1] = '\0';
	return true;
}

static bool write_line(int fd, const struct lab_iam *iam)
{
	char line[LAB_IAM_LINE + 1];
	int n = snprintf(line, sizeof(line), "%s\n", iam->line);

	return write(fd, line, (size_t)n) == n;
}

/* What goes out is written anew from what was understood. */
int lab_tdm_run(void)
{
	struct lab_iam iam;
	struct sti_tn calling, called;

	if (!read_line(STDIN_FILENO, &iam) || !lab_iam_read(&iam, &calling, &called))
		return complain(STATUS_USAGE, "lab tdm: expected `calling called national`, two numbers of ten digits");
	if (!lab_iam_write(&calling, &called, &iam) || !write_line(STDOUT_FILENO, &iam))
		return complain(STATUS_SYSTEM, "lab tdm: cannot pass the call on");
	return STATUS_GOOD;
}

/* Our ends of the two pipes are closed in the child when it becomes the leg. */
static pid_t start_leg(int *to, int *from)
{
	static const char *const argv[] = {"sidetone", "lab", "tdm", NULL};
	int in[2], out[2];
	pid_t pid;

	if (pipe2(in, O_CLOEXEC))
		return -1;
	if (pipe2(out, O_CLOEXEC)) {
		close(in[0]);
		close(in[1]);
		return -1;
	}
	pid = lab_process_start(
		&(struct lab_process_plan){.argv = argv, .in = in[0], .out = out[1], .err = STDERR_FILENO});
	close(in[0]);
	close(out[1]);
	*to = in[1];
	*from = out[0];
	return pid;
}

bool lab_tdm_carry(const struct lab_iam *in, struct lab_iam *out)
{
	int to = -1, from = -1;
	pid_t pid = start_leg(&to, &from);
	bool good = pid > 0 && write_line(to, in);

	if (to >= 0)
		close(to);
	good = good && read_line(from, out);
	if (from >= 0)
		close(from);
	if (pid > 0 && lab_process_wait(pid, LEG_MS) != STATUS_GOOD)
		good = false;
	if (!good)
		complain(STATUS_SYSTEM, "the TDM leg broke");
	return good;
}
