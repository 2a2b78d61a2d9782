/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/path.h"

#include "world.h"

/* All is freed again; *out is only good for the numbers and for comparing anchors by index. */
struct found {
	enum sti_error error;
	size_t anchor; /* index in the list of roots */
	int64_t from, until;
};

static struct found find(struct sti_span roots_pem, struct sti_span chain_pem, int64_t now)
{
	struct sti_roots *roots;
	struct chain chain;
	struct path path = {0};
	struct found found = {0};

	assert_int_equal(sti_roots_parse(roots_pem, &roots), STI_OK);
	assert_int_equal(chain_parse(chain_pem, LIMIT_CERT_BLOCKS, &chain), STI_OK);
	found.error = path_find(roots, &chain, now, &path);
	if (!found.error) {
		found.anchor = (size_t)(path.anchor - roots->list.cert);
		found.from = path.from;
		found.until = path.until;
	}
	chain_free(&chain);
	sti_roots_free(roots);
	vectors_free(roots_pem);
	vectors_free(chain_pem);
	return found;
}

static void expect(struct sti_span roots_pem, struct sti_span chain_pem, enum sti_error error, size_t anchor)
{
	struct found found = find(roots_pem, chain_pem, NOON);

	assert_int_equal(found.error, error);
	assert_int_equal(found.anchor, anchor);
}

static void test_chains_that_lead_to_a_listed_root(void **state)
{
	struct pair root = root_make(), ca = intermediate_make(&root), signer = signer_make(&ca);
	struct pair direct = signer_make(&root), other = root_make();

	(void)state;
	expect(BUNDLE(&root), BUNDLE(&direct), STI_OK, 0);
	expect(BUNDLE(&root), BUNDLE(&signer, &ca), STI_OK, 0);
	expect(BUNDLE(&root), BUNDLE(&signer, &ca, &root), STI_OK, 0); /* the root is there too */
	expect(BUNDLE(&root), BUNDLE(&signer, &root, &direct, &ca), STI_OK, 0); /* out of order, and one too many */
	expect(BUNDLE(&other, &root), BUNDLE(&signer, &ca), STI_OK, 1);
	expect(BUNDLE(&root), BUNDLE(&signer), STI_E_NOT_FOUND, 0); /* the one between is missing */
	expect(BUNDLE(&root), BUNDLE(&ca, &signer), STI_OK, 0); /* the first is judged, whatever it is */
	pair_free(&other);
	pair_free(&direct);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
}

static void test_E11_root_in_the_chain_is_no_anchor(void **state)
{
	struct pair listed = root_make(), root = root_make(), ca = intermediate_make(&root), signer = signer_make(&ca);

	(void)state;
	expect(BUNDLE(&listed), BUNDLE(&signer, &ca, &root), STI_E_NOT_FOUND, 0);
	expect(BUNDLE(&listed), BUNDLE(&root), STI_E_NOT_FOUND, 0);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
	pair_free(&listed);
}

/* The same name and key as a listed root, signed anew: the path ends at the listed one. */
static void test_E11_twin_of_a_listed_root_in_the_chain(void **state)
{
	struct pair listed = root_make(), signer = signer_make(&listed);
	struct issue_subject subject = {
		.kind = ISSUE_ROOT, .name = {"US", "Example", "Example SHAKEN ROOT"}, .not_after = 3 * DAY};
	struct pair twin;
	struct found found;

	(void)state;
	subject.key = buf_span(&listed.key);
	twin = pair_make(subject, NULL);
	found = find(BUNDLE(&listed), BUNDLE(&signer, &twin), NOON);
	assert_int_equal(found.error, STI_OK);
	assert_int_equal(found.until, 2 * DAY);
	expect(BUNDLE(&listed), BUNDLE(&twin), STI_E_NOT_FOUND, 0); /* itself it is not listed */
	pair_free(&twin);
	pair_free(&signer);
	pair_free(&listed);
}

static void test_E10_root_of_the_same_name_with_another_key(void **state)
{
	struct pair root = root_make(), other = root_make(), signer = signer_make(&root);
	const int identifier = NID_authority_key_identifier;

	(void)state;
	expect(BUNDLE(&other), BUNDLE(&signer), STI_E_NOT_FOUND, 0);
	expect(BUNDLE(&other, &root), BUNDLE(&signer), STI_OK, 1);
	expect(BUNDLE(&root, &other), BUNDLE(&signer), STI_OK, 0);
	pair_change(&signer, &root, change_remove, &identifier); /* nothing but the signature tells them apart */
	expect(BUNDLE(&other), BUNDLE(&signer), STI_E_NOT_FOUND, 0);
	expect(BUNDLE(&other, &root), BUNDLE(&signer), STI_OK, 1);
	expect(BUNDLE(&root, &other), BUNDLE(&signer), STI_OK, 0);
	pair_free(&signer);
	pair_free(&other);
	pair_free(&root);
}

static void test_signature_by_another_key(void **state)
{
	struct pair root = root_make(), ca = intermediate_make(&root), signer = signer_make(&ca), other = root_make();
	const int policies = NID_certificate_policies;

	(void)state;
	pair_change(&signer, &other, change_remove, &policies);
	expect(BUNDLE(&root), BUNDLE(&signer, &ca), STI_E_NOT_FOUND, 0);
	pair_free(&other);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
}

/* A chain of n certificates under the root, leaf first. */
static struct sti_span ladder(const struct pair *root, size_t n)
{
	struct pair rung[LIMIT_CERT_BLOCKS];
	const struct pair *order[LIMIT_CERT_BLOCKS];
	struct sti_span pem;

	for (size_t i = 0; i < n; i++) {
		struct issue_subject subject = {.kind = ISSUE_INTERMEDIATE, .name = {"US", "Example", NULL}};
		const char *const name[] = {"CA 1", "CA 2", "CA 3", "CA 4", "CA 5", "CA 6", "CA 7", "CA 8"};

		subject.name.common_name = name[i];
		rung[i] = pair_make(i + 1 < n ? subject : signer_subject(), i ? &rung[i - 1] : root);
		order[n - 1 - i] = &rung[i];
	}
	pem = bundle(n, order);
	for (size_t i = 0; i < n; i++)
		pair_free(&rung[i]);
	return pem;
}

static void test_longest_chain_and_one_more(void **state)
{
	struct pair root = root_make();

	(void)state;
	expect(BUNDLE(&root), ladder(&root, LIMIT_CHAIN), STI_OK, 0);
	expect(BUNDLE(&root), ladder(&root, LIMIT_CHAIN + 1), STI_E_NOT_FOUND, 0);
	pair_free(&root);
}

static void test_issuer_that_is_no_ca(void **state)
{
	struct pair root = root_make(), middle = signer_make(&root), signer = signer_make(&middle);
	struct pair ca = intermediate_make(&root), under = signer_make(&ca);
	const int constraints = NID_basic_constraints;

	(void)state;
	expect(BUNDLE(&root), BUNDLE(&signer, &middle), STI_E_NOT_FOUND, 0);
	pair_change(&ca, &root, change_remove, &constraints);
	expect(BUNDLE(&root), BUNDLE(&under, &ca), STI_E_NOT_FOUND, 0);
	pair_free(&under);
	pair_free(&ca);
	pair_free(&signer);
	pair_free(&middle);
	pair_free(&root);
}

static void test_A16_keys_of_authorities_between(void **state)
{
	const struct {
		EVP_PKEY *pkey;
		enum sti_error error;
	} rows[] = {
		{EVP_EC_gen("P-384"), STI_OK},        {EVP_RSA_gen(2048), STI_OK},
		{EVP_EC_gen("P-521"), STI_OK}, /* a path; the profile refuses it */
		{EVP_RSA_gen(1024), STI_E_NOT_FOUND}, {EVP_EC_gen("secp256k1"), STI_E_NOT_FOUND},
	};
	struct pair root = root_make();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf key = key_pem(rows[i].pkey);
		struct issue_subject subject = {.kind = ISSUE_INTERMEDIATE, .name = {"US", "Example", "SHAKEN CA"}};
		struct pair ca, signer;

		subject.key = buf_span(&key);
		ca = pair_make(subject, &root);
		signer = signer_make(&ca);
		expect(BUNDLE(&root), BUNDLE(&signer, &ca), rows[i].error, 0);
		pair_free(&signer);
		pair_free(&ca);
		buf_free(&key);
	}
	pair_free(&root);
}

static void change_nothing(X509 *x509, const void *how)
{
	(void)how;
	assert_int_equal(X509_set_version(x509, X509_VERSION_3), 1);
}

static void test_E7_digests_of_signatures(void **state)
{
	struct pair root = root_make(), signer = signer_make(&root);

	(void)state;
	pair_change_with(&signer, &root, EVP_sha384(), change_nothing, NULL);
	expect(BUNDLE(&root), BUNDLE(&signer), STI_OK, 0);
	pair_change_with(&signer, &root, EVP_sha1(), change_nothing, NULL);
	expect(BUNDLE(&root), BUNDLE(&signer), STI_E_NOT_FOUND, 0);
	pair_free(&signer);
	pair_free(&root);
}

static struct pair ca_between(const struct pair *root, const struct buf *key, int64_t from, int64_t until)
{
	struct issue_subject subject = {.kind = ISSUE_INTERMEDIATE, .name = {"US", "Example", "Example SHAKEN CA"}};

	subject.not_before = from;
	subject.not_after = until;
	if (key)
		subject.key = buf_span(key);
	return pair_make(subject, root);
}

static struct pair signer_between(const struct pair *issuer, int64_t from, int64_t until)
{
	struct issue_subject subject = signer_subject();

	subject.not_before = from;
	subject.not_after = until;
	return pair_make(subject, issuer);
}

static void test_E9_window_is_what_all_share(void **state)
{
	struct pair root = root_make(), ca = ca_between(&root, NULL, DAY + 100, DAY + 500);
	struct pair signer = signer_between(&ca, DAY + 200, 9 * DAY), early = signer_between(&ca, 0, DAY + 300);
	static const int64_t now[] = {DAY + 250, 0, 100 * DAY, DAY + 200, DAY + 500};

	(void)state;
	for (size_t i = 0; i < sizeof(now) / sizeof(now[0]); i++) {
		struct found found = find(BUNDLE(&root), BUNDLE(&signer, &ca), now[i]);

		assert_int_equal(found.error, STI_OK);
		assert_int_equal(found.from, DAY + 200);
		assert_int_equal(found.until, DAY + 500);
		found = find(BUNDLE(&root), BUNDLE(&early, &ca), now[i]);
		assert_int_equal(found.error, STI_OK);
		assert_int_equal(found.from, DAY + 100);
		assert_int_equal(found.until, DAY + 300);
	}
	pair_free(&early);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
}

/* One CA key under two roots: the path that is good now is the one taken. */
static void test_E12_cross_signed_by_two_roots(void **state)
{
	struct issue_subject old = {.kind = ISSUE_ROOT, .name = {"US", "Old", "Old SHAKEN ROOT"}};
	struct pair a = root_make(), b = pair_make(old, NULL);
	struct pair ca_a = ca_between(&a, NULL, DAY, DAY + 10), ca_b = ca_between(&b, &ca_a.key, DAY, 2 * DAY);
	struct pair signer = signer_make(&ca_a);
	struct found found;

	(void)state;
	expect(BUNDLE(&b), BUNDLE(&signer, &ca_a, &ca_b), STI_OK, 0);
	expect(BUNDLE(&a, &b), BUNDLE(&signer, &ca_a, &ca_b), STI_OK, 1);
	expect(BUNDLE(&b, &a), BUNDLE(&signer, &ca_b, &ca_a), STI_OK, 0);
	found = find(BUNDLE(&a), BUNDLE(&signer, &ca_a, &ca_b), NOON);
	assert_int_equal(found.error, STI_OK);
	assert_int_equal(found.until, DAY + 10);
	pair_free(&signer);
	pair_free(&ca_b);
	pair_free(&ca_a);
	pair_free(&b);
	pair_free(&a);
}

/* Judged with a chain of any length; the path in `found`, of which nothing is to be looked into. */
static enum sti_error find_in(const struct pair *root, struct sti_span chain_pem, size_t max, struct path *path)
{
	struct sti_roots *roots;
	struct chain chain;
	enum sti_error error;

	assert_int_equal(sti_roots_parse(buf_span(&root->cert), &roots), STI_OK);
	assert_int_equal(chain_parse(chain_pem, max, &chain), STI_OK);
	error = path_find(roots, &chain, NOON, path);
	for (size_t i = 0; !error && i < path->n; i++)
		assert_true(path->cert[i] >= chain.cert && path->cert[i] < chain.cert + chain.n);
	assert_true(path->steps <= LIMIT_PATH_STEPS);
	chain_free(&chain);
	sti_roots_free(roots);
	vectors_free(chain_pem);
	return error;
}

static struct pair ca_named(const char *name, const struct buf *key, const struct pair *issuer)
{
	struct issue_subject subject = {.kind = ISSUE_INTERMEDIATE, .name = {"US", "Example", name}};

	if (key)
		subject.key = buf_span(key);
	return pair_make(subject, issuer);
}

static void test_path_leaf_first_and_in_order(void **state)
{
	struct pair root = root_make(), a = ca_named("A", NULL, &root), b = ca_named("B", NULL, &a);
	struct pair signer = signer_make(&b);
	struct path path;

	(void)state;
	assert_int_equal(find_in(&root, BUNDLE(&signer, &a, &root, &b), 8, &path), STI_OK);
	assert_int_equal(path.n, 3);
	assert_true(path.cert[2] == path.cert[0] + 1 && path.cert[1] == path.cert[0] + 3);
	assert_int_equal(path.steps, 6); /* each chosen, each judged */
	assert_int_equal(path.list_until, INT64_MAX);
	assert_int_equal(find_in(&root, BUNDLE(&root), 8, &path), STI_OK);
	assert_int_equal(path.n, 0);
	pair_free(&signer);
	pair_free(&b);
	pair_free(&a);
	pair_free(&root);
}

static struct sti_span led_by(const struct pair *leaf, const struct buf *others)
{
	struct buf all = buf_own(4 << 20);
	struct sti_span exact;

	buf_put(&all, buf_span(&leaf->cert));
	buf_put(&all, buf_span(others));
	assert_int_equal(buf_error(&all), STI_OK);
	exact = vectors_copy(buf_span(&all));
	buf_free(&all);
	return exact;
}

/* Each issues the one before, and the last is of nobody whom we know. */
static void test_E1_chain_of_1000(void **state)
{
	enum { N = 1000 };
	struct pair root = root_make(), last = root_make(), signer;
	struct buf others = buf_own(4 << 20);
	struct path path;

	(void)state;
	for (int i = 1; i < N; i++) {
		struct pair next;
		char name[16];

		snprintf(name, sizeof(name), "CA %d", i);
		next = ca_named(name, &root.key, &last);
		buf_put(&others, buf_span(&next.cert));
		pair_free(&last);
		last = next;
	}
	signer = signer_make(&last);
	assert_int_equal(find_in(&root, led_by(&signer, &others), N, &path), STI_E_NOT_FOUND);
	assert_string_equal(path.why, "more certificates than a path may have");
	buf_free(&others);
	pair_free(&signer);
	pair_free(&last);
	pair_free(&root);
}

/* A is issued by B and B by A. */
static void test_E1_cycle(void **state)
{
	struct pair root = root_make(), other = root_make();
	struct pair b = ca_named("B", NULL, &other), a = ca_named("A", NULL, &b), signer = signer_make(&a);
	struct pair b_by_a = ca_named("B", &b.key, &a);
	struct path path;

	(void)state;
	assert_int_equal(find_in(&root, BUNDLE(&signer, &a, &b_by_a), 8, &path), STI_E_NOT_FOUND);
	assert_int_equal(path.steps, 2);
	pair_free(&b_by_a);
	pair_free(&signer);
	pair_free(&a);
	pair_free(&b);
	pair_free(&other);
	pair_free(&root);
}

/* Every one of them issues every other: more ways than anybody can walk. */
static void test_E1_every_CA_issues_every_other(void **state)
{
	static const char *const name[] = {"A", "B", "C", "D", "E"};
	enum { N = sizeof(name) / sizeof(name[0]) };
	struct pair root = root_make(), other = root_make(), first[N], signer;
	struct buf others = buf_own(1 << 20);
	struct path path;

	(void)state;
	for (size_t i = 0; i < N; i++)
		first[i] = ca_named(name[i], NULL, &other);
	signer = signer_make(&first[0]);
	for (size_t i = 0; i < N * N; i++) {
		struct pair cross = ca_named(name[i / N], &first[i / N].key, &first[i % N]);

		if (i / N != i % N)
			buf_put(&others, buf_span(&cross.cert));
		pair_free(&cross);
	}
	assert_int_equal(find_in(&root, led_by(&signer, &others), N * N, &path), STI_E_NOT_FOUND);
	assert_int_equal(path.steps, LIMIT_PATH_STEPS);
	assert_string_equal(path.why, "too many signatures to check");
	assert_true(path.is_exhausted);
	for (size_t i = 0; i < N; i++)
		pair_free(&first[i]);
	buf_free(&others);
	pair_free(&signer);
	pair_free(&other);
	pair_free(&root);
}

/* n CAs of one subject, each with its own key; the last of them issued the signer. */
static enum sti_error find_under_last_of(size_t n, bool has_identifier, struct path *path)
{
	static const int identifier = NID_authority_key_identifier;
	struct pair root = root_make(), ca = {0}, signer;
	struct buf others = buf_own(1 << 20);
	enum sti_error error;

	for (size_t i = 0; i < n; i++) {
		pair_free(&ca);
		ca = ca_named("SHAKEN CA", NULL, &root);
		buf_put(&others, buf_span(&ca.cert));
	}
	signer = signer_make(&ca);
	if (!has_identifier)
		pair_change(&signer, &ca, change_remove, &identifier);
	error = find_in(&root, led_by(&signer, &others), n + 1, path);
	buf_free(&others);
	pair_free(&signer);
	pair_free(&ca);
	pair_free(&root);
	return error;
}

/* With identifiers the right one is tried first; without, nothing but the signature tells them apart. */
/* P-384 and P-521 take ten times as long as P-256: 64 of them, from six kilobytes of a stranger, were a tenth of
 * a second of the loop. */
static void test_E1_slow_curves_count_for_more(void **state)
{
	const struct {
		EVP_PKEY *pkey;
		unsigned steps; /* two looked for, two judged: one each under the root, which is P-256 */
	} rows[] = {
		{EVP_EC_gen("P-256"), 4}, {EVP_EC_gen("P-384"), 10}, {EVP_EC_gen("P-521"), 10}, {EVP_RSA_gen(4096), 4}};
	struct pair root = root_make();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf key = key_pem(rows[i].pkey);
		struct pair ca = ca_between(&root, &key, DAY, 2 * DAY), signer = signer_make(&ca);
		struct path path;

		assert_int_equal(find_in(&root, BUNDLE(&signer, &ca), 8, &path), STI_OK);
		assert_int_equal(path.steps, rows[i].steps);
		assert_false(path.is_exhausted);
		pair_free(&signer);
		pair_free(&ca);
		buf_free(&key);
	}
	pair_free(&root);
}

/* Ten signatures, each slow: the longest path there is. */
static void test_E1_longest_chain_of_slow_curves(void **state)
{
	struct pair rung[LIMIT_CHAIN], root = root_make();
	struct path path;

	(void)state;
	for (size_t i = 0; i < LIMIT_CHAIN - 1; i++) {
		char name[16];
		struct buf key = key_pem(EVP_EC_gen("P-384"));

		snprintf(name, sizeof(name), "CA %zu", i);
		rung[i] = ca_named(name, &key, i ? &rung[i - 1] : &root);
		buf_free(&key);
	}
	rung[LIMIT_CHAIN - 1] = signer_make(&rung[LIMIT_CHAIN - 2]);
	assert_int_equal(find_in(&root, BUNDLE(&rung[4], &rung[3], &rung[2], &rung[1], &rung[0]), 8, &path), STI_OK);
	assert_int_equal(path.steps, 2 * (1 + (LIMIT_CHAIN - 1) * 4));
	for (size_t i = 0; i < LIMIT_CHAIN; i++)
		pair_free(&rung[i]);
	pair_free(&root);
}

static void test_E1_fifty_CAs_of_one_subject(void **state)
{
	struct path path;

	(void)state;
	assert_int_equal(find_under_last_of(50, true, &path), STI_OK);
	assert_int_equal(path.steps, 4);
	assert_int_equal(find_under_last_of(50, false, &path), STI_OK);
	assert_int_equal(path.steps, 53);
	assert_int_equal(find_under_last_of(LIMIT_PATH_STEPS + 1, false, &path), STI_E_NOT_FOUND);
	assert_int_equal(path.steps, LIMIT_PATH_STEPS);
}

/* E2, E3: a CA and a root with a key that is refused by its kind, size or spelling: not one signature is
 * checked with it, although it is right. */
static void test_E2_E3_keys_with_which_nothing_is_calculated(void **state)
{
	EVP_PKEY *const pkey[] = {
		ec_key("P-256", "encoding", "explicit"),
		ec_key("P-256", "point-format", "compressed"),
		ec_key("secp256k1", NULL, NULL),
		EVP_RSA_gen(1024),
		EVP_RSA_gen(4104),
	};
	struct pair root = root_make();

	(void)state;
	for (size_t i = 0; i < sizeof(pkey) / sizeof(pkey[0]); i++) {
		struct buf key = key_pem(pkey[i]);
		struct pair ca = ca_named("SHAKEN CA", &key, &root), signer = signer_make(&ca);
		struct path path;

		assert_int_equal(find_in(&root, BUNDLE(&signer, &ca), 8, &path), STI_E_NOT_FOUND);
		assert_int_equal(path.steps, 0);
		assert_int_equal(find_in(&root, BUNDLE(&ca), 8, &path), STI_E_NOT_FOUND);
		assert_int_equal(path.steps, 0);
		pair_free(&signer);
		pair_free(&ca);
		buf_free(&key);
	}
	pair_free(&root);
}

struct added {
	int nid;
	const char *value; /* as in OpenSSL's configuration */
};

static void change_set(X509 *x509, const void *how)
{
	const struct added *added = how;
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, added->nid, added->value);
	int at = X509_get_ext_by_NID(x509, added->nid, -1);

	assert_non_null(extension);
	if (at >= 0)
		X509_EXTENSION_free(X509_delete_ext(x509, at));
	assert_int_equal(X509_add_ext(x509, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void change_add_unknown(X509 *x509, const void *how)
{
	ASN1_OBJECT *object = OBJ_txt2obj("1.2.3.4", 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;

	assert_int_equal(ASN1_OCTET_STRING_set(octets, (const uint8_t *)"\x05\0", 2), 1);
	extension = X509_EXTENSION_create_by_OBJ(NULL, object, *(const int *)how, octets);
	assert_int_equal(X509_add_ext(x509, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(object);
}

static void change_version(X509 *x509, const void *how)
{
	assert_int_equal(X509_set_version(x509, *(const long *)how), 1);
}

static void change_twice(X509 *x509, const void *how)
{
	int at = X509_get_ext_by_NID(x509, *(const int *)how, -1);

	assert_int_equal(X509_add_ext(x509, X509_get_ext(x509, at), -1), 1);
}

static const int yes = 1, no = 0, constraints = NID_basic_constraints, usage = NID_key_usage;
static const int subject_id = NID_subject_key_identifier, authority_id = NID_authority_key_identifier;
static const long version_1 = X509_VERSION_1;

/* What is done to the CA above a good signer, and whether a path is left. The signer is C=CA, O=Carrier. */
static const struct fault {
	const char *what;
	void (*change)(X509 *, const void *);
	const void *how;
	bool has_path;
} faults[] = {
	{"E4 version 1", change_version, &version_1, false},
	{"E4 no BasicConstraints", change_remove, &constraints, false},
	{"E4 no CA", change_set, &(struct added){NID_basic_constraints, "critical,CA:FALSE"}, false},
	{"E4 pathlen 0", change_set, &(struct added){NID_basic_constraints, "critical,CA:TRUE,pathlen:0"}, true},
	{"E4 no keyCertSign", change_set, &(struct added){NID_key_usage, "critical,digitalSignature"}, false},
	{"E5 no keyUsage", change_remove, &usage, true},
	{"E5 no SKI", change_remove, &subject_id, true},
	{"E5 no AKI", change_remove, &authority_id, true},
	{"AKI of somebody else", change_set, &(struct added){NID_subject_key_identifier, "0102030405"}, false},
	{"E6 SKI twice", change_twice, &subject_id, false},
	{"E6 unknown", change_add_unknown, &no, true},
	{"E6 unknown and critical", change_add_unknown, &yes, false},
};

static void test_E4_E5_E6_CAs_with_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct pair root = root_make(), ca = intermediate_make(&root), signer = signer_make(&ca);
		struct path path;

		pair_change(&ca, &root, faults[i].change, faults[i].how);
		if ((find_in(&root, BUNDLE(&signer, &ca), 8, &path) == STI_OK) != faults[i].has_path)
			fail_msg("%s: %s", faults[i].what, path.why ? path.why : "a path");
		pair_free(&signer);
		pair_free(&ca);
		pair_free(&root);
	}
}

/* pathLen 0 on the upper of two CAs. */
static void test_E4_more_CAs_than_pathlen(void **state)
{
	struct pair root = root_make(), upper = ca_named("Upper", NULL, &root), lower = ca_named("Lower", NULL, &upper);
	struct pair signer = signer_make(&lower);
	struct path path;

	(void)state;
	pair_change(&upper, &root, change_set, &(struct added){NID_basic_constraints, "critical,CA:TRUE,pathlen:0"});
	assert_int_equal(find_in(&root, BUNDLE(&signer, &lower, &upper), 8, &path), STI_E_NOT_FOUND);
	assert_string_equal(path.why, "path length constraint exceeded");
	pair_free(&signer);
	pair_free(&lower);
	pair_free(&upper);
	pair_free(&root);
}

struct names {
	const char *country;
	bool excluded; /* or the only one permitted */
};

/* A change: a name constraint about a country. */
static void change_constrain(X509 *x509, const void *how)
{
	const struct names *constraint = how;
	NAME_CONSTRAINTS *names = NAME_CONSTRAINTS_new();
	GENERAL_SUBTREE *tree = GENERAL_SUBTREE_new();
	STACK_OF(GENERAL_SUBTREE) *list = sk_GENERAL_SUBTREE_new_null();
	X509_NAME *name = X509_NAME_new();

	assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_countryName, MBSTRING_ASC,
						    (const unsigned char *)constraint->country, -1, -1, 0),
			 1);
	GENERAL_NAME_set0_value(tree->base, GEN_DIRNAME, name);
	assert_true(sk_GENERAL_SUBTREE_push(list, tree) > 0);
	if (constraint->excluded)
		names->excludedSubtrees = list;
	else
		names->permittedSubtrees = list;
	assert_int_equal(X509_add1_ext_i2d(x509, NID_name_constraints, names, 1, X509V3_ADD_REPLACE), 1);
	NAME_CONSTRAINTS_free(names);
}

/* Critical, and taken for known by the profile because they are enforced here; the signer is C=CA. */
static void test_E6_names_within_and_without_the_constraints(void **state)
{
	static const struct {
		struct names names;
		enum sti_error error;
	} rows[] = {
		{{"CA", false}, STI_OK},
		{{"US", false}, STI_E_NOT_FOUND},
		{{"CA", true}, STI_E_NOT_FOUND},
		{{"US", true}, STI_OK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair root = root_make(), ca = intermediate_make(&root), signer = signer_make(&ca);
		struct path path;

		pair_change(&ca, &root, change_constrain, &rows[i].names);
		assert_int_equal(find_in(&root, BUNDLE(&signer, &ca), 8, &path), rows[i].error);
		if (rows[i].error)
			assert_string_equal(path.why, rows[i].names.excluded ? "excluded subtree violation"
									     : "permitted subtree violation");
		pair_free(&signer);
		pair_free(&ca);
		pair_free(&root);
	}
}

/* What a listed root says of the names and of the length under it counts too. */
static void test_E4_E6_constraints_of_the_root_itself(void **state)
{
	const struct {
		void (*change)(X509 *, const void *);
		const void *how;
	} rows[] = {
		{change_constrain, &(struct names){"CA", true}},
		{change_set, &(struct added){NID_basic_constraints, "critical,CA:TRUE,pathlen:0"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair root = root_make(), ca = intermediate_make(&root), signer = signer_make(&ca);
		struct path path;

		assert_int_equal(find_in(&root, BUNDLE(&signer, &ca), 8, &path), STI_OK);
		pair_change(&root, &root, rows[i].change, rows[i].how);
		assert_int_equal(find_in(&root, BUNDLE(&signer, &ca), 8, &path), STI_E_NOT_FOUND);
		pair_free(&signer);
		pair_free(&ca);
		pair_free(&root);
	}
}

/* CAs of one subject on two levels and the leaf's own AKI gone: the first that fits by name leads to a
 * dead end, and the search comes back from it. */
static void test_E12_comes_back_from_a_dead_end(void **state)
{
	struct pair root = root_make(),
		    other = pair_make((struct issue_subject){.kind = ISSUE_ROOT, .name = {"CA", "Other", "Other ROOT"}},
				      NULL);
	struct pair good = ca_named("SHAKEN CA", NULL, &root), dead = ca_named("SHAKEN CA", &good.key, &other);
	struct pair signer = signer_make(&good);
	struct path path;

	(void)state;
	assert_int_equal(find_in(&root, BUNDLE(&signer, &dead, &good), 8, &path), STI_OK);
	assert_int_equal(path.steps, 5);
	assert_int_equal(find_in(&root, BUNDLE(&signer, &dead), 8, &path), STI_E_NOT_FOUND);
	pair_free(&signer);
	pair_free(&dead);
	pair_free(&good);
	pair_free(&other);
	pair_free(&root);
}

/* One CA under two roots: a list that counts goes before one that is past, and that before a path that
 * is not valid now. */
static void test_F8_path_under_the_list_that_counts(void **state)
{
	struct pair a = root_make(),
		    b = pair_make((struct issue_subject){.kind = ISSUE_ROOT, .name = {"CA", "Other", "Other ROOT"}},
				  NULL);
	struct pair ca_a = ca_between(&a, NULL, DAY, 2 * DAY), ca_b = ca_between(&b, &ca_a.key, DAY, 2 * DAY);
	struct pair ca_old = ca_between(&b, &ca_a.key, DAY, DAY + 10), signer = signer_make(&ca_a);
	const struct {
		struct sti_span body;
		int64_t until_a, until_b;
		size_t anchor;
	} rows[] = {
		{BUNDLE(&signer, &ca_a, &ca_b), NOON, NOON, 0},
		{BUNDLE(&signer, &ca_a, &ca_b), NOON - 1, NOON, 1},
		{BUNDLE(&signer, &ca_a, &ca_b), NOON - 1, NOON - 1, 0},
		{BUNDLE(&signer, &ca_old, &ca_a), NOON - 1, NOON, 0},
	};
	struct cert root[2];
	struct sti_span der[2] = {der_of(&a), der_of(&b)};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(cert_parse(der[i], &root[i]), STI_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct roots_entry entry[] = {{&root[0], rows[i].until_a}, {&root[1], rows[i].until_b}};
		struct sti_roots *roots;
		struct chain chain;
		struct path path;

		assert_int_equal(roots_make(entry, 2, true, &roots), STI_OK);
		assert_int_equal(chain_parse(rows[i].body, 8, &chain), STI_OK);
		assert_int_equal(path_find(roots, &chain, NOON, &path), STI_OK);
		if (path.anchor != &roots->list.cert[rows[i].anchor] || path.list_until != roots->until[rows[i].anchor])
			fail_msg("row %zu", i);
		chain_free(&chain);
		sti_roots_free(roots);
		vectors_free(rows[i].body);
	}
	for (size_t i = 0; i < 2; i++) {
		cert_free(&root[i]);
		vectors_free(der[i]);
	}
	pair_free(&signer);
	pair_free(&ca_old);
	pair_free(&ca_b);
	pair_free(&ca_a);
	pair_free(&b);
	pair_free(&a);
}

/* A new root key, vouched for by the old one under the same name: identifiers tell which is which. */
static void test_E12_root_that_was_rolled_over(void **state)
{
	struct issue_subject subject = {.kind = ISSUE_INTERMEDIATE, .name = {"US", "Example", "Example SHAKEN ROOT"}};
	struct pair old = root_make(), new = root_make(), link, signer = signer_make(&new);
	struct path path;

	(void)state;
	subject.key = buf_span(&new.key);
	link = pair_make(subject, &old);
	assert_int_equal(find_in(&old, BUNDLE(&signer, &link), 8, &path), STI_OK);
	assert_int_equal(path.n, 2);
	assert_int_equal(find_in(&new, BUNDLE(&signer, &link), 8, &path), STI_OK);
	assert_int_equal(path.n, 1);
	pair_free(&signer);
	pair_free(&link);
	pair_free(&new);
	pair_free(&old);
}

static struct sti_span joined(const struct vectors_list *list, bool backwards)
{
	struct buf all = buf_own(1 << 20);
	struct sti_span exact;

	for (size_t i = 0; i < list->n; i++) {
		struct sti_span pem = vectors_read(list->name[backwards ? list->n - 1 - i : i]);

		buf_put(&all, pem);
		buf_put_str(&all, "\n");
		vectors_free(pem);
	}
	exact = vectors_copy(buf_span(&all));
	buf_free(&all);
	return exact;
}

/* Two real roots of one subject (and, as it turns out, one key): however they are listed, the CAs
 * below them have a path, and it ends at the one listed first. */
static void test_E10_two_real_roots_of_one_name(void **state)
{
	struct vectors_list roots, cas;
	size_t good = 0;

	(void)state;
	if (!vectors_present())
		return;
	roots = vectors_list("shaken-real-pki/ca", "root_TMOBILE");
	cas = vectors_list("shaken-real-pki/ca", "ica_TMOBILE");
	assert_int_equal(roots.n, 2);
	for (size_t i = 0; i < cas.n; i++) {
		struct found a = find(joined(&roots, false), vectors_read(cas.name[i]), NOON);
		struct found b = find(joined(&roots, true), vectors_read(cas.name[i]), NOON);

		good += !a.error && !b.error && a.anchor == 0 && b.anchor == 0 && a.until == b.until;
	}
	vectors_count("real CAs under two roots of one name", good, cas.n);
	vectors_list_free(&cas);
	vectors_list_free(&roots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chains_that_lead_to_a_listed_root),
		cmocka_unit_test(test_E11_root_in_the_chain_is_no_anchor),
		cmocka_unit_test(test_E11_twin_of_a_listed_root_in_the_chain),
		cmocka_unit_test(test_E10_root_of_the_same_name_with_another_key),
		cmocka_unit_test(test_signature_by_another_key),
		cmocka_unit_test(test_longest_chain_and_one_more),
		cmocka_unit_test(test_issuer_that_is_no_ca),
		cmocka_unit_test(test_A16_keys_of_authorities_between),
		cmocka_unit_test(test_E7_digests_of_signatures),
		cmocka_unit_test(test_E9_window_is_what_all_share),
		cmocka_unit_test(test_E12_cross_signed_by_two_roots),
		cmocka_unit_test(test_path_leaf_first_and_in_order),
		cmocka_unit_test(test_E1_chain_of_1000),
		cmocka_unit_test(test_E1_cycle),
		cmocka_unit_test(test_E1_every_CA_issues_every_other),
		cmocka_unit_test(test_E1_fifty_CAs_of_one_subject),
		cmocka_unit_test(test_E1_slow_curves_count_for_more),
		cmocka_unit_test(test_E1_longest_chain_of_slow_curves),
		cmocka_unit_test(test_E2_E3_keys_with_which_nothing_is_calculated),
		cmocka_unit_test(test_E4_E5_E6_CAs_with_faults),
		cmocka_unit_test(test_E4_more_CAs_than_pathlen),
		cmocka_unit_test(test_E6_names_within_and_without_the_constraints),
		cmocka_unit_test(test_E4_E6_constraints_of_the_root_itself),
		cmocka_unit_test(test_E12_comes_back_from_a_dead_end),
		cmocka_unit_test(test_F8_path_under_the_list_that_counts),
		cmocka_unit_test(test_E12_root_that_was_rolled_over),
		cmocka_unit_test(test_E10_two_real_roots_of_one_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
