/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pem.h"

#include "world.h"

/* How many blocks before the end, or -1 where it is refused. */
static int blocks(const char *text)
{
	struct sti_span all = vectors_copy(sti_span_str(text)), rest = all, label;
	struct buf der = buf_own(1024);
	enum sti_error error;
	int n = 0;

	while ((error = pem_next(&rest, &label, &der)) == STI_OK)
		n++;
	buf_free(&der);
	vectors_free(all);
	return error == STI_E_NOT_FOUND ? n : -1;
}

#define B "-----BEGIN X-----\n"
#define E "-----END X-----"

static void test_spellings_taken_and_refused(void **state)
{
	static const struct {
		const char *text;
		int n;
	} rows[] = {
		{"", 0},
		{"\n\r\n\n", 0},
		{B "QUJD\n" E "\n", 1},
		{B "QUJD\n" E, 1}, /* no newline at the end */
		{"-----BEGIN X-----\r\nQUJD\r\n-----END X-----\r\n", 1}, /* CRLF */
		{"\n\n" B "QUJD\n" E "\n\n\r\n" B "QQ==\n" E "\n\n", 2}, /* empty lines between */
		{B "QUJD\nQUJD\nQQ==\n" E "\n", 1}, /* lines of any length */
		{"x\n" B "QUJD\n" E "\n", -1}, /* text before */
		{B "QUJD\n" E "\nsubject=CN\n", -1}, /* text behind */
		{B "QUJD\n" E " \n", -1}, /* a blank behind END */
		{" " B "QUJD\n" E "\n", -1}, /* a blank before BEGIN */
		{B "QUJD \n" E "\n", -1}, /* a blank in the body */
		{B "QUJD\n\n" E "\n", -1}, /* an empty line in the body */
		{B "Proc-Type: 4,ENCRYPTED\n\nQUJD\n" E "\n", -1}, /* headers, RFC 1421 */
		{B "QUJD\n", -1}, /* no END */
		{B, -1},
		{B E "\n", -1}, /* nothing in it */
		{B "QUJD\n-----END Y-----\n", -1}, /* another END */
		{E "\n", -1}, /* END alone */
		{B B "QUJD\n" E "\n" E "\n", -1}, /* one in the other */
		{"-----BEGIN -----\nQUJD\n-----END -----\n", -1}, /* no label */
		{"-----BEGIN X----\nQUJD\n-----END X----\n", -1}, /* four dashes */
		{B "QUI\n" E "\n", -1}, /* padding missing */
		{B "QUI=QUJD\n" E "\n", -1}, /* padding in the middle */
		{B "QR==\n" E "\n", -1}, /* bits left over */
		{B "QUJ_\n" E "\n", -1}, /* the other alphabet */
		{B "QU\rJD\n" E "\n", -1}, /* CR alone */
		{B "QUJD" E "\n", -1}, /* END not on a line of its own */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (blocks(rows[i].text) != rows[i].n)
			fail_msg("row %zu: %s", i, rows[i].text);
}

static void test_nul_is_text_too(void **state)
{
	static const char text[] = "\0" B "QUJD\n" E "\n";
	struct sti_span rest = sti_span(text, sizeof(text) - 1), label;
	struct buf der = buf_own(16);

	(void)state;
	assert_int_equal(pem_next(&rest, &label, &der), STI_E_PEM);
	buf_free(&der);
}

static void test_label_and_octets(void **state)
{
	struct sti_span rest = sti_span_str("-----BEGIN A B-----\nQUJD\n-----END A B-----\n"), label;
	struct buf der = buf_own(16);

	(void)state;
	buf_put_str(&der, "before");
	assert_int_equal(pem_next(&rest, &label, &der), STI_OK);
	assert_true(sti_span_is(label, "A B"));
	assert_true(sti_span_is(buf_span(&der), "ABC"));
	buf_free(&der);
}

static void test_block_longer_than_there_is_room(void **state)
{
	struct sti_span rest = sti_span_str(B "QUJDQUJD\nQUJDQUJD\n" E "\n"), label;
	struct buf der = buf_own(6);

	(void)state;
	assert_int_equal(pem_next(&rest, &label, &der), STI_E_LIMIT);
	buf_free(&der);
}

static void test_written_blocks_are_read_again(void **state)
{
	uint8_t octets[200];

	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 7);
	for (size_t n = 1; n <= sizeof(octets); n++) {
		struct buf text = buf_own(1024), der = buf_own(1024);
		struct sti_span rest, label;

		assert_int_equal(pem_write("X", sti_span(octets, n), &text), STI_OK);
		rest = buf_span(&text);
		assert_int_equal(pem_next(&rest, &label, &der), STI_OK);
		assert_true(sti_span_equal(buf_span(&der), sti_span(octets, n)));
		assert_int_equal(pem_next(&rest, &label, &der), STI_E_NOT_FOUND);
		buf_free(&text);
		buf_free(&der);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings_taken_and_refused),
		cmocka_unit_test(test_nul_is_text_too),
		cmocka_unit_test(test_label_and_octets),
		cmocka_unit_test(test_block_longer_than_there_is_room),
		cmocka_unit_test(test_written_blocks_are_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
