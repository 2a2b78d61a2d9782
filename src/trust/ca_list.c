/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/ca_list.h"

#include <stdlib.h>

#include <openssl/err.h>

#include "base/base64.h"

static const char *const texts[CA_FAULTS] = {
	[CA_FAULT_NONE] = "good",
	[CA_FAULT_TEXT] = "neither base64 of DER nor PEM",
	[CA_FAULT_CERT] = "not a certificate",
	[CA_FAULT_KEY] = "not a key that a CA may have",
	[CA_FAULT_ROOT] = "not a self-signed CA",
	[CA_FAULT_TIME] = "past its validity",
	[CA_FAULT_TWICE] = "stands in the list already",
};

const char *ca_fault_text(enum ca_fault fault)
{
	return texts[fault];
}

static enum sti_error read_pem(struct sti_span text, struct cert *out)
{
	struct chain chain;
	enum sti_error error = chain_parse(text, 1, &chain);

	if (error)
		return error;
	*out = chain.cert[0];
	chain.n = 0; /* moved */
	chain_free(&chain);
	return STI_OK;
}

static enum sti_error read_base64(struct sti_span text, struct cert *out)
{
	struct buf der = buf_own(LIMIT_CERT_BODY);
	enum sti_error error = base64_decode(&der, text);

	if (!error)
		error = cert_parse(buf_span(&der), out);
	buf_free(&der);
	return error;
}

static enum sti_error cert_read(struct sti_span text, struct cert *out)
{
	struct sti_span begin = sti_span_str("-----BEGIN ");
	bool is_pem = sti_span_equal(sti_span_first(text, begin.n), begin);

	return is_pem ? read_pem(text, out) : read_base64(text, out);
}

/* Among the entries before it. */
static bool is_twice(const struct ca_list *list, const struct cert *cert)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->entry[i].cert.x509 && sti_span_equal(list->entry[i].cert.der, cert->der))
			return true;
	return false;
}

/* One whose time has not come is good: its list may stay the same until then, and is not read again. Every path to
 * it is as early as it is. */
static enum ca_fault cert_judge(const struct ca_list *list, const struct cert *cert, int64_t now)
{
	if (is_twice(list, cert))
		return CA_FAULT_TWICE;
	if (cert->key == CERT_KEY_OTHER)
		return CA_FAULT_KEY;
	if (!cert_is_root(cert))
		return CA_FAULT_ROOT;
	return now > cert->until ? CA_FAULT_TIME : CA_FAULT_NONE;
}

static enum sti_error entry_read(const struct ca_list *list, struct sti_span text, int64_t now,
				 struct ca_list_entry *out)
{
	enum sti_error error = cert_read(text, &out->cert);

	if (error == STI_E_MEMORY)
		return error;
	if (error)
		out->fault = error == STI_E_BASE64 || error == STI_E_PEM ? CA_FAULT_TEXT : CA_FAULT_CERT;
	else
		out->fault = cert_judge(list, &out->cert, now);
	return STI_OK;
}

/* Without memory OpenSSL finds no certificate, no key and no good signature, and says just that
 * (threats.md J5). So such a no counts when it is said twice: where memory is really gone, the second
 * time ends with an error. */
static enum sti_error entry_read_surely(const struct ca_list *list, struct sti_span text, int64_t now,
					struct ca_list_entry *out)
{
	enum sti_error error = entry_read(list, text, now, out);

	if (error || (out->fault != CA_FAULT_CERT && out->fault != CA_FAULT_KEY && out->fault != CA_FAULT_ROOT))
		return error;
	cert_free(&out->cert);
	return entry_read(list, text, now, out);
}

static enum sti_error entries_read(const struct list *list, int64_t now, struct ca_list *out)
{
	const struct json *doc = list->jws.payload;

	for (const struct json_node *at = json_first(doc, list->body); at; at = json_next(doc, list->body, at)) {
		struct ca_list_entry *entry = &out->entry[out->n];
		struct sti_span text;
		enum sti_error error = STI_E_CLAIM_VALUE;

		if (json_string(at, &text))
			error = entry_read_surely(out, text, now, entry);
		if (error)
			return error;
		out->n++;
		out->n_good += entry->fault == CA_FAULT_NONE;
	}
	return STI_OK;
}

enum sti_error ca_list_read(const struct list *list, int64_t now, struct ca_list *out)
{
	enum sti_error error;

	*out = (struct ca_list){0};
	if (!list->body || list->kind != LIST_CA)
		return STI_E_CLAIM_VALUE;
	if (list->body->count > LIMIT_ROOTS)
		return STI_E_LIMIT;
	out->entry = calloc(list->body->count ? list->body->count : 1, sizeof(*out->entry));
	if (!out->entry)
		return STI_E_MEMORY;
	ERR_set_mark(); /* what OpenSSL notes is not left behind for the TLS of the same thread */
	error = entries_read(list, now, out);
	ERR_pop_to_mark();
	if (error)
		ca_list_free(out);
	return error;
}

void ca_list_free(struct ca_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		cert_free(&list->entry[i].cert);
	free(list->entry);
	*list = (struct ca_list){0};
}

enum list_verdict ca_list_judge(const struct ca_list *list)
{
	return list->n_good ? LIST_GOOD : LIST_EMPTY;
}
