/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/revoked.h"

#include "base/limits.h"
#include "der_text.h"
#include "pki/der.h"

/* Names CN=PA, CN=A and so on; certificateIssuer with one of them; entries. */
#define NAME(hex)                   "30{31{30{06:550403 0c:" hex "}}}"
#define PA                          NAME("5041")
#define A                           NAME("41")
#define B                           NAME("42")
#define DATE                        "17:3730303130323030303030305a "
#define DIRECTORY(...)              "a4{" __VA_ARGS__ "}"
#define ISSUER(name)                "30{06:551d1d 01:ff 04{30{" name "}}}"
#define REASON(hex)                 "30{06:551d15 04{0a:" hex "}}"
#define ENTRY(serial)               "30{02:" serial " " DATE "}"
#define ENTRY_X(serial, extensions) "30{02:" serial " " DATE "30{" extensions "}}"
#define OF(serial, name)            ENTRY_X(serial, ISSUER(DIRECTORY(name)))

enum { BOTH = REVOKED_DELTA | REVOKED_INDIRECT };

struct list {
	struct sti_span der, issuer;
	struct revoked revoked;
	enum sti_error error;
};

static struct list list_open(const char *text, unsigned kind)
{
	struct list list = {.der = der_text(text), .issuer = der_text(PA)};

	list.error = revoked_parse(list.der, list.issuer, kind, &list.revoked);
	return list;
}

static void list_close(struct list *list)
{
	revoked_free(&list->revoked);
	vectors_free(list->issuer);
	vectors_free(list->der);
}

/* name: DER as text; serial: the contents of an INTEGER. */
static enum revoked_state find(const struct list *list, const char *name, const char *serial)
{
	struct sti_span name_der = der_text(name), serial_der;
	const uint8_t *at = name_der.p;
	X509_NAME *issuer = d2i_X509_NAME(NULL, &at, (long)name_der.n);
	ASN1_INTEGER *number;
	enum revoked_state state;
	char text[2000];

	assert_non_null(issuer);
	snprintf(text, sizeof(text), "02:%s", serial);
	serial_der = der_text(text);
	at = serial_der.p;
	number = d2i_ASN1_INTEGER(NULL, &at, (long)serial_der.n);
	assert_non_null(number);
	state = revoked_find(&list->revoked, issuer, number);
	ASN1_INTEGER_free(number);
	X509_NAME_free(issuer);
	vectors_free(serial_der);
	vectors_free(name_der);
	return state;
}

static void test_entries_that_are_refused_or_not(void **state)
{
	static const struct {
		const char *text;
		unsigned kind;
		enum sti_error error;
	} rows[] = {
		{"", 0, STI_OK},
		{ENTRY("05"), 0, STI_OK},
		{ENTRY("05") ENTRY("05"), 0, STI_OK},
		{"30{02:05 18:31393730303130323030303030305a}", 0, STI_OK},
		/* reasons: all are revoked, but removeFromCRL */
		{ENTRY_X("05", REASON("00")), 0, STI_OK},
		{ENTRY_X("05", REASON("06")), 0, STI_OK},
		{ENTRY_X("05", REASON("63")), 0, STI_OK},
		{ENTRY_X("05", REASON("0808")), 0, STI_OK},
		{ENTRY_X("05", REASON("08")), 0, STI_E_CERT},
		{ENTRY_X("05", REASON("08")), REVOKED_INDIRECT, STI_E_CERT},
		{ENTRY_X("05", REASON("08")), REVOKED_DELTA, STI_OK},
		{ENTRY_X("05", REASON("")), 0, STI_E_DER},
		{ENTRY_X("05", REASON("0008")), BOTH, STI_E_DER},
		{ENTRY_X("05", "30{06:551d15 04{02:01}}"), 0, STI_E_DER},
		{ENTRY_X("05", "30{06:551d15 04{0a:01 0a:01}}"), 0, STI_E_DER},
		{ENTRY_X("05", REASON("01") REASON("01")), 0, STI_E_CERT},
		/* known without a meaning for us, and not known */
		{ENTRY_X("05", "30{06:551d18 01:ff 04:00}"), 0, STI_OK},
		{ENTRY_X("05", "30{06:551d17 04:00}"), 0, STI_OK},
		{ENTRY_X("05", "30{06:551d63 04:00}"), 0, STI_OK},
		{ENTRY_X("05", "30{06:551d63 01:ff 04:00}"), 0, STI_E_CERT},
		/* certificateIssuer */
		{OF("05", A), REVOKED_INDIRECT, STI_OK},
		{OF("05", A), 0, STI_E_CERT},
		{OF("05", PA), 0, STI_E_CERT},
		{ENTRY_X("05", "30{06:551d1d 04{30{" DIRECTORY(A) "}}}"), REVOKED_INDIRECT, STI_OK}, /* not critical */
		{ENTRY_X("05", ISSUER("82:41 " DIRECTORY(A) "86:41")), REVOKED_INDIRECT, STI_OK},
		{ENTRY_X("05", ISSUER("82:41")), REVOKED_INDIRECT, STI_E_CERT},
		{ENTRY_X("05", ISSUER("")), REVOKED_INDIRECT, STI_E_CERT},
		{ENTRY_X("05", ISSUER(DIRECTORY(A) DIRECTORY(B))), REVOKED_INDIRECT, STI_E_CERT},
		{ENTRY_X("05", ISSUER(DIRECTORY(A A))), REVOKED_INDIRECT, STI_E_CERT},
		{ENTRY_X("05", ISSUER(DIRECTORY(""))), REVOKED_INDIRECT, STI_E_CERT},
		{ENTRY_X("05", ISSUER(DIRECTORY("30{}"))), REVOKED_INDIRECT, STI_E_CERT},
		{ENTRY_X("05", ISSUER("84:41")), REVOKED_INDIRECT, STI_E_CERT},
		{ENTRY_X("05", ISSUER("=a4")), REVOKED_INDIRECT, STI_E_DER},
		{ENTRY_X("05", "30{06:551d1d 01:ff 04{" DIRECTORY(A) "}}"), REVOKED_INDIRECT, STI_E_DER},
		/* malformed */
		{"02:05", 0, STI_E_DER},
		{"30{}", 0, STI_E_DER},
		{"30{02:05}", 0, STI_E_DER},
		{"30{" DATE "02:05}", 0, STI_E_DER},
		{"30{02:05 04:00}", 0, STI_E_DER},
		{"30{02: " DATE "}", 0, STI_E_DER},
		{"30{02:0005 " DATE "}", 0, STI_E_DER},
		{"30{02:ff80 " DATE "}", 0, STI_E_DER},
		{"30{0a:05 " DATE "}", 0, STI_E_DER},
		{"30{02:05 " DATE "30{}}", 0, STI_E_CERT},
		{"30{02:05 " DATE "31{" REASON("01") "}}", 0, STI_E_DER},
		{"30{02:05 " DATE "30{" REASON("01") "}30{" REASON("01") "}}", 0, STI_E_DER},
		{ENTRY("05") "=00", 0, STI_E_DER},
		{ENTRY("05") "=3080", 0, STI_E_DER},
		{ENTRY("05") "=30", 0, STI_E_DER},
		{ENTRY("05") "=301202", 0, STI_E_DER},
		{"=308112 02:05 " DATE, 0, STI_E_DER},
		{"=3084ffffffff", 0, STI_E_DER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct list list = list_open(rows[i].text, rows[i].kind);

		if (list.error != rows[i].error)
			fail_msg("%s: %s", rows[i].text, sti_error_text(list.error));
		list_close(&list);
	}
}

/* RFC 5280 5.3.3: an entry without certificateIssuer has that of the entry before it, the first one the
 * CRL's. */
static void test_E18_issuer_inherited_from_entry_to_entry(void **state)
{
	struct list list = list_open(ENTRY("01") OF("02", A) ENTRY("03") OF("04", B) ENTRY("05") OF("06", A)
					     ENTRY_X("07", REASON("01")) OF("08", PA) ENTRY("09"),
				     REVOKED_INDIRECT);
	static const char owner[] = "PAABBAAPP"; /* of 01, 02, … */
	static const struct {
		char letter;
		const char *name;
	} names[] = {{'P', PA}, {'A', A}, {'B', B}};

	(void)state;
	assert_int_equal(list.error, STI_OK);
	for (size_t serial = 1; serial <= 9; serial++)
		for (size_t i = 0; i < 3; i++) {
			char hex[3];

			snprintf(hex, sizeof(hex), "%02zx", serial);
			assert_int_equal(find(&list, names[i].name, hex),
					 owner[serial - 1] == names[i].letter ? REVOKED_LISTED : REVOKED_NOT_LISTED);
		}
	assert_int_equal(find(&list, NAME("5a"), "01"), REVOKED_NOT_LISTED);
	list_close(&list);
}

/* RFC 5280 7.1: letters without case, blanks folded, types of string apart. */
static void test_names_that_are_one_name(void **state)
{
	static const struct {
		const char *name;
		bool same;
	} rows[] = {
		{"30{31{30{06:550403 0c:412042}}}", true}, /* UTF8String "A B" */
		{"30{31{30{06:550403 13:412042}}}", true}, /* PrintableString */
		{"30{31{30{06:550403 0c:612062}}}", true}, /* "a b" */
		{"30{31{30{06:550403 0c:20412020204220}}}", true}, /* " A   B " */
		{"30{31{30{06:550403 1e:004100200042}}}", true}, /* BMPString */
		{"30{31{30{06:550403 0c:4142}}}", false},
		{"30{31{30{06:55040a 0c:412042}}}", false}, /* O */
		{"30{31{30{06:550403 0c:412042}} 31{30{06:550403 0c:412042}}}", false},
		{"30{31{30{06:550403 0c:412042} 30{06:55040a 0c:412042}}}", false},
	};
	struct list list = list_open(OF("05", NAME("412042")), REVOKED_INDIRECT);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (find(&list, rows[i].name, "05") != (rows[i].same ? REVOKED_LISTED : REVOKED_NOT_LISTED))
			fail_msg("%s", rows[i].name);
	list_close(&list);
}

#define OCTETS_20 "7f00112233445566778899aabbccddeeff001122"
#define OCTETS_64                                                                                                      \
	"0011223344556677889900112233445566778899001122334455667788990011"                                             \
	"2233445566778899001122334455667788990011223344556677889900112233"

static void test_E8_serial_numbers_of_every_kind(void **state)
{
	static const char *const listed[] = {
		"00",
		"01",
		"7f",
		"0080",
		"80",
		"ff",
		"ff7f",
		"0100",
		OCTETS_20,
		"00ff" OCTETS_20,
		"81" OCTETS_64 OCTETS_64 OCTETS_64,
	};
	static const char *const others[] = {
		"02",
		"81",
		"fe",
		"00ff",
		"ff00",
		"0101",
		"0081" OCTETS_20,
		"01" OCTETS_20,
		OCTETS_20 "00",
		"82" OCTETS_64 OCTETS_64 OCTETS_64,
		"0081" OCTETS_64 OCTETS_64 OCTETS_64,
	};
	struct buf text = buf_own(1 << 16);
	struct list list;

	(void)state;
	for (size_t i = 0; i < sizeof(listed) / sizeof(listed[0]); i++) {
		buf_put_str(&text, "30{02:");
		buf_put_str(&text, listed[i]);
		buf_put_str(&text, " " DATE "}");
	}
	buf_put_byte(&text, 0);
	list = list_open((const char *)text.p, 0);
	assert_int_equal(list.error, STI_OK);
	for (size_t i = 0; i < sizeof(listed) / sizeof(listed[0]); i++)
		assert_int_equal(find(&list, PA, listed[i]), REVOKED_LISTED);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(find(&list, PA, others[i]), REVOKED_NOT_LISTED);
	list_close(&list);
	buf_free(&text);
}

static void test_E18_taken_back_and_listed_at_once(void **state)
{
	struct list list = list_open(ENTRY_X("01", REASON("08")) ENTRY_X("02", REASON("08")) ENTRY("02") ENTRY("03")
					     ENTRY_X("03", REASON("08")),
				     REVOKED_DELTA);

	(void)state;
	assert_int_equal(find(&list, PA, "01"), REVOKED_REMOVED);
	assert_int_equal(find(&list, PA, "02"), REVOKED_LISTED);
	assert_int_equal(find(&list, PA, "03"), REVOKED_LISTED);
	assert_int_equal(find(&list, PA, "04"), REVOKED_NOT_LISTED);
	list_close(&list);
}

static void test_empty_list(void **state)
{
	struct list list = list_open("", BOTH);

	(void)state;
	assert_int_equal(list.revoked.n, 0);
	assert_int_equal(find(&list, PA, "01"), REVOKED_NOT_LISTED);
	list_close(&list);
}

/* n entries, the i-th of issuer i modulo issuers: three signs that are no letters. */
static enum sti_error parse_many(size_t n, size_t issuers, struct revoked *out, struct sti_span *der)
{
	struct buf all = buf_own(1 << 27);
	struct sti_span pa = der_text(PA);
	enum sti_error error;

	for (size_t i = 0; i < n; i++) {
		size_t which = i % issuers;
		char text[300];
		struct sti_span entry;

		snprintf(text, sizeof(text), OF("01%06zx", NAME("%02zx%02zx%02zx")), i, '!' + which / 1024,
			 '!' + which / 32 % 32, '!' + which % 32);
		entry = der_text(text);
		buf_put(&all, entry);
		vectors_free(entry);
	}
	assert_int_equal(buf_error(&all), STI_OK);
	*der = vectors_copy(buf_span(&all));
	buf_free(&all);
	error = revoked_parse(*der, pa, REVOKED_INDIRECT, out);
	vectors_free(pa);
	return error;
}

static void test_E19_more_issuers_than_the_limit(void **state)
{
	struct revoked revoked;
	struct sti_span der;

	(void)state;
	assert_int_equal(parse_many(3000, LIMIT_CRL_ISSUERS - 1, &revoked, &der), STI_OK);
	assert_int_equal(revoked.n_issuer, LIMIT_CRL_ISSUERS); /* the PA is one of them */
	revoked_free(&revoked);
	vectors_free(der);
	assert_int_equal(parse_many(3000, LIMIT_CRL_ISSUERS, &revoked, &der), STI_E_LIMIT);
	vectors_free(der);
}

static void test_E19_more_entries_than_the_limit(void **state)
{
	struct sti_span entry = der_text(ENTRY("01")), pa = der_text(PA);
	uint8_t *all = malloc((LIMIT_CRL_ENTRIES + 1) * entry.n);
	struct revoked revoked;

	(void)state;
	assert_non_null(all);
	for (size_t i = 0; i <= LIMIT_CRL_ENTRIES; i++)
		memcpy(all + i * entry.n, entry.p, entry.n);
	assert_int_equal(revoked_parse(sti_span(all, LIMIT_CRL_ENTRIES * entry.n), pa, 0, &revoked), STI_OK);
	assert_int_equal(revoked.n, LIMIT_CRL_ENTRIES);
	revoked_free(&revoked);
	assert_int_equal(revoked_parse(sti_span(all, (LIMIT_CRL_ENTRIES + 1) * entry.n), pa, 0, &revoked), STI_E_LIMIT);
	free(all);
	vectors_free(pa);
	vectors_free(entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_that_are_refused_or_not),
		cmocka_unit_test(test_E18_issuer_inherited_from_entry_to_entry),
		cmocka_unit_test(test_names_that_are_one_name),
		cmocka_unit_test(test_E8_serial_numbers_of_every_kind),
		cmocka_unit_test(test_E18_taken_back_and_listed_at_once),
		cmocka_unit_test(test_empty_list),
		cmocka_unit_test(test_E19_more_issuers_than_the_limit),
		cmocka_unit_test(test_E19_more_entries_than_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
