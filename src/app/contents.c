/* SPDX-License-Identifier: Apache-2.0 */
#include "app/contents.h"

#include <stdlib.h>
#include <string.h>

#include <sys/random.h>

#include "base/copy.h"
#include "crypto/digest.h"
#include "pki/credential.h"
#include "store/siphash.h"

/* A parsed credential: OpenSSL's key is most of it. */
enum { CREDENTIAL_BYTES = 4096 };

struct content {
	struct content *collision; /* next in the bucket */
	struct contents *owner;
	unsigned refs;
	bool is_held;
	uint8_t sha256[DIGEST_SHA256];
	struct sti_span body; /* owned; absent when forgotten */
	struct credential_lease *lease;
	uint64_t generation; /* of the roots that judged it */
};

struct contents {
	struct metrics *metrics;
	struct siphash_key key; /* strangers choose octets, so they could choose a bucket: threats.md B14 */
	struct content **bucket;
	size_t n_bucket; /* a power of two */
	size_t n;
};

enum sti_error contents_create(size_t expected, struct metrics *metrics, struct contents **out)
{
	struct contents *contents = calloc(1, sizeof(*contents));
	enum sti_error error = STI_OK;

	if (!contents)
		return STI_E_MEMORY;
	contents->metrics = metrics;
	contents->n_bucket = 1;
	while (contents->n_bucket < expected)
		contents->n_bucket *= 2;
	contents->bucket = calloc(contents->n_bucket, sizeof(*contents->bucket));
	if (!contents->bucket)
		error = STI_E_MEMORY;
	else if (getrandom(&contents->key, sizeof(contents->key), 0) != (ssize_t)sizeof(contents->key))
		error = STI_E_CRYPTO;
	if (error) {
		contents_free(contents);
		return error;
	}
	*out = contents;
	return STI_OK;
}

void contents_free(struct contents *contents)
{
	if (contents)
		free(contents->bucket);
	free(contents);
}

size_t contents_count(const struct contents *contents)
{
	return contents->n;
}

/* Where the content with this digest hangs, or would. */
static struct content **bucket_of(const struct contents *contents, const uint8_t sha256[DIGEST_SHA256])
{
	uint64_t hash = siphash(&contents->key, sti_span(sha256, DIGEST_SHA256));
	struct content **at = &contents->bucket[hash & (contents->n_bucket - 1)];

	while (*at && memcmp((*at)->sha256, sha256, DIGEST_SHA256) != 0)
		at = &(*at)->collision;
	return at;
}

static enum sti_error judge(const struct contents *contents, struct sti_span body, const struct trust_snapshot *trust,
			    int64_t now, struct credential_lease **out)
{
	struct sti_credential *credential;
	enum sti_error error = sti_credential_parse(body, trust_snapshot_roots(trust), now, &credential);

	metrics_add(contents->metrics, METRIC_CERT_PARSED, 0, 1);
	if (error)
		return error;
	*out = credential_lease_make(credential);
	if (*out)
		return STI_OK;
	sti_credential_free(credential);
	return STI_E_MEMORY;
}

static uint64_t generation_of(const struct trust_snapshot *trust)
{
	return trust_snapshot_roots_generation(trust);
}

static void keep_lease(struct content *content, struct credential_lease *lease, uint64_t generation)
{
	credential_lease_end(content->lease);
	content->lease = lease;
	content->generation = generation;
}

/* Out of the window another path, or the same under a later one, may be the good one. */
static bool is_current(const struct content *content, const struct trust_snapshot *trust, int64_t now)
{
	const struct sti_credential *credential = content_credential(content);

	return content->generation >= generation_of(trust) && now >= sti_credential_from(credential) &&
	       now <= sti_credential_until(credential);
}

static enum sti_error keep_body(struct content *content, struct sti_span body)
{
	return content->body.p ? STI_OK : copy_make(body, &content->body);
}

static void content_free(struct content *content)
{
	credential_lease_end(content->lease);
	copy_free(content->body);
	free(content);
}

static enum sti_error make(struct contents *contents, struct sti_span body, const struct trust_snapshot *trust,
			   int64_t now, struct content **out)
{
	struct content *content = calloc(1, sizeof(*content));
	enum sti_error error = content ? keep_body(content, body) : STI_E_MEMORY;

	if (!error)
		error = judge(contents, body, trust, now, &content->lease);
	if (error) {
		if (content)
			content_free(content);
		return error;
	}
	content->owner = contents;
	content->generation = generation_of(trust);
	*out = content;
	return STI_OK;
}

static enum sti_error add(struct contents *contents, const uint8_t sha256[DIGEST_SHA256], struct sti_span body,
			  const struct trust_snapshot *trust, int64_t now, struct content **out)
{
	enum sti_error error = make(contents, body, trust, now, out);

	if (error)
		return error;
	memcpy((*out)->sha256, sha256, DIGEST_SHA256);
	*bucket_of(contents, sha256) = *out;
	contents->n++;
	return STI_OK;
}

static enum sti_error renew(struct content *content, struct sti_span body, const struct trust_snapshot *trust,
			    int64_t now)
{
	struct credential_lease *lease;
	enum sti_error error = keep_body(content, body);

	if (error || is_current(content, trust, now))
		return error;
	error = judge(content->owner, body, trust, now, &lease);
	if (!error)
		keep_lease(content, lease, generation_of(trust));
	return error;
}

/* RFC 7468 10, 11, and the older labels: all end so. */
bool contents_has_private_key(struct sti_span body)
{
	static const char label[] = "PRIVATE KEY-----";

	return body.n && memmem(body.p, body.n, label, sizeof(label) - 1) != NULL;
}

enum sti_error contents_take(struct contents *contents, struct sti_span body, const struct trust_snapshot *trust,
			     int64_t now, struct content **out)
{
	uint8_t sha256[DIGEST_SHA256];
	enum sti_error error = contents_has_private_key(body) ? STI_E_KEY : digest_sha256(body, sha256);
	struct content *known;

	if (error)
		return error;
	known = *bucket_of(contents, sha256);
	error = known ? renew(known, body, trust, now) : add(contents, sha256, body, trust, now, &known);
	if (error)
		return error;
	*out = content_share(known);
	return STI_OK;
}

struct content *content_share(struct content *content)
{
	content->refs++;
	return content;
}

void content_drop(struct content *content)
{
	if (!content || --content->refs)
		return;
	*bucket_of(content->owner, content->sha256) = content->collision;
	content->owner->n--;
	content_free(content);
}

struct credential_lease *content_judge(struct content *content, const struct trust_snapshot *trust, int64_t now)
{
	struct credential_lease *lease;

	if (content->generation == generation_of(trust))
		return credential_lease_share(content->lease);
	if (!content->body.p || judge(content->owner, content->body, trust, now, &lease))
		return NULL;
	if (generation_of(trust) > content->generation)
		keep_lease(content, credential_lease_share(lease), generation_of(trust));
	return lease;
}

bool content_is_judgeable(const struct content *content, const struct trust_snapshot *trust)
{
	return content->body.p || content->generation == generation_of(trust);
}

const struct sti_credential *content_credential(const struct content *content)
{
	return credential_lease_of(content->lease);
}

bool content_has_path(const struct content *content)
{
	return credential_has_path(content_credential(content));
}

void content_forget_body(struct content *content)
{
	if (content->is_held)
		return;
	copy_free(content->body);
	content->body = sti_span(NULL, 0);
}

void content_hold(struct content *content)
{
	content->is_held = true;
}

const uint8_t *content_sha256(const struct content *content)
{
	return content->sha256;
}

size_t content_bytes(const struct content *content)
{
	return sizeof(*content) + CREDENTIAL_BYTES + content->body.n;
}
