/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/lab_pki.h"

#include <openssl/rand.h>

#include "app/clock.h"
#include "cmd/command.h"
#include "pki/issue.h"

/* One row for each certificate, in the order of making: an issuer stands above what it signs. */
enum {
	TLS_CA,
	STI_ROOT,
	STI_CA,
	STRANGER_ROOT,
	PA_ROOT,
	A_TLS,
	B_TLS,
	STRANGER_TLS,
	PA_TLS,
	A_STI,
	B_STI,
	STRANGER_STI,
	PA_LIST,
	PA_CRL,
	PAIRS
};

struct row {
	const char *file;
	enum issue_kind kind;
	int issuer; /* -1: itself */
	const char *common_name;
	const char *spc;
};

static const struct row row[PAIRS] = {
	[TLS_CA] = {"tls-ca", ISSUE_TLS_CA, -1, "Sidetone Lab TLS CA", NULL},
	[STI_ROOT] = {"sti-root", ISSUE_ROOT, -1, "Sidetone Lab SHAKEN ROOT", NULL},
	[STI_CA] = {"sti-ca", ISSUE_INTERMEDIATE, STI_ROOT, "Sidetone Lab SHAKEN CA", NULL},
	[STRANGER_ROOT] = {"stranger-root", ISSUE_ROOT, -1, "Nobody's SHAKEN ROOT", NULL},
	[PA_ROOT] = {"pa-root", ISSUE_TLS_CA, -1, "Sidetone Lab STI-PA ROOT", NULL},
	[A_TLS] = {"a/tls", ISSUE_TLS_SERVER, TLS_CA, "localhost", NULL},
	[B_TLS] = {"b/tls", ISSUE_TLS_SERVER, TLS_CA, "localhost", NULL},
	[STRANGER_TLS] = {"stranger/tls", ISSUE_TLS_SERVER, TLS_CA, "localhost", NULL},
	[PA_TLS] = {"pa/tls", ISSUE_TLS_SERVER, TLS_CA, "localhost", NULL},
	[A_STI] = {"a/sti", ISSUE_SIGNER, STI_CA, "SHAKEN 1234", "1234"},
	[B_STI] = {"b/sti", ISSUE_SIGNER, STI_CA, "SHAKEN 5678", "5678"},
	[STRANGER_STI] = {"stranger/sti", ISSUE_SIGNER, STRANGER_ROOT, "SHAKEN 1234", "1234"},
	[PA_LIST] = {"pa/list", ISSUE_AUTHORITY, PA_ROOT, "STI-PA", NULL},
	[PA_CRL] = {"pa/crl", ISSUE_AUTHORITY, PA_ROOT, "STI-PA CRL", NULL},
};

enum { HOUR = 3600, LIFETIME = 30 * 24 * HOUR, SERIAL = 16 };

struct pair {
	struct buf key;
	struct buf cert; /* without its chain */
};

static enum sti_error make_pair(const struct row *of, const struct pair *issuer, struct pair *out)
{
	static const char *const host[] = {"localhost", "127.0.0.1", "::1"};
	uint8_t serial[SERIAL];
	struct issue_issuer signer = {{NULL, 0}, {NULL, 0}};
	enum sti_error error = issue_key(&out->key);

	if (error)
		return error;
	if (RAND_bytes(serial, sizeof(serial)) != 1)
		return STI_E_CRYPTO;
	serial[0] = 1; /* positive, and never zero */
	if (issuer)
		signer = (struct issue_issuer){buf_span(&issuer->cert), buf_span(&issuer->key)};
	return issue_cert(
		&(struct issue_subject){
			.kind = of->kind,
			.name = {"US", "Sidetone Lab", of->common_name},
			.key = buf_span(&out->key),
			.serial = sti_span(serial, sizeof(serial)),
			.not_before = clock_now() - HOUR,
			.not_after = clock_now() + LIFETIME,
			.spc = of->spc,
			.host = host,
			.n_host = of->kind == ISSUE_TLS_SERVER ? 3 : 0,
		},
		issuer ? &signer : NULL, &out->cert);
}

/* A signer's file is a chain, leaf first, as x5u serves it (ATIS-1000080). With its root that of the PA is
 * an anchor, too. */
static bool write_pair(const struct lab_world *world, const struct row *of, const struct pair *pair,
		       const struct pair *issuer)
{
	struct lab_path key = lab_path(&world->dir, "/%s.key", of->file);
	struct lab_path cert = lab_path(&world->dir, "/%s.pem", of->file);
	struct buf chain = buf_own(LIMIT_CERT_BODY);
	bool good;

	buf_put(&chain, buf_span(&pair->cert));
	if (of->kind == ISSUE_SIGNER || of->kind == ISSUE_AUTHORITY)
		buf_put(&chain, buf_span(&issuer->cert));
	good = !buf_error(&chain) && lab_write(&key, buf_span(&pair->key)) && lab_write(&cert, buf_span(&chain));
	buf_free(&chain);
	return good;
}

static bool make_one(const struct lab_world *world, struct pair *pair, size_t i)
{
	const struct pair *issuer = row[i].issuer < 0 ? NULL : &pair[row[i].issuer];
	enum sti_error error = make_pair(&row[i], issuer, &pair[i]);

	if (error) {
		complain(STATUS_SYSTEM, "%s: certificate cannot be made: %s", row[i].file, sti_error_text(error));
		return false;
	}
	return write_pair(world, &row[i], &pair[i], issuer);
}

bool lab_pki_make(const struct lab_world *world)
{
	struct pair pair[PAIRS];
	bool good = true;

	for (size_t i = 0; i < PAIRS; i++)
		pair[i] = (struct pair){buf_own(LIMIT_KEY), buf_own(LIMIT_CERT_BODY)};
	for (size_t i = 0; good && i < PAIRS; i++)
		good = make_one(world, pair, i);
	for (size_t i = 0; i < PAIRS; i++) {
		buf_free(&pair[i].key);
		buf_free(&pair[i].cert);
	}
	return good;
}
