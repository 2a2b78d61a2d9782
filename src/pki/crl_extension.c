/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/crl_extension.h"

#include "base/limits.h"
#include "pki/der.h"

struct extension {
	struct sti_span oid;
	struct sti_span value;
	bool critical;
};

enum sti_error crl_extension_boolean(struct sti_span value, bool *out)
{
	if (value.n != 1 || (value.p[0] != 0 && value.p[0] != 0xff))
		return STI_E_DER;
	*out = value.p[0] != 0;
	return STI_OK;
}

bool crl_extension_is_integer(struct sti_span value)
{
	if (value.n < 2)
		return value.n == 1;
	return !(value.p[0] == 0 && value.p[1] < 0x80) && !(value.p[0] == 0xff && value.p[1] >= 0x80);
}

/* Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
static enum sti_error take(struct sti_span *rest, struct extension *out)
{
	struct sti_span fields, critical;
	enum sti_error error = der_take(rest, DER_SEQUENCE, &fields);

	*out = (struct extension){0};
	if (!error)
		error = der_take(&fields, DER_OID, &out->oid);
	if (!error && der_take(&fields, DER_BOOLEAN, &critical) == STI_OK)
		error = crl_extension_boolean(critical, &out->critical);
	return error ? error : der_whole(fields, DER_OCTET_STRING, &out->value);
}

/* Whether an OID stands among the extensions in front of `at`. */
static bool is_repeated(struct sti_span extensions, const uint8_t *at, struct sti_span oid)
{
	struct extension before;

	while (extensions.p < at && take(&extensions, &before) == STI_OK && extensions.p <= at)
		if (sti_span_equal(before.oid, oid))
			return true;
	return false;
}

static enum sti_error give(const struct extension *extension, const struct crl_extension *known, size_t n, void *out)
{
	const struct sti_span oid = extension->oid;

	for (size_t i = 0; i < n; i++)
		if (oid.n == 3 && oid.p[0] == 0x55 && oid.p[1] == 0x1d && oid.p[2] == known[i].x)
			return known[i].read ? known[i].read(extension->value, out) : STI_OK;
	return extension->critical ? STI_E_CERT : STI_OK;
}

enum sti_error crl_extension_read(struct sti_span extensions, const struct crl_extension *known, size_t n, void *out)
{
	struct sti_span rest = extensions;
	enum sti_error error = extensions.n ? STI_OK : STI_E_CERT;

	for (size_t i = 0; rest.n && !error; i++) {
		const uint8_t *at = rest.p;
		struct extension extension;

		if (i == LIMIT_CRL_EXTENSIONS)
			return STI_E_LIMIT;
		error = take(&rest, &extension);
		if (!error && is_repeated(extensions, at, extension.oid))
			error = STI_E_CERT;
		if (!error)
			error = give(&extension, known, n, out);
	}
	return error;
}
