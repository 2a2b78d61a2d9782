/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/world.h"

#include "app/contents.h"
#include "crypto/digest.h"

struct scene {
	struct metrics *metrics;
	struct contents *contents;
	struct pair root, other_root, leaf;
	struct trust_snapshot *trust, *other_trust;
};

static struct trust_snapshot *trust_in(const struct pair *root, uint64_t generation)
{
	struct trust_snapshot *trust;

	assert_int_equal(trust_snapshot_create(buf_span(&root->cert), generation, &trust), STI_OK);
	return trust;
}

static struct scene scene_open(void)
{
	struct scene s = {.metrics = metrics_create("0"), .root = root_make()};

	s.other_root =
		pair_make((struct issue_subject){.kind = ISSUE_ROOT, .name = {"CA", "Other", "Other ROOT"}}, NULL);
	s.leaf = signer_make(&s.root);
	s.trust = trust_in(&s.root, 1);
	s.other_trust = trust_in(&s.other_root, 2);
	assert_non_null(s.metrics);
	assert_int_equal(contents_create(4, s.metrics, &s.contents), STI_OK);
	return s;
}

static void scene_close(struct scene *s)
{
	assert_int_equal(contents_count(s->contents), 0);
	contents_free(s->contents);
	metrics_free(s->metrics);
	trust_snapshot_unref(s->trust);
	trust_snapshot_unref(s->other_trust);
	pair_free(&s->root);
	pair_free(&s->other_root);
	pair_free(&s->leaf);
}

static struct content *take(struct scene *s, struct sti_span body, const struct trust_snapshot *trust, int64_t now)
{
	struct content *content;

	assert_int_equal(contents_take(s->contents, body, trust, now, &content), STI_OK);
	return content;
}

static int64_t parsed(const struct scene *s)
{
	return metrics_get(s->metrics, METRIC_CERT_PARSED, 0);
}

static enum sti_trust judged(struct content *content, const struct trust_snapshot *trust)
{
	struct credential_lease *lease = content_judge(content, trust, NOON);
	enum sti_trust result;

	if (!lease)
		return STI_TRUST_COUNT;
	result = sti_credential_trust(credential_lease_of(lease), NULL, NOON);
	credential_lease_end(lease);
	return result;
}

static void test_D17_the_same_octets_are_kept_and_parsed_once(void **state)
{
	struct scene s = scene_open();
	struct content *first = take(&s, buf_span(&s.leaf.cert), s.trust, NOON);
	struct content *again = take(&s, buf_span(&s.leaf.cert), s.trust, NOON);

	(void)state;
	assert_ptr_equal(first, again);
	assert_int_equal(contents_count(s.contents), 1);
	assert_int_equal(parsed(&s), 1);
	content_drop(first);
	assert_int_equal(judged(again, s.trust), STI_TRUST_OK);
	content_drop(again);
	again = take(&s, buf_span(&s.leaf.cert), s.trust, NOON); /* forgotten meanwhile */
	assert_int_equal(parsed(&s), 2);
	content_drop(again);
	content_drop(NULL);
	scene_close(&s);
}

/* Whatever stands in one bucket: what comes back is what went in. */
static void test_A18_another_key_is_another_content(void **state)
{
	enum { N = 24 };
	struct scene s = scene_open();
	struct content *content[N];
	struct pair leaf[N];

	(void)state;
	for (size_t i = 0; i < N; i++) {
		leaf[i] = signer_make(&s.root);
		content[i] = take(&s, buf_span(&leaf[i].cert), s.trust, NOON);
	}
	for (size_t i = 0; i < N; i++) {
		struct content *again = take(&s, buf_span(&leaf[i].cert), s.trust, NOON);
		struct sti_span der = der_of(&leaf[i]);
		uint8_t sha256[DIGEST_SHA256];

		assert_int_equal(digest_sha256(der, sha256), STI_OK);
		assert_memory_equal(sti_credential_sha256(content_credential(again)), sha256, DIGEST_SHA256);
		assert_int_equal(digest_sha256(buf_span(&leaf[i].cert), sha256), STI_OK);
		assert_memory_equal(content_sha256(again), sha256, DIGEST_SHA256);
		assert_ptr_equal(again, content[i]);
		content_drop(again);
		vectors_free(der);
	}
	assert_int_equal(parsed(&s), N);
	for (size_t i = 0; i < N; i++) {
		content_drop(content[i]);
		pair_free(&leaf[i]);
	}
	scene_close(&s);
}

static void test_other_roots_judge_anew_once(void **state)
{
	struct scene s = scene_open();
	struct content *content = take(&s, buf_span(&s.leaf.cert), s.trust, NOON);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(judged(content, s.other_trust), STI_TRUST_NO_PATH);
	assert_int_equal(parsed(&s), 2);
	assert_int_equal(judged(content, s.trust), STI_TRUST_OK); /* a listener that drains */
	assert_int_equal(judged(content, s.other_trust), STI_TRUST_NO_PATH);
	assert_int_equal(parsed(&s), 3);
	content_drop(content);
	scene_close(&s);
}

/* The list of revoked certificates is asked at each call: it changes nothing here. */
static void test_a_new_crl_costs_no_parse(void **state)
{
	struct scene s = scene_open();
	struct content *content = take(&s, buf_span(&s.leaf.cert), s.trust, NOON);
	struct trust_parts parts = *trust_snapshot_parts(s.trust);
	struct trust_snapshot *next;

	(void)state;
	for (uint64_t i = 10; i < 15; i++) {
		assert_int_equal(trust_snapshot_assemble(&parts, i, &next), STI_OK);
		assert_int_equal(judged(content, next), STI_TRUST_OK);
		content_drop(take(&s, buf_span(&s.leaf.cert), next, NOON));
		trust_snapshot_unref(next);
	}
	assert_int_equal(parsed(&s), 1);
	content_drop(content);
	scene_close(&s);
}

static void test_D14_a_body_that_is_forgotten_cannot_be_judged_by_others(void **state)
{
	struct scene s = scene_open();
	struct content *content = take(&s, buf_span(&s.leaf.cert), s.other_trust, NOON);
	size_t bytes = content_bytes(content);
	struct trust_snapshot *newer = trust_in(&s.root, 3);

	(void)state;
	content_forget_body(content);
	assert_true(content_bytes(content) + s.leaf.cert.n == bytes);
	assert_true(content_is_judgeable(content, s.other_trust));
	assert_false(content_is_judgeable(content, newer));
	assert_int_equal(judged(content, s.other_trust), STI_TRUST_NO_PATH);
	assert_int_equal(judged(content, newer), STI_TRUST_COUNT);
	content_drop(take(&s, buf_span(&s.leaf.cert), newer, NOON)); /* it came again */
	assert_int_equal(judged(content, newer), STI_TRUST_OK);
	assert_true(content_has_path(content));
	trust_snapshot_unref(newer);
	content_drop(content);
	scene_close(&s);
}

/* A key that is refused by its kind has a verdict of its own, but anybody can make one: it is no signer's. */
static void test_E3_a_key_that_is_refused_has_no_path(void **state)
{
	struct scene s = scene_open();
	EVP_PKEY *pkey = ec_key("P-256", "encoding", "explicit");
	struct content *content;

	(void)state;
	pair_change(&s.leaf, &s.root, change_key, pkey);
	content = take(&s, buf_span(&s.leaf.cert), s.trust, NOON);
	assert_int_equal(judged(content, s.trust), STI_TRUST_PROFILE);
	assert_false(content_has_path(content));
	content_drop(content);
	EVP_PKEY_free(pkey);
	scene_close(&s);
}

static void test_one_that_is_held_keeps_its_body(void **state)
{
	struct scene s = scene_open();
	struct content *content = take(&s, buf_span(&s.leaf.cert), s.other_trust, NOON);

	(void)state;
	content_hold(content);
	content_forget_body(content);
	assert_true(content_is_judgeable(content, s.trust));
	content_drop(content);
	scene_close(&s);
}

/* Outside the window that was found first another path may be the good one. */
static void test_out_of_its_window_it_is_judged_again(void **state)
{
	static const struct {
		int64_t now;
		int64_t parses;
	} row[] = {{NOON, 1}, {2 * DAY, 0}, {2 * DAY + 1, 1}, {DAY, 0}, {DAY - 1, 1}};
	struct scene s = scene_open();
	struct content *content = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		int64_t before = parsed(&s);
		struct content *again = take(&s, buf_span(&s.leaf.cert), s.trust, row[i].now);

		assert_int_equal(parsed(&s) - before, row[i].parses);
		content_drop(content);
		content = again;
	}
	content_drop(content);
	scene_close(&s);
}

static void test_D11_private_keys_of_every_label(void **state)
{
	static const char *const label[] = {"PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY",
					    "ENCRYPTED PRIVATE KEY"};
	struct scene s = scene_open();
	struct content *content;

	(void)state;
	for (size_t i = 0; i < sizeof(label) / sizeof(label[0]); i++)
		for (int first = 0; first < 2; first++) {
			struct buf body = buf_own(1 << 16);
			char block[128];

			snprintf(block, sizeof(block), "-----BEGIN %s-----\nAAAA\n-----END %s-----\n", label[i],
				 label[i]);
			if (first)
				buf_put_str(&body, block);
			buf_put(&body, buf_span(&s.leaf.cert));
			if (!first)
				buf_put_str(&body, block);
			assert_int_equal(contents_take(s.contents, buf_span(&body), s.trust, NOON, &content),
					 STI_E_KEY);
			buf_free(&body);
		}
	assert_int_equal(parsed(&s), 0);
	scene_close(&s);
}

static void test_D11_DER_is_one_certificate(void **state)
{
	struct scene s = scene_open();
	struct sti_span der = der_of(&s.leaf);
	struct buf two = buf_own(1 << 16);
	struct content *content = take(&s, der, s.trust, NOON);

	(void)state;
	assert_int_equal(judged(content, s.trust), STI_TRUST_OK);
	content_drop(content);
	buf_put(&two, der);
	buf_put(&two, der);
	assert_int_not_equal(contents_take(s.contents, buf_span(&two), s.trust, NOON, &content), STI_OK);
	assert_int_not_equal(contents_take(s.contents, sti_span_first(der, der.n - 1), s.trust, NOON, &content),
			     STI_OK);
	buf_free(&two);
	vectors_free(der);
	scene_close(&s);
}

static void test_what_is_no_certificate_is_not_kept(void **state)
{
	struct scene s = scene_open();
	struct content *content;

	(void)state;
	assert_int_equal(contents_take(s.contents, sti_span_str("<html>"), s.trust, NOON, &content), STI_E_PEM);
	assert_int_not_equal(contents_take(s.contents, sti_span(NULL, 0), s.trust, NOON, &content), STI_OK);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_D17_the_same_octets_are_kept_and_parsed_once),
		cmocka_unit_test(test_A18_another_key_is_another_content),
		cmocka_unit_test(test_other_roots_judge_anew_once),
		cmocka_unit_test(test_a_new_crl_costs_no_parse),
		cmocka_unit_test(test_D14_a_body_that_is_forgotten_cannot_be_judged_by_others),
		cmocka_unit_test(test_E3_a_key_that_is_refused_has_no_path),
		cmocka_unit_test(test_one_that_is_held_keeps_its_body),
		cmocka_unit_test(test_out_of_its_window_it_is_judged_again),
		cmocka_unit_test(test_D11_private_keys_of_every_label),
		cmocka_unit_test(test_D11_DER_is_one_certificate),
		cmocka_unit_test(test_what_is_no_certificate_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
