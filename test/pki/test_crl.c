/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/crl.h"

#include <openssl/err.h>
#include <time.h>

#include "crl_world.h"
#include "der_text.h"
#include "pki/pem.h"
#include "support/alloc_sweep.h"

#define ALG   "30{06:2a8648ce3d040302}"
#define CA    "30{31{30{06:550403 0c:4341}}}" /* CN=CA */
#define THIS  "17:3730303130323030303030305a "
#define NEXT  "17:3730303130333030303030305a "
#define LATER "17:3730303130323030303030315a " /* one second after THIS */
#define ENTRY "30{02:05 " THIS "}"

#define CRL(times, entries, extensions)                                                                                \
	"30{30{02:01 " ALG CA times "30{" entries "}" extensions "}" ALG "03:003003020101 }"
#define WITH(extensions)   "a0{30{" extensions "}}"
#define EXTENSION(x, der)  "30{06:551d" x " 01:ff 04{" der "}}"
#define NUMBER(hex)        EXTENSION("14", "02:" hex)
#define BASE(hex)          EXTENSION("1b", "02:" hex)
#define IDP(fields)        EXTENSION("1c", "30{" fields "}")
#define REASON(hex)        "30{06:551d15 04{0a:" hex "}}"
#define ENTRY_OF(serial)   "30{02:" serial " " THIS "}"
#define TAKEN_BACK(serial) "30{02:" serial " " THIS "30{" REASON("08") "}}"

/* Parsed from DER as text. */
static struct crl *crl_from(const char *text)
{
	return crl_of(der_text(text));
}

static struct pair ca_make(void)
{
	return pair_make((struct issue_subject){.kind = ISSUE_ROOT, .name = {.common_name = "CA"}}, NULL);
}

/* ---- bodies ---- */

static enum sti_error parse(struct sti_span body)
{
	struct sti_span exact = vectors_copy(body);
	struct crl *crl = NULL;
	enum sti_error error = crl_parse(exact, &crl);

	assert_true((crl != NULL) == (error == STI_OK));
	crl_unref(crl);
	vectors_free(exact);
	return error;
}

static void test_pem_and_der(void **state)
{
	struct sti_span der = der_text(CRL(THIS NEXT, ENTRY, ""));
	struct buf pem = buf_own(1 << 12);
	struct crl *crl;

	(void)state;
	assert_int_equal(pem_write("X509 CRL", der, &pem), STI_OK);
	assert_int_equal(parse(buf_span(&pem)), STI_OK);
	assert_int_equal(crl_parse(buf_span(&pem), &crl), STI_OK);
	assert_true(sti_span_equal(crl_der(crl), der));
	assert_int_equal(crl_count(crl), 1);
	crl_unref(crl);
	crl_unref(NULL);
	assert_int_equal(parse(der), STI_OK);
	buf_put_byte(&pem, '\n');
	assert_int_equal(parse(buf_span(&pem)), STI_OK);
	assert_int_equal(pem_write("X509 CRL", der, &pem), STI_OK);
	assert_int_equal(parse(buf_span(&pem)), STI_E_PEM); /* two of them: which? */
	buf_free(&pem);
	vectors_free(der);
}

static void test_E19_bodies_that_are_no_crl(void **state)
{
	static const struct {
		const char *text;
		enum sti_error error;
	} rows[] = {
		{"", STI_E_PEM},
		{"<!doctype html><html><body>503</body></html>", STI_E_PEM},
		{"{\"status\":\"error\"}", STI_E_PEM},
		{"0 is the first octet of DER", STI_E_CERT},
		{"-----BEGIN X509 CRL-----\n", STI_E_PEM},
		{"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n", STI_E_CERT},
		{"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n<html>", STI_E_PEM},
		{"-----BEGIN CRL-----\nMAA=\n-----END CRL-----\n", STI_E_PEM},
		{"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", STI_E_PEM},
	};
	struct pair root = root_make();
	struct sti_span der = der_of(&root);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (parse(sti_span_str(rows[i].text)) != rows[i].error)
			fail_msg("%s", rows[i].text);
	assert_int_equal(parse(der), STI_E_CERT);
	assert_int_equal(parse(sti_span(NULL, 0)), STI_E_PEM);
	vectors_free(der);
	pair_free(&root);
}

static void test_E19_crl_of_50_mb(void **state)
{
	const size_t n = 50 * 1000 * 1000;
	uint8_t *body = calloc(1, n);
	struct crl *crl;

	(void)state;
	assert_non_null(body);
	body[0] = 0x30;
	assert_int_equal(crl_parse(sti_span(body, n), &crl), STI_E_LIMIT);
	memset(body, '\n', n);
	assert_int_equal(crl_parse(sti_span(body, n), &crl), STI_E_LIMIT);
	assert_int_equal(crl_parse(sti_span(body, LIMIT_CRL), &crl), STI_E_PEM);
	free(body);
}

/* ---- who signed it ---- */

/* Both are freed. extra: PEM; absent: none. */
static enum sti_error check_at(struct sti_span pem, struct sti_span anchors, struct sti_span extra, int64_t now)
{
	struct anchor *anchor = NULL;
	struct crl *crl = crl_of(pem);
	struct chain chain = {0};
	enum sti_error error;

	assert_int_equal(anchor_parse(anchors, &anchor), STI_OK);
	if (extra.p)
		assert_int_equal(chain_parse(extra, 4, &chain), STI_OK);
	ERR_clear_error();
	error = crl_check(crl, anchor, extra.p ? &chain : NULL, now);
	assert_int_equal(ERR_peek_error(), 0);
	chain_free(&chain);
	anchor_free(anchor);
	crl_unref(crl);
	vectors_free(extra);
	vectors_free(anchors);
	return error;
}

static enum sti_error check(struct sti_span pem, struct sti_span anchors)
{
	return check_at(pem, anchors, (struct sti_span){0}, NOON);
}

static const struct sti_span none;

static void test_E19_signers(void **state)
{
	const struct issue_crl crl = crl_subject(true);
	struct pair pa = pa_make(), twin = pa_make(), other = root_make(), below = intermediate_make(&pa);
	struct pair leaf = leaf_make(&pa, 3);

	(void)state;
	assert_int_equal(check(crl_pem(crl, &pa), BUNDLE(&pa)), STI_OK);
	assert_int_equal(check(crl_pem(crl, &pa), BUNDLE(&other, &pa)), STI_OK);
	assert_int_equal(check(crl_pem(crl, &pa), BUNDLE(&other)), STI_E_NOT_FOUND);
	/* the name of the PA, another key; and both */
	assert_int_equal(check(crl_pem(crl, &twin), BUNDLE(&pa)), STI_E_SIGNATURE);
	assert_int_equal(check(crl_pem(crl, &twin), BUNDLE(&pa, &other)), STI_E_SIGNATURE);
	assert_int_equal(check(crl_pem(crl, &twin), BUNDLE(&pa, &twin)), STI_OK);
	/* a signer below a pinned root, in the file or beside the CRL */
	assert_int_equal(check(crl_pem(crl, &below), BUNDLE(&pa)), STI_E_NOT_FOUND);
	assert_int_equal(check(crl_pem(crl, &below), BUNDLE(&pa, &below)), STI_OK);
	assert_int_equal(check_at(crl_pem(crl, &below), BUNDLE(&pa), BUNDLE(&below), NOON), STI_OK);
	assert_int_equal(check_at(crl_pem(crl, &below), BUNDLE(&pa), BUNDLE(&leaf, &below), NOON), STI_OK);
	assert_int_equal(check_at(crl_pem(crl, &below), BUNDLE(&other), BUNDLE(&below, &pa), NOON), STI_E_NOT_FOUND);
	assert_int_equal(check_at(crl_pem(crl, &twin), BUNDLE(&pa), BUNDLE(&twin), NOON), STI_E_SIGNATURE);
	pair_free(&leaf);
	pair_free(&below);
	pair_free(&other);
	pair_free(&twin);
	pair_free(&pa);
}

static void test_E19_signer_that_may_not_sign_crls(void **state)
{
	struct pair pa = pa_make(), leaf = leaf_make(&pa, 3);
	const struct issue_crl crl = crl_subject(true);

	(void)state;
	assert_int_equal(check(crl_pem(crl, &leaf), BUNDLE(&leaf)), STI_E_KEY); /* digitalSignature only */
	pair_change(&leaf, &pa, change_remove, &(int){NID_key_usage});
	assert_int_equal(check(crl_pem(crl, &leaf), BUNDLE(&leaf)), STI_OK); /* none: may all */
	pair_free(&leaf);
	pair_free(&pa);
}

static void test_E19_signer_out_of_its_time(void **state)
{
	struct pair pa = pa_make();
	struct issue_crl crl = crl_subject(true);

	(void)state;
	crl.next_update = 9 * DAY;
	assert_int_equal(check_at(crl_pem(crl, &pa), BUNDLE(&pa), none, DAY - 1), STI_E_TIMEOUT);
	assert_int_equal(check_at(crl_pem(crl, &pa), BUNDLE(&pa), none, DAY), STI_OK);
	assert_int_equal(check_at(crl_pem(crl, &pa), BUNDLE(&pa), none, 2 * DAY), STI_OK);
	assert_int_equal(check_at(crl_pem(crl, &pa), BUNDLE(&pa), none, 2 * DAY + 1), STI_E_TIMEOUT);
	pair_free(&pa);
}

/* What is signed with RSA and P-384, and what was changed after it. */
static void test_E19_signatures(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct buf key = key_pem(i ? EVP_RSA_gen(2048) : EVP_EC_gen("P-384"));
		struct issue_subject subject = {.kind = ISSUE_ROOT, .name = {"US", "Example PA", "Example PA Root"}};
		struct pair pa;
		struct sti_span pem;
		struct crl *crl;
		struct buf der = buf_own(1 << 16), changed = buf_own(1 << 16);

		subject.key = buf_span(&key);
		pa = pair_make(subject, NULL);
		pem = crl_pem(crl_subject(true), &pa);
		crl = crl_of(vectors_copy(pem));
		buf_put(&der, crl_der(crl));
		assert_int_equal(check(pem, BUNDLE(&pa)), STI_OK);
		der.p[der.n - 1] ^= 1; /* the signature */
		assert_int_equal(pem_write("X509 CRL", buf_span(&der), &changed), STI_OK);
		assert_int_equal(check(vectors_copy(buf_span(&changed)), BUNDLE(&pa)), STI_E_SIGNATURE);
		buf_free(&changed);
		buf_free(&der);
		crl_unref(crl);
		pair_free(&pa);
		buf_free(&key);
	}
}

static void test_E19_unsigned_crl(void **state)
{
	struct pair ca = ca_make();

	(void)state;
	assert_int_equal(check(der_text(CRL(THIS NEXT, ENTRY, "")), BUNDLE(&ca)), STI_E_SIGNATURE);
	pair_free(&ca);
}

/* ---- what it says ---- */

static void test_scopes(void **state)
{
	struct pair ca = ca_make(), below, leaf = leaf_make(&ca, 9), other = root_make(),
		    stranger = leaf_make(&other, 9);
	static const struct {
		const char *idp;
		enum crl_answer leaf, below, stranger;
	} rows[] = {
		{"", CRL_GOOD, CRL_GOOD, CRL_SILENT},
		{WITH(IDP("84:ff")), CRL_GOOD, CRL_GOOD, CRL_GOOD},
		{WITH(IDP("84:00")), CRL_GOOD, CRL_GOOD, CRL_SILENT},
		{WITH(IDP("81:ff")), CRL_GOOD, CRL_SILENT, CRL_SILENT},
		{WITH(IDP("82:ff")), CRL_SILENT, CRL_GOOD, CRL_SILENT},
		{WITH(IDP("81:ff 84:ff")), CRL_GOOD, CRL_SILENT, CRL_GOOD},
		{WITH(IDP("82:ff 84:ff")), CRL_SILENT, CRL_GOOD, CRL_SILENT},
		{WITH(IDP("a0{a0{86:68747470}}")), CRL_GOOD, CRL_GOOD, CRL_SILENT},
	};

	(void)state;
	below = pair_make((struct issue_subject){.kind = ISSUE_INTERMEDIATE,
						 .name = {"US", "Example", "Below"},
						 .serial = {(const uint8_t *)"\x7", 1}},
			  &ca);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[2000];
		struct crl *crl;

		snprintf(text, sizeof(text), CRL(THIS NEXT, ENTRY, "%s"), rows[i].idp);
		crl = crl_from(text);
		assert_int_equal(look_up(crl, &leaf), rows[i].leaf);
		assert_int_equal(look_up(crl, &below), rows[i].below);
		assert_int_equal(look_up(crl, &stranger), rows[i].stranger);
		crl_unref(crl);
		/* a CRL is not silent on what it lists */
		snprintf(text, sizeof(text), CRL(THIS NEXT, ENTRY_OF("07") ENTRY_OF("09"), "%s"), rows[i].idp);
		crl = crl_from(text);
		assert_int_equal(look_up(crl, &leaf), CRL_REVOKED);
		assert_int_equal(look_up(crl, &below), CRL_REVOKED);
		assert_int_equal(look_up(crl, &stranger), rows[i].stranger);
		crl_unref(crl);
	}
	pair_free(&stranger);
	pair_free(&other);
	pair_free(&leaf);
	pair_free(&below);
	pair_free(&ca);
}

static void test_E18_delta_on_its_base(void **state)
{
	struct pair ca = ca_make(), leaf[3];
	struct crl *base = crl_from(CRL(THIS NEXT, ENTRY_OF("00") ENTRY_OF("01"), WITH(NUMBER("05"))));
	struct crl *delta = crl_from(CRL(LATER NEXT, TAKEN_BACK("01") ENTRY_OF("02"), WITH(NUMBER("06") BASE("05"))));
	struct crl *both = NULL;
	static const enum crl_answer answers[3][3] = {
		{CRL_REVOKED, CRL_GOOD, CRL_GOOD},
		{CRL_SILENT, CRL_REVOKED, CRL_SILENT},
		{CRL_GOOD, CRL_REVOKED, CRL_GOOD},
	};
	const struct crl *crl[3] = {base, delta, NULL};

	(void)state;
	for (uint8_t i = 0; i < 3; i++)
		leaf[i] = leaf_make(&ca, (uint8_t)(i + 1));
	assert_true(crl_is_delta(delta));
	assert_int_equal(crl_apply(base, delta, &both), STI_OK);
	assert_false(crl_is_delta(both));
	assert_int_equal(crl_count(both), 4);
	assert_int_equal(crl_this_update(both), crl_this_update(base) + 1);
	crl[2] = both;
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(look_up(crl[i], &leaf[k]), answers[i][k]);
	crl_unref(base); /* the two together keep it */
	crl_unref(delta);
	assert_int_equal(look_up(both, &leaf[0]), CRL_GOOD);
	crl_unref(both);
	for (size_t i = 0; i < 3; i++)
		pair_free(&leaf[i]);
	pair_free(&ca);
}

/* RFC 5280 5.2.4 (a) to (d). */
static void test_E18_deltas_that_do_not_fit_their_base(void **state)
{
	static const char base5[] = CRL(THIS NEXT, "", WITH(NUMBER("05")));
	static const char delta6[] = CRL(THIS NEXT, "", WITH(NUMBER("06") BASE("05")));
	static const struct {
		const char *base, *delta;
		enum sti_error error;
	} rows[] = {
		{base5, delta6, STI_OK},
		{base5, CRL(THIS NEXT, "", WITH(NUMBER("0100") BASE("01"))), STI_OK},
		{base5, CRL(THIS NEXT, "", WITH(NUMBER("07") BASE("06"))), STI_E_CERT}, /* the base is too old */
		{base5, CRL(THIS NEXT, "", WITH(NUMBER("05") BASE("04"))), STI_E_CERT}, /* the delta is */
		{base5, CRL(THIS NEXT, "", WITH(BASE("04"))), STI_E_CERT},
		{base5, base5, STI_E_CERT},
		{delta6, delta6, STI_E_CERT},
		{CRL(THIS NEXT, "", ""), delta6, STI_E_CERT},
		{CRL(THIS NEXT, "", WITH(NUMBER("05") IDP("84:ff"))), delta6, STI_E_CERT},
		{CRL(THIS NEXT, "", WITH(NUMBER("05") IDP("84:ff"))),
		 CRL(THIS NEXT, "", WITH(NUMBER("06") BASE("05") IDP("84:ff"))), STI_OK},
		{"30{30{02:01 " ALG "30{31{30{06:550403 0c:4342}}}" THIS NEXT WITH(NUMBER("05")) "}" ALG
												 "03:003003020101 }",
		 delta6, STI_E_CERT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct crl *base = crl_from(rows[i].base), *delta = crl_from(rows[i].delta), *both = NULL,
			   *third = NULL;

		if (crl_apply(base, delta, &both) != rows[i].error)
			fail_msg("row %zu", i);
		if (both) /* one delta on one base, no towers */
			assert_int_equal(crl_apply(both, delta, &third), STI_E_CERT);
		crl_unref(both);
		crl_unref(delta);
		crl_unref(base);
	}
}

/* ---- which is newer ---- */

static void test_E20_E21_older_than_the_last_one(void **state)
{
	static const char *const text[] = {
		CRL(THIS NEXT, "", ""),
		CRL(LATER NEXT, "", ""),
		CRL(THIS NEXT, "", WITH(NUMBER("00"))),
		CRL(THIS NEXT, "", WITH(NUMBER("01"))),
		CRL(LATER NEXT, "", WITH(NUMBER("01"))),
		CRL(THIS NEXT, "", WITH(NUMBER("02"))),
		CRL(THIS NEXT, "", WITH(NUMBER("00ffffffffffffffffffffffffffffffffffffffff"))),
	};
	enum { N = 7 };
	/* [new][last]: '<' is older. Without a number, or with one twice, the times tell. */
	static const char *const older[N] = {
		".<..<..", /* no number, earlier */
		".......", /* no number, later */
		".<.<<<<", /* number 0; after it, it is as good as none */
		".<..<<<", /* 1 */
		".....<<", /* 1 again, later */
		".<....<", /* 2 */
		".<.....", /* the largest; after it there is nothing but a new mark */
	};

	(void)state;
	for (size_t i = 0; i < N; i++)
		for (size_t k = 0; k < N; k++) {
			struct crl *new = crl_from(text[i]), *last = crl_from(text[k]);
			struct mark mark;

			crl_mark(last, &mark);
			if (crl_is_older(new, &mark) != (older[i][k] == '<'))
				fail_msg("%zu after %zu", i, k);
			crl_unref(last);
			crl_unref(new);
		}
}

static void test_E20_first_crl_of_all(void **state)
{
	struct crl *crl = crl_from(CRL(THIS NEXT, "", WITH(NUMBER("05"))));

	(void)state;
	assert_false(crl_is_older(crl, &(struct mark){0}));
	crl_unref(crl);
}

static void test_E20_crls_of_others_in_order(void **state)
{
	static const char *const name[] = {"crlNotRevokedRaw", "crlRevokedRaw", "crlWithDeltaURLNotRevokedRaw",
					   "deltaCrlNotRevokedRaw", "deltaCrlRevokedRaw"};
	struct mark last = {0};
	size_t good = 0;

	(void)state;
	if (!vectors_present())
		return;
	for (size_t i = 0; i < 5; i++) {
		char file[100];
		struct crl *crl;
		struct mark mark;

		snprintf(file, sizeof(file), "shaken-crl/%s.pem", name[i]);
		crl = crl_of(vectors_read(file));
		crl_mark(crl, &mark);
		good += !crl_is_older(crl, &last) && mark.number[MARK_NUMBER - 1] == i + 1 && mark.time == 1724331167 &&
			crl_next_update(crl) == 1755867167;
		last = mark;
		crl_unref(crl);
	}
	vectors_count("shaken-crl in order", good, 5);
}

static void test_mark_is_of_the_octets(void **state)
{
	struct crl *a = crl_from(CRL(THIS NEXT, "", "")), *b = crl_from(CRL(THIS NEXT, ENTRY, ""));
	struct mark one, two;

	(void)state;
	crl_mark(a, &one);
	crl_mark(b, &two);
	assert_int_equal(mark_compare(&one, &two), 0);
	assert_memory_not_equal(one.sha256, two.sha256, MARK_SHA256);
	crl_unref(b);
	crl_unref(a);
}

static void test_E19_stale_and_early(void **state)
{
	struct crl *crl = crl_from(CRL(THIS NEXT, "", ""));

	(void)state;
	assert_int_equal(crl_this_update(crl), DAY);
	assert_int_equal(crl_next_update(crl), 2 * DAY);
	assert_false(crl_is_stale(crl, 2 * DAY));
	assert_true(crl_is_stale(crl, 2 * DAY + 1));
	assert_true(crl_is_early(crl, DAY - LIMIT_CRL_SKEW_S - 1));
	assert_false(crl_is_early(crl, DAY - LIMIT_CRL_SKEW_S));
	crl_unref(crl);
}

/* ---- size, memory ---- */

static double ms(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

/* An indirect CRL in which each entry names its issuer, CN=CA or CN=CB, in DER. */
static struct sti_span crl_of_many(uint32_t n)
{
	struct buf entries = buf_own(LIMIT_CRL), tbs = buf_own(LIMIT_CRL), list = buf_own(LIMIT_CRL),
		   whole = buf_own(LIMIT_CRL);
	struct sti_span head = der_text("02:01 " ALG CA THIS NEXT), alg = der_text(ALG " 03:003003020101 ");
	struct sti_span tail = der_text(WITH(IDP("84:ff"))), exact;

	for (uint32_t i = 0; i < n; i++) {
		char text[300];
		struct sti_span entry;

		snprintf(text, sizeof(text),
			 "30{02:40112233445566778899aabb%08x " THIS
			 "30{30{06:551d1d 01:ff 04{30{a4{30{31{30{06:550403 0c:43%02x}}}}}}}}}",
			 i, 0x41 + i % 2);
		entry = der_text(text);
		buf_put(&entries, entry);
		vectors_free(entry);
	}
	buf_put(&list, head);
	der_put(&list, 0x30, buf_span(&entries));
	buf_put(&list, tail);
	der_put(&tbs, 0x30, buf_span(&list));
	buf_put(&tbs, alg);
	der_put(&whole, 0x30, buf_span(&tbs));
	assert_int_equal(buf_error(&whole), STI_OK);
	exact = vectors_copy(buf_span(&whole));
	vectors_free(tail);
	vectors_free(alg);
	vectors_free(head);
	buf_free(&whole);
	buf_free(&list);
	buf_free(&tbs);
	buf_free(&entries);
	return exact;
}

static void test_E19_hundred_thousand_entries(void **state)
{
	enum { N = 100000, ASKED = 10000 };
	struct sti_span der = crl_of_many(N);
	struct pair ca = ca_make(), leaf;
	struct issue_subject subject = signer_subject();
	double start = ms(), parsed, asked;
	struct crl *crl;
	struct cert cert;

	(void)state;
	assert_int_equal(crl_parse(der, &crl), STI_OK);
	parsed = ms();
	assert_int_equal(crl_count(crl), N);
	for (uint32_t i = 0; i < 4; i++) {
		uint8_t serial[] = {0x40,      0x11, 0x22, 0x33, 0x44,
				    0x55,      0x66, 0x77, 0x88, 0x99,
				    0xaa,      0xbb, 0,    0,    (uint8_t)(i * 0x20),
				    (uint8_t)i};

		subject.serial = sti_span(serial, sizeof(serial));
		leaf = pair_make(subject, &ca);
		cert = cert_of(&leaf);
		assert_int_equal(crl_look_up(crl, &cert), i % 2 ? CRL_GOOD : CRL_REVOKED); /* odd ones are CB's */
		pair_free(&leaf);
		if (i < 3)
			cert_free(&cert);
	}
	asked = ms();
	for (size_t i = 0; i < ASKED; i++)
		assert_int_equal(crl_look_up(crl, &cert), CRL_GOOD);
	printf("%d entries, %zu octets: %.0f ms to read, %.2f us to ask\n", N, der.n, parsed - start,
	       (ms() - asked) * 1e3 / ASKED);
	cert_free(&cert);
	crl_unref(crl);
	pair_free(&ca);
	vectors_free(der);
}

struct scarce {
	struct sti_span pem;
	struct sti_span delta;
	struct anchor *anchor;
	struct cert leaf;
};

static bool attempt_both(struct crl *base, const struct scarce *scarce)
{
	struct crl *delta = NULL, *both = NULL;
	bool good = crl_parse(scarce->delta, &delta) == STI_OK && crl_apply(base, delta, &both) == STI_OK;

	if (good)
		assert_int_equal(crl_look_up(both, &scarce->leaf), CRL_REVOKED);
	crl_unref(both);
	crl_unref(delta);
	return good;
}

static bool attempt(void *context)
{
	const struct scarce *scarce = context;
	struct crl *crl = NULL;
	bool good;

	if (crl_parse(scarce->pem, &crl) != STI_OK)
		return false;
	assert_int_equal(crl_look_up(crl, &scarce->leaf), CRL_REVOKED);
	good = crl_check(crl, scarce->anchor, NULL, NOON) == STI_OK && attempt_both(crl, scarce);
	crl_unref(crl);
	return good;
}

static void test_J5_memory_gives_out(void **state)
{
	struct pair ca = ca_make(), leaf = leaf_make(&ca, 7);
	const struct issue_revoked entry = {buf_span(&leaf.cert), DAY};
	struct issue_crl crl = crl_subject(false);
	struct scarce scarce = {.leaf = cert_of(&leaf),
				.delta = der_text(CRL(THIS NEXT, ENTRY, WITH(NUMBER("02") BASE("01"))))};

	(void)state;
	crl.revoked = &entry;
	crl.n_revoked = 1;
	scarce.pem = crl_pem(crl, &ca);
	assert_int_equal(anchor_parse(buf_span(&ca.cert), &scarce.anchor), STI_OK);
	alloc_sweep("a CRL read, checked and under a delta", attempt, &scarce);
	anchor_free(scarce.anchor);
	cert_free(&scarce.leaf);
	vectors_free(scarce.delta);
	vectors_free(scarce.pem);
	pair_free(&leaf);
	pair_free(&ca);
}

static void test_nothing_left_in_the_error_queue_of_openssl(void **state)
{
	struct sti_span der = der_text("30{30{02:01 " ALG "30{02:05}" THIS NEXT "}" ALG "03:003003020101 }");
	struct crl *crl = NULL;

	(void)state;
	ERR_clear_error();
	assert_int_equal(crl_parse(der, &crl), STI_E_CERT);
	assert_int_equal(ERR_peek_error(), 0);
	vectors_free(der);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pem_and_der),
		cmocka_unit_test(test_E19_bodies_that_are_no_crl),
		cmocka_unit_test(test_E19_crl_of_50_mb),
		cmocka_unit_test(test_E19_signers),
		cmocka_unit_test(test_E19_signer_that_may_not_sign_crls),
		cmocka_unit_test(test_E19_signer_out_of_its_time),
		cmocka_unit_test(test_E19_signatures),
		cmocka_unit_test(test_E19_unsigned_crl),
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_E18_delta_on_its_base),
		cmocka_unit_test(test_E18_deltas_that_do_not_fit_their_base),
		cmocka_unit_test(test_E20_E21_older_than_the_last_one),
		cmocka_unit_test(test_E20_first_crl_of_all),
		cmocka_unit_test(test_E20_crls_of_others_in_order),
		cmocka_unit_test(test_mark_is_of_the_octets),
		cmocka_unit_test(test_E19_stale_and_early),
		cmocka_unit_test(test_E19_hundred_thousand_entries),
		cmocka_unit_test(test_J5_memory_gives_out),
		cmocka_unit_test(test_nothing_left_in_the_error_queue_of_openssl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
