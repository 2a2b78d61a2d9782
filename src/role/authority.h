/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROLE_AUTHORITY_H
#define ROLE_AUTHORITY_H

#include <sti/tn.h>

#include "base/address.h"
#include "crypto/digest.h"

/*
 * Who may ask the STI-AS for which signature (RFC 8224 6.1 steps 1 and 2). Clients are known by
 * certificate, token or address; where several are configured all must fit. Texts and arrays belong
 * to whoever made the authority.
 */
struct authority_client {
	struct sti_span name;
	const struct address_range *address; /* n_address == 0: not asked for */
	size_t n_address;
	struct sti_span certificate; /* SHA-256, absent: not asked for */
	struct sti_span token; /* SHA-256 of the bearer token; absent: not asked for */
	const struct sti_span *number; /* prefixes of calling numbers; none: any */
	size_t n_number;
	char attest_max; /* 'A' … 'C': the ceiling */
	struct sti_span signer; /* absent: chosen by trunk, then by number */
};

struct authority_signer {
	struct sti_span name;
	const struct sti_span *number; /* prefixes of calling numbers; none: any */
	size_t n_number;
	const struct sti_span *trunk; /* none: any */
	size_t n_trunk;
};

struct authority {
	const struct authority_client *client; /* n_client == 0: whoever reaches the listener */
	size_t n_client;
	const struct authority_signer *signer;
	size_t n_signer;
};

struct authority_caller {
	struct sti_span address; /* as text; absent on a Unix socket */
	struct sti_span certificate; /* SHA-256, 32 octets */
	struct sti_span token; /* the bearer token as sent */
	struct sti_span trunk;
};

enum authority_answer {
	AUTHORITY_GRANTED,
	AUTHORITY_UNKNOWN_CLIENT,
	AUTHORITY_NUMBER, /* not one of the client's numbers */
	AUTHORITY_NO_SIGNER, /* no signing identity for this trunk and number */
};

struct authority_grant {
	const struct authority_client *client; /* NULL where none is configured */
	size_t signer;
	char attest; /* asked, or the ceiling where that is lower */
};

enum authority_answer authority_ask(const struct authority *authority, const struct authority_caller *caller,
				    const struct sti_tn *orig, char attest, struct authority_grant *grant);

/* RFC 8224 6.1 step 3: what is not within 60 s of now is not signed. */
bool authority_iat_is_current(int64_t iat, int64_t now);

#endif
