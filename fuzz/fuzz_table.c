/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: store */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store/slot.h"
#include "store/table.h"
#include "store/tmpfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SLOTS = 8, SIZE = TMPFS_HEADER + SLOTS * SLOT_SIZE, T0 = 1700000000 };

static const char *const number[] = {"12025550100", "12025550101", "12025550102"};

static void demand(bool truth)
{
	if (!truth)
		abort();
}

static struct table_item item_of(struct sti_span token, struct sti_span *dest, uint8_t id)
{
	*dest = sti_span_str(number[1]);
	return (struct table_item){.token = token,
				   .orig = sti_span_str(number[0]),
				   .dest = dest,
				   .n_dest = 1,
				   .expires = T0 + 60,
				   .replay = {id},
				   .replay_until = T0 + 65};
}

/* Whatever the file holds, the table works with it: what is taken was put whole. */
static void use(struct table *table)
{
	static const uint8_t text[1500] = {'t'};
	struct table_pair pair = {sti_span_str(number[0]), sti_span_str(number[2])};
	struct sti_span dest;
	struct table_item item = item_of(sti_span(text, sizeof(text)), &dest, 99);
	struct buf out = buf_own((LIMIT_JWS + 1) * SLOTS);
	size_t hit;

	demand(table_stats(table).slots_used <= SLOTS && table_stats(table).stored <= SLOTS);
	item.dest = &pair.dest;
	if (table_put(table, &item, 1, T0) == STI_OK && table_stats(table).duplicates == 0) {
		demand(table_take(table, &pair, 1, sti_span_str("call"), T0, &out, &hit) == STI_OK);
		demand(out.n >= sizeof(text));
	}
	pair.dest = sti_span_str(number[1]);
	(void)table_take(table, &pair, 1, sti_span(NULL, 0), T0, &out, &hit);
	for (int64_t now = T0; now < T0 + 80; now += 20)
		table_sweep(table, now);
	demand(buf_error(&out) == STI_OK);
	buf_free(&out);
}

/* A good table of two records, of one slot and of three. */
static void make_good(const struct table_config *config)
{
	static const uint8_t text[2000] = {'t'};
	struct table *table;

	demand(table_open(config, T0, &table) == STI_OK);
	for (uint8_t id = 0; id < 2; id++) {
		struct sti_span dest;
		struct table_item item = item_of(sti_span(text, id ? 2000 : 600), &dest, id);

		demand(table_put(table, &item, 1, T0) == STI_OK);
	}
	table_close(table);
}

/* Octet 0 says how: the rest is the file; or it is laid over a good one, 8 octets at the place that 2
 * name; and then with sums that are right again, as no stranger could make them. */
static void damage(const char *path, struct sti_span data)
{
	int fd = open(path, O_RDWR);
	uint8_t *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct sti_span rest = sti_span_from(data, 1);
	struct slot *slot = (struct slot *)(void *)(map + TMPFS_HEADER);

	demand(map != MAP_FAILED);
	if (data.p[0] % 3 == 0)
		memcpy(map, rest.p, rest.n < SIZE ? rest.n : SIZE);
	else
		for (; rest.n >= 10; rest = sti_span_from(rest, 10))
			memcpy(map + (size_t)(rest.p[0] << 8 | rest.p[1]) % (SIZE - 8), rest.p + 2, 8);
	if (data.p[0] % 3 == 2)
		for (size_t i = 0; i < SLOTS; i++)
			if (slot[i].head_sum)
				slot[i].head_sum =
					slot_head_sum(&slot[i], &((const struct tmpfs_header *)(void *)map)->key);
	munmap(map, SIZE);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	struct table_config config = {path, SLOTS, 10};
	struct table *table;
	enum sti_error error;

	if (size == 0)
		return 0;
	snprintf(path, sizeof(path), "/dev/shm/sidetone-fuzz-%d", (int)getpid());
	unlink(path);
	make_good(&config);
	damage(path, sti_span(data, size));
	error = table_open(&config, T0, &table);
	demand(error == STI_OK || error == STI_E_CONFIG);
	if (!error) {
		use(table);
		table_close(table);
	}
	unlink(path);
	return 0;
}
