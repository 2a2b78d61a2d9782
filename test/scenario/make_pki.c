/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/clock.h"
#include "base/decimal.h"
#include "pki/issue_crl.h"
#include "pki/pem.h"
#include "store/file.h"
#include "trust/list_write.h"

/*
 * make_pki DIR: the certificates that the scenario tests need, as PEM files in DIR.
 *   roots.pem                the one listed STI-CA
 *   NAME.pem NAME.key        a chain and its key: a, b (signers), expired, future, rogue (unlisted CA)
 *   crl.pem                  an indirect CRL, which has b; pa-crl.pem: the self-signed one that signed it
 *   twin                     an unlisted signer with the serial number of a
 *   pa.pem/.key              root of a policy administrator; pa-signer.pem/.key under it
 *   tls-ca.pem, tls.pem/.key a server on localhost; client.pem/.key under the same CA
 * make_pki list OUT KEY X5U SEQUENCE EXP ROOT.pem...      a signed CA list
 * make_pki crl OUT CERT KEY NUMBER THIS NEXT CERT.pem...  an indirect CRL
 */
enum { HOUR = 3600, DAY = 24 * HOUR, MANY = 16 };

static const uint8_t serial_of_a[] = {0x0a, 0x0b, 0x0c, 0x0d};

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
	if (!subject.serial.p)
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
	bool is_a = strcmp(name, "a") == 0 || strcmp(name, "twin") == 0;
	char cn[32];
	struct party party;

	snprintf(cn, sizeof(cn), "SHAKEN %s", spc);
	party = make(
		(struct issue_subject){.kind = ISSUE_SIGNER,
				       .name = {"US", "Example Telephone", cn},
				       .serial = sti_span(is_a ? serial_of_a : NULL, is_a ? sizeof(serial_of_a) : 0),
				       .not_before = from,
				       .not_after = until,
				       .spc = spc},
		ca);
	save_party(folder, name, &party, ca);
}

static struct buf read_all(const char *path)
{
	struct buf bytes;

	must(file_read(path, 1 << 20, &bytes), path);
	return bytes;
}

/* The first certificate of a chain. */
static struct buf leaf_of(const char *path)
{
	static const char last[] = "-----END CERTIFICATE-----\n";
	struct buf all = read_all(path), leaf = buf_own(1 << 16);
	const char *end;

	buf_put_byte(&all, '\0');
	end = strstr((const char *)all.p, last);
	must(end ? STI_OK : STI_E_PEM, path);
	buf_put(&leaf, sti_span(all.p, (size_t)(end - (const char *)all.p) + strlen(last)));
	buf_free(&all);
	return leaf;
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
	struct buf text = buf_own(1 << 16), leaf;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s.pem", folder, revoked);
	leaf = leaf_of(path);
	entry.cert = buf_span(&leaf);
	must(issue_crl(&crl, &issuer, &text), "CRL");
	save(folder, "pa-crl", ".pem", buf_span(&pa.cert), 0644);
	save(folder, "crl", ".pem", buf_span(&text), 0644);
	buf_free(&leaf);
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
	struct party other_ca;

	save(folder, "roots", ".pem", buf_span(&listed.cert), 0644);
	make_signer(folder, "a", "709J", now - HOUR, now + 90 * DAY, &listed_ca);
	make_signer(folder, "b", "1234", now - HOUR, now + 90 * DAY, &listed_ca);
	make_crl(folder, now, "b");
	make_signer(folder, "expired", "709J", now - 90 * DAY, now - DAY, &listed_ca);
	make_signer(folder, "future", "709J", now + DAY, now + 90 * DAY, &listed_ca);
	make_signer(folder, "rogue", "709J", now - HOUR, now + 90 * DAY, &unlisted_ca);
	ca.name.common_name = "Example SHAKEN CA 2";
	other_ca = make(ca, &unlisted);
	make_signer(folder, "twin", "709J", now - HOUR, now + 90 * DAY, &other_ca);
	buf_free(&other_ca.cert);
	buf_free(&other_ca.key);
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

static void make_pa(const char *folder, int64_t now)
{
	struct issue_subject subject = {.kind = ISSUE_ROOT,
					.name = {"US", "Example STI-PA", "Example STI-PA Root"},
					.not_before = now - DAY,
					.not_after = now + 3650 * DAY};
	struct party root = make(subject, NULL);

	make_signer(folder, "pa-signer", "0000", now - HOUR, now + 90 * DAY, &root);
	save_party(folder, "pa", &root, NULL);
}

/* ---- what the policy administrator signs ---- */

static int64_t number_of(const char *text)
{
	int64_t number;

	must(decimal_parse(sti_span_str(text), INT64_MAX, &number), text);
	return number;
}

static struct sti_span der_of(const char *path)
{
	struct buf pem = read_all(path), der = buf_own(1 << 16);
	struct sti_span rest = buf_span(&pem), label;

	must(pem_next(&rest, &label, &der), path);
	buf_free(&pem);
	return buf_span(&der);
}

/* OUT KEY X5U SEQUENCE EXP ROOT.pem... */
static void write_list(char **argument, int n)
{
	struct list_claims claims = {sti_span_str(argument[2]), number_of(argument[3]), number_of(argument[4])};
	struct buf key_pem = read_all(argument[1]), out = buf_own(1 << 20);
	struct sti_span root[MANY];
	struct sti_key *key;

	must(sti_key_parse(buf_span(&key_pem), &key), argument[1]);
	for (int i = 0; i < n - 5; i++)
		root[i] = der_of(argument[5 + i]);
	must(list_write_ca(key, &claims, root, (size_t)(n - 5), &out), "list");
	must(file_write(argument[0], buf_span(&out), 0644), argument[0]);
	for (int i = 0; i < n - 5; i++)
		free((void *)(uintptr_t)root[i].p);
	sti_key_free(key);
	buf_free(&key_pem);
	buf_free(&out);
}

/* OUT CERT KEY NUMBER THIS NEXT CERT.pem... */
static void write_crl(char **argument, int n)
{
	struct buf cert = leaf_of(argument[1]), key = read_all(argument[2]), out = buf_own(1 << 20), leaf[MANY];
	struct issue_issuer issuer = {buf_span(&cert), buf_span(&key)};
	struct issue_revoked revoked[MANY];
	struct issue_crl crl = {.number = number_of(argument[3]),
				.this_update = number_of(argument[4]),
				.next_update = number_of(argument[5]),
				.indirect = true,
				.revoked = revoked,
				.n_revoked = (size_t)(n - 6)};

	for (int i = 0; i < n - 6; i++) {
		leaf[i] = leaf_of(argument[6 + i]);
		revoked[i] = (struct issue_revoked){buf_span(&leaf[i]), crl.this_update};
	}
	must(issue_crl(&crl, &issuer, &out), "CRL");
	must(file_write(argument[0], buf_span(&out), 0644), argument[0]);
	for (int i = 0; i < n - 6; i++)
		buf_free(&leaf[i]);
	buf_free(&cert);
	buf_free(&key);
	buf_free(&out);
}

int main(int argc, char **argv)
{
	int64_t now = clock_now();
	bool is_list = argc >= 7 && argc < 7 + MANY && strcmp(argv[1], "list") == 0;
	bool is_crl = argc >= 8 && argc < 8 + MANY && strcmp(argv[1], "crl") == 0;

	if (is_list) {
		write_list(argv + 2, argc - 2);
	} else if (is_crl) {
		write_crl(argv + 2, argc - 2);
	} else if (argc == 2) {
		make_sti(argv[1], now);
		make_pa(argv[1], now);
		make_tls(argv[1], now);
	} else {
		fprintf(stderr, "make_pki DIR | list … | crl …\n");
		return 2;
	}
	return 0;
}
