/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/lab_pa.h"

#include <stdio.h>

#include "app/clock.h"
#include "cmd/command.h"
#include "pki/chain.h"
#include "pki/issue_crl.h"
#include "store/file.h"
#include "trust/list_write.h"

enum { MINUTE = 60, DAY = 24 * 60 * MINUTE };

static bool cannot(const char *what, enum sti_error error)
{
	complain(STATUS_SYSTEM, "the PA's %s: %s", what, sti_error_text(error));
	return false;
}

static enum sti_error read_key(const struct lab_world *world, const char *name, struct buf *out)
{
	struct lab_path path = lab_path(&world->dir, "/%s/%s.key", lab_who[LAB_PA].name, name);
	const char *why;

	return file_read_secret(path.text, LIMIT_KEY, out, &why);
}

static enum sti_error read_chain(const struct lab_path *path, struct chain *out)
{
	struct buf pem;
	enum sti_error error = file_read(path->text, LIMIT_CERT_BODY, &pem);

	if (error)
		return error;
	error = chain_parse(buf_span(&pem), LIMIT_CERT_BLOCKS, out);
	buf_free(&pem);
	return error;
}

/* --- the list --- */

static enum sti_error sign_list(const struct lab_world *world, const struct list_claims *claims,
				const struct chain *roots, struct buf *out)
{
	struct sti_key *key;
	struct buf pem;
	enum sti_error error = read_key(world, "list", &pem);

	if (error)
		return error;
	error = sti_key_parse(buf_span(&pem), &key);
	buf_free(&pem);
	if (error)
		return error;
	error = list_write_ca(key, claims, &roots->cert[0].der, 1, out);
	sti_key_free(key);
	return error;
}

/* As deployed servers answer (standards.md 4.1). */
static enum sti_error write_answer(const struct lab_world *world, const struct list_claims *claims, struct buf *out)
{
	struct lab_path path = lab_path(&world->dir, "/sti-root.pem");
	struct chain roots;
	enum sti_error error = read_chain(&path, &roots);

	if (error)
		return error;
	buf_put_str(out, "{\"status\":\"success\",\"caList\":\"");
	error = sign_list(world, claims, &roots, out);
	buf_put_str(out, "\"}");
	chain_free(&roots);
	return error ? error : buf_error(out);
}

static bool publish_list(const struct lab_world *world, int64_t sequence, int64_t exp)
{
	struct lab_path path = lab_path(&world->dir, "/%s/ca-list.json", lab_who[LAB_PA].name);
	struct lab_url x5u = lab_url(world->port[LAB_PA][LAB_PORT_CR], LAB_PA_CERTIFICATE);
	struct list_claims claims = {.x5u = sti_span_str(x5u.text), .sequence = sequence, .exp = exp};
	struct buf answer = buf_own(LIMIT_BODY);
	enum sti_error error = write_answer(world, &claims, &answer);
	bool good = !error ? lab_write(&path, buf_span(&answer)) : cannot("list", error);

	buf_free(&answer);
	return good;
}

bool lab_pa_publish_list(struct lab_world *world, int64_t exp)
{
	world->sequence++;
	world->list_exp = exp;
	return publish_list(world, world->sequence, exp);
}

bool lab_pa_publish_old_list(const struct lab_world *world)
{
	return publish_list(world, world->sequence - 1, lab_pa_exp(world));
}

int64_t lab_pa_exp(const struct lab_world *world)
{
	return clock_now() + DAY + world->sequence * MINUTE;
}

/* --- the CRL --- */

static enum sti_error sign_crl(const struct lab_world *world, const struct issue_crl *crl, struct buf *out)
{
	struct lab_path path = lab_path(&world->dir, "/%s/crl.pem", lab_who[LAB_PA].name);
	struct buf cert, key;
	enum sti_error error = file_read(path.text, LIMIT_CERT_BODY, &cert);

	if (error)
		return error;
	error = read_key(world, "crl", &key);
	if (!error)
		error = issue_crl(crl, &(struct issue_issuer){buf_span(&cert), buf_span(&key)}, out);
	buf_free(&cert);
	buf_free(&key);
	return error;
}

bool lab_pa_publish_crl(struct lab_world *world, bool is_a_revoked)
{
	struct lab_path signer = lab_path(&world->dir, "/%s/sti.pem", lab_who[LAB_A].name);
	struct lab_path path = lab_path(&world->dir, "/%s/crl-list.pem", lab_who[LAB_PA].name);
	struct buf pem = buf_own(LIMIT_BODY);
	struct issue_revoked revoked = {.date = clock_now()};
	struct issue_crl crl = {.number = ++world->crl_number,
				.this_update = clock_now(),
				.next_update = clock_now() + DAY,
				.indirect = true,
				.revoked = &revoked,
				.n_revoked = is_a_revoked ? 1 : 0};
	struct chain chain;
	enum sti_error error = read_chain(&signer, &chain);
	bool good;

	if (error)
		return cannot("CRL", error);
	revoked.cert = chain.cert[0].der;
	error = sign_crl(world, &crl, &pem);
	good = !error ? lab_write(&path, buf_span(&pem)) : cannot("CRL", error);
	chain_free(&chain);
	buf_free(&pem);
	return good;
}

/* --- both --- */

static bool write_listen(const struct lab_world *world)
{
	struct lab_path path = lab_path(&world->dir, "/%s/listen", lab_who[LAB_PA].name);
	char text[LIMIT_PATH + 64];

	snprintf(text, sizeof(text), "127.0.0.1:%u\nunix:%s/%s.admin\n", world->port[LAB_PA][LAB_PORT_CR],
		 world->run.text, lab_who[LAB_PA].name);
	return lab_write(&path, sti_span_str(text));
}

/* From 2 on, so that there is a number below. */
bool lab_pa_make(struct lab_world *world)
{
	world->sequence = 1;
	world->crl_number = 1;
	return write_listen(world) && lab_pa_publish_list(world, lab_pa_exp(world)) && lab_pa_publish_crl(world, false);
}
