/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signs one call with libsti and prints the value of its SIP Identity header.
 *
 *	cc sign.c $(pkg-config --cflags --libs libsti) -o sign
 *	./sign KEY.pem https://cr.example.com/a.pem 12025550100 12025550101 A 0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d
 *
 * The last is the origid, a new UUID for every call. Exit status: 0 signed, 1 refused, 2 usage, 3 no such file.
 */
#include <stdio.h>
#include <time.h>

#include <sti/sign.h>

enum { KEY_MAX = 4096 };

static int refuse(const char *what, enum sti_error error)
{
	fprintf(stderr, "%s: %s\n", what, sti_error_text(error));
	return 1;
}

/* A key is parsed once and serves every call, in every thread. */
static enum sti_error open_key(const char *name, struct sti_key **key)
{
	char pem[KEY_MAX];
	size_t n;
	FILE *file = fopen(name, "rb");

	if (!file)
		return STI_E_IO;
	n = fread(pem, 1, sizeof(pem), file);
	fclose(file);
	return sti_key_parse(sti_span(pem, n), key);
}

/* Numbers as people write them become canonical; anything else is refused here. */
static enum sti_error read_numbers(char **argument, struct sti_tn *orig, struct sti_tn *dest)
{
	enum sti_error error = sti_tn_canonical(sti_span_str(argument[3]), &sti_tn_plan_nanp, orig);

	return error ? error : sti_tn_canonical(sti_span_str(argument[4]), &sti_tn_plan_nanp, dest);
}

static int sign(const struct sti_key *key, char **argument)
{
	struct sti_tn dest;
	struct sti_sign_request request = {
		.dest = &dest,
		.n_dest = 1,
		.iat = (int64_t)time(NULL),
		.attest = argument[5][0],
		.origid = sti_span_str(argument[6]),
	};
	char identity[STI_IDENTITY_MAX];
	size_t n;
	enum sti_error error = read_numbers(argument, &request.orig, &dest);

	if (!error)
		error = sti_sign(key, sti_span_str(argument[2]), &request, identity, &n);
	if (error)
		return refuse("not signed", error);
	printf("%.*s\n", (int)n, identity);
	return 0;
}

int main(int arguments, char **argument)
{
	struct sti_key *key = NULL;
	enum sti_error error;
	int status;

	if (arguments != 7) {
		fprintf(stderr, "usage: %s KEY X5U ORIG DEST A|B|C ORIGID\n", argument[0]);
		return 2;
	}
	error = open_key(argument[1], &key);
	if (error) {
		refuse(argument[1], error);
		return error == STI_E_IO ? 3 : 1;
	}
	status = sign(key, argument);
	sti_key_free(key);
	return status;
}
