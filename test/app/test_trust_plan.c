/* SPDX-License-Identifier: Apache-2.0 */
#include "pa.h"

#include "support/alloc_sweep.h"

static void test_what_a_configuration_says(void **state)
{
	struct pa pa = pa_open();
	struct trust_plan *plan = pa_plan(
		&pa, "trust { roots = {\"roots.pem\"} state = \"state\" }\n" PA_LIST_MORE(
			     "hosts = {\"a.example.com\"} login = \"" PA_LOGIN
			     "\" user = \"u\" password_file = \"password\"") "list \"map\" { kind = \"cps-mapping\" "
									     "url = \"" PA_URL
									     "\" anchor = \"pa.pem\" signer = "
									     "\"signer.pem\" token_file = \"token\" "
									     "}\n" PA_CRL_MORE("country = \"CA\" stale "
											       "= hard grace_s = 7"));
	const struct plan_source *s = plan->source;

	(void)state;
	assert_int_equal(plan->n_source, 3);
	assert_int_equal(sti_roots_count(plan->roots), 1);
	assert_true(s[0].kind == PLAN_CA_LIST && s[1].kind == PLAN_MAPPING && s[2].kind == PLAN_CRL);
	assert_string_equal(s[0].name, "us");
	assert_true(sti_span_is(s[0].id, "ca-list\n" PA_URL "\nu"));
	assert_true(sti_span_is(s[1].id, "cps-mapping\n" PA_URL "\n"));
	assert_true(sti_span_is(s[2].id, "crl\n" PA_CRL "\n"));
	assert_true(sti_span_is(s[0].host[0], "a.example.com"));
	assert_int_equal(s[0].signer.n, 0);
	assert_int_equal(s[1].signer.n, 1);
	assert_true(s[2].hard && s[2].grace_s == 7 && sti_span_is(s[2].country, "CA"));
	trust_plan_unref(plan);
	pa_close(&pa);
}

/* The operator's own roots are trusted before anything is fetched. */
static void test_the_cell_starts_with_the_roots_of_files(void **state)
{
	struct pa pa = pa_open();
	struct trust_plan *plan = pa_plan(&pa, "trust { roots = {\"roots.pem\"} }\n");
	struct trust_snapshot *trust = trust_cell_take(plan->cell);

	(void)state;
	assert_int_equal(sti_roots_count(trust_snapshot_roots(trust)), 1);
	trust_snapshot_unref(trust);
	trust_plan_unref(trust_plan_ref(plan));
	trust_plan_unref(plan);
	pa_close(&pa);
}

static void test_files_that_are_wrong_are_told_with_their_line(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *what;
	} row[] = {
		{"trust { roots = {\"nobody.pem\"} }\n", 2, "nobody.pem: No such file"},
		{"trust { roots = {\"token\"} }\n", 2, "/token: "},
		{PA_STATE "list \"us\" { kind = \"ca-list\"\nurl = \"" PA_URL "\"\nanchor = \"nobody.pem\" }\n", 5,
		 "list.anchor: "},
		{PA_STATE "list \"us\" { kind = \"ca-list\" url = \"" PA_URL "\"\nanchor = \"token\" }\n", 4,
		 "list.anchor: "},
		{PA_STATE PA_LIST_MORE("\nsigner = \"token\""), 4, "list.signer: "},
		{PA_STATE PA_LIST_MORE("\ntoken_file = \"open\""), 4, "open to group or others"},
		{PA_STATE PA_LIST_MORE("login = \"" PA_LOGIN "\" user = \"u\"\npassword_file = \"nobody\""), 4,
		 "list.password_file: "},
		{"crl \"us\" { anchor = \"pa.pem\"\nfile = \"token\" }\n", 3, "crl.file: "},
		{"crl \"us\" { file = \"pa.pem\"\nanchor = \"token\" }\n", 3, "crl.anchor: "},
	};
	struct pa pa = pa_open();
	char open[128];

	(void)state;
	pa_file(&pa, "open", sti_span_str("x"));
	snprintf(open, sizeof(open), "%s/open", pa.folder);
	assert_int_equal(chmod(open, 0644), 0);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct config_message message = {0};

		assert_null(pa_try_plan(&pa, row[i].text, &message));
		if (message.line != row[i].line || !strstr(message.text, row[i].what))
			fail_msg("row %zu: %u: %s", i, message.line, message.text);
		assert_null(strstr(message.text, "s3cret"));
	}
	pa_close(&pa);
}

struct attempt {
	const struct config *config;
};

static bool attempt_plan(void *context)
{
	const struct attempt *a = context;
	struct config_message message = {0};
	struct trust_plan *plan = NULL;

	if (trust_plan_load(a->config, &plan, &message) != STI_OK) {
		assert_null(plan);
		return false;
	}
	assert_int_equal(plan->n_source, 2);
	trust_plan_unref(plan);
	return true;
}

static void test_J5_memory_gives_out_while_a_plan_is_loaded(void **state)
{
	static const char text[] = "cr { listen = {\"127.0.0.1:0\"} certificate \"a\" { file = \"a.pem\" } }\n"
				   "trust { roots = {\"roots.pem\"} state = \"state\" }\n" PA_LIST_MORE(
					   "hosts = {\"a.example.com\"} signer = \"signer.pem\"") PA_CRL_MORE("");
	struct pa pa = pa_open();
	struct config_message message;
	struct attempt a = {NULL};
	struct config *config;
	char file[128];

	(void)state;
	snprintf(file, sizeof(file), "%s/sidetone.conf", pa.folder);
	assert_int_equal(config_parse_text(sti_span_str(text), file, &config, &message), STI_OK);
	a.config = config;
	alloc_sweep("plan", attempt_plan, &a);
	config_free(config);
	pa_close(&pa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_configuration_says),
		cmocka_unit_test(test_the_cell_starts_with_the_roots_of_files),
		cmocka_unit_test(test_files_that_are_wrong_are_told_with_their_line),
		cmocka_unit_test(test_J5_memory_gives_out_while_a_plan_is_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
