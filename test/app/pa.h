/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_APP_PA_H
#define TEST_APP_PA_H

#include "pki/world.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <dirent.h>

#include <sti/key.h>

#include "app/trust_plan.h"
#include "pki/issue_crl.h"
#include "store/file.h"
#include "trust/list_write.h"

/*
 * A policy administrator with a folder on tmpfs: its root, a signer under it, two STI-CA roots to list,
 * and what it signs. Everything is valid between DAY and 2 * DAY.
 */
#define PA_URL   "https://localhost:8443/ca-list"
#define PA_X5U   "https://localhost:8443/signer.pem"
#define PA_CRL   "https://localhost:8443/crl"
#define PA_LOGIN "https://localhost:8443/login"

struct pa {
	struct pair root; /* the anchor of lists and CRL */
	struct pair signer;
	struct pair sti[2]; /* roots of STI-CAs */
	struct pair carrier[2]; /* signers under sti[0] */
	struct sti_key *key; /* of signer */
	char folder[64];
};

static inline void pa_file(const struct pa *pa, const char *name, struct sti_span bytes)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", pa->folder, name);
	assert_int_equal(file_write(path, bytes, 0600), STI_OK);
}

static inline struct pair pa_root(const char *common_name)
{
	return pair_make((struct issue_subject){.kind = ISSUE_ROOT, .name = {"US", "Example", common_name}}, NULL);
}

static inline struct pair pa_carrier(const struct pa *pa, uint8_t number)
{
	struct issue_subject subject = signer_subject();
	uint8_t serial[] = {0x40, number};

	subject.serial = sti_span(serial, sizeof(serial));
	return pair_make(subject, &pa->sti[0]);
}

static inline struct pa pa_open(void)
{
	struct pa pa = {.folder = "/dev/shm/sidetone-pa-XXXXXX"};
	struct issue_subject signer = {
		.kind = ISSUE_SIGNER, .name = {"US", "Example PA", "List signer"}, .spc = "0000"};

	assert_non_null(mkdtemp(pa.folder));
	pa.root = pa_root("Example PA Root");
	pa.signer = pair_make(signer, &pa.root);
	pa.sti[0] = pa_root("Example STI-CA 1");
	pa.sti[1] = pa_root("Example STI-CA 2");
	pa.carrier[0] = pa_carrier(&pa, 1);
	pa.carrier[1] = pa_carrier(&pa, 2);
	assert_int_equal(sti_key_parse(buf_span(&pa.signer.key), &pa.key), STI_OK);
	pa_file(&pa, "pa.pem", buf_span(&pa.root.cert));
	pa_file(&pa, "signer.pem", buf_span(&pa.signer.cert));
	pa_file(&pa, "roots.pem", buf_span(&pa.sti[1].cert));
	pa_file(&pa, "password", sti_span_str("s3cret \"x\"\n"));
	pa_file(&pa, "token", sti_span_str("file-token\n"));
	return pa;
}

static inline void pa_remove(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char *path = NULL;

		assert_true(asprintf(&path, "%s/%s", folder, entry->d_name) > 0);
		if (entry->d_name[0] != '.' && unlink(path))
			pa_remove(path);
		free(path);
	}
	closedir(dir);
	rmdir(folder);
}

static inline void pa_close(struct pa *pa)
{
	pair_free(&pa->root);
	pair_free(&pa->signer);
	for (size_t i = 0; i < 2; i++) {
		pair_free(&pa->sti[i]);
		pair_free(&pa->carrier[i]);
	}
	sti_key_free(pa->key);
	pa_remove(pa->folder);
}

/* NUL-terminated, to be freed: the first n of the roots in it. */
static inline char *pa_list_of(const struct pa *pa, int64_t sequence, int64_t exp, size_t n, const struct sti_key *key)
{
	struct list_claims claims = {sti_span_str(PA_X5U), sequence, exp};
	struct sti_span der[] = {der_of(&pa->sti[0]), der_of(&pa->sti[1])};
	struct buf out = buf_own(1 << 16);
	char *text;

	assert_int_equal(list_write_ca(key, &claims, der, n, &out), STI_OK);
	text = strndup((const char *)out.p, out.n);
	assert_non_null(text);
	buf_free(&out);
	vectors_free(der[0]);
	vectors_free(der[1]);
	return text;
}

static inline char *pa_list(const struct pa *pa, int64_t sequence, int64_t exp)
{
	return pa_list_of(pa, sequence, exp, 1, pa->key);
}

static inline char *pa_mapping_of(const struct pa *pa, int64_t sequence, int64_t exp, const char *url)
{
	struct list_claims claims = {sti_span_str(PA_X5U), sequence, exp};
	struct list_cps cps[] = {{sti_span_str("1234"), sti_span_str(url)}};
	struct buf out = buf_own(1 << 16);
	char *text;

	assert_int_equal(list_write_mapping(pa->key, &claims, cps, 1, &out), STI_OK);
	text = strndup((const char *)out.p, out.n);
	assert_non_null(text);
	buf_free(&out);
	return text;
}

static inline char *pa_mapping(const struct pa *pa, int64_t sequence, int64_t exp)
{
	return pa_mapping_of(pa, sequence, exp, "https://cps.example.com/cps/company/1234");
}

/* An indirect CRL of the PA in PEM: the first n carriers are revoked. */
static inline char *pa_crl_by(const struct pair *issuer, const struct pair carrier[2], int64_t number, int64_t from,
			      int64_t next, size_t n)
{
	struct issue_revoked revoked[] = {{buf_span(&carrier[0].cert), from}, {buf_span(&carrier[1].cert), from}};
	struct issue_issuer by = {buf_span(&issuer->cert), buf_span(&issuer->key)};
	struct issue_crl crl = {.number = number,
				.this_update = from,
				.next_update = next,
				.indirect = true,
				.url = PA_CRL,
				.revoked = revoked,
				.n_revoked = n};
	struct buf out = buf_own(1 << 16);
	char *text;

	assert_int_equal(issue_crl(&crl, &by, &out), STI_OK);
	text = strndup((const char *)out.p, out.n);
	assert_non_null(text);
	buf_free(&out);
	return text;
}

static inline char *pa_crl(const struct pa *pa, int64_t number, int64_t from, int64_t next, size_t n)
{
	return pa_crl_by(&pa->root, pa->carrier, number, from, next, n);
}

/* What a configuration in the PA's folder says about trust. The message stays with the caller where it is
 * refused; NULL then. */
static inline struct trust_plan *pa_try_plan(const struct pa *pa, const char *text, struct config_message *message)
{
	struct trust_plan *plan = NULL;
	struct config *config = NULL;
	char *all = NULL, file[256];

	assert_true(asprintf(&all, "cr { listen = {\"127.0.0.1:0\"} certificate \"a\" { file = \"a.pem\" } }\n%s",
			     text) > 0);
	snprintf(file, sizeof(file), "%s/sidetone.conf", pa->folder);
	if (config_parse_text(sti_span_str(all), file, &config, message) == STI_OK)
		(void)trust_plan_load(config, &plan, message);
	config_free(config);
	free(all);
	return plan;
}

static inline struct trust_plan *pa_plan(const struct pa *pa, const char *text)
{
	struct config_message message = {0};
	struct trust_plan *plan = pa_try_plan(pa, text, &message);

	if (!plan)
		fail_msg("%u: %s", message.line, message.text);
	return plan;
}

#define PA_STATE           "trust { state = \"state\" }\n"
#define PA_LIST_MORE(more) "list \"us\" { kind = \"ca-list\" url = \"" PA_URL "\" anchor = \"pa.pem\" " more " }\n"
#define PA_LIST            PA_LIST_MORE("")
#define PA_CRL_MORE(more)  "crl \"us\" { url = \"" PA_CRL "\" anchor = \"pa.pem\" " more " }\n"

#endif
