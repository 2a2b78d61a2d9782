/* SPDX-License-Identifier: Apache-2.0 */
#include "lists.h"

#include "support/alloc_sweep.h"

/* The verdict on a token of either kind, as the office would give it. */
static enum list_verdict judge_token(const struct office *office, enum list_kind kind, struct sti_span token,
				     const struct mark *mark)
{
	struct list *list = list_of(token, kind);
	enum list_verdict verdict = list_judge(list, &office->source, &office->chain, mark, NOON);

	list_free(list);
	return verdict;
}

static enum list_verdict judge_with(const struct office *office, enum list_kind kind, const char *header,
				    const char *payload, const struct mark *mark)
{
	struct sti_span token = token_make(office->key, sti_span_str(header), sti_span_str(payload));
	enum list_verdict verdict = judge_token(office, kind, token, mark);

	vectors_free(token);
	return verdict;
}

static enum list_verdict judge(const struct office *office, const char *payload)
{
	return judge_with(office, LIST_CA, HEADER, payload, NULL);
}

static struct mark mark_of(int64_t sequence)
{
	struct mark mark = {.time = DAY};

	mark_set_number(&mark, sequence);
	return mark;
}

static void expect(enum list_verdict got, enum list_verdict expected, const char *what)
{
	if (got != expected)
		print_error("%s: %s\n", what, list_verdict_row(got)->name);
	assert_int_equal(got, expected);
}

/* ---- reading ---- */

static void test_parts_of_a_good_list(void **state)
{
	const struct office *office = *state;
	struct list *list = list_make(office, LIST_CA, sti_span_str(CA_LIST));

	assert_true(sti_span_is(list->x5u, PA_X5U));
	assert_int_equal(list->body->type, JSON_ARRAY);
	assert_int_equal(list_judge(list, &office->source, &office->chain, NULL, NOON), LIST_GOOD);
	assert_int_equal(list->sequence, 7);
	assert_int_equal(list->exp, 2 * DAY);
	assert_string_equal(list_kind_name(LIST_CA), "ca-list");
	assert_string_equal(list_kind_name(LIST_MAPPING), "cps-mapping");
	list_free(list);
	list_free(NULL);
}

/* The out-of-band seed prints two mappings, the cross-border one the members of the CA list. */
static void test_samples_of_the_seeds(void **state)
{
	static const char pa[] = "{\n  \"alg\": \"ES256\",\n  \"typ\": \"JWT\",\n"
				 "  \"x5u\": \"https://sti-pa.com/download/v1/certificate/certificateId_1.crt\"\n}\n";
	static const char ca[] = "{\n  \"alg\": \"ES256\",\n  \"typ\": \"JWT\",\n"
				 "  \"x5u\": \"https://sti-ca.com/download/v1/certificate/certificateId_1.crt\"\n}\n";
	static const char mapping[] = "{\n  \"version\": \"1.0\",\n  \"sequence\": 1,\n  \"exp\": 1590000000,\n"
				      "  \"cpsMapping\": {\n"
				      "    \"1234\": \"https://example.com/cps/company/1234\",\n"
				      "    \"5678\": \"https://example.com/cps/company/5678\"\n  }\n}\n";
	static const char list[] = "{\"version\":1,\"exp\":1590000000,\"sequence\":1,\"trustList\":[\"MIIB\"],"
				   "\"extensions\":\"any\"}";
	const struct sti_span hosts[] = {sti_span_str("sti-pa.com"), sti_span_str("sti-ca.com")};
	struct office office = *(struct office *)*state;

	office.source.host = hosts;
	office.source.n_host = 2;
	assert_int_equal(judge_with(&office, LIST_MAPPING, pa, mapping, NULL), LIST_GOOD);
	assert_int_equal(judge_with(&office, LIST_MAPPING, ca, mapping, NULL), LIST_GOOD);
	assert_int_equal(judge_with(&office, LIST_CA, pa, list, NULL), LIST_GOOD);
	office.source.n_host = 1;
	assert_int_equal(judge_with(&office, LIST_MAPPING, ca, mapping, NULL), LIST_FOREIGN_X5U);
}

/* One token in each of its wrappings is one list; so marks do not depend on how it was asked for. */
static void test_wrappings_as_deployed(void **state)
{
	static const struct {
		const char *before, *after;
		enum list_kind kind;
		enum sti_error error;
	} rows[] = {
		{"", "", LIST_CA, STI_OK},
		{"", "\n", LIST_CA, STI_OK},
		{"", "\r\n\n", LIST_CA, STI_OK},
		{"{\"status\":\"success\",\"caList\":\"", "\"}", LIST_CA, STI_OK},
		{"{\"status\":\"success\",\"caList\":\"", "\"}\n", LIST_CA, STI_OK},
		{"\r\n {\"message\":{\"a\":[1]}, \"caList\" : \"", "\"}", LIST_CA, STI_OK},
		{"{\"status\":\"success\",\"cpsMapping\":\"", "\"}", LIST_MAPPING, STI_OK},
		{"{\"status\":\"success\",\"cpsMapping\":\"", "\"}", LIST_CA, STI_E_CLAIM_MISSING},
		{"{\"status\":\"success\",\"caList\":\"", "\"}", LIST_MAPPING, STI_E_CLAIM_MISSING},
		{"{\"caList\":[\"", "\"]}", LIST_CA, STI_E_CLAIM_MISSING},
		{"{\"caList\":\"x\",\"caList\":\"", "\"}", LIST_CA, STI_E_JSON_TWICE},
		{"{\"caList\":\"", "\"", LIST_CA, STI_E_JSON},
		{"", "\n.", LIST_CA, STI_E_JWS},
		{"<html>", "", LIST_CA, STI_E_BASE64},
		{"\"", "\"", LIST_CA, STI_E_BASE64},
		{"[\"", "\"]", LIST_CA, STI_E_BASE64},
	};
	const struct office *office = *state;
	struct sti_span token = token_make(office->key, sti_span_str(HEADER), sti_span_str(CA_LIST));

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf text = buf_own(1 << 16);
		struct list *list = NULL;
		struct sti_span body;
		enum sti_error error;

		buf_put_str(&text, rows[i].before);
		buf_put(&text, token);
		buf_put_str(&text, rows[i].after);
		body = vectors_copy(buf_span(&text));
		error = list_parse(body, rows[i].kind, &list);
		vectors_free(body); /* the list is a copy */
		assert_int_equal(error, rows[i].error);
		assert_true(error ? !list : sti_span_equal(list->token, token));
		list_free(list);
		buf_free(&text);
	}
	vectors_free(token);
}

static void test_F17_what_is_no_list_at_all(void **state)
{
	static const char *const text[] = {
		"",
		"\n",
		"{}",
		"[]",
		"null",
		"{\"status\":\"error\"}",
		"<!DOCTYPE html>\n<title>Login</title>",
		"a.b",
		"..",
		"a.b.c.d",
		"e30..e30",
		"{\"caList\":\"\"}",
		"{\"caList\":null}",
		"e30.e30.", /* the last part, which is read, is no signature */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		struct sti_span body = vectors_copy(sti_span_str(text[i]));
		struct list *list = NULL;

		if (list_parse(body, LIST_CA, &list) == STI_OK)
			assert_int_equal(list->jws.signature_error, STI_E_JWS);
		list_free(list);
		vectors_free(body);
	}
}

/* RFC 7515 4.1.11, RFC 7797, RFC 8725 3.10: refused before anybody looks for a key. */
static void test_A4_headers_that_change_what_is_signed_or_by_whom(void **state)
{
	static const char *const member[] = {"\"crit\":[\"exp\"]", "\"b64\":false", "\"jwk\":{}",
					     "\"jku\":\"https://pa.example/\""};
	const struct office *office = *state;

	for (size_t i = 0; i < sizeof(member) / sizeof(member[0]); i++) {
		char header[256];
		struct sti_span token;
		struct list *list = NULL;

		snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"typ\":\"JWT\",%s}", member[i]);
		token = token_make(office->key, sti_span_str(header), sti_span_str(CA_LIST));
		assert_int_equal(list_parse(token, LIST_CA, &list), STI_E_HEADER);
		vectors_free(token);
	}
}

static struct sti_span filled(size_t n, uint8_t byte)
{
	uint8_t *p = malloc(n);

	assert_non_null(p);
	memset(p, byte, n);
	return sti_span(p, n);
}

static void test_larger_than_its_kind_may_be(void **state)
{
	static const struct {
		enum list_kind kind;
		size_t n;
	} rows[] = {{LIST_CA, LIMIT_CA_LIST}, {LIST_MAPPING, LIMIT_MAPPING_LIST}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sti_span body = filled(rows[i].n + 1, 'a');
		struct list *list = NULL;

		assert_int_equal(list_parse(body, rows[i].kind, &list), STI_E_LIMIT);
		assert_int_equal(list_parse(sti_span_first(body, rows[i].n), rows[i].kind, &list), STI_E_JWS);
		vectors_free(body);
	}
}

/* Lists are longer than PASSporTs may be; the header of a list is not. */
static void test_long_payload_and_long_header(void **state)
{
	const struct office *office = *state;
	struct buf text = buf_own(1 << 20);
	struct list *list = NULL;
	struct sti_span token;

	buf_put_str(&text, "{\"extensions\":\"");
	memset(buf_extend(&text, 100 * 1024), 'x', 100 * 1024);
	buf_put_str(&text, "\",\"exp\":172800,\"sequence\":7,\"trustList\":[],\"version\":1}");
	list = list_make(office, LIST_CA, buf_span(&text));
	assert_int_equal(list_judge(list, &office->source, &office->chain, NULL, NOON), LIST_GOOD);
	list_free(list);
	token = token_make(office->key, buf_span(&text), sti_span_str(CA_LIST));
	assert_int_equal(list_parse(token, LIST_CA, &list), STI_E_LIMIT);
	vectors_free(token);
	buf_free(&text);
}

/* ---- F1 ---- */

/* About 2 kB; whatever octet of it is another one, nobody believes it. */
static void test_F1_each_octet_of_a_list_flipped(void **state)
{
	const struct office *office = *state;
	struct sti_span der = der_of(&office->root), entry[] = {der, der, der};
	struct list_claims claims = {sti_span_str(PA_X5U), 7, 2 * DAY};
	struct buf token = buf_own(LIMIT_CA_LIST);
	size_t accepted = 0, judged = 0;

	assert_int_equal(list_write_ca(office->key, &claims, entry, 3, &token), STI_OK);
	assert_int_equal(judge_token(office, LIST_CA, buf_span(&token), NULL), LIST_GOOD);
	assert_in_range(token.n, 1500, 4000);
	for (size_t i = 0; i < token.n; i++) {
		struct sti_span copy;
		struct list *list = NULL;

		token.p[i] ^= (uint8_t)(1u << i % 8);
		copy = vectors_copy(buf_span(&token));
		token.p[i] ^= (uint8_t)(1u << i % 8);
		if (list_parse(copy, LIST_CA, &list) == STI_OK) {
			judged++;
			accepted += list_judge(list, &office->source, &office->chain, NULL, NOON) == LIST_GOOD;
		}
		list_free(list);
		vectors_free(copy);
	}
	printf("flipped: %zu octets, %zu still parsed, %zu accepted\n", token.n, judged, accepted);
	assert_int_equal(accepted, 0);
	buf_free(&token);
	vectors_free(der);
}

static void test_F1_A1_A2_A3_alg_other_than_ES256(void **state)
{
	static const char *const alg[] = {"\"none\"",  "\"None\"",           "\"NONE\"",   "\"\"",        "\"HS256\"",
					  "\"RS256\"", "\"PS256\"",          "\"ES384\"",  "\"ES512\"",   "\"ES256K\"",
					  "\"EdDSA\"", "\"es256\"",          "\"ES256 \"", "[\"ES256\"]", "256",
					  "null",      "{\"alg\":\"ES256\"}"};
	const struct office *office = *state;

	for (size_t i = 0; i < sizeof(alg) / sizeof(alg[0]); i++) {
		char header[256];

		snprintf(header, sizeof(header), "{\"alg\":%s,\"typ\":\"JWT\",\"x5u\":\"" PA_X5U "\"}", alg[i]);
		expect(judge_with(office, LIST_CA, header, CA_LIST, NULL), LIST_BAD_TYPE, alg[i]);
	}
	expect(judge_with(office, LIST_CA, "{\"typ\":\"JWT\",\"x5u\":\"" PA_X5U "\"}", CA_LIST, NULL), LIST_BAD_TYPE,
	       "no alg");
}

/* R117: one seed prints jwt, the other JWT. A PASSporT is no list (standards.md A3). */
static void test_F1_typ_in_any_case_but_no_other(void **state)
{
	static const struct {
		const char *typ;
		enum list_verdict verdict;
	} rows[] = {
		{"\"typ\":\"jwt\",", LIST_GOOD},
		{"\"typ\":\"JWT\",", LIST_GOOD},
		{"\"typ\":\"Jwt\",", LIST_GOOD},
		{"", LIST_BAD_TYPE},
		{"\"typ\":\"passport\",", LIST_BAD_TYPE},
		{"\"typ\":\"JOSE\",", LIST_BAD_TYPE},
		{"\"typ\":\"application/jwt\",", LIST_BAD_TYPE},
		{"\"typ\":\"\",", LIST_BAD_TYPE},
		{"\"typ\":1,", LIST_BAD_TYPE},
		{"\"typ\":[\"JWT\"],", LIST_BAD_TYPE},
	};
	const struct office *office = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char header[256];

		snprintf(header, sizeof(header), "{\"alg\":\"ES256\",%s\"x5u\":\"" PA_X5U "\"}", rows[i].typ);
		expect(judge_with(office, LIST_CA, header, CA_LIST, NULL), rows[i].verdict, rows[i].typ);
	}
}

/* The signature is read by its length first (threats.md A7), and over the octets that came. */
static void test_F1_A7_signature_of_another_length(void **state)
{
	const struct office *office = *state;
	struct sti_span token = token_make(office->key, sti_span_str(HEADER), sti_span_str(CA_LIST));
	struct sti_span cut = vectors_copy(sti_span_first(token, token.n - 1));

	assert_int_equal(judge_token(office, LIST_CA, cut, NULL), LIST_BAD_SIGNATURE);
	vectors_free(cut);
	vectors_free(token);
}

/* ---- F2 ---- */

static enum list_verdict judge_signed_by(const struct office *office, const struct pair *key_holder,
					 const struct pair *shown)
{
	struct sti_key *key = key_of(key_holder);
	struct chain chain = chain_of(shown);
	struct sti_span token = token_make(key, sti_span_str(HEADER), sti_span_str(CA_LIST));
	struct list *list = list_of(token, LIST_CA);
	enum list_verdict verdict = list_judge(list, &office->source, &chain, NULL, NOON);

	list_free(list);
	vectors_free(token);
	chain_free(&chain);
	sti_key_free(key);
	return verdict;
}

static void test_F2_keys_that_may_not_sign_this_list(void **state)
{
	const struct office *office = *state;
	struct office other = office_make(); /* of the same names */
	struct pair sti_root = root_make(), sti_ca = intermediate_make(&sti_root), sp = signer_make(&sti_ca);
	struct pair retired = pair_make((struct issue_subject){.kind = ISSUE_SIGNER,
							       .name = {"US", "Example PA", "List signer"},
							       .spc = "PA01",
							       .not_before = 1,
							       .not_after = DAY},
					&office->root);
	struct pair ca = intermediate_make(&office->root); /* its own, but it may sign certificates and CRLs only */
	const struct {
		const char *what;
		const struct pair *key, *shown;
		enum list_verdict verdict;
	} rows[] = {
		{"its own", &office->signer, &office->signer, LIST_GOOD},
		{"another PA under its own root", &other.signer, &other.signer, LIST_BAD_SIGNER},
		{"another PA that shows our signer", &other.signer, &office->signer, LIST_BAD_SIGNATURE},
		{"an STI-CA", &sti_ca, &sti_ca, LIST_BAD_SIGNER},
		{"a root that would be in the list", &sti_root, &sti_root, LIST_BAD_SIGNER},
		{"a service provider", &sp, &sp, LIST_BAD_SIGNER},
		{"a service provider that shows our signer", &sp, &office->signer, LIST_BAD_SIGNATURE},
		{"a key of a retired generation", &retired, &retired, LIST_BAD_SIGNER},
		{"a CA of the PA", &ca, &ca, LIST_BAD_SIGNER},
		{"our signer's key, another certificate shown", &office->signer, &sp, LIST_BAD_SIGNER},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(judge_signed_by(office, rows[i].key, rows[i].shown), rows[i].verdict, rows[i].what);
	pair_free(&ca);
	pair_free(&retired);
	pair_free(&sp);
	pair_free(&sti_ca);
	pair_free(&sti_root);
	office_free(&other);
}

/* B2: "the STI-PA root certificate" may itself have signed; then it is what is pinned. */
static void test_F2_root_of_the_PA_that_signs_itself(void **state)
{
	struct office office = *(struct office *)*state;
	int usage = NID_key_usage;
	struct pair root = root_make();

	pair_change(&root, &root, change_remove, &usage);
	office.source.anchor = anchor_of(&root);
	assert_int_equal(judge_signed_by(&office, &root, &root), LIST_GOOD);
	anchor_free((struct anchor *)(uintptr_t)office.source.anchor);
	pair_free(&root);
}

/* ES256 is P-256 alone: RFC 7518 3.4. */
static void test_F2_signer_with_a_key_of_another_curve(void **state)
{
	const struct office *office = *state;
	struct buf pem = key_pem(EVP_EC_gen("P-384"));
	struct pair p384 = pair_make((struct issue_subject){.kind = ISSUE_SIGNER,
							    .name = {"US", "Example PA", "List signer"},
							    .spc = "PA01",
							    .key = buf_span(&pem)},
				     &office->root);

	assert_int_equal(judge_signed_by(office, &office->signer, &p384), LIST_BAD_SIGNER);
	pair_free(&p384);
	buf_free(&pem);
}

/* ---- F3 ---- */

static void test_F3_x5u_on_another_host(void **state)
{
	static const struct {
		const char *x5u; /* as JSON; NULL: none */
		enum list_verdict verdict;
	} rows[] = {
		{"\"https://pa.example/c.crt\"", LIST_GOOD},
		{"\"HTTPS://PA.Example:8443/c.crt\"", LIST_GOOD},
		{"\"https://certs.pa.example/c.crt\"", LIST_GOOD}, /* a further host */
		{NULL, LIST_GOOD}, /* the signer was there without it */
		{"\"https://pa.example.evil.example/c.crt\"", LIST_FOREIGN_X5U},
		{"\"https://evil.example/pa.example\"", LIST_FOREIGN_X5U},
		{"\"https://pa.example@evil.example/c.crt\"", LIST_FOREIGN_X5U},
		{"\"https://evil.example#pa.example\"", LIST_FOREIGN_X5U},
		{"\"https://pa.example/c.crt#\"", LIST_FOREIGN_X5U},
		{"\"https://pa.example/c.crt?a\"", LIST_FOREIGN_X5U},
		{"\"https://pa.example\\\\@evil.example/\"", LIST_FOREIGN_X5U},
		{"\"https://sub.pa.example/\"", LIST_FOREIGN_X5U},
		{"\"https://pa.example./\"", LIST_FOREIGN_X5U},
		{"\"http://pa.example/c.crt\"", LIST_FOREIGN_X5U},
		{"\"file:///etc/passwd\"", LIST_FOREIGN_X5U},
		{"\"//pa.example/c.crt\"", LIST_FOREIGN_X5U},
		{"\"https://127.0.0.1/c.crt\"", LIST_FOREIGN_X5U},
		{"\"https://pa.example:0/\"", LIST_FOREIGN_X5U},
		{"\"\"", LIST_FOREIGN_X5U},
		{"1", LIST_FOREIGN_X5U},
		{"null", LIST_FOREIGN_X5U},
		{"[\"https://pa.example/c.crt\"]", LIST_FOREIGN_X5U},
	};
	const struct sti_span host = sti_span_str("certs.pa.example");
	struct office office = *(struct office *)*state;

	office.source.host = &host;
	office.source.n_host = 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char header[256];

		snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"typ\":\"JWT\"%s%s}",
			 rows[i].x5u ? ",\"x5u\":" : "", rows[i].x5u ? rows[i].x5u : "");
		expect(judge_with(&office, LIST_CA, header, CA_LIST, NULL), rows[i].verdict, header);
	}
}

/* A laboratory, a PA in the operator's own network: named by the operator, so it may be named. */
static void test_F3_address_that_the_operator_names(void **state)
{
	static const char header[] = "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5u\":\"https://127.0.0.1:8443/c.crt\"}";
	struct office office = *(struct office *)*state;

	office.source.url = sti_span_str("https://127.0.0.1:8444/api/v1/ca-list");
	expect(judge_with(&office, LIST_CA, header, CA_LIST, NULL), LIST_GOOD, "same address");
	office.source.url = sti_span_str("https://127.0.0.2:8444/api/v1/ca-list");
	expect(judge_with(&office, LIST_CA, header, CA_LIST, NULL), LIST_FOREIGN_X5U, "another");
	office.source.url = sti_span(NULL, 0);
	expect(judge_with(&office, LIST_CA, HEADER, CA_LIST, NULL), LIST_FOREIGN_X5U, "none named");
}

/* ---- F4 to F6 ---- */

static struct sti_span sequence_token(const struct office *office, const char *sequence)
{
	char payload[256];

	snprintf(payload, sizeof(payload), "{\"exp\":172800%s%s,\"trustList\":[],\"version\":1}",
		 sequence ? ",\"sequence\":" : "", sequence ? sequence : "");
	return token_make(office->key, sti_span_str(HEADER), sti_span_str(payload));
}

static enum list_verdict judge_sequence(const struct office *office, const char *sequence, const struct mark *mark)
{
	struct sti_span token = sequence_token(office, sequence);
	enum list_verdict verdict = judge_token(office, LIST_CA, token, mark);

	vectors_free(token);
	return verdict;
}

/* The verdict on a token, and the mark after it: a refused list moves nothing. */
static enum list_verdict offer(const struct office *office, struct sti_span token, bool *has_mark, struct mark *mark)
{
	struct list *list = list_of(token, LIST_CA);
	enum list_verdict verdict = list_judge(list, &office->source, &office->chain, *has_mark ? mark : NULL, NOON);

	if (verdict == LIST_GOOD) {
		list_mark(list, NOON, mark);
		*has_mark = true;
	}
	list_free(list);
	return verdict;
}

static void test_F4_list_N_then_N_plus_1_then_N_again(void **state)
{
	const struct office *office = *state;
	struct sti_span n = sequence_token(office, "41"), next = sequence_token(office, "42");
	bool has_mark = false;
	struct mark mark;

	assert_int_equal(offer(office, n, &has_mark, &mark), LIST_GOOD);
	assert_int_equal(offer(office, next, &has_mark, &mark), LIST_GOOD);
	assert_int_equal(mark.time, NOON);
	assert_int_equal(offer(office, n, &has_mark, &mark), LIST_ROLLBACK);
	assert_int_equal(offer(office, next, &has_mark, &mark), LIST_SAME);
	vectors_free(next);
	vectors_free(n);
}

/* ECDSA signs anew each time: two tokens of one payload are two lists as soon as octets count. */
static void test_F5_equal_sequence_with_the_same_and_with_other_octets(void **state)
{
	const struct office *office = *state;
	struct sti_span one = sequence_token(office, "42"), other = sequence_token(office, "42");
	bool has_mark = false;
	struct mark mark;

	assert_int_equal(offer(office, one, &has_mark, &mark), LIST_GOOD);
	assert_int_equal(offer(office, one, &has_mark, &mark), LIST_SAME);
	assert_int_equal(offer(office, other, &has_mark, &mark), LIST_EQUIVOCATION);
	assert_int_equal(offer(office, one, &has_mark, &mark), LIST_SAME);
	vectors_free(other);
	vectors_free(one);
}

/* standards.md B9: the payload counts. A server that signs for each who asks is no liar. */
static void test_F5_one_payload_signed_twice(void **state)
{
	struct office office = *(const struct office *)*state;
	struct sti_span one = sequence_token(&office, "42"), again = sequence_token(&office, "42");
	struct sti_span other = sequence_token(&office, "43");
	struct list *held = list_of(one, LIST_CA), *next = list_of(other, LIST_CA);
	bool has_mark = false;
	struct mark mark;

	assert_false(sti_span_equal(one, again));
	assert_int_equal(offer(&office, one, &has_mark, &mark), LIST_GOOD);
	office.source.payload_sha256 = sti_span(held->payload_sha256, sizeof(held->payload_sha256));
	assert_int_equal(offer(&office, again, &has_mark, &mark), LIST_SAME);
	office.source.payload_sha256 = sti_span(next->payload_sha256, sizeof(next->payload_sha256));
	assert_int_equal(offer(&office, again, &has_mark, &mark), LIST_EQUIVOCATION);
	list_free(held);
	list_free(next);
	vectors_free(other);
	vectors_free(again);
	vectors_free(one);
}

/* A first list may have any of them; what is no integer is none. */
static void test_F6_sequence_spelled_in_many_ways(void **state)
{
	static const struct {
		const char *sequence;
		enum list_verdict verdict;
	} rows[] = {
		{"0", LIST_GOOD},
		{"1", LIST_GOOD},
		{"9007199254740993", LIST_GOOD}, /* 2^53+1 */
		{"9223372036854775807", LIST_GOOD}, /* 2^63-1 */
		{"9223372036854775808", LIST_BAD_SEQUENCE},
		{"18446744073709551616", LIST_BAD_SEQUENCE},
		{"-1", LIST_BAD_SEQUENCE},
		{"-0", LIST_BAD_SEQUENCE},
		{"1.0", LIST_BAD_SEQUENCE},
		{"1e3", LIST_BAD_SEQUENCE},
		{"\"1\"", LIST_BAD_SEQUENCE},
		{"null", LIST_BAD_SEQUENCE},
		{"[1]", LIST_BAD_SEQUENCE},
		{"true", LIST_BAD_SEQUENCE},
		{NULL, LIST_BAD_SEQUENCE},
	};
	const struct office *office = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(judge_sequence(office, rows[i].sequence, NULL), rows[i].verdict,
		       rows[i].sequence ? rows[i].sequence : "missing");
}

static void test_F6_sequence_far_ahead_of_the_last(void **state)
{
	static const struct {
		int64_t last;
		const char *sequence;
		enum list_verdict verdict, confirmed;
	} rows[] = {
		{7, "8", LIST_GOOD, LIST_GOOD},
		{7, "1007", LIST_GOOD, LIST_GOOD},
		{7, "4294967303", LIST_GOOD, LIST_GOOD}, /* 7 + 2^32 */
		{7, "4294967304", LIST_JUMP, LIST_GOOD},
		{0, "4294967296", LIST_GOOD, LIST_GOOD},
		{0, "4294967297", LIST_JUMP, LIST_GOOD},
		{7, "9007199254740993", LIST_JUMP, LIST_GOOD},
		{7, "9223372036854775807", LIST_JUMP, LIST_GOOD},
		{9007199254740992, "9007199254740993", LIST_GOOD, LIST_GOOD}, /* one double, two integers */
		{9007199254740993, "9007199254740992", LIST_ROLLBACK, LIST_ROLLBACK},
		{INT64_MAX, "9223372036854775807", LIST_EQUIVOCATION, LIST_EQUIVOCATION},
		{INT64_MAX, "9223372036854775806", LIST_ROLLBACK, LIST_ROLLBACK},
		{1, "0", LIST_ROLLBACK, LIST_ROLLBACK},
		{0, "0", LIST_EQUIVOCATION, LIST_EQUIVOCATION},
	};
	struct office office = *(struct office *)*state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mark mark = mark_of(rows[i].last);

		office.source.confirmed = false;
		expect(judge_sequence(&office, rows[i].sequence, &mark), rows[i].verdict, rows[i].sequence);
		office.source.confirmed = true;
		expect(judge_sequence(&office, rows[i].sequence, &mark), rows[i].confirmed, rows[i].sequence);
	}
}

/* ---- F7, F9, F16 ---- */

static void test_F7_exp_past_missing_of_another_type_and_far_ahead(void **state)
{
	static const struct {
		const char *exp;
		enum list_verdict verdict;
	} rows[] = {
		{"\"exp\":129601,", LIST_GOOD}, /* NOON + 1 */
		{"\"exp\":129600,", LIST_EXPIRED},
		{"\"exp\":129599,", LIST_EXPIRED},
		{"\"exp\":0,", LIST_EXPIRED},
		{"\"exp\":-1,", LIST_EXPIRED},
		{"\"exp\":315489600,", LIST_GOOD}, /* ten years */
		{"\"exp\":9223372036854775807,", LIST_GOOD},
		{"\"exp\":9223372036854775808,", LIST_BAD_EXP},
		{"\"exp\":172800.5,", LIST_BAD_EXP},
		{"\"exp\":1e9,", LIST_BAD_EXP},
		{"\"exp\":\"172800\",", LIST_BAD_EXP},
		{"\"exp\":null,", LIST_BAD_EXP},
		{"", LIST_BAD_EXP},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char payload[256];

		snprintf(payload, sizeof(payload), "{%s\"sequence\":7,\"trustList\":[],\"version\":1}", rows[i].exp);
		expect(judge(*state, payload), rows[i].verdict, rows[i].exp);
	}
}

/* However far its exp is, a list is used for so long at most. */
static void test_F7_no_longer_than_max_age(void **state)
{
	static const struct {
		int64_t exp, max_age, until;
	} rows[] = {
		{NOON + 10, 100, NOON + 10},
		{NOON + 1000, 100, NOON + 100},
		{INT64_MAX, 30 * (int64_t)DAY, NOON + 30 * (int64_t)DAY},
		{NOON + 1000, INT64_MAX, NOON + 1000},
		{NOON + 1000, 0, NOON},
	};
	struct list *list = list_make(*state, LIST_CA, sti_span_str(CA_LIST));

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		list->exp = rows[i].exp;
		assert_int_equal(list_until(list, rows[i].max_age, NOON), rows[i].until);
	}
	list_free(list);
}

/* R104, R55: one seed prints an int, the other a string. */
static void test_F9_versions_that_we_do_not_know(void **state)
{
	static const struct {
		const char *version;
		enum list_verdict ca, mapping;
	} rows[] = {
		{"\"version\":1,", LIST_GOOD, LIST_BAD_VERSION},
		{"\"version\":\"1.0\",", LIST_BAD_VERSION, LIST_GOOD},
		{"\"version\":2,", LIST_BAD_VERSION, LIST_BAD_VERSION},
		{"\"version\":0,", LIST_BAD_VERSION, LIST_BAD_VERSION},
		{"\"version\":-1,", LIST_BAD_VERSION, LIST_BAD_VERSION},
		{"\"version\":1.0,", LIST_BAD_VERSION, LIST_BAD_VERSION},
		{"\"version\":1e0,", LIST_BAD_VERSION, LIST_BAD_VERSION},
		{"\"version\":\"1\",", LIST_BAD_VERSION, LIST_BAD_VERSION},
		{"\"version\":\"1.1\",", LIST_BAD_VERSION, LIST_BAD_VERSION},
		{"\"version\":\"2.0\",", LIST_BAD_VERSION, LIST_BAD_VERSION},
		{"\"version\":\"\",", LIST_BAD_VERSION, LIST_BAD_VERSION},
		{"\"version\":null,", LIST_BAD_VERSION, LIST_BAD_VERSION},
		{"\"version\":[1],", LIST_BAD_VERSION, LIST_BAD_VERSION},
		{"", LIST_BAD_VERSION, LIST_BAD_VERSION},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char payload[256];

		snprintf(payload, sizeof(payload),
			 "{%s\"exp\":172800,\"sequence\":7,\"trustList\":[],\"cpsMapping\":{}}", rows[i].version);
		expect(judge_with(*state, LIST_CA, HEADER, payload, NULL), rows[i].ca, rows[i].version);
		expect(judge_with(*state, LIST_MAPPING, HEADER, payload, NULL), rows[i].mapping, rows[i].version);
	}
}

static void test_F16_extensions_and_unknown_members_are_ignored(void **state)
{
	static const char *const member[] = {
		"\"extensions\":\"any text\"",
		"\"extensions\":{\"version\":2}",
		"\"extensions\":null",
		"\"iss\":1",
		"\"iat\":\"never\"",
		"\"nbf\":99999999999",
		"\"jti\":[]",
		"\"cpsMapping\":{}",
		"\"\":0",
		"\"TrustList\":1",
		"\"__proto__\":{}",
	};

	for (size_t i = 0; i < sizeof(member) / sizeof(member[0]); i++) {
		char payload[256];

		snprintf(payload, sizeof(payload), "{%s,\"exp\":172800,\"sequence\":7,\"trustList\":[],\"version\":1}",
			 member[i]);
		expect(judge(*state, payload), LIST_GOOD, member[i]);
	}
}

static void test_payloads_without_the_body_of_their_kind(void **state)
{
	static const char *const ca[] = {
		"{\"exp\":172800,\"sequence\":7,\"version\":1}",
		"{\"exp\":172800,\"sequence\":7,\"version\":1,\"trustList\":{}}",
		"{\"exp\":172800,\"sequence\":7,\"version\":1,\"trustList\":\"MII\"}",
		"{\"exp\":172800,\"sequence\":7,\"version\":1,\"trustList\":null}",
		"{\"exp\":172800,\"sequence\":7,\"version\":1,\"cpsMapping\":{}}",
		"{\"exp\":172800,\"sequence\":7,\"version\":1,\"extensions\":{\"trustList\":[]}}",
	};

	for (size_t i = 0; i < sizeof(ca) / sizeof(ca[0]); i++)
		expect(judge(*state, ca[i]), LIST_BAD_TYPE, ca[i]);
	expect(judge_with(*state, LIST_MAPPING, HEADER,
			  "{\"cpsMapping\":[],\"exp\":172800,\"sequence\":7,\"version\":\"1.0\"}", NULL),
	       LIST_BAD_TYPE, "array");
	expect(judge(*state, "[]"), LIST_BAD_VERSION, "[]");
	expect(judge(*state, "1"), LIST_BAD_VERSION, "1");
}

static void test_B1_payload_that_is_not_strict_JSON(void **state)
{
	static const struct {
		const char *payload;
		enum sti_error error;
	} rows[] = {
		{"{\"version\":1,\"version\":1}", STI_E_JSON_TWICE},
		{"{\"cpsMapping\":{\"1234\":\"a\",\"\\u0031234\":\"b\"}}", STI_E_JSON_TWICE},
		{"{\"version\":1,}", STI_E_JSON},
		{"{\"version\":01}", STI_E_JSON},
		{"{} x", STI_E_JSON},
		{"{\"extensions\":[[[[[[[[]]]]]]]]}", STI_E_LIMIT},
	};
	const struct office *office = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sti_span token = token_make(office->key, sti_span_str(HEADER), sti_span_str(rows[i].payload));
		struct list *list = NULL;

		assert_int_equal(list_parse(token, LIST_MAPPING, &list), rows[i].error);
		assert_null(list);
		vectors_free(token);
	}
}

/* ---- order ---- */

/* Each row is mended in one place more than the one before. */
static void test_first_fault_decides(void **state)
{
	static const char bad_alg[] = "{\"alg\":\"none\",\"typ\":\"JWT\",\"x5u\":\"https://evil.example/\"}";
	static const char bad_x5u[] = "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5u\":\"https://evil.example/\"}";
	static const struct {
		const char *header, *payload;
		enum list_verdict verdict;
	} rows[] = {
		{bad_alg, "{\"version\":2,\"sequence\":-1,\"exp\":\"\"}", LIST_BAD_TYPE},
		{bad_x5u, "{\"version\":2,\"sequence\":-1,\"exp\":\"\"}", LIST_BAD_VERSION},
		{bad_x5u, "{\"version\":1,\"sequence\":-1,\"exp\":\"\"}", LIST_BAD_TYPE},
		{bad_x5u, "{\"version\":1,\"sequence\":-1,\"exp\":\"\",\"trustList\":[]}", LIST_BAD_SEQUENCE},
		{bad_x5u, "{\"version\":1,\"sequence\":1,\"exp\":\"\",\"trustList\":[]}", LIST_BAD_EXP},
		{bad_x5u, "{\"version\":1,\"sequence\":1,\"exp\":1,\"trustList\":[]}", LIST_EXPIRED},
		{bad_x5u, "{\"version\":1,\"sequence\":1,\"exp\":172800,\"trustList\":[]}", LIST_FOREIGN_X5U},
		{HEADER, "{\"version\":1,\"sequence\":1,\"exp\":172800,\"trustList\":[]}", LIST_BAD_SIGNER},
	};
	struct office *office = *state;
	struct pair stranger = root_make();
	struct pair signer = officer_make(&stranger);
	struct sti_key *key = key_of(&stranger);
	struct chain foreign = chain_of(&signer), ours = office->chain;
	struct mark mark = mark_of(7);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sti_span token = token_make(key, sti_span_str(rows[i].header), sti_span_str(rows[i].payload));

		office->chain = foreign;
		expect(judge_token(office, LIST_CA, token, &mark), rows[i].verdict, rows[i].payload);
		office->chain = ours;
		if (rows[i].verdict == LIST_BAD_SIGNER)
			expect(judge_token(office, LIST_CA, token, &mark), LIST_BAD_SIGNATURE, "signature before mark");
		vectors_free(token);
	}
	expect(judge_sequence(office, "1", &mark), LIST_ROLLBACK, "all but the mark");
	chain_free(&foreign);
	sti_key_free(key);
	pair_free(&signer);
	pair_free(&stranger);
}

/* Before x5u is fetched. An alarm needs a signature: what anybody could have written is no evidence. */
static void test_without_a_signer_good_means_fetch_it(void **state)
{
	static const struct {
		const char *sequence;
		enum list_verdict verdict;
	} rows[] = {{"8", LIST_GOOD}, {"7", LIST_GOOD}, {"6", LIST_GOOD}, {"-1", LIST_BAD_SEQUENCE}};
	static const char no_x5u[] = "{\"alg\":\"ES256\",\"typ\":\"JWT\"}";
	const struct office *office = *state;
	struct sti_span token;
	struct list *list;
	struct mark mark = mark_of(7);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		token = sequence_token(office, rows[i].sequence);
		list = list_of(token, LIST_CA);
		expect(list_judge(list, &office->source, NULL, &mark, NOON), rows[i].verdict, rows[i].sequence);
		list_free(list);
		vectors_free(token);
	}
	list = list_make(office, LIST_CA, sti_span_str(CA_LIST));
	assert_int_equal(list_judge(list, &office->source, NULL, NULL, NOON), LIST_GOOD);
	list_mark(list, NOON, &mark);
	assert_int_equal(list_judge(list, &office->source, NULL, &mark, NOON), LIST_SAME);
	list_free(list);
	token = token_make(office->key, sti_span_str(no_x5u), sti_span_str(CA_LIST));
	list = list_of(token, LIST_CA);
	assert_int_equal(list_judge(list, &office->source, NULL, NULL, NOON), LIST_FOREIGN_X5U);
	list_free(list);
	vectors_free(token);
}

/* The list on disk after a restart: the same as its mark, but the file may have been written by others. */
static void test_same_as_the_mark_and_no_longer_signed(void **state)
{
	const struct office *office = *state;
	struct office other = office_make();
	struct list *list = list_make(&other, LIST_CA, sti_span_str(CA_LIST));
	struct mark mark;

	list_judge(list, &office->source, NULL, NULL, NOON);
	list_mark(list, NOON, &mark);
	assert_int_equal(list_judge(list, &office->source, &other.chain, &mark, NOON), LIST_BAD_SIGNER);
	assert_int_equal(list_judge(list, &office->source, &office->chain, &mark, NOON), LIST_BAD_SIGNATURE);
	list_free(list);
	office_free(&other);
}

/* ---- memory ---- */

struct sweep {
	const struct office *office;
	struct sti_span body;
};

static bool attempt(void *context)
{
	const struct sweep *sweep = context;
	struct list *list = NULL;
	enum list_verdict verdict = LIST_UNJUDGED;
	enum sti_error error = list_parse(sweep->body, LIST_CA, &list);

	if (!error)
		verdict = list_judge(list, &sweep->office->source, &sweep->office->chain, NULL, NOON);
	assert_true(error == STI_OK || alloc_sweep_failed());
	assert_true(verdict == LIST_GOOD || (verdict == LIST_UNJUDGED && alloc_sweep_failed()));
	list_free(list);
	return verdict == LIST_GOOD;
}

static void test_J5_memory_gives_out(void **state)
{
	const struct office *office = *state;
	struct sti_span token = token_make(office->key, sti_span_str(HEADER), sti_span_str(CA_LIST));
	struct buf body = buf_own(1 << 16);

	buf_put_str(&body, "{\"caList\":\"");
	buf_put(&body, token);
	buf_put_str(&body, "\"}");
	alloc_sweep("list", attempt, &(struct sweep){office, buf_span(&body)});
	buf_free(&body);
	vectors_free(token);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts_of_a_good_list),
		cmocka_unit_test(test_samples_of_the_seeds),
		cmocka_unit_test(test_wrappings_as_deployed),
		cmocka_unit_test(test_F17_what_is_no_list_at_all),
		cmocka_unit_test(test_A4_headers_that_change_what_is_signed_or_by_whom),
		cmocka_unit_test(test_larger_than_its_kind_may_be),
		cmocka_unit_test(test_long_payload_and_long_header),
		cmocka_unit_test(test_F1_each_octet_of_a_list_flipped),
		cmocka_unit_test(test_F1_A1_A2_A3_alg_other_than_ES256),
		cmocka_unit_test(test_F1_typ_in_any_case_but_no_other),
		cmocka_unit_test(test_F1_A7_signature_of_another_length),
		cmocka_unit_test(test_F2_keys_that_may_not_sign_this_list),
		cmocka_unit_test(test_F2_root_of_the_PA_that_signs_itself),
		cmocka_unit_test(test_F2_signer_with_a_key_of_another_curve),
		cmocka_unit_test(test_F3_x5u_on_another_host),
		cmocka_unit_test(test_F3_address_that_the_operator_names),
		cmocka_unit_test(test_F4_list_N_then_N_plus_1_then_N_again),
		cmocka_unit_test(test_F5_equal_sequence_with_the_same_and_with_other_octets),
		cmocka_unit_test(test_F5_one_payload_signed_twice),
		cmocka_unit_test(test_F6_sequence_spelled_in_many_ways),
		cmocka_unit_test(test_F6_sequence_far_ahead_of_the_last),
		cmocka_unit_test(test_F7_exp_past_missing_of_another_type_and_far_ahead),
		cmocka_unit_test(test_F7_no_longer_than_max_age),
		cmocka_unit_test(test_F9_versions_that_we_do_not_know),
		cmocka_unit_test(test_F16_extensions_and_unknown_members_are_ignored),
		cmocka_unit_test(test_payloads_without_the_body_of_their_kind),
		cmocka_unit_test(test_B1_payload_that_is_not_strict_JSON),
		cmocka_unit_test(test_first_fault_decides),
		cmocka_unit_test(test_without_a_signer_good_means_fetch_it),
		cmocka_unit_test(test_same_as_the_mark_and_no_longer_signed),
		cmocka_unit_test(test_J5_memory_gives_out),
	};

	return cmocka_run_group_tests(tests, office_setup, office_teardown);
}
