/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifies one call with libsti: prints its verstat and every check that was made.
 *
 *	cc verify.c $(pkg-config --cflags --libs libsti) -o verify
 *	./verify ROOTS.pem CHAIN.pem 12025550100 12025550101 <identity.txt
 *
 * CHAIN.pem stands for what a real verifier fetches from x5u. The library never does that itself:
 * it says what it wants and is given it. Exit status: 0 passed, 1 did not, 2 usage, 3 the system failed.
 */
#include <stdio.h>
#include <time.h>

#include <sti/identity.h>
#include <sti/verify.h>

enum { FILE_MAX = 64 * 1024, VALUES_MAX = 16 };

struct call {
	struct sti_credential *credential; /* what stands at x5u */
	struct sti_span identity[VALUES_MAX];
	size_t n_identity;
	struct sti_tn orig;
	struct sti_tn dest;
};

static enum sti_error read_file(FILE *file, char text[FILE_MAX], struct sti_span *out)
{
	size_t n;

	if (!file)
		return STI_E_IO;
	n = fread(text, 1, FILE_MAX, file);
	if (n > 0 && text[n - 1] == '\n')
		n--;
	*out = sti_span(text, n);
	return STI_OK;
}

static enum sti_error read_named(const char *name, char text[FILE_MAX], struct sti_span *out)
{
	FILE *file = fopen(name, "rb");
	enum sti_error error = read_file(file, text, out);

	if (file)
		fclose(file);
	return error;
}

/* Parsed and judged once; then it serves every call that names the same x5u. */
static enum sti_error open_credential(char **argument, struct sti_credential **out)
{
	static char text[FILE_MAX];
	struct sti_span pem;
	struct sti_roots *roots = NULL;
	enum sti_error error = read_named(argument[1], text, &pem);

	if (!error)
		error = sti_roots_parse(pem, &roots);
	if (!error)
		error = read_named(argument[2], text, &pem);
	if (!error)
		error = sti_credential_parse(pem, roots, (int64_t)time(NULL), out);
	sti_roots_free(roots);
	return error;
}

/* The numbers of signalling: what PASSporTs claim is compared with them. */
static enum sti_error read_numbers(char **argument, struct call *call)
{
	enum sti_error error = sti_tn_canonical(sti_span_str(argument[3]), &sti_tn_plan_nanp, &call->orig);

	return error ? error : sti_tn_canonical(sti_span_str(argument[4]), &sti_tn_plan_nanp, &call->dest);
}

static void split_identity(struct sti_span line, struct call *call)
{
	while (call->n_identity < VALUES_MAX && sti_identity_next(&line, &call->identity[call->n_identity]))
		call->n_identity++;
}

static int print_result(const struct sti_verify_result *result)
{
	printf("%s\n", sti_verstat_text(result->verstat));
	for (size_t i = 0; i < result->n_check; i++) {
		const struct sti_case_row *row = sti_case_row(result->check[i].c);

		printf("%-4s %s (%s)\n", result->check[i].ok ? "ok" : "BAD", row->check, row->clause);
	}
	return result->verstat == STI_VERSTAT_PASSED ? 0 : 1;
}

static void answer(struct sti_verify *v, const struct call *call)
{
	struct sti_want_detail detail;
	enum sti_want want;

	while ((want = sti_verify_next(v, &detail)) < STI_WANT_ANSWERS) {
		if (want == STI_WANT_CERT) /* a real service fetches detail.url; here is one file for all */
			sti_verify_give_cert(v, detail.url, call->credential, STI_OK);
		else
			sti_verify_give_oob(v, NULL, 0);
	}
}

static int verify(const struct call *call)
{
	static const struct sti_verify_policy policy = {.freshness = 60, .skew = 5};
	struct sti_verify_request request = {
		.policy = &policy,
		.now = (int64_t)time(NULL),
		.time = -1,
		.orig = call->orig,
		.dest = &call->dest,
		.n_dest = 1,
		.identity = call->identity,
		.n_identity = call->n_identity,
	};
	struct sti_verify *v = NULL;
	int status;

	if (sti_verify_start(&request, &v))
		return 3;
	answer(v, call);
	status = print_result(sti_verify_result(v));
	sti_verify_free(v);
	return status;
}

int main(int arguments, char **argument)
{
	static char text[FILE_MAX];
	struct call call = {0};
	struct sti_span line = {0};
	enum sti_error error;
	int status;

	if (arguments != 5) {
		fprintf(stderr, "usage: %s ROOTS CHAIN ORIG DEST <IDENTITY\n", argument[0]);
		return 2;
	}
	error = read_file(stdin, text, &line);
	if (!error)
		error = open_credential(argument, &call.credential);
	if (!error)
		error = read_numbers(argument, &call);
	if (error)
		fprintf(stderr, "not verified: %s\n", sti_error_text(error));
	split_identity(line, &call);
	status = error ? 3 : verify(&call);
	sti_credential_free(call.credential);
	return status;
}
