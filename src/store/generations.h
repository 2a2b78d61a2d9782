/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_GENERATIONS_H
#define STORE_GENERATIONS_H

#include "base/mark.h"

/*
 * What a source last gave us (a signed list, a CRL), with the two before it, and its high-water mark,
 * in files of one folder. After a crash at any moment there is the old or the new one, never neither,
 * and the mark never goes back (threats.md F4, F19). The mark's file is the point at which an update
 * counts: the octets are on disk before it, they get their final name after it.
 * One process writes; a lock file in the folder sees to it.
 */
struct generations;

/* Makes the folder (0700) where it is missing. STI_E_BUSY: another process has it; STI_E_IO with
 * errno; STI_E_DENIED: others than root and ourselves may write it. */
enum sti_error generations_open(const char *folder, struct generations **out);
void generations_close(struct generations *generations);

struct generations_entry {
	struct buf bytes; /* the caller's to free; empty: none */
	struct mark mark;
	bool has_mark;
	bool is_first; /* there was neither file nor mark */
	bool is_lost; /* the mark is there, what it names is not: deleted, damaged or restored from a backup */
	bool is_unmarked; /* octets without a mark, or a mark that is damaged: first-use rules, and an alarm */
};

/* name: of the source, any octets; files carry its SHA-256 (D21). max: octets; what is larger is not
 * what the mark names. STI_E_IO with errno where nothing can be told: then nothing is in force. */
enum sti_error generations_load(struct generations *generations, struct sti_span name, size_t max,
				struct generations_entry *out);

/* mark: its SHA-256 is that of bytes. What is in force already is STI_OK and writes nothing. STI_E_DENIED
 * when the number would go back, or is the same over other octets (an equivocation). STI_E_IO with errno:
 * then the old one is still there and to be used; only where the last fsync failed, after which nobody knows
 * what is on disk, may the next load find the new one, whole. */
enum sti_error generations_put(struct generations *generations, struct sti_span name, struct sti_span bytes,
			       const struct mark *mark);

/* What was refused although it was signed (an equivocation), kept as evidence; the newest counts. */
enum sti_error generations_keep_evidence(struct generations *generations, struct sti_span name, struct sti_span bytes);

#endif
