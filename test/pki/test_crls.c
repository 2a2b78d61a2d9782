/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/crls.h"

#include "crl_world.h"
#include "support/alloc_sweep.h"

/* Two CAs under two roots of two countries, a leaf with one and the same serial number under each, and a
 * policy administrator whose root is no root of theirs. */
struct world {
	struct pair pa, root, ca, leaf, other_root, other_ca, other_leaf;
};

/* Its serial number is not its root's. */
static struct pair ca_make(const struct pair *root, struct issue_name name)
{
	return pair_make(
		(struct issue_subject){.kind = ISSUE_INTERMEDIATE, .name = name, .serial = {(const uint8_t *)"\5", 1}},
		root);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->pa = pa_make();
	w->root = root_make();
	w->ca = ca_make(&w->root, (struct issue_name){"US", "Example", "Example SHAKEN CA"});
	w->leaf = leaf_make(&w->ca, 7);
	w->other_root =
		pair_make((struct issue_subject){.kind = ISSUE_ROOT, .name = {"FR", "Autre", "Autre Racine"}}, NULL);
	w->other_ca = ca_make(&w->other_root, (struct issue_name){"FR", "Autre", "Autre Signataire"});
	w->other_leaf = leaf_make(&w->other_ca, 7);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	struct pair *const all[] = {&w->pa, &w->root, &w->ca, &w->leaf, &w->other_root, &w->other_ca, &w->other_leaf};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		pair_free(all[i]);
	free(w);
	return 0;
}

/* What is believed of leaf and CA under a root of this country (NULL: it has none). */
static enum sti_trust judge_in(const struct sti_crls *crls, const struct pair *leaf, const struct pair *ca,
			       const char *country, int64_t now)
{
	struct cert one = cert_of(leaf), two = cert_of(ca);
	const struct cert *const path[] = {&one, &two};
	enum sti_trust trust = crls_judge(crls, path, 2, sti_span_str(country), now);

	cert_free(&two);
	cert_free(&one);
	return trust;
}

static struct sti_crls *crls_of(size_t n, const struct crls_entry *entry)
{
	struct sti_crls *crls = NULL;

	assert_int_equal(crls_make(entry, n, &crls), STI_OK);
	return crls;
}

/* With this entry alone, whose CRL is freed. */
static enum sti_trust judge_with(struct crls_entry entry, const struct pair *leaf, const struct pair *ca, int64_t now)
{
	struct sti_crls *crls = crls_of(1, &entry);
	enum sti_trust trust;

	crl_unref(entry.crl);
	trust = judge_in(crls, leaf, ca, "US", now);
	sti_crls_free(crls);
	return trust;
}

/* Point 2 of step 2. */
static void test_E18_leaf_revoked_by_an_indirect_crl_under_a_separate_root(void **state)
{
	struct world *w = *state;
	const struct pair *const rows[][2] = {
		{&w->leaf, &w->ca},
		{&w->other_leaf, &w->other_ca},
	};

	for (size_t i = 0; i < 2; i++) {
		const struct crls_entry entry = {.crl = CRL_LISTING(true, &w->pa, rows[i][0]), .hard = true};
		const struct pair *const *other = rows[1 - i];
		struct sti_crls *crls = crls_of(1, &entry);

		assert_int_equal(judge_in(crls, rows[i][0], rows[i][1], "US", NOON), STI_TRUST_REVOKED);
		/* the same serial number under another issuer */
		assert_int_equal(judge_in(crls, other[0], other[1], "US", NOON), STI_TRUST_OK);
		crl_unref(entry.crl);
		sti_crls_free(crls);
	}
}

static void test_E18_intermediate_revoked(void **state)
{
	struct world *w = *state;

	assert_int_equal(
		judge_with((struct crls_entry){.crl = CRL_LISTING(true, &w->pa, &w->ca)}, &w->leaf, &w->ca, NOON),
		STI_TRUST_REVOKED);
	assert_int_equal(
		judge_with((struct crls_entry){.crl = CRL_LISTING(false, &w->root, &w->ca)}, &w->leaf, &w->ca, NOON),
		STI_TRUST_REVOKED);
	/* the root of a path is nobody's to revoke but the list's */
	assert_int_equal(
		judge_with((struct crls_entry){.crl = CRL_LISTING(true, &w->pa, &w->root)}, &w->leaf, &w->ca, NOON),
		STI_TRUST_OK);
}

static void test_E18_crl_of_an_ordinary_ca(void **state)
{
	struct world *w = *state;

	assert_int_equal(
		judge_with((struct crls_entry){.crl = CRL_LISTING(false, &w->ca, &w->leaf)}, &w->leaf, &w->ca, NOON),
		STI_TRUST_REVOKED);
	assert_int_equal(judge_with((struct crls_entry){.crl = CRL_LISTING(false, &w->ca, &w->leaf)}, &w->other_leaf,
				    &w->other_ca, NOON),
			 STI_TRUST_OK);
}

static void test_any_crl_that_revokes_wins(void **state)
{
	struct world *w = *state;
	const struct crls_entry entry[] = {
		{.hard = true}, /* there is none yet */
		{.crl = crl_listing(true, &w->pa, 0, NULL), .hard = true},
		{.crl = CRL_LISTING(true, &w->pa, &w->leaf)},
		{.crl = crl_listing(true, &w->pa, 0, NULL), .hard = true},
	};
	struct sti_crls *crls = crls_of(4, entry);

	assert_int_equal(judge_in(crls, &w->leaf, &w->ca, "US", NOON), STI_TRUST_REVOKED);
	assert_int_equal(judge_in(crls, &w->other_leaf, &w->other_ca, "US", NOON), STI_TRUST_NO_CRL);
	for (size_t i = 0; i < 4; i++)
		crl_unref(entry[i].crl);
	sti_crls_free(crls);
}

static void test_no_crls_at_all(void **state)
{
	struct world *w = *state;
	struct sti_crls *crls = crls_of(0, NULL);

	assert_int_equal(judge_in(NULL, &w->leaf, &w->ca, "US", NOON), STI_TRUST_OK);
	assert_int_equal(judge_in(crls, &w->leaf, &w->ca, "US", NOON), STI_TRUST_OK);
	sti_crls_free(crls);
	sti_crls_free(NULL);
}

/* threats.md E19: the CRL counts from thisUpdate (less a skew) to nextUpdate and the grace behind it. */
static void test_E19_seconds_of_a_crl(void **state)
{
	struct world *w = *state;
	enum { GRACE = 100, EARLIEST = DAY - LIMIT_CRL_SKEW_S, LATEST = 2 * DAY + GRACE };
	static const struct {
		int64_t now;
		bool early, over;
	} rows[] = {
		{INT64_MIN, true, false}, {0, true, false},          {EARLIEST - 1, true, false},
		{EARLIEST, false, false}, {DAY, false, false},       {2 * DAY, false, false},
		{LATEST, false, false},   {LATEST + 1, false, true}, {INT64_MAX, false, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int hard = 0; hard < 2; hard++) {
			struct crls_entry entry = {
				.crl = CRL_LISTING(true, &w->pa, &w->leaf), .grace = GRACE, .hard = hard};
			bool counts = !rows[i].early && !rows[i].over;

			assert_int_equal(judge_with(entry, &w->other_leaf, &w->other_ca, rows[i].now),
					 hard && !counts ? STI_TRUST_NO_CRL : STI_TRUST_OK);
			entry.crl = CRL_LISTING(true, &w->pa, &w->leaf);
			/* what was revoked stays so when the CRL is over; before its time it says nothing */
			assert_int_equal(judge_with(entry, &w->leaf, &w->ca, rows[i].now), !rows[i].early
												   ? STI_TRUST_REVOKED
											   : hard ? STI_TRUST_NO_CRL
												  : STI_TRUST_OK);
		}
}

static void test_E19_grace_of_all_times(void **state)
{
	struct world *w = *state;
	struct crls_entry entry = {.crl = crl_listing(true, &w->pa, 0, NULL), .grace = INT64_MAX, .hard = true};

	assert_int_equal(judge_with(entry, &w->leaf, &w->ca, INT64_MAX), STI_TRUST_OK);
}

static void test_E19_stale_crl_of_another_ca(void **state)
{
	struct world *w = *state;
	struct crls_entry entry = {.crl = crl_listing(false, &w->other_ca, 0, NULL), .hard = true};

	assert_int_equal(judge_with(entry, &w->leaf, &w->ca, 5 * DAY), STI_TRUST_OK);
	entry.crl = crl_listing(false, &w->ca, 0, NULL);
	assert_int_equal(judge_with(entry, &w->leaf, &w->ca, 5 * DAY), STI_TRUST_NO_CRL);
	entry.crl = crl_listing(false, &w->ca, 0, NULL);
	assert_int_equal(judge_with(entry, &w->leaf, &w->ca, 0), STI_TRUST_NO_CRL);
}

static void test_country_that_a_crl_speaks_for(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *own, *root;
		bool speaks;
	} rows[] = {
		{NULL, "US", true},  {NULL, NULL, true},  {"US", "US", true},   {"us", "US", true},
		{"FR", "US", false}, {"FR", NULL, false}, {"US", "USA", false}, {"US", "", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct crls_entry entry[] = {{.country = sti_span_str(rows[i].own), .hard = true},
					     {.country = sti_span_str(rows[i].own)}};
		struct sti_crls *none = crls_of(1, entry), *crls;

		entry[1].crl = CRL_LISTING(true, &w->pa, &w->leaf);
		crls = crls_of(1, entry + 1);
		assert_int_equal(judge_in(none, &w->leaf, &w->ca, rows[i].root, NOON),
				 rows[i].speaks ? STI_TRUST_NO_CRL : STI_TRUST_OK);
		assert_int_equal(judge_in(crls, &w->leaf, &w->ca, rows[i].root, NOON),
				 rows[i].speaks ? STI_TRUST_REVOKED : STI_TRUST_OK);
		crl_unref(entry[1].crl);
		sti_crls_free(crls);
		sti_crls_free(none);
	}
}

static void test_policies_that_are_none(void **state)
{
	const struct crls_entry rows[] = {
		{.country = {(const uint8_t *)"USA", 3}},
		{.country = {(const uint8_t *)"", 0}},
		{.grace = -1},
	};
	struct sti_crls *crls = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(crls_make(&rows[i], 1, &crls), STI_E_CONFIG);
	assert_null(crls);
}

/* certRaw with what its reports take for a base and a delta; none of them has a deltaCRLIndicator, so each
 * is a complete CRL. Their signatures are under certRaw itself. */
static void test_E18_crls_of_others_by_their_verdicts(void **state)
{
	static const struct {
		const char *base, *delta;
		enum sti_trust trust;
	} rows[] = {
		{"NotRevokedRaw", NULL, STI_TRUST_OK},
		{"RevokedRaw", NULL, STI_TRUST_REVOKED},
		{"WithDeltaURLNotRevokedRaw", "deltaCrlRevokedRaw", STI_TRUST_REVOKED},
		{"WithDeltaURLNotRevokedRaw", "deltaCrlNotRevokedRaw", STI_TRUST_OK},
	};
	const int64_t now = 1725000000; /* 2024-08-30 */
	struct sti_span pem;
	struct chain chain;
	size_t good = 0;

	(void)state;
	if (!vectors_present())
		return;
	pem = vectors_read("shaken-crl/certRaw.pem");
	assert_int_equal(chain_parse(pem, 1, &chain), STI_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const name[] = {rows[i].base, rows[i].delta};
		struct sti_crl_source source[2];
		const struct cert *const path[] = {&chain.cert[0]};
		struct sti_crls *crls = NULL;
		size_t n = rows[i].delta ? 2 : 1;

		for (size_t k = 0; k < n; k++) {
			char file[100];

			snprintf(file, sizeof(file), "shaken-crl/%s%s.pem", k ? "" : "crl", name[k]);
			source[k] = (struct sti_crl_source){.crl = vectors_read(file), .anchor = pem, .hard = true};
		}
		assert_int_equal(sti_crls_create(source, n, now, &crls, NULL), STI_OK);
		good += crls_judge(crls, path, 1, (struct sti_span){0}, now) == rows[i].trust &&
			crls_judge(crls, path, 1, (struct sti_span){0}, now + INT64_C(400) * DAY) ==
				(rows[i].trust ? STI_TRUST_REVOKED : STI_TRUST_NO_CRL);
		sti_crls_free(crls);
		for (size_t k = 0; k < n; k++)
			vectors_free(source[k].crl);
	}
	vectors_count("shaken-crl", good, sizeof(rows) / sizeof(rows[0]));
	chain_free(&chain);
	vectors_free(pem);
}

static void test_E19_sources_that_are_refused(void **state)
{
	struct world *w = *state;
	struct sti_span good = crl_pem(crl_subject(true), &w->pa), wrong = crl_pem(crl_subject(true), &w->other_root);
	struct sti_span html = vectors_copy(sti_span_str("<!doctype html><html></html>"));
	struct sti_span pa = buf_span(&w->pa.cert), root = buf_span(&w->root.cert);
	const struct {
		struct sti_crl_source source;
		int64_t now;
		enum sti_error error;
	} rows[] = {
		{{.crl = good, .anchor = pa}, NOON, STI_OK},
		{{.anchor = pa}, NOON, STI_OK},
		{{.anchor = pa, .country = sti_span_str("FR"), .hard = true}, NOON, STI_OK},
		{{.crl = good, .anchor = root}, NOON, STI_E_NOT_FOUND}, /* an STI-CA root vouches for no CRL */
		{{.crl = wrong, .anchor = pa}, NOON, STI_E_NOT_FOUND},
		{{.crl = good, .anchor = pa}, 3 * DAY, STI_E_TIMEOUT},
		{{.crl = html, .anchor = pa}, NOON, STI_E_PEM},
		{{.crl = sti_span("", 0), .anchor = pa}, NOON, STI_E_PEM},
		{{.crl = good, .anchor = html}, NOON, STI_E_PEM},
		{{.crl = good}, NOON, STI_E_PEM},
		{{.crl = good, .anchor = pa, .country = sti_span_str("FRA")}, NOON, STI_E_CONFIG},
		{{.crl = good, .anchor = pa, .grace = -1}, NOON, STI_E_CONFIG},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct sti_crl_source source[] = {{.crl = good, .anchor = pa}, rows[i].source};
		struct sti_crls *crls = NULL;
		size_t at = 99;
		bool in_time = rows[i].now == NOON;

		if (sti_crls_create(source, 2, rows[i].now, &crls, &at) != rows[i].error)
			fail_msg("row %zu", i);
		assert_true(at == (rows[i].error ? in_time : 99));
		assert_true((crls != NULL) == (rows[i].error == STI_OK));
		sti_crls_free(crls);
	}
	vectors_free(html);
	vectors_free(wrong);
	vectors_free(good);
}

struct scarce {
	struct sti_crl_source source;
	struct cert leaf;
};

static bool attempt(void *context)
{
	const struct scarce *scarce = context;
	const struct cert *const path[] = {&scarce->leaf};
	struct sti_crls *crls = NULL;

	if (sti_crls_create(&scarce->source, 1, NOON, &crls, NULL) != STI_OK)
		return false;
	assert_int_equal(crls_judge(crls, path, 1, (struct sti_span){0}, NOON), STI_TRUST_REVOKED);
	sti_crls_free(crls);
	return true;
}

static void test_J5_memory_gives_out(void **state)
{
	struct world *w = *state;
	struct issue_revoked revoked = {buf_span(&w->leaf.cert), DAY};
	struct issue_crl crl = crl_subject(true);
	struct scarce scarce = {.leaf = cert_of(&w->leaf)};

	crl.revoked = &revoked;
	crl.n_revoked = 1;
	scarce.source = (struct sti_crl_source){.crl = crl_pem(crl, &w->pa), .anchor = buf_span(&w->pa.cert)};
	alloc_sweep("a CRL made and asked", attempt, &scarce);
	vectors_free(scarce.source.crl);
	cert_free(&scarce.leaf);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_E18_leaf_revoked_by_an_indirect_crl_under_a_separate_root),
		TEST(test_E18_intermediate_revoked),
		TEST(test_E18_crl_of_an_ordinary_ca),
		TEST(test_any_crl_that_revokes_wins),
		TEST(test_no_crls_at_all),
		TEST(test_E19_seconds_of_a_crl),
		TEST(test_E19_grace_of_all_times),
		TEST(test_E19_stale_crl_of_another_ca),
		TEST(test_country_that_a_crl_speaks_for),
		cmocka_unit_test(test_policies_that_are_none),
		cmocka_unit_test(test_E18_crls_of_others_by_their_verdicts),
		TEST(test_E19_sources_that_are_refused),
		TEST(test_J5_memory_gives_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
