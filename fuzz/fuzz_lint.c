/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: pki */
#include "pki/lint.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any certificate that can be read can be linted, under every version, with a domain and without. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sti_span url = sti_span_str("https://example.com/crl");
	const struct domain_policy policy = {
		.oid = sti_span_str("2.16.840.1.114569.1.1.4"),
		.term = {{0, INT64_MAX}, {0, INT64_MAX}},
		.rules = ~0u,
	};
	const struct domain domain = {sti_span_str("US"), 4, &policy, 1, &url, 1};
	struct lint_view view;
	struct cert cert;

	if (cert_parse(sti_span(data, size), &cert))
		return 0;
	for (int version = LINT_V3; version <= LINT_V5; version++) {
		if (lint_view_open(&cert, version == LINT_V4 ? NULL : &domain, (enum lint_version)version, &view))
			abort();
		for (const struct lint *lint = lint_table; lint->name; lint++)
			if (lint_check(lint, &view) > LINT_FOUND)
				abort();
		lint_view_close(&view);
	}
	cert_free(&cert);
	return 0;
}
