/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: net */
#include <stdlib.h>

#include "base/limits.h"
#include "net/gate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const permit[] = {"localhost:8443", "127.0.0.1:8444", "[::1]:8445"};
static const struct gate gate = {permit, 3};

static void demand(bool truth)
{
	if (!truth)
		abort();
}

static bool is_inside(struct sti_span part, struct sti_span text)
{
	return part.p >= text.p && part.p + part.n <= text.p + text.n;
}

/* What one kind takes, the wider kind takes too, and means the same by it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sti_span text = sti_span(data, size);
	struct url strict;
	struct url own;

	if (url_parse(text, &strict) == STI_OK) {
		demand(size <= LIMIT_X5U && !strict.is_literal && strict.port && is_inside(strict.host, text));
		demand(url_parse_own(text, &own) == STI_OK);
		demand(sti_span_equal(strict.host, own.host) && sti_span_equal(strict.path, own.path));
	}
	if (gate_check_url(&gate, text, &strict) == STI_OK) {
		demand(url_parse_own(text, &own) == STI_OK && own.port == strict.port);
		demand(gate_is_permitted(&gate, &own) || own.port == 443 || own.port == 8443);
	}
	if (url_parse_own(text, &own) == STI_OK)
		demand(url_parse_unix(text, &own) == STI_OK && own.path.n && own.path.p[0] == '/');
	return 0;
}
