/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: app */
#include "app/larder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/url.h"
#include "crypto/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void write_file(const char *path, const uint8_t *p, size_t n)
{
	FILE *file = fopen(path, "wb");

	if (!file || (n && fwrite(p, 1, n, file) != n) || fclose(file))
		abort();
}

/* Under the name of its first line, so that it is not refused for that alone. */
static void name_of(const uint8_t *p, size_t n, struct buf *out)
{
	uint8_t sha256[DIGEST_SHA256];
	struct sti_span text = sti_span(p, n);

	if (digest_sha256(sti_span_first(text, sti_span_find(text, '\n')), sha256))
		abort();
	buf_put_hex(out, sti_span(sha256, sizeof(sha256)));
}

/* What is read has a URL of the strict form and a body, and both are octets of the file. */
static void look(const struct larder_item *item, const uint8_t *p, size_t n)
{
	struct url url;

	if (url_parse_own(item->url, &url) || item->body.n == 0 || item->url.n + 1 + item->body.n != n ||
	    memcmp(item->body.p, p + item->url.n + 1, item->body.n) != 0)
		abort();
}

static void read_all(const char *folder, const uint8_t *p, size_t n)
{
	struct larder *larder;
	struct larder_item item;
	enum sti_error error;

	if (larder_open(folder, &larder))
		abort();
	error = larder_next(larder, &item);
	if (!error)
		look(&item, p, n);
	larder_item_free(&item);
	if (larder_next(larder, &item) != STI_E_NOT_FOUND)
		abort();
	larder_item_free(&item);
	larder_close(larder);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char folder[64], path[160];
	char memory[LARDER_NAME + 1];
	struct buf name = buf_lend(memory, sizeof(memory));

	snprintf(folder, sizeof(folder), "/dev/shm/larder-XXXXXX");
	if (!mkdtemp(folder))
		abort();
	name_of(p, n, &name);
	buf_put_byte(&name, '\0');
	snprintf(path, sizeof(path), "%s/%s", folder, memory);
	write_file(path, p, n);
	read_all(folder, p, n);
	unlink(path);
	rmdir(folder);
	return 0;
}
