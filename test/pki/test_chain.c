/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/chain.h"

#include "world.h"

static void test_order_is_kept(void **state)
{
	struct pair root = root_make(), signer = signer_make(&root);
	struct sti_span body = BUNDLE(&signer, &root);
	struct chain chain;
	char name[LIMIT_CERT_NAME];

	(void)state;
	assert_int_equal(chain_parse(body, 2, &chain), STI_OK);
	assert_int_equal(chain.n, 2);
	assert_true(sti_span_is(sti_span(name, cert_subject(&chain.cert[0], NID_commonName, name)), "SHAKEN 709J"));
	assert_true(
		sti_span_is(sti_span(name, cert_subject(&chain.cert[1], NID_commonName, name)), "Example SHAKEN ROOT"));
	chain_free(&chain);
	vectors_free(body);
	pair_free(&signer);
	pair_free(&root);
}

static void test_more_blocks_than_the_limit(void **state)
{
	struct pair root = root_make();
	struct sti_span body = BUNDLE(&root, &root, &root);
	struct chain chain;

	(void)state;
	assert_int_equal(chain_parse(body, 3, &chain), STI_OK);
	chain_free(&chain);
	assert_int_equal(chain_parse(body, 2, &chain), STI_E_LIMIT);
	vectors_free(body);
	pair_free(&root);
}

static void test_one_certificate_in_der(void **state)
{
	struct pair root = root_make();
	struct sti_span der = der_of(&root);
	struct chain chain;

	(void)state;
	assert_int_equal(chain_parse(der, 8, &chain), STI_OK);
	assert_int_equal(chain.n, 1);
	assert_true(sti_span_equal(chain.cert[0].der, der));
	chain_free(&chain);
	vectors_free(der);
	pair_free(&root);
}

/* The certificate with something before and behind it. */
static enum sti_error parse_between(struct sti_span before, const struct pair *pair, struct sti_span behind)
{
	struct buf all = buf_own(1 << 16);
	struct sti_span body;
	struct chain chain;
	enum sti_error error;

	buf_put(&all, before);
	buf_put(&all, buf_span(&pair->cert));
	buf_put(&all, behind);
	body = vectors_copy(buf_span(&all));
	error = chain_parse(body, 8, &chain);
	if (!error)
		chain_free(&chain);
	vectors_free(body);
	buf_free(&all);
	return error;
}

static void test_private_key_among_them(void **state)
{
	struct pair root = root_make();
	struct sti_span none = {0}, key = buf_span(&root.key);

	(void)state;
	assert_int_equal(parse_between(none, &root, none), STI_OK);
	assert_int_equal(parse_between(key, &root, none), STI_E_PEM);
	assert_int_equal(parse_between(none, &root, key), STI_E_PEM);
	pair_free(&root);
}

static void test_text_and_other_blocks(void **state)
{
	static const char crl[] = "-----BEGIN X509 CRL-----\nQUJD\n-----END X509 CRL-----\n";
	static const char empty[] = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n";
	struct pair root = root_make();
	struct sti_span none = {0};

	(void)state;
	assert_int_equal(parse_between(sti_span_str("\r\n\n"), &root, sti_span_str("\n\n")), STI_OK);
	assert_int_equal(parse_between(sti_span_str("subject=CN\n"), &root, none), STI_E_PEM);
	assert_int_equal(parse_between(none, &root, sti_span_str("<html>")), STI_E_PEM);
	assert_int_equal(parse_between(none, &root, sti_span_str(crl)), STI_E_PEM);
	assert_int_equal(parse_between(none, &root, sti_span_str(empty)), STI_E_CERT);
	pair_free(&root);
}

static void test_no_certificate_at_all(void **state)
{
	struct chain chain;

	(void)state;
	assert_int_equal(chain_parse(sti_span(NULL, 0), 8, &chain), STI_E_PEM);
	assert_int_equal(chain_parse(sti_span_str("\n\n"), 8, &chain), STI_E_PEM);
	assert_int_equal(chain_parse(sti_span_str("404 Not Found"), 8, &chain), STI_E_PEM);
	assert_int_equal(chain_parse(sti_span_str("0"), 8, &chain), STI_E_CERT); /* begins as DER does */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_is_kept),          cmocka_unit_test(test_more_blocks_than_the_limit),
		cmocka_unit_test(test_one_certificate_in_der), cmocka_unit_test(test_private_key_among_them),
		cmocka_unit_test(test_text_and_other_blocks),  cmocka_unit_test(test_no_certificate_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
