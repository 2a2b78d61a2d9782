/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/roots.h"

#include <openssl/err.h>

#include "support/alloc_sweep.h"
#include "world.h"

static enum sti_error parse(struct sti_span pem, size_t *n)
{
	struct sti_roots *roots = NULL;
	enum sti_error error = sti_roots_parse(pem, &roots);

	*n = error ? 0 : sti_roots_count(roots);
	sti_roots_free(roots);
	return error;
}

static void expect(const struct pair *pair, enum sti_error expected)
{
	struct sti_span pem = BUNDLE(pair);
	size_t n;

	assert_int_equal(parse(pem, &n), expected);
	assert_int_equal(n, expected ? 0 : 1);
	vectors_free(pem);
}

static void test_E10_two_roots_of_one_name(void **state)
{
	struct pair a = root_make(), b = root_make();
	struct sti_span pem = BUNDLE(&a, &b);
	size_t n;

	(void)state;
	assert_int_equal(parse(pem, &n), STI_OK);
	assert_int_equal(n, 2);
	vectors_free(pem);
	pair_free(&a);
	pair_free(&b);
}

static void test_what_is_no_root(void **state)
{
	struct pair root = root_make(), intermediate = intermediate_make(&root), signer = signer_make(&root);
	struct pair lonely = pair_make(signer_subject(), NULL);

	(void)state;
	expect(&root, STI_OK);
	expect(&intermediate, STI_E_CERT); /* a CA, not self-signed */
	expect(&signer, STI_E_CERT);
	expect(&lonely, STI_E_CERT); /* self-signed, not a CA */
	pair_free(&lonely);
	pair_free(&signer);
	pair_free(&intermediate);
	pair_free(&root);
}

static void test_signature_of_a_root_by_another_key(void **state)
{
	struct pair root = root_make(), other = root_make();

	(void)state;
	pair_change(&root, &other, change_remove, &(int){NID_subject_key_identifier});
	expect(&root, STI_E_CERT);
	pair_free(&other);
	pair_free(&root);
}

static void test_root_without_basic_constraints(void **state)
{
	struct pair root = root_make();

	(void)state;
	pair_change(&root, &root, change_remove, &(int){NID_basic_constraints});
	expect(&root, STI_E_CERT);
	pair_free(&root);
}

/* threats.md E5: real roots lack it. */
static void test_root_without_key_usage_and_identifier(void **state)
{
	struct pair root = root_make();

	(void)state;
	pair_change(&root, &root, change_remove, &(int){NID_key_usage});
	pair_change(&root, &root, change_remove, &(int){NID_subject_key_identifier});
	expect(&root, STI_OK);
	pair_free(&root);
}

static void test_A16_keys_of_roots(void **state)
{
	const struct {
		EVP_PKEY *pkey;
		enum sti_error error;
	} rows[] = {
		{EVP_EC_gen("P-384"), STI_OK},  {EVP_RSA_gen(2048), STI_OK},          {EVP_EC_gen("P-521"), STI_OK},
		{EVP_RSA_gen(1024), STI_E_KEY}, {EVP_EC_gen("secp256k1"), STI_E_KEY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf key = key_pem(rows[i].pkey);
		struct issue_subject subject = {.kind = ISSUE_ROOT, .name = {"US", "Example", "SHAKEN ROOT"}};
		struct pair root;

		subject.key = buf_span(&key);
		root = pair_make(subject, NULL);
		expect(&root, rows[i].error);
		pair_free(&root);
		buf_free(&key);
	}
}

static void test_one_bad_root_refuses_the_file(void **state)
{
	struct pair root = root_make(), signer = signer_make(&root);
	struct sti_span pem = BUNDLE(&root, &signer);
	size_t n;

	(void)state;
	assert_int_equal(parse(pem, &n), STI_E_CERT);
	assert_int_equal(parse(sti_span(NULL, 0), &n), STI_E_PEM);
	vectors_free(pem);
	pair_free(&signer);
	pair_free(&root);
}

static void test_more_roots_than_the_limit(void **state)
{
	struct pair root = root_make();
	struct buf pem = buf_own(LIMIT_ROOTS_BODY + 4096);
	size_t n;

	(void)state;
	for (size_t i = 0; i < LIMIT_ROOTS; i++)
		buf_put(&pem, buf_span(&root.cert));
	assert_int_equal(parse(buf_span(&pem), &n), STI_OK);
	assert_int_equal(n, 1); /* it is one root, however often it stands there */
	buf_put(&pem, buf_span(&root.cert));
	assert_int_equal(parse(buf_span(&pem), &n), STI_E_LIMIT);
	memset(buf_extend(&pem, LIMIT_ROOTS_BODY + 1 - pem.n), '\n', LIMIT_ROOTS_BODY + 1 - pem.n);
	assert_int_equal(parse(buf_span(&pem), &n), STI_E_LIMIT);
	buf_free(&pem);
	pair_free(&root);
}

static struct cert cert_of(const struct pair *pair)
{
	struct sti_span der = der_of(pair);
	struct cert cert;

	assert_int_equal(cert_parse(der, &cert), STI_OK);
	vectors_free(der);
	return cert;
}

/* threats.md F12: one root on two lists counts once, and so long as one of them counts. */
static void test_F12_one_root_twice_counts_to_the_later_end(void **state)
{
	struct pair a = root_make(), b = root_make();
	struct cert one = cert_of(&a), again = cert_of(&a), other = cert_of(&b);
	const struct roots_entry entry[] = {{&one, 100}, {&other, 50}, {&again, 200}, {&one, 150}};
	struct sti_roots *roots;

	(void)state;
	assert_int_equal(roots_make(entry, 4, false, &roots), STI_OK);
	cert_free(&one); /* shared, so the roots live on */
	cert_free(&again);
	cert_free(&other);
	assert_int_equal(sti_roots_count(roots), 2);
	assert_int_equal(roots->until[0], 200);
	assert_int_equal(roots->until[1], 50);
	assert_false(roots->is_complete);
	assert_ptr_equal(roots_ref(roots), roots);
	sti_roots_free(roots);
	assert_int_equal(X509_check_ca(roots->list.cert[1].x509), 1); /* one reference is left */
	sti_roots_free(roots);
	pair_free(&a);
	pair_free(&b);
}

static void test_no_roots_at_all(void **state)
{
	struct sti_roots *roots;

	(void)state;
	assert_int_equal(roots_make(NULL, 0, true, &roots), STI_OK);
	assert_int_equal(sti_roots_count(roots), 0);
	assert_true(roots->is_complete);
	sti_roots_free(roots);
}

static void test_F13_entry_that_is_no_root(void **state)
{
	struct pair root = root_make(), ca = intermediate_make(&root);
	struct cert good = cert_of(&root), bad = cert_of(&ca);
	const struct roots_entry entry[] = {{&good, 1}, {&bad, 1}};
	struct sti_roots *roots = NULL;

	(void)state;
	assert_int_equal(roots_make(entry, 2, true, &roots), STI_E_CERT);
	assert_null(roots);
	cert_free(&good);
	cert_free(&bad);
	pair_free(&ca);
	pair_free(&root);
}

static void test_roots_of_a_file_have_no_end(void **state)
{
	struct pair root = root_make();
	struct sti_roots *roots;

	(void)state;
	assert_int_equal(sti_roots_parse(buf_span(&root.cert), &roots), STI_OK);
	assert_int_equal(roots->until[0], INT64_MAX);
	assert_true(roots->is_complete);
	sti_roots_free(roots);
	pair_free(&root);
}

static bool attempt(void *context)
{
	struct sti_roots *roots = NULL;
	enum sti_error error = roots_make(context, 1, true, &roots);

	assert_true(error == STI_OK || alloc_sweep_failed());
	sti_roots_free(roots);
	return error == STI_OK;
}

static void test_J5_memory_gives_out(void **state)
{
	struct pair root = root_make();
	struct cert cert = cert_of(&root);
	struct roots_entry entry = {&cert, 1};

	(void)state;
	alloc_sweep("roots", attempt, &entry);
	cert_free(&cert);
	pair_free(&root);
}

static void test_nothing_left_in_the_error_queue_of_openssl(void **state)
{
	struct pair root = root_make();

	(void)state;
	pair_change(&root, &root, change_remove, &(int){NID_basic_constraints});
	ERR_clear_error();
	expect(&root, STI_E_CERT);
	assert_int_equal(ERR_peek_error(), 0);
	pair_free(&root);
}

/* One of the real roots is refused for a reason; two have one name and different keys. */
static void test_E10_roots_of_the_real_world(void **state)
{
	static const struct {
		const char *prefix;
		enum sti_error error;
	} odd[] = {
		{"root_www_voicecarrier_com_", STI_E_CERT}, /* version 1, so no CA */
	};
	struct vectors_list list;
	size_t good = 0;

	(void)state;
	if (!vectors_present())
		return;
	list = vectors_list("shaken-real-pki/ca", "root_");
	for (size_t i = 0; i < list.n; i++) {
		struct sti_span pem = vectors_read(list.name[i]);
		enum sti_error expected = STI_OK, error;
		size_t n;

		for (size_t k = 0; k < sizeof(odd) / sizeof(odd[0]); k++)
			if (strstr(list.name[i], odd[k].prefix))
				expected = odd[k].error;
		error = parse(pem, &n);
		if (error != expected)
			printf("%s: %s\n", list.name[i], sti_error_text(error));
		good += error == expected;
		vectors_free(pem);
	}
	vectors_count("real roots", good, list.n);
	vectors_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_E10_two_roots_of_one_name),
		cmocka_unit_test(test_what_is_no_root),
		cmocka_unit_test(test_signature_of_a_root_by_another_key),
		cmocka_unit_test(test_root_without_basic_constraints),
		cmocka_unit_test(test_root_without_key_usage_and_identifier),
		cmocka_unit_test(test_A16_keys_of_roots),
		cmocka_unit_test(test_one_bad_root_refuses_the_file),
		cmocka_unit_test(test_more_roots_than_the_limit),
		cmocka_unit_test(test_F12_one_root_twice_counts_to_the_later_end),
		cmocka_unit_test(test_no_roots_at_all),
		cmocka_unit_test(test_F13_entry_that_is_no_root),
		cmocka_unit_test(test_roots_of_a_file_have_no_end),
		cmocka_unit_test(test_J5_memory_gives_out),
		cmocka_unit_test(test_nothing_left_in_the_error_queue_of_openssl),
		cmocka_unit_test(test_E10_roots_of_the_real_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
