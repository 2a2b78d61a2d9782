/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_PKI_LINT_WORLD_H
#define TEST_PKI_LINT_WORLD_H

#include "domain_us.h"
#include "pki/lint.h"
#include "world.h"

/* What one lint says of the pair's certificate under v005 and the domain of the United States. */
static inline enum lint_status lint_of(const struct pair *pair, const char *name)
{
	enum lint_status status = LINT_NA;
	struct lint_view view;
	struct cert cert;
	struct sti_span der = der_of(pair);
	bool known = false;

	assert_int_equal(cert_parse(der, &cert), STI_OK);
	assert_int_equal(lint_view_open(&cert, domain_us(), LINT_V5, &view), STI_OK);
	for (const struct lint *lint = lint_table; lint->name; lint++)
		if (strcmp(lint->name, name) == 0) {
			status = lint_check(lint, &view);
			known = true;
		}
	if (!known)
		fail_msg("no lint %s", name);
	lint_view_close(&view);
	cert_free(&cert);
	vectors_free(der);
	return status;
}

/* A certificate of the kind made odd, and the lint that must say so; before, it says nothing. */
struct odd {
	void (*change)(X509 *, const void *);
	const void *how;
	const char *lint;
};

static inline void odd_check(struct pair (*make)(const struct pair *), const struct odd *odd)
{
	struct pair root = root_make();
	struct pair pair = make ? make(&root) : root_make();

	if (lint_of(&pair, odd->lint) == LINT_FOUND)
		fail_msg("%s: found before the change", odd->lint);
	pair_change(&pair, make ? &root : &pair, odd->change, odd->how);
	if (lint_of(&pair, odd->lint) != LINT_FOUND)
		fail_msg("%s: not found", odd->lint);
	pair_free(&pair);
	pair_free(&root);
}

/* A change: an extension that OpenSSL can write, its value as text; "TNAuthList" is not among them. */
struct extension_text {
	int nid;
	const char *value;
};

static inline void change_extension(X509 *x509, const void *how)
{
	const struct extension_text *text = how;
	int at = X509_get_ext_by_NID(x509, text->nid, -1);
	CONF *conf = NCONF_new(NULL);
	X509V3_CTX context;
	X509_EXTENSION *extension;

	if (at >= 0)
		X509_EXTENSION_free(X509_delete_ext(x509, at));
	X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
	X509V3_set_nconf(&context, conf); /* policies are not read without one */
	extension = X509V3_EXT_conf_nid(NULL, &context, text->nid, text->value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(x509, extension, -1), 1);
	X509_EXTENSION_free(extension);
	NCONF_free(conf);
}

/* A change: this TNAuthList instead. */
static inline void change_tnauthlist(X509 *x509, const void *how)
{
	const struct sti_span *der = how;
	ASN1_OBJECT *object = OBJ_txt2obj("1.3.6.1.5.5.7.1.26", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	int at = X509_get_ext_by_OBJ(x509, object, -1);
	X509_EXTENSION *extension;

	if (at >= 0)
		X509_EXTENSION_free(X509_delete_ext(x509, at));
	assert_int_equal(ASN1_OCTET_STRING_set(value, der->p, (int)der->n), 1);
	extension = X509_EXTENSION_create_by_OBJ(NULL, object, 0, value);
	assert_int_equal(X509_add_ext(x509, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(object);
}

/* A change: one more attribute in the subject, or without text that kind away. */
struct attribute {
	int nid;
	int type; /* MBSTRING_UTF8, V_ASN1_BMPSTRING … */
	const char *text;
	int n;
};

static inline void change_subject(X509 *x509, const void *how)
{
	const struct attribute *attribute = how;
	bool is_root = X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) == 0;
	X509_NAME *name = X509_NAME_dup(X509_get_subject_name(x509));
	int at = X509_NAME_get_index_by_NID(name, attribute->nid, -1);

	if (at >= 0)
		X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, at));
	if (attribute->text)
		assert_int_equal(X509_NAME_add_entry_by_NID(name, attribute->nid, attribute->type,
							    (const uint8_t *)attribute->text, attribute->n, -1, 0),
				 1);
	assert_int_equal(X509_set_subject_name(x509, name), 1);
	if (is_root)
		assert_int_equal(X509_set_issuer_name(x509, name), 1);
	X509_NAME_free(name);
}

#endif
