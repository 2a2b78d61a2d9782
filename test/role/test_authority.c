/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "role/authority.h"

#define TEXT(s)                                                                                                        \
	{                                                                                                              \
		(const uint8_t *)(s), sizeof(s) - 1                                                                    \
	}

static struct sti_tn tn(const char *text)
{
	struct sti_tn out;

	assert_int_equal(sti_tn_canonical(sti_span_str(text), NULL, &out), STI_OK);
	return out;
}

static struct address_range range(const char *text)
{
	struct address_range out;

	assert_int_equal(address_range_parse(sti_span_str(text), &out), STI_OK);
	return out;
}

static const uint8_t certificate[DIGEST_SHA256] = {1, 2, 3}, other_certificate[DIGEST_SHA256] = {1, 2, 4};

struct house {
	uint8_t token[DIGEST_SHA256];
	struct address_range range[2];
	struct authority_client client[4];
	struct authority_signer signer[3];
	struct authority authority;
};

static const struct sti_span dc[] = {TEXT("1202555")}, denver[] = {TEXT("1303555"), TEXT("1720555")};
static const struct sti_span trunks[] = {TEXT("west-1"), TEXT("west-2")};

/* Four clients, one for each way of being known and one that needs two; three signers: by number,
 * by trunk, and the last for whatever is left. */
static struct house *house_make(void)
{
	struct house *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	assert_int_equal(digest_sha256(sti_span_str("s3cret"), h->token), STI_OK);
	h->range[0] = range("192.0.2.0/28");
	h->range[1] = range("2001:db8::/32");
	h->client[0] = (struct authority_client){.name = TEXT("by-certificate"),
						 .certificate = sti_span(certificate, sizeof(certificate)),
						 .attest_max = 'A'};
	h->client[1] = (struct authority_client){.name = TEXT("by-token"),
						 .token = sti_span(h->token, sizeof(h->token)),
						 .attest_max = 'B',
						 .number = dc,
						 .n_number = 1};
	h->client[2] = (struct authority_client){.name = TEXT("by-address"),
						 .address = h->range,
						 .n_address = 1,
						 .attest_max = 'C',
						 .signer = TEXT("denver")};
	h->client[3] = (struct authority_client){.name = TEXT("by-both"),
						 .address = &h->range[1],
						 .n_address = 1,
						 .token = sti_span(h->token, sizeof(h->token)),
						 .attest_max = 'A'};
	h->signer[0] = (struct authority_signer){.name = TEXT("denver"), .number = denver, .n_number = 2};
	h->signer[1] = (struct authority_signer){.name = TEXT("west"), .trunk = trunks, .n_trunk = 2};
	h->signer[2] = (struct authority_signer){.name = TEXT("rest"), .number = dc, .n_number = 1};
	h->authority = (struct authority){h->client, 4, h->signer, 3};
	return h;
}

static const struct row {
	const char *what;
	const char *address, *token, *trunk;
	const uint8_t *certificate;
	const char *orig;
	char attest;
	enum authority_answer answer;
	size_t client, signer;
	char granted;
} row[] = {
	{"certificate", NULL, NULL, NULL, certificate, "12025550100", 'A', AUTHORITY_GRANTED, 0, 2, 'A'},
	{"other certificate", NULL, NULL, NULL, other_certificate, "12025550100", 'A', AUTHORITY_UNKNOWN_CLIENT, 0, 0,
	 0},
	{"nothing shown", NULL, NULL, NULL, NULL, "12025550100", 'A', AUTHORITY_UNKNOWN_CLIENT, 0, 0, 0},
	{"token", "198.51.100.1", "s3cret", NULL, NULL, "12025550100", 'A', AUTHORITY_GRANTED, 1, 2, 'B'},
	{"token, lower attest", NULL, "s3cret", NULL, NULL, "12025550100", 'C', AUTHORITY_GRANTED, 1, 2, 'C'},
	{"token, not its number", NULL, "s3cret", NULL, NULL, "13035550100", 'A', AUTHORITY_NUMBER, 0, 0, 0},
	{"wrong token", NULL, "s3cre", NULL, NULL, "12025550100", 'A', AUTHORITY_UNKNOWN_CLIENT, 0, 0, 0},
	{"longer token", NULL, "s3cret ", NULL, NULL, "12025550100", 'A', AUTHORITY_UNKNOWN_CLIENT, 0, 0, 0},
	{"empty token", NULL, "", NULL, NULL, "12025550100", 'A', AUTHORITY_UNKNOWN_CLIENT, 0, 0, 0},
	{"address", "192.0.2.15", NULL, NULL, NULL, "17205550100", 'A', AUTHORITY_GRANTED, 2, 0, 'C'},
	{"address as v6", "::ffff:192.0.2.1", NULL, NULL, NULL, "17205550100", 'B', AUTHORITY_GRANTED, 2, 0, 'C'},
	{"address beside", "192.0.2.16", NULL, NULL, NULL, "17205550100", 'A', AUTHORITY_UNKNOWN_CLIENT, 0, 0, 0},
	{"no address", "unix", NULL, NULL, NULL, "17205550100", 'A', AUTHORITY_UNKNOWN_CLIENT, 0, 0, 0},
	{"own signer, not its number", "192.0.2.1", NULL, NULL, NULL, "12025550100", 'A', AUTHORITY_NO_SIGNER, 0, 0, 0},
	{"own signer, whatever the trunk", "192.0.2.1", NULL, "west-1", NULL, "13035550100", 'A', AUTHORITY_GRANTED, 2,
	 0, 'C'},
	{"trunk", NULL, NULL, "west-2", certificate, "12025550100", 'B', AUTHORITY_GRANTED, 0, 1, 'B'},
	{"unknown trunk", NULL, NULL, "east", certificate, "12025550100", 'A', AUTHORITY_GRANTED, 0, 2, 'A'},
	{"number before trunk", NULL, NULL, "west-1", certificate, "13035550100", 'A', AUTHORITY_GRANTED, 0, 0, 'A'},
	{"nobody signs for it", NULL, NULL, NULL, certificate, "442079460100", 'A', AUTHORITY_NO_SIGNER, 0, 0, 0},
	{"shorter than every prefix", NULL, NULL, NULL, certificate, "120", 'A', AUTHORITY_NO_SIGNER, 0, 0, 0},
	{"token wins over both, in order", "2001:db8::1", "s3cret", NULL, NULL, "12025550100", 'A', AUTHORITY_GRANTED,
	 1, 2, 'B'},
};

static void test_who_may_sign_what(void **state)
{
	struct house *h = house_make();

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const struct row *r = &row[i];
		struct authority_caller caller = {
			.address = sti_span_str(r->address),
			.certificate = sti_span(r->certificate, r->certificate ? DIGEST_SHA256 : 0),
			.token = sti_span_str(r->token),
			.trunk = sti_span_str(r->trunk),
		};
		struct authority_grant grant = {0};
		struct sti_tn orig = tn(r->orig);

		if (authority_ask(&h->authority, &caller, &orig, r->attest, &grant) != r->answer)
			fail_msg("%s", r->what);
		if (r->answer != AUTHORITY_GRANTED)
			continue;
		if (grant.client != &h->client[r->client] || grant.signer != r->signer || grant.attest != r->granted)
			fail_msg("%s: signer %zu, attest %c", r->what, grant.signer, grant.attest);
	}
	free(h);
}

/* Where several things are asked for, all must fit. */
static void test_token_and_address_are_both_needed(void **state)
{
	struct house *h = house_make();
	struct authority_caller caller = {.address = TEXT("2001:db8::1"), .token = TEXT("s3cret")};
	struct authority_grant grant;
	struct sti_tn orig = tn("12025550100");

	(void)state;
	h->authority.client = &h->client[3];
	h->authority.n_client = 1;
	assert_int_equal(authority_ask(&h->authority, &caller, &orig, 'A', &grant), AUTHORITY_GRANTED);
	caller.address = sti_span_str("2001:db9::1");
	assert_int_equal(authority_ask(&h->authority, &caller, &orig, 'A', &grant), AUTHORITY_UNKNOWN_CLIENT);
	caller.address = sti_span_str("2001:db8::1");
	caller.token = sti_span(NULL, 0);
	assert_int_equal(authority_ask(&h->authority, &caller, &orig, 'A', &grant), AUTHORITY_UNKNOWN_CLIENT);
	free(h);
}

static void test_no_clients_configured_is_whoever_reaches_us(void **state)
{
	struct house *h = house_make();
	struct authority_caller nobody = {0};
	struct authority_grant grant;
	struct sti_tn orig = tn("12025550100");

	(void)state;
	h->authority.n_client = 0;
	assert_int_equal(authority_ask(&h->authority, &nobody, &orig, 'B', &grant), AUTHORITY_GRANTED);
	assert_null(grant.client);
	assert_int_equal(grant.attest, 'B');
	assert_int_equal(grant.signer, 2);
	h->authority.n_signer = 0;
	assert_int_equal(authority_ask(&h->authority, &nobody, &orig, 'B', &grant), AUTHORITY_NO_SIGNER);
	free(h);
}

static void test_iat_at_the_edges(void **state)
{
	(void)state;
	assert_true(authority_iat_is_current(1000, 1000));
	assert_true(authority_iat_is_current(940, 1000));
	assert_false(authority_iat_is_current(939, 1000));
	assert_true(authority_iat_is_current(1060, 1000));
	assert_false(authority_iat_is_current(1061, 1000));
	assert_false(authority_iat_is_current(INT64_C(1) << 53, 1000));
	assert_false(authority_iat_is_current(-1, 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_may_sign_what),
		cmocka_unit_test(test_token_and_address_are_both_needed),
		cmocka_unit_test(test_no_clients_configured_is_whoever_reaches_us),
		cmocka_unit_test(test_iat_at_the_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
