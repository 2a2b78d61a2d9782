/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/clock.h"
#include "pki/issue_crl.h"
#include "store/file.h"

/*
 * make_pki DIR: the certificates that the scenario tests need, as PEM files in DIR.
 *   roots.pem                the one listed STI-CA
 *   NAME.pem NAME.key        a chain and its key: a, b (signers), expired, future, rogue (unlisted CA)
 *   pa.pem, crl.pem          a policy administrator and its CRL, which has b
 *   tls-ca.pem, tls.pem/.key a server on localhost; client.pem/.key under the same CA
 */
enum { HOUR = 3600, DAY = 24 * HOUR };

struct party {
	struct buf cert;
	struct buf key;
};

static void must(enum sti_error error, const char *what)
{
	if (!error)
		return;
	fprintf(stderr, "make_pki: %s: %s\n", what, sti_error_text(error));
	exit(1);
}

static struct party make(struct issue_subject subject, const struct party *issuer)
{
	struct party party = {buf_own(1 << 16), buf_own(1 << 13)};
	struct issue_issuer under;
	uint8_t serial[16];

	must(RAND_bytes(serial, sizeof(serial)) == 1 ? STI_OK : STI_E_CRYPTO, "serial");
	serial[0] &= 0x7f;
	must(issue_key(&party.key), "key");
	subject.key = buf_span(&party.key);
	subject.serial = sti_span(serial, sizeof(serial));
	if (issuer)
		under = (struct issue_issuer){buf_span(&issuer->cert), buf_span(&issuer->key)};
	must(issue_cert(&subject, issuer ? &under : NULL, &party.cert), "certificate");
	return party;
}

static void save(const char *folder, const char *name, const char *suffix, struct sti_span bytes, mode_t mode)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s%s", folder, name, suffix);
	must(file_write(path, bytes, mode), path);
}

static void save_party(const char *folder, const char *name, struct party *party, const struct party *issuer)
{
	save(folder, name, ".key", buf_span(&party->key), 0600);
	if (issuer)
		buf_put(&party->cert, buf_span(&issuer->cert));
	save(folder, name, ".pem", buf_span(&party->cert), 0644);
	buf_free(&party->cert);
	buf_free(&party->key);
}

static void make_signer(const char *folder, const char *name, const char *spc, int64_t from, int64_t until,
			const struct party *ca)
{
	char cn[32];
	struct party party;

	snprintf(cn, sizeof(cn), "SHAKEN %s", spc);
	party = make((struct issue_subject){.kind = ISSUE_SIGNER,
					    .name = {"US", "Example Telephone", cn},
					    .not_before = from,
					    .not_after = until,
					    .spc = spc},
		     ca);
	save_party(folder, name, &party, ca);
}

/* A chain's first certificate. */
static struct sti_span first_block(struct sti_span pem)
{
	static const char end[] = "-----END CERTIFICATE-----\n";
	const uint8_t *at = memmem(pem.p, pem.n, end, sizeof(end) - 1);

	must(at ? STI_OK : STI_E_PEM, "chain");
	return sti_span_first(pem, (size_t)(at - pem.p) + sizeof(end) - 1);
}

/* Under a root of its own: the policy administrator is no STI-CA. */
static void make_crl(const char *folder, int64_t now, const char *revoked)
{
	struct issue_subject subject = {.kind = ISSUE_ROOT,
					.name = {"US", "Example STI-PA", "Example STI-PA CRL"},
					.not_before = now - DAY,
					.not_after = now + 365 * DAY};
	struct party pa = make(subject, NULL);
	struct issue_issuer issuer = {buf_span(&pa.cert), buf_span(&pa.key)};
	struct issue_revoked entry = {.date = now - HOUR};
	struct issue_crl crl = {.number = 7,
				.this_update = now - HOUR,
				.next_update = now + 30 * DAY,
				.indirect = true,
				.revoked = &entry,
				.n_revoked = 1};
	struct buf text = buf_own(1 << 16), chain;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s.pem", folder, revoked);
	must(file_read(path, 1 << 16, &chain), path);
	entry.cert = first_block(buf_span(&chain));
	must(issue_crl(&crl, &issuer, &text), "CRL");
	save(folder, "pa", ".pem", buf_span(&pa.cert), 0644);
	save(folder, "crl", ".pem", buf_span(&text), 0644);
	buf_free(&chain);
	buf_free(&text);
	buf_free(&pa.cert);
	buf_free(&pa.key);
}

static void make_sti(const char *folder, int64_t now)
{
	struct issue_subject root = {.kind = ISSUE_ROOT,
				     .name = {"US", "Example STI-CA", "Example SHAKEN ROOT"},
				     .not_before = now - 400 * DAY,
				     .not_after = now + 3650 * DAY};
	struct issue_subject ca = {.kind = ISSUE_INTERMEDIATE,
				   .name = {"US", "Example STI-CA", "Example SHAKEN CA 1"},
				   .not_before = now - 400 * DAY,
				   .not_after = now + 3000 * DAY};
	struct party listed = make(root, NULL);
	struct party listed_ca = make(ca, &listed);
	struct party unlisted = make(root, NULL);
	struct party unlisted_ca = make(ca, &unlisted);

	save(folder, "roots", ".pem", buf_span(&listed.cert), 0644);
	make_signer(folder, "a", "709J", now - HOUR, now + 90 * DAY, &listed_ca);
	make_signer(folder, "b", "1234", now - HOUR, now + 90 * DAY, &listed_ca);
	make_crl(folder, now, "b");
	make_signer(folder, "expired", "709J", now - 90 * DAY, now - DAY, &listed_ca);
	make_signer(folder, "future", "709J", now + DAY, now + 90 * DAY, &listed_ca);
	make_signer(folder, "rogue", "709J", now - HOUR, now + 90 * DAY, &unlisted_ca);
	save_party(folder, "unlisted-root", &unlisted, NULL);
	buf_free(&unlisted_ca.cert);
	buf_free(&unlisted_ca.key);
	buf_free(&listed.cert);
	buf_free(&listed.key);
	buf_free(&listed_ca.cert);
	buf_free(&listed_ca.key);
}

static void make_tls(const char *folder, int64_t now)
{
	static const char *const host[] = {"localhost", "127.0.0.1", "::1", "cps.transnexus.com", "cps.example.com"};
	struct issue_subject subject = {.kind = ISSUE_TLS_CA,
					.name = {"US", "Example", "Example TLS CA"},
					.not_before = now - DAY,
					.not_after = now + 365 * DAY};
	struct party ca = make(subject, NULL);
	struct party server;
	struct party client;

	subject.kind = ISSUE_TLS_SERVER;
	subject.name.common_name = "localhost";
	subject.host = host;
	subject.n_host = sizeof(host) / sizeof(host[0]);
	server = make(subject, &ca);
	save_party(folder, "tls", &server, NULL);
	subject.kind = ISSUE_TLS_CLIENT;
	subject.name.common_name = "client";
	subject.n_host = 0;
	client = make(subject, &ca);
	save_party(folder, "client", &client, NULL);
	save_party(folder, "tls-ca", &ca, NULL);
}

int main(int argc, char **argv)
{
	int64_t now = clock_now();

	if (argc != 2) {
		fprintf(stderr, "make_pki DIR\n");
		return 2;
	}
	make_sti(argv[1], now);
	make_tls(argv[1], now);
	return 0;
}
