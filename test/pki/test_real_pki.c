/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/wait.h>
#include <unistd.h>

#include "base/base64.h"
#include "pki/path.h"
#include "pki/profile.h"
#include "support/value.h"
#include "world.h"

/*
 * Every certificate found in the public SHAKEN repositories: the path alone, without time, as OpenSSL
 * found it with the whole corpus of CAs at hand, and what the profile refuses as a golden file.
 */
enum { CORPUS = 64 * 1024 * 1024, FAIL_DIGITS = 20 };

/* No library that unpacks is at hand here, but gzip is everywhere. */
static struct buf unpacked(const char *name)
{
	struct buf out = buf_own(CORPUS);
	char path[1024];
	uint8_t part[65536];
	ssize_t n;
	int fd[2], status;
	pid_t child;

	snprintf(path, sizeof(path), "%s/%s", getenv("STI_VECTORS"), name);
	assert_int_equal(pipe(fd), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(fd[1], STDOUT_FILENO);
		close(fd[0]);
		close(fd[1]);
		execlp("gzip", "gzip", "-dc", path, (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	while ((n = read(fd[0], part, sizeof(part))) > 0)
		buf_put(&out, sti_span(part, (size_t)n));
	close(fd[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(buf_error(&out), STI_OK);
	return out;
}

struct world {
	struct sti_roots *roots;
	struct chain pool; /* room for a leaf in front, then the CAs that are no roots */
	struct value *expected;
	size_t n, parsed, path, agreed;
	size_t refused[PROFILE_COUNT];
};

static struct sti_span all_of(const char *prefix)
{
	struct vectors_list list = vectors_list("shaken-real-pki/ca", prefix);
	struct buf all = buf_own(1 << 20);
	struct sti_span exact;

	for (size_t i = 0; i < list.n; i++) {
		struct sti_span pem = vectors_read(list.name[i]);

		if (!strstr(list.name[i], "voicecarrier")) { /* version 1: no root (test_roots.c) */
			buf_put(&all, pem);
			buf_put_str(&all, "\n");
		}
		vectors_free(pem);
	}
	exact = vectors_copy(buf_span(&all));
	buf_free(&all);
	vectors_list_free(&list);
	return exact;
}

static void world_open(struct world *w)
{
	struct sti_span roots = all_of("root_"), others = all_of("ica_");
	struct chain chain;

	assert_int_equal(sti_roots_parse(roots, &w->roots), STI_OK);
	assert_int_equal(chain_parse(others, 64, &chain), STI_OK);
	w->pool = (struct chain){calloc(chain.n + 1, sizeof(*chain.cert)), chain.n + 1};
	memcpy(w->pool.cert + 1, chain.cert, chain.n * sizeof(*chain.cert));
	free(chain.cert);
	w->expected = value_read("shaken-real-pki/openssl_expected.json");
	vectors_free(roots);
	vectors_free(others);
}

static void world_close(struct world *w)
{
	chain_free(&w->pool);
	sti_roots_free(w->roots);
	value_free(w->expected);
}

static bool fails_in_openssl(const struct world *w, const char *sha256)
{
	const struct value *list = value_member(w->expected, "fail_no_check_time");

	for (size_t i = 0; i < value_count(list); i++)
		if (strncmp(value_string(value_at(list, i)), sha256, FAIL_DIGITS) == 0)
			return true;
	return false;
}

static void judge_leaf(struct world *w, const char *sha256)
{
	const struct cert *ca[LIMIT_CHAIN];
	struct path path;
	enum sti_error error = path_find(w->roots, &w->pool, 0, &path);
	enum profile profile;
	size_t n = 0;

	for (size_t i = 1; !error && i < path.n; i++)
		ca[n++] = path.cert[i];
	if (!error)
		ca[n++] = path.anchor;
	assert_int_equal(profile_check(&w->pool.cert[0], ca, n, &profile), STI_OK);
	w->refused[profile]++;
	w->path += !error;
	if (fails_in_openssl(w, sha256) == (error == STI_E_NOT_FOUND))
		w->agreed++;
	else
		printf("%s: %s\n", sha256, error ? path.why : "a path");
}

static void judge_line(struct world *w, struct sti_span line)
{
	struct value *row = value_parse(line);
	struct buf der = buf_own(LIMIT_CERT_BODY);
	struct cert cert;

	assert_non_null(row);
	assert_int_equal(base64_decode(&der, sti_span_str(value_text(row, "der_b64"))), STI_OK);
	w->parsed += cert_parse(buf_span(&der), &cert) == STI_OK;
	w->n++;
	if (value_true(row, "ca")) {
		cert_free(&cert);
	} else {
		w->pool.cert[0] = cert;
		judge_leaf(w, value_text(row, "sha256"));
		cert_free(&w->pool.cert[0]);
	}
	value_free(row);
	buf_free(&der);
}

/* One line for each reason: its name and how many end entities it refuses. */
static struct sti_span counts(const struct world *w)
{
	struct buf text = buf_own(4096);
	struct sti_span exact;

	for (int i = 0; i < PROFILE_COUNT; i++) {
		buf_put_str(&text, profile_row((enum profile)i)->name);
		buf_put_byte(&text, ' ');
		buf_put_int(&text, (int64_t)w->refused[i]);
		buf_put_byte(&text, '\n');
	}
	exact = vectors_copy(buf_span(&text));
	buf_free(&text);
	return exact;
}

static void expect_golden(const struct world *w)
{
	const char *source = getenv("STI_SOURCE");
	struct sti_span got = counts(w);
	char path[1024];
	uint8_t golden[4096];
	FILE *file;

	assert_non_null(source);
	snprintf(path, sizeof(path), "%s/test/pki/real_profile.golden", source);
	file = fopen(path, "rb");
	assert_non_null(file);
	if (!sti_span_equal(got, sti_span(golden, fread(golden, 1, sizeof(golden), file))))
		fail_msg("not as in real_profile.golden:\n%.*s", (int)got.n, (const char *)got.p);
	fclose(file);
	vectors_free(got);
}

static void test_E5_E10_E13_E14_E15_E16_every_real_certificate(void **state)
{
	struct world w = {0};
	struct sti_span rest, line;
	struct buf corpus;

	(void)state;
	if (!vectors_present())
		return;
	world_open(&w);
	corpus = unpacked("shaken-real-pki/certs.jsonl.gz");
	rest = buf_span(&corpus);
	while (sti_span_cut(&rest, '\n', &line))
		if (line.n)
			judge_line(&w, line);
	vectors_count("real certificates parsed", w.parsed, w.n);
	vectors_count("paths as OpenSSL found them", w.agreed, (size_t)value_number(w.expected, "total_ee"));
	vectors_count("paths", w.path, (size_t)value_number(w.expected, "ok_no_check_time"));
	expect_golden(&w);
	buf_free(&corpus);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_E5_E10_E13_E14_E15_E16_every_real_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
