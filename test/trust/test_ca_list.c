/* SPDX-License-Identifier: Apache-2.0 */
#include "lists.h"

#include <openssl/err.h>

#include "support/alloc_sweep.h"
#include "trust/ca_list.h"

/* A list with these entries, as JSON. */
static struct list *list_with(const struct office *office, struct sti_span entries)
{
	struct buf payload = buf_own(LIMIT_CA_LIST);
	struct list *list;

	buf_put_str(&payload, "{\"exp\":172800,\"sequence\":7,\"trustList\":[");
	buf_put(&payload, entries);
	buf_put_str(&payload, "],\"version\":1}");
	assert_int_equal(buf_error(&payload), STI_OK);
	list = list_make(office, LIST_CA, buf_span(&payload));
	buf_free(&payload);
	return list;
}

/* As a JSON string. */
static void put_base64(struct buf *out, struct sti_span bytes)
{
	buf_put_byte(out, '"');
	base64_encode(out, bytes);
	buf_put_byte(out, '"');
}

static void put_pair(struct buf *out, const struct pair *pair)
{
	struct sti_span der = der_of(pair);

	put_base64(out, der);
	vectors_free(der);
}

/* PEM as it stands in JSON: newlines are escapes. */
static void put_pem(struct buf *out, struct sti_span pem, const char *newline)
{
	buf_put_byte(out, '"');
	for (size_t i = 0; i < pem.n; i++)
		if (pem.p[i] == '\n')
			buf_put_str(out, newline);
		else
			buf_put_byte(out, pem.p[i]);
	buf_put_byte(out, '"');
}

/* What becomes of a list with this one entry. */
static enum ca_fault fault_of(const struct office *office, struct sti_span entry)
{
	struct list *list = list_with(office, entry);
	struct ca_list roots;
	enum ca_fault fault;

	assert_int_equal(ca_list_read(list, NOON, &roots), STI_OK);
	assert_int_equal(roots.n, 1);
	fault = roots.entry[0].fault;
	assert_int_equal(roots.n_good, fault == CA_FAULT_NONE);
	assert_int_equal(ca_list_judge(&roots), fault ? LIST_EMPTY : LIST_GOOD);
	if (!fault)
		assert_int_equal(roots.entry[0].cert.key != CERT_KEY_OTHER, true);
	ca_list_free(&roots);
	list_free(list);
	return fault;
}

static void expect_pair(const struct office *office, const struct pair *pair, enum ca_fault expected)
{
	struct buf entry = buf_own(1 << 16);

	put_pair(&entry, pair);
	assert_int_equal(fault_of(office, buf_span(&entry)), expected);
	buf_free(&entry);
}

static void test_F14_entries_as_the_seed_and_as_deployed_lists_have_them(void **state)
{
	const struct office *office = *state;
	struct pair root = root_make();
	struct sti_span der = der_of(&root), pem = buf_span(&root.cert);
	const char *const newline[] = {"\\n", "\\r\\n", "\\u000a"};
	struct buf entry = buf_own(1 << 16);

	put_base64(&entry, der);
	assert_int_equal(fault_of(office, buf_span(&entry)), CA_FAULT_NONE);
	for (size_t i = 0; i < sizeof(newline) / sizeof(newline[0]); i++) {
		entry.n = 0;
		put_pem(&entry, pem, newline[i]);
		assert_int_equal(fault_of(office, buf_span(&entry)), CA_FAULT_NONE);
	}
	entry.n = 0;
	put_pem(&entry, sti_span_first(pem, pem.n - 1), "\\n"); /* no newline at its end */
	assert_int_equal(fault_of(office, buf_span(&entry)), CA_FAULT_NONE);
	buf_free(&entry);
	vectors_free(der);
	pair_free(&root);
}

/* What stands around the base64 of a good root, or in place of a letter of it. */
static void test_F14_entries_that_are_neither_base64_nor_PEM(void **state)
{
	const struct office *office = *state;
	struct pair root = root_make(), other = root_make();
	struct sti_span der = der_of(&root), both[] = {buf_span(&root.cert), buf_span(&other.cert)};
	static const char *const around[][2] = {
		{" ", ""},
		{"", " "},
		{"", "\\n"},
		{"", "="},
		{"", "===="},
		{"\\t", ""},
		{"-----BEGIN CERTIFICATE-----", ""},
		{"data:;base64,", ""},
	};
	struct buf entry = buf_own(1 << 16);

	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
		entry.n = 0;
		buf_put_byte(&entry, '"');
		buf_put_str(&entry, around[i][0]);
		base64_encode(&entry, der);
		buf_put_str(&entry, around[i][1]);
		buf_put_byte(&entry, '"');
		assert_int_equal(fault_of(office, buf_span(&entry)), CA_FAULT_TEXT);
	}
	entry.n = 0;
	put_base64(&entry, der);
	for (size_t i = 1; i < entry.n - 1; i += 64) {
		uint8_t letter = entry.p[i];

		entry.p[i] = i % 2 ? '-' : ' '; /* base64url; a blank */
		assert_int_equal(fault_of(office, buf_span(&entry)), CA_FAULT_TEXT);
		entry.p[i] = letter;
	}
	entry.n = 0;
	buf_put_byte(&entry, '"');
	base64url_encode(&entry, sti_span("\xfb\xff\xfe", 3));
	buf_put_byte(&entry, '"');
	assert_int_equal(fault_of(office, buf_span(&entry)), CA_FAULT_TEXT);
	entry.n = 0;
	put_pem(&entry, buf_span(&root.key), "\\n"); /* PEM, but of a key */
	assert_int_equal(fault_of(office, buf_span(&entry)), CA_FAULT_TEXT);
	for (size_t i = 0; i < 2; i++)
		buf_put(&root.cert, both[1]);
	entry.n = 0;
	put_pem(&entry, buf_span(&root.cert), "\\n"); /* several in one entry */
	assert_int_not_equal(fault_of(office, buf_span(&entry)), CA_FAULT_NONE);
	buf_free(&entry);
	vectors_free(der);
	pair_free(&other);
	pair_free(&root);
}

static void test_F14_base64_of_what_is_no_certificate(void **state)
{
	const struct office *office = *state;
	struct pair root = root_make();
	struct sti_span der = der_of(&root);
	struct buf entry = buf_own(LIMIT_CA_LIST);
	uint8_t *million = calloc(1, 1000000);

	assert_non_null(million);
	assert_int_equal(fault_of(office, sti_span_str("\"\"")), CA_FAULT_CERT);
	assert_int_equal(fault_of(office, sti_span_str("\"AAAA\"")), CA_FAULT_CERT);
	put_base64(&entry, sti_span_first(der, der.n - 1));
	assert_int_equal(fault_of(office, buf_span(&entry)), CA_FAULT_CERT);
	entry.n = 0;
	put_base64(&entry, sti_span(million, 1000000));
	assert_int_equal(fault_of(office, buf_span(&entry)), CA_FAULT_CERT);
	free(million);
	buf_free(&entry);
	vectors_free(der);
	pair_free(&root);
}

/* Who vouches for itself, and who for others: F13 wants both. */
static void test_F13_F14_certificates_that_are_no_roots(void **state)
{
	const struct office *office = *state;
	struct pair root = root_make(), ca = intermediate_make(&root), ee = signer_make(&root);
	struct pair alone = pair_make(signer_subject(), NULL), crossed = root_make();

	pair_change(&crossed, &root, change_remove, &(int){NID_subject_key_identifier});
	expect_pair(office, &ca, CA_FAULT_ROOT);
	expect_pair(office, &ee, CA_FAULT_ROOT);
	expect_pair(office, &alone, CA_FAULT_ROOT); /* self-signed, no CA */
	expect_pair(office, &crossed, CA_FAULT_ROOT); /* a root cross-signed by another of its name */
	pair_free(&crossed);
	pair_free(&alone);
	pair_free(&ee);
	pair_free(&ca);
	pair_free(&root);
}

/* Of a root that is listed ahead of its time the list is not read again when the time comes: it counts from the
 * start, and every path to it is as early as the root (pki/path.h). */
static void test_F14_roots_outside_their_validity(void **state)
{
	static const struct {
		int64_t from, until;
		enum ca_fault fault;
	} rows[] = {
		{DAY, NOON, CA_FAULT_NONE}, /* both ends are inside */
		{NOON, 2 * DAY, CA_FAULT_NONE},
		{DAY, NOON - 1, CA_FAULT_TIME},
		{NOON + 1, 2 * DAY, CA_FAULT_NONE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair root = pair_make((struct issue_subject){.kind = ISSUE_ROOT,
								    .name = {"US", "Example", "Example SHAKEN ROOT"},
								    .not_before = rows[i].from,
								    .not_after = rows[i].until},
					     NULL);

		expect_pair(*state, &root, rows[i].fault);
		pair_free(&root);
	}
}

/* RSA and P-384 are what real CAs have. */
static void test_keys_of_roots(void **state)
{
	const struct {
		EVP_PKEY *pkey;
		enum ca_fault fault;
	} rows[] = {
		{EVP_EC_gen("P-256"), CA_FAULT_NONE},    {EVP_EC_gen("P-384"), CA_FAULT_NONE},
		{EVP_RSA_gen(2048), CA_FAULT_NONE},      {EVP_RSA_gen(1024), CA_FAULT_KEY},
		{EVP_EC_gen("secp256k1"), CA_FAULT_KEY}, {EVP_EC_gen("P-521"), CA_FAULT_NONE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf key = key_pem(rows[i].pkey);
		struct pair root = pair_make((struct issue_subject){.kind = ISSUE_ROOT,
								    .name = {"US", "Example", "SHAKEN ROOT"},
								    .key = buf_span(&key)},
					     NULL);

		expect_pair(*state, &root, rows[i].fault);
		pair_free(&root);
		buf_free(&key);
	}
}

/* A real root has no country at all; a domestic list takes it. */
static void test_F10_root_without_a_country_in_the_list_of_our_own_PA(void **state)
{
	struct pair root =
		pair_make((struct issue_subject){.kind = ISSUE_ROOT, .name = {NULL, "Example", "SHAKEN ROOT"}}, NULL);

	expect_pair(*state, &root, CA_FAULT_NONE);
	pair_free(&root);
}

static void test_F14_roots_of_the_real_world_in_one_list(void **state)
{
	static const struct {
		const char *prefix;
		enum ca_fault fault;
	} odd[] = {
		{"root_www_voicecarrier_com_", CA_FAULT_ROOT}, /* version 1, so no CA */
	};
	const int64_t day = 1704067200; /* 2024-01-01 */
	struct buf entries = buf_own(LIMIT_CA_LIST);
	struct vectors_list files;
	struct ca_list roots;
	struct list *list;
	size_t right = 0;

	if (!vectors_present())
		return;
	files = vectors_list("shaken-real-pki/ca", "root_");
	for (size_t i = 0; i < files.n; i++) {
		struct sti_span pem = vectors_read(files.name[i]);

		buf_put_str(&entries, i ? "," : "");
		put_pem(&entries, pem, "\\n");
		vectors_free(pem);
	}
	list = list_with(*state, buf_span(&entries));
	assert_int_equal(ca_list_read(list, day, &roots), STI_OK);
	for (size_t i = 0; i < files.n; i++) {
		enum ca_fault expected = CA_FAULT_NONE;

		for (size_t k = 0; k < sizeof(odd) / sizeof(odd[0]); k++)
			if (strstr(files.name[i], odd[k].prefix))
				expected = odd[k].fault;
		right += roots.entry[i].fault == expected;
	}
	vectors_count("real roots", right, roots.n);
	ca_list_free(&roots);
	list_free(list);
	vectors_list_free(&files);
	buf_free(&entries);
}

static void test_F13_F14_entries_count_by_their_octets(void **state)
{
	const struct office *office = *state;
	struct pair first = root_make();
	struct issue_subject again = {
		.kind = ISSUE_ROOT, .name = {"US", "Example", "Example SHAKEN ROOT"}, .key = buf_span(&first.key)};
	struct pair second, reissued, ee = signer_make(&first);
	static const enum ca_fault faults[] = {CA_FAULT_NONE,  CA_FAULT_NONE, CA_FAULT_NONE,  CA_FAULT_TWICE,
					       CA_FAULT_TWICE, CA_FAULT_ROOT, CA_FAULT_TWICE, CA_FAULT_TEXT};
	struct buf entries = buf_own(1 << 16);
	struct list *list;
	struct ca_list roots;

	again.serial = sti_span("\x02", 1);
	second = pair_make(again, NULL); /* two roots, one key */
	again.not_before = DAY;
	again.not_after = 3 * (int64_t)DAY;
	reissued = pair_make(again, NULL); /* other dates */
	put_pair(&entries, &first);
	buf_put_byte(&entries, ',');
	put_pair(&entries, &second);
	buf_put_byte(&entries, ',');
	put_pair(&entries, &reissued);
	buf_put_byte(&entries, ',');
	put_pair(&entries, &second);
	buf_put_byte(&entries, ',');
	put_pem(&entries, buf_span(&first.cert), "\\n"); /* the same, spelled otherwise */
	buf_put_byte(&entries, ',');
	put_pair(&entries, &ee);
	buf_put_byte(&entries, ',');
	put_pair(&entries, &ee);
	buf_put_str(&entries, ",\"?\"");
	list = list_with(office, buf_span(&entries));
	assert_int_equal(ca_list_read(list, NOON, &roots), STI_OK);
	list_free(list); /* the certificates are copies */
	assert_int_equal(roots.n, 8);
	assert_int_equal(roots.n_good, 3);
	assert_int_equal(ca_list_judge(&roots), LIST_GOOD);
	for (size_t i = 0; i < roots.n; i++)
		assert_int_equal(roots.entry[i].fault, faults[i]);
	ca_list_free(&roots);
	buf_free(&entries);
	pair_free(&ee);
	pair_free(&reissued);
	pair_free(&second);
	pair_free(&first);
}

static void test_F16_bodies_that_are_no_list_of_roots(void **state)
{
	static const char *const bad[] = {"1", "null", "\"AAAA\",1", "[]", "{}", "true"};
	struct ca_list roots;
	struct list *list;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		list = list_with(*state, sti_span_str(bad[i]));
		assert_int_equal(ca_list_read(list, NOON, &roots), STI_E_CLAIM_VALUE);
		assert_null(roots.entry);
		list_free(list);
	}
	list = list_make(*state, LIST_CA, sti_span_str("{\"trustList\":{}}"));
	assert_int_equal(ca_list_read(list, NOON, &roots), STI_E_CLAIM_VALUE);
	list_free(list);
	list = list_make(*state, LIST_MAPPING, sti_span_str(MAPPING));
	assert_int_equal(ca_list_read(list, NOON, &roots), STI_E_CLAIM_VALUE);
	list_free(list);
	list = list_with(*state, sti_span_str(""));
	assert_int_equal(ca_list_read(list, NOON, &roots), STI_OK);
	assert_int_equal(ca_list_judge(&roots), LIST_EMPTY);
	ca_list_free(&roots);
	list_free(list);
}

static enum sti_error read_many(const struct office *office, size_t n, size_t *n_read)
{
	struct buf entries = buf_own(LIMIT_CA_LIST);
	struct ca_list roots;
	struct list *list;
	enum sti_error error;

	for (size_t i = 0; i < n; i++)
		buf_put_str(&entries, i ? ",\"?\"" : "\"?\"");
	list = list_with(office, buf_span(&entries));
	error = ca_list_read(list, NOON, &roots);
	*n_read = roots.n;
	ca_list_free(&roots);
	list_free(list);
	buf_free(&entries);
	return error;
}

static void test_F16_more_entries_than_the_limit(void **state)
{
	size_t n;

	assert_int_equal(read_many(*state, LIMIT_ROOTS, &n), STI_OK);
	assert_int_equal(n, LIMIT_ROOTS);
	assert_int_equal(read_many(*state, LIMIT_ROOTS + 1, &n), STI_E_LIMIT);
	assert_int_equal(read_many(*state, 100000, &n), STI_E_LIMIT);
}

static void test_nothing_left_in_the_error_queue_of_openssl(void **state)
{
	ERR_clear_error();
	assert_int_equal(fault_of(*state, sti_span_str("\"MAAAAAAA\"")), CA_FAULT_CERT);
	assert_int_equal(ERR_peek_error(), 0);
}

static void test_every_fault_has_a_text(void **state)
{
	(void)state;
	for (int i = 0; i < CA_FAULTS; i++) {
		assert_non_null(ca_fault_text((enum ca_fault)i));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(ca_fault_text((enum ca_fault)i), ca_fault_text((enum ca_fault)j));
	}
}

static bool attempt(void *context)
{
	struct ca_list roots;
	enum sti_error error = ca_list_read(context, NOON, &roots);

	assert_true(error == STI_OK || alloc_sweep_failed());
	assert_true(error ? !roots.entry : roots.n_good == 2); /* never a good root set aside */
	ca_list_free(&roots);
	return error == STI_OK;
}

static void test_J5_memory_gives_out(void **state)
{
	struct pair a = root_make(), b = root_make();
	struct buf entries = buf_own(1 << 16);
	struct list *list;

	put_pair(&entries, &a);
	buf_put_byte(&entries, ',');
	put_pem(&entries, buf_span(&b.cert), "\\n");
	list = list_with(*state, buf_span(&entries));
	alloc_sweep("CA list", attempt, list);
	list_free(list);
	buf_free(&entries);
	pair_free(&b);
	pair_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_F14_entries_as_the_seed_and_as_deployed_lists_have_them),
		cmocka_unit_test(test_F14_entries_that_are_neither_base64_nor_PEM),
		cmocka_unit_test(test_F14_base64_of_what_is_no_certificate),
		cmocka_unit_test(test_F13_F14_certificates_that_are_no_roots),
		cmocka_unit_test(test_F14_roots_outside_their_validity),
		cmocka_unit_test(test_keys_of_roots),
		cmocka_unit_test(test_F10_root_without_a_country_in_the_list_of_our_own_PA),
		cmocka_unit_test(test_F14_roots_of_the_real_world_in_one_list),
		cmocka_unit_test(test_F13_F14_entries_count_by_their_octets),
		cmocka_unit_test(test_F16_bodies_that_are_no_list_of_roots),
		cmocka_unit_test(test_F16_more_entries_than_the_limit),
		cmocka_unit_test(test_nothing_left_in_the_error_queue_of_openssl),
		cmocka_unit_test(test_every_fault_has_a_text),
		cmocka_unit_test(test_J5_memory_gives_out),
	};

	return cmocka_run_group_tests(tests, office_setup, office_teardown);
}
