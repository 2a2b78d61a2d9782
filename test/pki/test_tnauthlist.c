/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/tnauthlist.h>

#include "base/limits.h"
#include "world.h"
#include "support/value.h"

/* How a verdict of the vectors reads in our terms. A lower-case SPC, which the vectors' linter
 * refuses, is accepted with a finding: threats.md E16. */
enum verdict { ACCEPT, ODD, PROFILE, REJECT };

static bool is_odd(struct sti_span spc)
{
	for (size_t i = 0; i < spc.n; i++)
		if (spc.p[i] >= 'a' && spc.p[i] <= 'z')
			return true;
	return spc.n != 4;
}

static enum verdict verdict_of(struct sti_span der, struct sti_tnauthlist **list)
{
	struct sti_span spc;

	*list = NULL;
	if (sti_tnauthlist_parse(der, list) != STI_OK)
		return REJECT;
	if (sti_tnauthlist_spc(*list, &spc) != STI_OK)
		return PROFILE;
	return is_odd(spc) ? ODD : ACCEPT;
}

static bool is_expected(const char *expected, enum verdict verdict)
{
	if (strcmp(expected, "accept") == 0)
		return verdict == ACCEPT;
	if (strcmp(expected, "reject") == 0)
		return verdict == REJECT;
	if (strcmp(expected, "reject-profile") == 0)
		return verdict == PROFILE || verdict == ODD;
	return strncmp(expected, "parse-ok", 8) == 0 && verdict == ODD;
}

static bool is_same(const struct value *entries, const struct sti_tnauthlist *list)
{
	static const char *const name[] = {[STI_TN_ENTRY_SPC] = "spc", [STI_TN_ENTRY_ONE] = "one"};

	if (value_count(entries) != list->n)
		return false;
	for (size_t i = 0; i < list->n; i++)
		if (!sti_span_is(list->entry[i].text, value_text(value_at(entries, i), name[list->entry[i].kind])))
			return false;
	return true;
}

static bool is_good(const struct value *row)
{
	struct sti_span der = vectors_hex(value_text(row, "der_hex"));
	struct sti_tnauthlist *list;
	enum verdict verdict = verdict_of(der, &list);
	bool good = is_expected(value_text(row, "expected"), verdict) &&
		    (verdict == REJECT || is_same(value_member(row, "entries"), list));

	if (!good)
		printf("%s: %s\n", value_text(row, "der_hex"), value_text(row, "expected"));
	sti_tnauthlist_free(list);
	vectors_free(der);
	return good;
}

static void test_E14_E15_E16_values_of_real_certificates(void **state)
{
	struct value *rows;
	size_t good = 0;

	(void)state;
	if (!vectors_present())
		return;
	rows = value_read("tnauthlist/tnauthlist.json");
	for (size_t i = 0; i < value_count(rows); i++)
		good += is_good(value_at(rows, i));
	vectors_count("tnauthlist", good, value_count(rows));
	value_free(rows);
}

static enum sti_error parse_hex(const char *hex, struct sti_tn_entry *first)
{
	struct sti_span der = vectors_hex(hex);
	struct sti_tnauthlist *list;
	enum sti_error error = sti_tnauthlist_parse(der, &list);

	if (!error) {
		*first = list->entry[0];
		sti_tnauthlist_free(list);
	}
	vectors_free(der);
	return error;
}

static void test_E14_malformed_lists(void **state)
{
	static const char *const odd[] = {
		"", /* no octet */
		"3000", /* empty list */
		"3004a0021600", /* empty SPC */
		"3108a00616043730394a", /* a SET */
		"300616043730394a", /* [0] left out */
		"300613043730394a", /* [0] left out, PrintableString */
		"3008a0060c043730394a", /* UTF8String */
		"3008a00613043730394a", /* PrintableString */
		"3008a00616043730394a00", /* an octet behind the list */
		"3009a00616043730394a00", /* an octet behind the SPC */
		"3009a00716043730394a00", /* an octet behind the SPC, inside [0] */
		"3008a00616053730394a", /* inner length one past the end */
		"3007a005163730394a", /* inner length left out: 0x37 is read as one */
		"3008a0061604373039", /* cut off */
		"3080a00616043730394a0000", /* indefinite length */
		"300aa0801604373039410000", /* indefinite length inside */
		"308108a00616043730394a", /* length not minimal */
		"3009a0071681043730394a", /* length not minimal inside */
		"3008a0061604373039ca", /* an octet that is not IA5 */
		"3008a30616043730394a", /* [3] */
		"300680043730394a", /* [0] implicit */
		"300aa008360616043730394a", /* constructed string */
		"3010a00616043730394aa30616043730394a", /* the second entry unknown */

	};
	struct sti_tn_entry first;

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (parse_hex(odd[i], &first) != STI_E_TNAUTHLIST)
			fail_msg("%s", odd[i]);
}

static void test_E15_ranges_and_numbers(void **state)
{
	static const struct {
		const char *der;
		uint64_t count; /* 0: refused */
	} rows[] = {
		{"3014a1123010160b3132303235353530313030020164", 100}, /* 12025550100 and 99 more */
		{"3014a1123010160b3132303235353530313030020100", 0}, /* count 0 */
		{"3014a1123010160b3132303235353530313030020101", 0}, /* count 1 */
		{"3014a1123010160b3132303235353530313030020102", 2}, /* count 2 */
		{"3014a1123010160b3132303235353530313030020180", 0}, /* count -128 */
		{"3015a1133011160b313230323535353031303002020064", 0}, /* count not minimal */
		{"3015a1133011160b313230323535353031303002020080", 128}, /* count 128: the zero is its sign */
		{"3013a111300f160b31323032353535303130300200", 0}, /* count without octets */
		{"300ba10930071602313002015b", 0}, /* 10 and 91: longer */
		{"300ba10930071602313002015a", 0}, /* 10 + 90 = 10^2: must be less, RFC 8226 9 */
		{"300ba109300716023130020159", 89}, /* 10 and 89 */
		{"300ba10930071602312a020102", 0}, /* a * in the start of a range */
		{"3009a10730051600020102", 0}, /* no start */
		{"301fa11d301b160b3132303235353530313030020c7fffffffffffffffffffffff", 0}, /* count of 12 octets */
		{"301ca11a3018160b3132303235353530313030020900ffffffffffffffff", 0}, /* count 2^64 - 1 */
		{"3018a1163014160f393939393939393939393939393939020102", 0}, /* 10^15 - 1 and 2 */
		{"301aa1183016160f3130303030303030303030303030300203010000", 65536}, /* 15 digits */
		{"3019a1173015161031303030303030303030303030303030020102", 0}, /* 16 digits */
		{"3014a1123010020102160b3132303235353530313030", 0}, /* the other way round */
		{"3011a10f300d160b3132303235353530313030", 0}, /* no count */
		{"3012a110160b3132303235353530313030020102", 0}, /* no SEQUENCE */
		{"3019a1173015160b31323032353535303130300201020403010203",
		 2}, /* an addition of later versions: "..." */
		{"3019a1173015160b31323032353535303130300201020405010203", 0}, /* an addition past the end */
		{"3016a1143010160b31323032353535303130300201020500", 0}, /* something behind the SEQUENCE */
		{"3007a2051603312a23", 1}, /* one: 1*# */
		{"3013a211160f313233343536373839303132333435", 1}, /* one of 15 */
		{"3014a212161031323334353637383930313233343536", 0}, /* one of 16 */
		{"300fa20d160b3132303235353530313041", 0}, /* one with a letter */
		{"300fa20d160b2b31323032353535303130", 0}, /* one with a + */
		{"3004a2021600", 0}, /* one that is empty */

	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sti_tn_entry first = {.count = 0};
		enum sti_error error = parse_hex(rows[i].der, &first);

		if (error != (rows[i].count ? STI_OK : STI_E_TNAUTHLIST) || first.count != rows[i].count)
			fail_msg("%s: error %d, count %llu", rows[i].der, error, (unsigned long long)first.count);
	}
}

static void test_E15_what_is_no_signer(void **state)
{
	static const struct {
		const char *der;
		bool good;
	} rows[] = {
		{"3008a006160431323334", true}, /* the value of RFC 9118 */
		{"300ca00a16085a5a5a5a5a5a5a5a", true}, /* eight letters */
		{"3008a006160435353461", true}, /* E16: lower case */
		{"300da00b16095a5a5a5a5a5a5a5a5a", false}, /* nine */
		{"3010a006160436363238a006160436363238", false}, /* two SPCs */
		{"3008a206160431323334", false}, /* a number */
		{"3017a006160431323334a20d160b3132303235353530313030", false}, /* an SPC and a number */
		{"3014a1123010160b3132303235353530313030020164", false}, /* a range */
		{"3008a0061604372e2e2f", false}, /* a path */
		{"3008a00616043720390a", false}, /* a blank and a newline */

	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sti_span der = vectors_hex(rows[i].der), spc;
		struct sti_tnauthlist *list = NULL;
		bool good = sti_tnauthlist_parse(der, &list) == STI_OK && sti_tnauthlist_spc(list, &spc) == STI_OK;

		if (good != rows[i].good)
			fail_msg("%s", rows[i].der);
		sti_tnauthlist_free(list);
		vectors_free(der);
	}
}

/* n entries of one-letter SPCs in a sequence with a length of three octets. */
static struct sti_span many(size_t n)
{
	static const uint8_t entry[] = {0xa0, 0x03, 0x16, 0x01, 'A'};
	size_t length = n * sizeof(entry);
	uint8_t head[] = {0x30, 0x83, (uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length};
	struct buf der = buf_own(1 << 20);
	struct sti_span exact;

	if (length < 1 << 16) {
		head[1] = 0x82;
		head[2] = head[3];
		head[3] = head[4];
	}
	buf_put(&der, sti_span(head, length < 1 << 16 ? 4 : 5));
	for (size_t i = 0; i < n; i++)
		buf_put(&der, sti_span(entry, sizeof(entry)));
	exact = vectors_copy(buf_span(&der));
	buf_free(&der);
	return exact;
}

static void test_more_entries_than_the_limit(void **state)
{
	struct sti_span most = many(LIMIT_TNAUTHLIST), over = many(LIMIT_TNAUTHLIST + 1);
	struct sti_tnauthlist *list;

	(void)state;
	assert_int_equal(sti_tnauthlist_parse(most, &list), STI_OK);
	assert_int_equal(list->n, LIMIT_TNAUTHLIST);
	sti_tnauthlist_free(list);
	assert_int_equal(sti_tnauthlist_parse(over, &list), STI_E_LIMIT);
	vectors_free(most);
	vectors_free(over);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_E14_E15_E16_values_of_real_certificates),
		cmocka_unit_test(test_E14_malformed_lists),
		cmocka_unit_test(test_E15_ranges_and_numbers),
		cmocka_unit_test(test_E15_what_is_no_signer),
		cmocka_unit_test(test_more_entries_than_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
