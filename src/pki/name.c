/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/name.h"

#include <openssl/asn1.h>

enum sti_error name_write(const struct issue_name *name, X509_NAME *out)
{
	const struct {
		int nid;
		const char *text;
	} part[] = {
		{NID_countryName, name->country},
		{NID_organizationName, name->organization},
		{NID_commonName, name->common_name},
	};

	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		if (part[i].text && X509_NAME_add_entry_by_NID(out, part[i].nid, MBSTRING_UTF8,
							       (const uint8_t *)part[i].text, -1, -1, 0) != 1)
			return STI_E_CERT;
	return STI_OK;
}
