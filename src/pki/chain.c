/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/chain.h"

#include <stdlib.h>

#include <openssl/crypto.h>

#include "pki/der.h"
#include "pki/pem.h"

static enum sti_error add(struct sti_span der, size_t max, struct chain *chain)
{
	enum sti_error error;

	if (chain->n == max)
		return STI_E_LIMIT;
	error = cert_parse(der, &chain->cert[chain->n]);
	if (!error)
		chain->n++;
	return error;
}

static enum sti_error add_blocks(struct sti_span rest, size_t max, struct chain *chain)
{
	struct buf der = buf_own(LIMIT_CERT_BODY);
	struct sti_span label;
	enum sti_error error;

	while ((error = pem_next(&rest, &label, &der)) == STI_OK) {
		error = sti_span_is(label, "CERTIFICATE") ? add(buf_span(&der), max, chain) : STI_E_PEM;
		if (error)
			break;
	}
	OPENSSL_cleanse(der.p, der.n); /* somebody may have put a private key there */
	buf_free(&der);
	if (error == STI_E_NOT_FOUND)
		return chain->n ? STI_OK : STI_E_PEM;
	return error;
}

enum sti_error chain_parse(struct sti_span body, size_t max, struct chain *out)
{
	bool is_der = body.n && body.p[0] == DER_SEQUENCE;
	enum sti_error error;

	*out = (struct chain){.cert = calloc(is_der ? 1 : max, sizeof(*out->cert))};
	if (!out->cert)
		return STI_E_MEMORY;
	error = is_der ? add(body, 1, out) : add_blocks(body, max, out);
	if (error)
		chain_free(out);
	return error;
}

void chain_free(struct chain *chain)
{
	for (size_t i = 0; i < chain->n; i++)
		cert_free(&chain->cert[i]);
	free(chain->cert);
	*chain = (struct chain){0};
}
