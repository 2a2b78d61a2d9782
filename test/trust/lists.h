/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_TRUST_LISTS_H
#define TEST_TRUST_LISTS_H

#include "pki/world.h"

#include <stdio.h>

#include "base/base64.h"
#include "trust/list.h"
#include "trust/list_write.h"

/*
 * A policy administrator with an anchor and a signer under it, and lists of which every part can be
 * spoilt by itself. Everything is at NOON, and lists expire at the end of the day.
 */
#define PA_URL  "https://pa.example/api/v1/ca-list"
#define PA_X5U  "https://pa.example/download/v1/certificate/certificateId_1.crt"
#define HEADER  "{\"alg\":\"ES256\",\"typ\":\"jwt\",\"x5u\":\"" PA_X5U "\"}"
#define CA_LIST "{\"exp\":172800,\"sequence\":7,\"trustList\":[],\"version\":1}"
#define MAPPING "{\"cpsMapping\":{},\"exp\":172800,\"sequence\":7,\"version\":\"1.0\"}"

struct office {
	struct pair root, signer;
	struct anchor *anchor;
	struct chain chain; /* of the signer */
	struct sti_key *key;
	struct list_source source;
};

static inline struct pair officer_make(const struct pair *issuer)
{
	return pair_make((struct issue_subject){.kind = ISSUE_SIGNER,
						.name = {"US", "Example PA", "List signer"},
						.spc = "PA01"},
			 issuer);
}

static inline struct chain chain_of(const struct pair *pair)
{
	struct chain chain;

	assert_int_equal(chain_parse(buf_span(&pair->cert), LIMIT_CHAIN, &chain), STI_OK);
	return chain;
}

static inline struct anchor *anchor_of(const struct pair *pair)
{
	struct anchor *anchor;

	assert_int_equal(anchor_parse(buf_span(&pair->cert), &anchor), STI_OK);
	return anchor;
}

static inline struct sti_key *key_of(const struct pair *pair)
{
	struct sti_key *key;

	assert_int_equal(sti_key_parse(buf_span(&pair->key), &key), STI_OK);
	return key;
}

static inline struct office office_make(void)
{
	struct office office = {
		.root = pair_make((struct issue_subject){.kind = ISSUE_ROOT, .name = {"US", "Example PA", "PA root"}},
				  NULL)};

	office.signer = officer_make(&office.root);
	office.anchor = anchor_of(&office.root);
	office.chain = chain_of(&office.signer);
	office.key = key_of(&office.signer);
	office.source = (struct list_source){.anchor = office.anchor, .url = sti_span_str(PA_URL)};
	return office;
}

static inline void office_free(struct office *office)
{
	sti_key_free(office->key);
	chain_free(&office->chain);
	anchor_free(office->anchor);
	pair_free(&office->signer);
	pair_free(&office->root);
}

/* Any header and payload, rightly signed; of exact size, to be freed with vectors_free. */
static inline struct sti_span token_make(const struct sti_key *key, struct sti_span header, struct sti_span payload)
{
	struct buf out = buf_own(LIMIT_MAPPING_LIST);
	struct sti_span token;

	assert_int_equal(jws_sign(key, header, payload, &out), STI_OK);
	token = vectors_copy(buf_span(&out));
	buf_free(&out);
	return token;
}

static inline struct list *list_of(struct sti_span token, enum list_kind kind)
{
	struct list *list = NULL;

	assert_int_equal(list_parse(token, kind, &list), STI_OK);
	return list;
}

/* A list with this payload, parsed. */
static inline struct list *list_make(const struct office *office, enum list_kind kind, struct sti_span payload)
{
	struct sti_span token = token_make(office->key, sti_span_str(HEADER), payload);
	struct list *list = list_of(token, kind);

	vectors_free(token);
	return list;
}

/* For cmocka_run_group_tests: *state is an office. */
static inline int office_setup(void **state)
{
	struct office *office = malloc(sizeof(*office));

	assert_non_null(office);
	*office = office_make();
	*state = office;
	return 0;
}

static inline int office_teardown(void **state)
{
	office_free(*state);
	free(*state);
	return 0;
}

#endif
