/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/issue.h"

#include <openssl/err.h>

#include <sti/key.h>

#include "world.h"

static const uint8_t one[] = {1};

static struct issue_subject subject_of(const struct pair *pair)
{
	struct issue_subject subject = signer_subject();

	subject.key = buf_span(&pair->key);
	subject.serial = sti_span(one, 1);
	subject.not_before = DAY;
	subject.not_after = 2 * DAY;
	return subject;
}

static enum sti_error issue(const struct issue_subject *subject, struct sti_span cert, struct sti_span key)
{
	const struct issue_issuer issuer = {cert, key};
	struct buf out = buf_own(1 << 16);
	enum sti_error error = issue_cert(subject, cert.p ? &issuer : NULL, &out);

	assert_true(error == STI_OK || out.n == 0);
	buf_free(&out);
	return error;
}

static void test_keys_are_new_each_time_and_fit_our_reader(void **state)
{
	struct buf a = buf_own(1024), b = buf_own(1024);
	struct sti_key *key;

	(void)state;
	assert_int_equal(issue_key(&a), STI_OK);
	assert_int_equal(issue_key(&b), STI_OK);
	assert_false(sti_span_equal(buf_span(&a), buf_span(&b)));
	assert_int_equal(sti_key_parse(buf_span(&a), &key), STI_OK);
	sti_key_free(key);
	buf_free(&a);
	buf_free(&b);
}

static void test_no_room_for_what_is_made(void **state)
{
	struct pair root = root_make();
	struct issue_subject subject = subject_of(&root);
	char memory[100];
	struct buf out = buf_lend(memory, sizeof(memory));

	(void)state;
	assert_int_equal(issue_key(&out), STI_E_LIMIT);
	out = buf_lend(memory, sizeof(memory));
	assert_int_equal(issue_cert(&subject, NULL, &out), STI_E_LIMIT);
	pair_free(&root);
}

static void test_same_arguments_same_contents(void **state)
{
	struct pair root = root_make(), a, b;
	struct issue_subject subject = signer_subject();
	X509 *x, *y;

	(void)state;
	subject.key = buf_span(&root.key);
	a = pair_make(subject, &root);
	b = pair_make(subject, &root);
	x = x509_of(&a);
	y = x509_of(&b);
	assert_int_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(x), X509_get0_serialNumber(y)), 0);
	assert_int_equal(ASN1_TIME_compare(X509_get0_notAfter(x), X509_get0_notAfter(y)), 0);
	assert_int_equal(X509_NAME_cmp(X509_get_subject_name(x), X509_get_subject_name(y)), 0);
	X509_free(x);
	X509_free(y);
	pair_free(&a);
	pair_free(&b);
	pair_free(&root);
}

static void test_serials(void **state)
{
	static const struct {
		size_t n;
		uint8_t octets[21];
		enum sti_error error;
	} rows[] = {
		{0, {0}, STI_E_NUMBER},     {1, {0}, STI_E_NUMBER},    {1, {0x80}, STI_OK},
		{20, {0}, STI_E_NUMBER},    {20, {0x7f}, STI_OK},      {20, {0x80}, STI_E_NUMBER},
		{21, {0x01}, STI_E_NUMBER}, {2, {0x00, 0x01}, STI_OK},
	};
	struct pair root = root_make();
	struct issue_subject subject = subject_of(&root);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		subject.serial = sti_span(rows[i].octets, rows[i].n);
		if (issue(&subject, (struct sti_span){0}, (struct sti_span){0}) != rows[i].error)
			fail_msg("row %zu", i);
	}
	pair_free(&root);
}

static void test_times_out_of_range(void **state)
{
	static const struct {
		int64_t from, until;
		enum sti_error error;
	} rows[] = {
		{-631152000, 253402300799, STI_OK},   {-631152001, 0, STI_E_NUMBER},
		{0, 253402300800, STI_E_NUMBER},      {1, 0, STI_E_NUMBER},
		{INT64_MIN, INT64_MAX, STI_E_NUMBER},
	};
	struct pair root = root_make();
	struct issue_subject subject = subject_of(&root);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		subject.not_before = rows[i].from;
		subject.not_after = rows[i].until;
		if (issue(&subject, (struct sti_span){0}, (struct sti_span){0}) != rows[i].error)
			fail_msg("row %zu", i);
	}
	pair_free(&root);
}

/* PEM of the public half: what a CA has of a subscriber. */
static struct sti_span public_half(const struct pair *pair)
{
	EVP_PKEY *pkey = pkey_of(pair);
	BIO *bio = BIO_new(BIO_s_mem());
	struct sti_span pem;
	char *text;
	long n;

	assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
	n = BIO_get_mem_data(bio, &text);
	pem = vectors_copy(sti_span(text, (size_t)n));
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	return pem;
}

static void test_public_key_is_enough_but_for_a_signature(void **state)
{
	struct pair root = root_make(), other = root_make();
	struct sti_span half = public_half(&other), none = {0};
	struct issue_subject subject = subject_of(&root);

	(void)state;
	subject.key = half;
	assert_int_equal(issue(&subject, buf_span(&root.cert), buf_span(&root.key)), STI_OK);
	assert_int_equal(issue(&subject, none, none), STI_E_KEY);
	subject.key = buf_span(&other.key);
	assert_int_equal(issue(&subject, buf_span(&root.cert), half), STI_E_KEY);
	vectors_free(half);
	pair_free(&other);
	pair_free(&root);
}

static void test_issuer_of_two_halves(void **state)
{
	struct pair root = root_make(), other = root_make();
	struct issue_subject subject = subject_of(&other);

	(void)state;
	ERR_clear_error();
	assert_int_equal(issue(&subject, buf_span(&root.cert), buf_span(&other.key)), STI_E_KEY);
	assert_int_equal(issue(&subject, buf_span(&root.key), buf_span(&root.key)), STI_E_CERT);
	assert_int_equal(issue(&subject, buf_span(&root.cert), buf_span(&root.cert)), STI_E_KEY);
	assert_int_equal(issue(&subject, sti_span_str(""), buf_span(&root.key)), STI_E_PEM);
	assert_int_equal(issue(&subject, sti_span_str("x"), buf_span(&root.key)), STI_E_PEM);
	subject.key = sti_span_str("");
	assert_int_equal(issue(&subject, buf_span(&root.cert), buf_span(&root.key)), STI_E_PEM);
	assert_int_equal(ERR_peek_error(), 0);
	pair_free(&other);
	pair_free(&root);
}

static void test_name_that_does_not_fit(void **state)
{
	struct pair root = root_make();
	struct issue_subject subject = subject_of(&root);

	(void)state;
	subject.name.country = "USA";
	assert_int_equal(issue(&subject, buf_span(&root.cert), buf_span(&root.key)), STI_E_CERT);
	pair_free(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_are_new_each_time_and_fit_our_reader),
		cmocka_unit_test(test_no_room_for_what_is_made),
		cmocka_unit_test(test_same_arguments_same_contents),
		cmocka_unit_test(test_serials),
		cmocka_unit_test(test_times_out_of_range),
		cmocka_unit_test(test_public_key_is_enough_but_for_a_signature),
		cmocka_unit_test(test_issuer_of_two_halves),
		cmocka_unit_test(test_name_that_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
