/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/path.h"

#include "world.h"

/* All is freed again; *out is only good for the numbers and for comparing anchors by index. */
struct found {
	enum sti_error error;
	size_t anchor; /* index in the list of roots */
	int64_t from, until;
};

static struct found find(struct sti_span roots_pem, struct sti_span chain_pem, int64_t now)
{
	struct sti_roots *roots;
	struct chain chain;
	struct path path = {0};
	struct found found = {0};

	assert_int_equal(sti_roots_parse(roots_pem, &roots), STI_OK);
	assert_int_equal(chain_parse(chain_pem, LIMIT_CERT_BLOCKS, &chain), STI_OK);
	found.error = path_find(roots, &chain, now, &path);
	if (!found.error) {
		found.anchor = (size_t)(path.anchor - roots->list.cert);
		found.from = path.from;
		found.until = path.until;
	}
	chain_free(&chain);
	sti_roots_free(roots);
	vectors_free(roots_pem);
	vectors_free(chain_pem);
	return found;
}

static void expect(struct sti_span roots_pem, struct sti_span chain_pem, enum sti_error error, size_t anchor)
{
	struct found found = find(roots_pem, chain_pem, NOON);

	assert_int_equal(found.error, error);
	assert_int_equal(found.anchor, anchor);
}

static void test_chains_that_lead_to_a_listed_root(void **state)
{
	struct pair root = root_make(), ca = intermediate_make(&root), signer = signer_make(&ca);
	struct pair direct = signer_make(&root), other = root_make();

	(void)state;
	expect(BUNDLE(&root), BUNDLE(&direct), STI_OK, 0);
	expect(BUNDLE(&root), BUNDLE(&signer, &ca), STI_OK, 0);
	expect(BUNDLE(&root), BUNDLE(&signer, &ca, &root), STI_OK, 0); /* the root is there too */
	expect(BUNDLE(&root), BUNDLE(&signer, &root, &direct, &ca), STI_OK, 0); /* out of order, and one too many */
	expect(BUNDLE(&other, &root), BUNDLE(&signer, &ca), STI_OK, 1);
	expect(BUNDLE(&root), BUNDLE(&signer), STI_E_NOT_FOUND, 0); /* the one between is missing */
	expect(BUNDLE(&root), BUNDLE(&ca, &signer), STI_OK, 0); /* the first is judged, whatever it is */
	pair_free(&other);
	pair_free(&direct);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
}

static void test_E11_root_in_the_chain_is_no_anchor(void **state)
{
	struct pair listed = root_make(), root = root_make(), ca = intermediate_make(&root), signer = signer_make(&ca);

	(void)state;
	expect(BUNDLE(&listed), BUNDLE(&signer, &ca, &root), STI_E_NOT_FOUND, 0);
	expect(BUNDLE(&listed), BUNDLE(&root), STI_E_NOT_FOUND, 0);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
	pair_free(&listed);
}

/* The same name and key as a listed root, signed anew: the path ends at the listed one. */
static void test_E11_twin_of_a_listed_root_in_the_chain(void **state)
{
	struct pair listed = root_make(), signer = signer_make(&listed);
	struct issue_subject subject = {
		.kind = ISSUE_ROOT, .name = {"US", "Example", "Example SHAKEN ROOT"}, .not_after = 3 * DAY};
	struct pair twin;
	struct found found;

	(void)state;
	subject.key = buf_span(&listed.key);
	twin = pair_make(subject, NULL);
	found = find(BUNDLE(&listed), BUNDLE(&signer, &twin), NOON);
	assert_int_equal(found.error, STI_OK);
	assert_int_equal(found.until, 2 * DAY);
	expect(BUNDLE(&listed), BUNDLE(&twin), STI_E_NOT_FOUND, 0); /* itself it is not listed */
	pair_free(&twin);
	pair_free(&signer);
	pair_free(&listed);
}

static void test_E10_root_of_the_same_name_with_another_key(void **state)
{
	struct pair root = root_make(), other = root_make(), signer = signer_make(&root);
	const int identifier = NID_authority_key_identifier;

	(void)state;
	expect(BUNDLE(&other), BUNDLE(&signer), STI_E_NOT_FOUND, 0);
	expect(BUNDLE(&other, &root), BUNDLE(&signer), STI_OK, 1);
	expect(BUNDLE(&root, &other), BUNDLE(&signer), STI_OK, 0);
	pair_change(&signer, &root, change_remove, &identifier); /* nothing but the signature tells them apart */
	expect(BUNDLE(&other), BUNDLE(&signer), STI_E_NOT_FOUND, 0);
	expect(BUNDLE(&other, &root), BUNDLE(&signer), STI_OK, 1);
	expect(BUNDLE(&root, &other), BUNDLE(&signer), STI_OK, 0);
	pair_free(&signer);
	pair_free(&other);
	pair_free(&root);
}

static void test_signature_by_another_key(void **state)
{
	struct pair root = root_make(), ca = intermediate_make(&root), signer = signer_make(&ca), other = root_make();
	const int policies = NID_certificate_policies;

	(void)state;
	pair_change(&signer, &other, change_remove, &policies);
	expect(BUNDLE(&root), BUNDLE(&signer, &ca), STI_E_NOT_FOUND, 0);
	pair_free(&other);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
}

/* A chain of n certificates under the root, leaf first. */
static struct sti_span ladder(const struct pair *root, size_t n)
{
	struct pair rung[LIMIT_CERT_BLOCKS];
	const struct pair *order[LIMIT_CERT_BLOCKS];
	struct sti_span pem;

	for (size_t i = 0; i < n; i++) {
		struct issue_subject subject = {.kind = ISSUE_INTERMEDIATE, .name = {"US", "Example", NULL}};
		const char *const name[] = {"CA 1", "CA 2", "CA 3", "CA 4", "CA 5", "CA 6", "CA 7", "CA 8"};

		subject.name.common_name = name[i];
		rung[i] = pair_make(i + 1 < n ? subject : signer_subject(), i ? &rung[i - 1] : root);
		order[n - 1 - i] = &rung[i];
	}
	pem = bundle(n, order);
	for (size_t i = 0; i < n; i++)
		pair_free(&rung[i]);
	return pem;
}

static void test_longest_chain_and_one_more(void **state)
{
	struct pair root = root_make();

	(void)state;
	expect(BUNDLE(&root), ladder(&root, LIMIT_CHAIN), STI_OK, 0);
	expect(BUNDLE(&root), ladder(&root, LIMIT_CHAIN + 1), STI_E_NOT_FOUND, 0);
	pair_free(&root);
}

static void test_issuer_that_is_no_ca(void **state)
{
	struct pair root = root_make(), middle = signer_make(&root), signer = signer_make(&middle);
	struct pair ca = intermediate_make(&root), under = signer_make(&ca);
	const int constraints = NID_basic_constraints;

	(void)state;
	expect(BUNDLE(&root), BUNDLE(&signer, &middle), STI_E_NOT_FOUND, 0);
	pair_change(&ca, &root, change_remove, &constraints);
	expect(BUNDLE(&root), BUNDLE(&under, &ca), STI_E_NOT_FOUND, 0);
	pair_free(&under);
	pair_free(&ca);
	pair_free(&signer);
	pair_free(&middle);
	pair_free(&root);
}

static void test_A16_keys_of_authorities_between(void **state)
{
	const struct {
		EVP_PKEY *pkey;
		enum sti_error error;
	} rows[] = {
		{EVP_EC_gen("P-384"), STI_OK},
		{EVP_RSA_gen(2048), STI_OK},
		{EVP_EC_gen("P-521"), STI_OK}, /* a path; the profile refuses it */
		{EVP_RSA_gen(1024), STI_E_NOT_FOUND},
		{EVP_EC_gen("secp256k1"), STI_E_NOT_FOUND},
	};
	struct pair root = root_make();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf key = key_pem(rows[i].pkey);
		struct issue_subject subject = {.kind = ISSUE_INTERMEDIATE, .name = {"US", "Example", "SHAKEN CA"}};
		struct pair ca, signer;

		subject.key = buf_span(&key);
		ca = pair_make(subject, &root);
		signer = signer_make(&ca);
		expect(BUNDLE(&root), BUNDLE(&signer, &ca), rows[i].error, 0);
		pair_free(&signer);
		pair_free(&ca);
		buf_free(&key);
	}
	pair_free(&root);
}

static void change_nothing(X509 *x509, const void *how)
{
	(void)how;
	assert_int_equal(X509_set_version(x509, X509_VERSION_3), 1);
}

static void test_E7_digests_of_signatures(void **state)
{
	struct pair root = root_make(), signer = signer_make(&root);

	(void)state;
	pair_change_with(&signer, &root, EVP_sha384(), change_nothing, NULL);
	expect(BUNDLE(&root), BUNDLE(&signer), STI_OK, 0);
	pair_change_with(&signer, &root, EVP_sha1(), change_nothing, NULL);
	expect(BUNDLE(&root), BUNDLE(&signer), STI_E_NOT_FOUND, 0);
	pair_free(&signer);
	pair_free(&root);
}

static struct pair ca_between(const struct pair *root, const struct buf *key, int64_t from, int64_t until)
{
	struct issue_subject subject = {.kind = ISSUE_INTERMEDIATE, .name = {"US", "Example", "Example SHAKEN CA"}};

	subject.not_before = from;
	subject.not_after = until;
	if (key)
		subject.key = buf_span(key);
	return pair_make(subject, root);
}

static struct pair signer_between(const struct pair *issuer, int64_t from, int64_t until)
{
	struct issue_subject subject = signer_subject();

	subject.not_before = from;
	subject.not_after = until;
	return pair_make(subject, issuer);
}

static void test_E9_window_is_what_all_share(void **state)
{
	struct pair root = root_make(), ca = ca_between(&root, NULL, DAY + 100, DAY + 500);
	struct pair signer = signer_between(&ca, DAY + 200, 9 * DAY), early = signer_between(&ca, 0, DAY + 300);
	static const int64_t now[] = {DAY + 250, 0, 100 * DAY, DAY + 200, DAY + 500};

	(void)state;
	for (size_t i = 0; i < sizeof(now) / sizeof(now[0]); i++) {
		struct found found = find(BUNDLE(&root), BUNDLE(&signer, &ca), now[i]);

		assert_int_equal(found.error, STI_OK);
		assert_int_equal(found.from, DAY + 200);
		assert_int_equal(found.until, DAY + 500);
		found = find(BUNDLE(&root), BUNDLE(&early, &ca), now[i]);
		assert_int_equal(found.error, STI_OK);
		assert_int_equal(found.from, DAY + 100);
		assert_int_equal(found.until, DAY + 300);
	}
	pair_free(&early);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
}

/* One CA key under two roots: the path that is good now is the one taken. */
static void test_E12_cross_signed_by_two_roots(void **state)
{
	struct issue_subject old = {.kind = ISSUE_ROOT, .name = {"US", "Old", "Old SHAKEN ROOT"}};
	struct pair a = root_make(), b = pair_make(old, NULL);
	struct pair ca_a = ca_between(&a, NULL, DAY, DAY + 10), ca_b = ca_between(&b, &ca_a.key, DAY, 2 * DAY);
	struct pair signer = signer_make(&ca_a);
	struct found found;

	(void)state;
	expect(BUNDLE(&b), BUNDLE(&signer, &ca_a, &ca_b), STI_OK, 0);
	expect(BUNDLE(&a, &b), BUNDLE(&signer, &ca_a, &ca_b), STI_OK, 1);
	expect(BUNDLE(&b, &a), BUNDLE(&signer, &ca_b, &ca_a), STI_OK, 0);
	found = find(BUNDLE(&a), BUNDLE(&signer, &ca_a, &ca_b), NOON);
	assert_int_equal(found.error, STI_OK);
	assert_int_equal(found.until, DAY + 10);
	pair_free(&signer);
	pair_free(&ca_b);
	pair_free(&ca_a);
	pair_free(&b);
	pair_free(&a);
}

static struct sti_span joined(const struct vectors_list *list, bool backwards)
{
	struct buf all = buf_own(1 << 20);
	struct sti_span exact;

	for (size_t i = 0; i < list->n; i++) {
		struct sti_span pem = vectors_read(list->name[backwards ? list->n - 1 - i : i]);

		buf_put(&all, pem);
		buf_put_str(&all, "\n");
		vectors_free(pem);
	}
	exact = vectors_copy(buf_span(&all));
	buf_free(&all);
	return exact;
}

/* Two real roots of one subject (and, as it turns out, one key): however they are listed, the CAs
 * below them have a path, and it ends at the one listed first. */
static void test_E10_two_real_roots_of_one_name(void **state)
{
	struct vectors_list roots, cas;
	size_t good = 0;

	(void)state;
	if (!vectors_present())
		return;
	roots = vectors_list("shaken-real-pki/ca", "root_TMOBILE");
	cas = vectors_list("shaken-real-pki/ca", "ica_TMOBILE");
	assert_int_equal(roots.n, 2);
	for (size_t i = 0; i < cas.n; i++) {
		struct found a = find(joined(&roots, false), vectors_read(cas.name[i]), NOON);
		struct found b = find(joined(&roots, true), vectors_read(cas.name[i]), NOON);

		good += !a.error && !b.error && a.anchor == 0 && b.anchor == 0 && a.until == b.until;
	}
	vectors_count("real CAs under two roots of one name", good, cas.n);
	vectors_list_free(&cas);
	vectors_list_free(&roots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chains_that_lead_to_a_listed_root),
		cmocka_unit_test(test_E11_root_in_the_chain_is_no_anchor),
		cmocka_unit_test(test_E11_twin_of_a_listed_root_in_the_chain),
		cmocka_unit_test(test_E10_root_of_the_same_name_with_another_key),
		cmocka_unit_test(test_signature_by_another_key),
		cmocka_unit_test(test_longest_chain_and_one_more),
		cmocka_unit_test(test_issuer_that_is_no_ca),
		cmocka_unit_test(test_A16_keys_of_authorities_between),
		cmocka_unit_test(test_E7_digests_of_signatures),
		cmocka_unit_test(test_E9_window_is_what_all_share),
		cmocka_unit_test(test_E12_cross_signed_by_two_roots),
		cmocka_unit_test(test_E10_two_real_roots_of_one_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
