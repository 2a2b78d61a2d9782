/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/issue_crl.h"

#include <openssl/err.h>

#include "crl_world.h"
#include "support/alloc_sweep.h"

/* As OpenSSL reads it. */
static X509_CRL *openssl_crl(struct sti_span pem)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509_CRL *crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);

	assert_non_null(crl);
	BIO_free(bio);
	return crl;
}

static void verify(X509_CRL *crl, const struct pair *issuer)
{
	EVP_PKEY *pkey = pkey_of(issuer);

	assert_int_equal(X509_CRL_verify(crl, pkey), 1);
	EVP_PKEY_free(pkey);
}

static bool openssl_finds(X509_CRL *crl, const struct pair *pair)
{
	X509 *x509 = x509_of(pair);
	X509_REVOKED *entry;
	bool found = X509_CRL_get0_by_cert(crl, &entry, x509) == 1;

	X509_free(x509);
	return found;
}

/* Several entries of two issuers, between them one of the PA itself: read back by us and by OpenSSL, with
 * certificateIssuer in each entry and only where it changes. */
static void test_indirect_crl_read_back(void **state)
{
	struct pair pa = pa_make(), root = root_make(), ca = intermediate_make(&root);
	struct pair revoked[] = {leaf_make(&pa, 1),   leaf_make(&ca, 2), leaf_make(&ca, 3), leaf_make(&root, 4),
				 leaf_make(&root, 5), leaf_make(&pa, 6), leaf_make(&ca, 7)};
	struct pair good[] = {leaf_make(&ca, 1), leaf_make(&root, 2), leaf_make(&pa, 3),
			      leaf_make(&ca, 4), leaf_make(&pa, 5),   leaf_make(&root, 6)};
	struct issue_revoked entry[7];
	struct issue_crl crl = crl_subject(true);

	(void)state;
	for (size_t i = 0; i < 7; i++)
		entry[i] = (struct issue_revoked){buf_span(&revoked[i].cert), DAY};
	crl.revoked = entry;
	crl.n_revoked = 7;
	crl.url = "https://pa.example/crl";
	for (int inherit = 0; inherit < 2; inherit++) {
		struct sti_span pem;
		struct crl *ours;
		X509_CRL *theirs;

		crl.inherit = inherit;
		pem = crl_pem(crl, &pa);
		theirs = openssl_crl(pem);
		ours = crl_of(pem);
		verify(theirs, &pa);
		assert_true(crl_is_indirect(ours));
		assert_int_equal(crl_count(ours), 7);
		for (size_t i = 0; i < 7; i++) {
			assert_int_equal(look_up(ours, &revoked[i]), CRL_REVOKED);
			assert_true(openssl_finds(theirs, &revoked[i]));
		}
		for (size_t i = 0; i < 6; i++) {
			assert_int_equal(look_up(ours, &good[i]), CRL_GOOD);
			assert_false(openssl_finds(theirs, &good[i]));
		}
		X509_CRL_free(theirs);
		crl_unref(ours);
	}
	for (size_t i = 0; i < 7; i++)
		pair_free(&revoked[i]);
	for (size_t i = 0; i < 6; i++)
		pair_free(&good[i]);
	pair_free(&ca);
	pair_free(&root);
	pair_free(&pa);
}

/* What the standards ask of the form (RFC 5280 5.2.5, 5.3.3): both critical, the URL in it. */
static void test_form_of_an_indirect_crl(void **state)
{
	struct pair pa = pa_make(), root = root_make(), leaf = leaf_make(&root, 9);
	const struct issue_revoked entry = {buf_span(&leaf.cert), DAY + 1};
	struct issue_crl crl = {.number = INT64_MAX,
				.this_update = DAY,
				.next_update = 253402300799,
				.indirect = true,
				.url = "https://pa.example/crl",
				.revoked = &entry,
				.n_revoked = 1};
	struct sti_span pem = crl_pem(crl, &pa);
	X509_CRL *theirs = openssl_crl(pem);
	struct crl *ours = crl_of(pem);
	int critical;
	ISSUING_DIST_POINT *point = X509_CRL_get_ext_d2i(theirs, NID_issuing_distribution_point, &critical, NULL);
	GENERAL_NAMES *names;

	(void)state;
	assert_non_null(point);
	assert_int_equal(critical, 1);
	assert_true(point->indirectCRL);
	assert_int_equal(sk_GENERAL_NAME_num(point->distpoint->name.fullname), 1);
	names = X509_REVOKED_get_ext_d2i(sk_X509_REVOKED_value(X509_CRL_get_REVOKED(theirs), 0), NID_certificate_issuer,
					 &critical, NULL);
	assert_non_null(names);
	assert_int_equal(critical, 1);
	assert_int_equal(X509_CRL_get_version(theirs), X509_CRL_VERSION_2);
	assert_true(X509_CRL_get_ext_by_NID(theirs, NID_authority_key_identifier, -1) >= 0);
	assert_true(crl_has_number(ours));
	assert_true(crl_next_update(ours) == INT64_C(253402300799));
	GENERAL_NAMES_free(names);
	ISSUING_DIST_POINT_free(point);
	X509_CRL_free(theirs);
	crl_unref(ours);
	pair_free(&leaf);
	pair_free(&root);
	pair_free(&pa);
}

static enum sti_error issue(struct issue_crl crl, const struct pair *cert, const struct pair *key)
{
	const struct issue_issuer issuer = {buf_span(&cert->cert), buf_span(&key->key)};
	struct buf out = buf_own(1 << 20);
	enum sti_error error = issue_crl(&crl, &issuer, &out);

	assert_true(error == STI_OK || out.n == 0);
	buf_free(&out);
	return error;
}

static void test_crls_that_cannot_be(void **state)
{
	struct pair root = root_make(), other = root_make(), ca = intermediate_make(&root), leaf = leaf_make(&ca, 7);
	const struct issue_revoked good = {buf_span(&ca.cert), DAY}, foreign = {buf_span(&leaf.cert), DAY},
				   early = {buf_span(&ca.cert), -631152001}, none = {sti_span_str("x"), DAY};
	const struct {
		struct issue_crl crl;
		enum sti_error error;
	} rows[] = {
		{{.next_update = DAY}, STI_OK},
		{{.this_update = DAY, .next_update = DAY}, STI_OK},
		{{.this_update = DAY + 1, .next_update = DAY}, STI_E_NUMBER},
		{{.this_update = -631152001, .next_update = DAY}, STI_E_NUMBER},
		{{.next_update = 253402300800}, STI_E_NUMBER},
		{{.number = -1, .next_update = DAY}, STI_E_NUMBER},
		{{.next_update = DAY, .revoked = &good, .n_revoked = 1}, STI_OK},
		{{.next_update = DAY, .revoked = &foreign, .n_revoked = 1}, STI_E_CERT},
		{{.next_update = DAY, .revoked = &foreign, .n_revoked = 1, .indirect = true}, STI_OK},
		{{.next_update = DAY, .revoked = &early, .n_revoked = 1}, STI_E_NUMBER},
		{{.next_update = DAY, .revoked = &none, .n_revoked = 1}, STI_E_PEM},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (issue(rows[i].crl, &root, &root) != rows[i].error)
			fail_msg("row %zu", i);
	assert_int_equal(issue(rows[0].crl, &root, &other), STI_E_KEY);
	pair_free(&leaf);
	pair_free(&ca);
	pair_free(&other);
	pair_free(&root);
}

static void test_no_room_for_what_is_made(void **state)
{
	struct pair root = root_make();
	const struct issue_issuer issuer = {buf_span(&root.cert), buf_span(&root.key)};
	struct issue_crl crl = crl_subject(true);
	char memory[100];
	struct buf out = buf_lend(memory, sizeof(memory));

	(void)state;
	ERR_clear_error();
	assert_int_equal(issue_crl(&crl, &issuer, &out), STI_E_LIMIT);
	assert_int_equal(ERR_peek_error(), 0);
	pair_free(&root);
}

struct scarce {
	struct issue_crl crl;
	struct issue_issuer issuer;
};

static bool attempt(void *context)
{
	const struct scarce *scarce = context;
	struct buf out = buf_own(1 << 16);
	enum sti_error error = issue_crl(&scarce->crl, &scarce->issuer, &out);

	assert_true(error == STI_OK || alloc_sweep_failed());
	buf_free(&out);
	return error == STI_OK;
}

static void test_J5_memory_gives_out(void **state)
{
	struct pair pa = pa_make(), root = root_make(), leaf = leaf_make(&root, 9);
	const struct issue_revoked entry = {buf_span(&leaf.cert), DAY};
	struct scarce scarce = {crl_subject(true), {buf_span(&pa.cert), buf_span(&pa.key)}};

	(void)state;
	scarce.crl.revoked = &entry;
	scarce.crl.n_revoked = 1;
	scarce.crl.url = "https://pa.example/crl";
	alloc_sweep("a CRL issued", attempt, &scarce);
	pair_free(&leaf);
	pair_free(&root);
	pair_free(&pa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_indirect_crl_read_back), cmocka_unit_test(test_form_of_an_indirect_crl),
		cmocka_unit_test(test_crls_that_cannot_be),    cmocka_unit_test(test_no_room_for_what_is_made),
		cmocka_unit_test(test_J5_memory_gives_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
