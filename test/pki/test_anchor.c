/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/anchor.h"

#include <openssl/err.h>

#include "support/alloc_sweep.h"
#include "world.h"

static const struct issue_name pa_root_name = {"US", "Example PA", "Example PA Root"};

static struct pair pa_root_make(void)
{
	return pair_make((struct issue_subject){.kind = ISSUE_ROOT, .name = pa_root_name}, NULL);
}

static struct pair pa_ca_make(const struct pair *root)
{
	return pair_make(
		(struct issue_subject){.kind = ISSUE_INTERMEDIATE, .name = {"US", "Example PA", "Example PA CA"}},
		root);
}

/* What the file `anchors` says of the first certificate of `signer`; both are freed. */
static enum sti_error check(struct sti_span anchors, struct sti_span signer, uint32_t usage, int64_t now)
{
	struct anchor *anchor = NULL;
	struct chain chain;
	enum sti_error error;

	assert_int_equal(anchor_parse(anchors, &anchor), STI_OK);
	assert_int_equal(chain_parse(signer, LIMIT_CERT_BLOCKS, &chain), STI_OK);
	error = anchor_check(anchor, &chain, usage, now);
	chain_free(&chain);
	anchor_free(anchor);
	vectors_free(anchors);
	vectors_free(signer);
	return error;
}

static void test_pinned_signer_and_what_chains_to_a_pinned_ca(void **state)
{
	struct pair root = pa_root_make(), ca = pa_ca_make(&root), signer = signer_make(&ca);
	struct pair other = pa_root_make();

	(void)state;
	assert_int_equal(check(BUNDLE(&signer), BUNDLE(&signer), KU_DIGITAL_SIGNATURE, NOON), STI_OK);
	assert_int_equal(check(BUNDLE(&root), BUNDLE(&root), KU_CRL_SIGN, NOON), STI_OK);
	assert_int_equal(check(BUNDLE(&root), BUNDLE(&ca), KU_CRL_SIGN, NOON), STI_OK);
	assert_int_equal(check(BUNDLE(&root), BUNDLE(&signer, &ca), KU_DIGITAL_SIGNATURE, NOON), STI_OK);
	assert_int_equal(check(BUNDLE(&root, &ca), BUNDLE(&signer), KU_DIGITAL_SIGNATURE, NOON), STI_OK);
	assert_int_equal(check(BUNDLE(&other, &root), BUNDLE(&signer, &ca), KU_DIGITAL_SIGNATURE, NOON), STI_OK);
	pair_free(&other);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
}

static void test_F2_signers_that_nobody_vouches_for(void **state)
{
	struct pair root = pa_root_make(), ca = pa_ca_make(&root), signer = signer_make(&ca);
	struct pair twin = pa_root_make(); /* the name of the root, another key */
	struct pair stranger = signer_make(&twin), below_signer = signer_make(&signer);

	(void)state;
	assert_int_equal(check(BUNDLE(&root), BUNDLE(&signer), KU_DIGITAL_SIGNATURE, NOON), STI_E_NOT_FOUND);
	assert_int_equal(check(BUNDLE(&root), BUNDLE(&stranger, &twin), KU_DIGITAL_SIGNATURE, NOON), STI_E_NOT_FOUND);
	assert_int_equal(check(BUNDLE(&root), BUNDLE(&twin), KU_CRL_SIGN, NOON), STI_E_NOT_FOUND);
	/* an intermediate that is pinned vouches for itself alone */
	assert_int_equal(check(BUNDLE(&ca), BUNDLE(&ca), KU_CRL_SIGN, NOON), STI_OK);
	assert_int_equal(check(BUNDLE(&ca), BUNDLE(&signer), KU_DIGITAL_SIGNATURE, NOON), STI_E_NOT_FOUND);
	assert_int_equal(check(BUNDLE(&signer), BUNDLE(&below_signer), KU_DIGITAL_SIGNATURE, NOON), STI_E_NOT_FOUND);
	/* a signer that is no CA between */
	assert_int_equal(check(BUNDLE(&root), BUNDLE(&below_signer, &signer, &ca), KU_DIGITAL_SIGNATURE, NOON),
			 STI_E_NOT_FOUND);
	pair_free(&below_signer);
	pair_free(&stranger);
	pair_free(&twin);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
}

static void test_E10_root_and_its_successor_of_one_name(void **state)
{
	struct pair old = pa_root_make(), new = pa_root_make(), a, b;

	(void)state;
	a = signer_make(&old);
	b = signer_make(&new);
	pair_change(&a, &old, change_remove, &(int){NID_authority_key_identifier});
	pair_change(&b, &new, change_remove, &(int){NID_authority_key_identifier});
	assert_int_equal(check(BUNDLE(&old, &new), BUNDLE(&a), KU_DIGITAL_SIGNATURE, NOON), STI_OK);
	assert_int_equal(check(BUNDLE(&old, &new), BUNDLE(&b), KU_DIGITAL_SIGNATURE, NOON), STI_OK);
	pair_free(&b);
	pair_free(&a);
	pair_free(&new);
	pair_free(&old);
}

static void test_use_that_the_key_is_not_for(void **state)
{
	struct pair root = pa_root_make(), signer = signer_make(&root);

	(void)state;
	assert_int_equal(check(BUNDLE(&root), BUNDLE(&root), KU_DIGITAL_SIGNATURE, NOON), STI_E_KEY);
	assert_int_equal(check(BUNDLE(&root), BUNDLE(&signer), KU_CRL_SIGN, NOON), STI_E_KEY);
	pair_change(&signer, &root, change_remove, &(int){NID_key_usage});
	assert_int_equal(check(BUNDLE(&root), BUNDLE(&signer), KU_CRL_SIGN, NOON), STI_OK);
	pair_free(&signer);
	pair_free(&root);
}

/* A pinned CA that lasts longer than what is below it; and the other way round. */
static void test_seconds_of_validity(void **state)
{
	struct pair root = pa_root_make(), signer, early;
	struct issue_subject subject = signer_subject();
	const struct {
		int64_t now;
		enum sti_error error;
	} rows[] = {
		{0, STI_E_TIMEOUT},           {DAY - 1, STI_E_TIMEOUT}, {DAY, STI_E_TIMEOUT},
		{DAY + 9, STI_E_TIMEOUT},     {DAY + 10, STI_OK},       {2 * DAY - 10, STI_OK},
		{2 * DAY - 9, STI_E_TIMEOUT}, {2 * DAY, STI_E_TIMEOUT}, {INT64_MAX, STI_E_TIMEOUT},
		{INT64_MIN, STI_E_TIMEOUT},
	};

	(void)state;
	subject.not_before = DAY + 10;
	subject.not_after = 2 * DAY - 10;
	signer = pair_make(subject, &root);
	subject.not_before = 1;
	early = pair_make(subject, &root);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(check(BUNDLE(&root), BUNDLE(&signer), 0, rows[i].now), rows[i].error);
		assert_int_equal(check(BUNDLE(&signer), BUNDLE(&signer), 0, rows[i].now), rows[i].error);
	}
	assert_int_equal(check(BUNDLE(&root), BUNDLE(&early), 0, DAY - 1), STI_E_TIMEOUT);
	assert_int_equal(check(BUNDLE(&root), BUNDLE(&early), 0, DAY), STI_OK);
	pair_free(&early);
	pair_free(&signer);
	pair_free(&root);
}

static void test_A16_keys_of_signers_and_anchors(void **state)
{
	const struct {
		EVP_PKEY *pkey;
		bool good;
	} rows[] = {
		{EVP_EC_gen("P-384"), true}, {EVP_RSA_gen(2048), true},        {EVP_EC_gen("P-521"), false},
		{EVP_RSA_gen(1024), false},  {EVP_EC_gen("secp256k1"), false},
	};
	struct pair root = pa_root_make();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct issue_subject subject = signer_subject();
		struct buf key = key_pem(rows[i].pkey);
		struct anchor *anchor = NULL;
		struct pair signer;

		subject.key = buf_span(&key);
		signer = pair_make(subject, &root);
		assert_int_equal(check(BUNDLE(&root), BUNDLE(&signer), 0, NOON), rows[i].good ? STI_OK : STI_E_KEY);
		assert_int_equal(anchor_parse(buf_span(&signer.cert), &anchor), rows[i].good ? STI_OK : STI_E_KEY);
		anchor_free(anchor);
		pair_free(&signer);
		buf_free(&key);
	}
	pair_free(&root);
}

static void test_E4_ca_without_basic_constraints_between(void **state)
{
	struct pair root = pa_root_make(), ca = pa_ca_make(&root), signer = signer_make(&ca);

	(void)state;
	pair_change(&ca, &root, change_remove, &(int){NID_basic_constraints});
	assert_int_equal(check(BUNDLE(&root), BUNDLE(&signer, &ca), 0, NOON), STI_E_NOT_FOUND);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
}

static void test_files_that_are_no_anchors(void **state)
{
	static const char *const text[] = {"", "\n", "<html></html>", "-----BEGIN CERTIFICATE-----\nAAAA\n"};
	struct pair root = pa_root_make();
	struct buf many = buf_own(1 << 20);
	struct anchor *anchor = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		assert_int_equal(anchor_parse(sti_span_str(text[i]), &anchor), STI_E_PEM);
	assert_int_equal(anchor_parse(buf_span(&root.key), &anchor), STI_E_PEM);
	for (size_t i = 0; i <= LIMIT_ANCHORS; i++)
		buf_put(&many, buf_span(&root.cert));
	assert_int_equal(anchor_parse(buf_span(&many), &anchor), STI_E_LIMIT);
	memset(buf_extend(&many, LIMIT_ANCHOR_BODY), '\n', LIMIT_ANCHOR_BODY);
	assert_int_equal(anchor_parse(buf_span(&many), &anchor), STI_E_LIMIT);
	assert_null(anchor);
	buf_free(&many);
	pair_free(&root);
}

static void test_certificates_of_the_file_one_by_one(void **state)
{
	struct pair root = pa_root_make(), ca = pa_ca_make(&root);
	struct sti_span pem = BUNDLE(&root, &ca), der = der_of(&ca);
	struct anchor *anchor;

	(void)state;
	assert_int_equal(anchor_parse(pem, &anchor), STI_OK);
	assert_true(sti_span_equal(anchor_at(anchor, 1)->der, der));
	assert_non_null(anchor_at(anchor, 0));
	assert_null(anchor_at(anchor, 2));
	assert_null(anchor_at(anchor, SIZE_MAX));
	anchor_free(anchor);
	anchor_free(NULL);
	vectors_free(der);
	vectors_free(pem);
	pair_free(&ca);
	pair_free(&root);
}

static void test_nothing_left_in_the_error_queue_of_openssl(void **state)
{
	struct pair root = pa_root_make(), twin = pa_root_make(), stranger = signer_make(&twin);
	struct anchor *anchor = NULL;
	struct chain chain;

	(void)state;
	assert_int_equal(chain_parse(buf_span(&stranger.cert), 1, &chain), STI_OK);
	ERR_clear_error();
	assert_int_equal(anchor_parse(buf_span(&root.cert), &anchor), STI_OK);
	assert_int_equal(anchor_check(anchor, &chain, 0, NOON), STI_E_NOT_FOUND);
	assert_int_equal(ERR_peek_error(), 0);
	chain_free(&chain);
	anchor_free(anchor);
	pair_free(&stranger);
	pair_free(&twin);
	pair_free(&root);
}

struct scarce {
	struct sti_span anchors, signer, stranger;
};

static enum sti_error attempt_one(const struct anchor *anchor, struct sti_span signer)
{
	struct chain chain;
	enum sti_error error = chain_parse(signer, LIMIT_CERT_BLOCKS, &chain);

	if (error)
		return error;
	error = anchor_check(anchor, &chain, KU_DIGITAL_SIGNATURE, NOON);
	chain_free(&chain);
	return error;
}

static bool attempt(void *context)
{
	const struct scarce *scarce = context;
	struct anchor *anchor = NULL;
	bool good = false;

	if (anchor_parse(scarce->anchors, &anchor) == STI_OK) {
		good = attempt_one(anchor, scarce->signer) == STI_OK;
		assert_int_not_equal(attempt_one(anchor, scarce->stranger), STI_OK);
	}
	anchor_free(anchor);
	return good;
}

static void test_J5_memory_gives_out(void **state)
{
	struct pair root = pa_root_make(), ca = pa_ca_make(&root), signer = signer_make(&ca),
		    stranger = signer_make(&signer);
	struct scarce scarce = {BUNDLE(&root), BUNDLE(&signer, &ca), BUNDLE(&stranger, &signer)};

	(void)state;
	alloc_sweep("an anchor and two signers", attempt, &scarce);
	vectors_free(scarce.stranger);
	vectors_free(scarce.signer);
	vectors_free(scarce.anchors);
	pair_free(&stranger);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pinned_signer_and_what_chains_to_a_pinned_ca),
		cmocka_unit_test(test_F2_signers_that_nobody_vouches_for),
		cmocka_unit_test(test_E10_root_and_its_successor_of_one_name),
		cmocka_unit_test(test_use_that_the_key_is_not_for),
		cmocka_unit_test(test_seconds_of_validity),
		cmocka_unit_test(test_A16_keys_of_signers_and_anchors),
		cmocka_unit_test(test_E4_ca_without_basic_constraints_between),
		cmocka_unit_test(test_files_that_are_no_anchors),
		cmocka_unit_test(test_certificates_of_the_file_one_by_one),
		cmocka_unit_test(test_nothing_left_in_the_error_queue_of_openssl),
		cmocka_unit_test(test_J5_memory_gives_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
