/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: app */
#include "app/domain_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every policy of a domain that is read is found again by its OID. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct domain_file *file;
	const struct domain *domain;
	const char *why;

	if (domain_file_parse(sti_span(data, size), &file, &why))
		return 0;
	domain = domain_file_domain(file);
	for (size_t i = 0; i < domain->n_policy; i++)
		if (!domain_policy(domain, domain->policy[i].oid))
			abort();
	domain_file_free(file);
	return 0;
}
