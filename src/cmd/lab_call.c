/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/lab_call.h"

#include <netinet/in.h>
#include <openssl/rand.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/field.h"
#include "app/clock.h"
#include "base/uuid.h"
#include "cmd/command.h"
#include "cmd/lab_carrier.h"
#include "cmd/lab_http.h"
#include "cmd/lab_tdm.h"
#include "json/writer.h"
#include "store/file.h"

/* Who stands where in the ladder. */
#define CALLER    "caller"
#define CALLED    "called"
#define A_CSCF    "A CSCF"
#define A_AS      "A STI-AS"
#define A_GATEWAY "A gateway"
#define TRANSIT   "transit"
#define B_GATEWAY "B gateway"
#define B_CSCF    "B CSCF"
#define B_VS      "B STI-VS"
#define B_CPS     "B CPS"
#define STRANGER  "stranger"

#define TAMPERED "12025550199"

enum {
	STALE_S = 120, /* twice the freshness of RFC 8224 6.2 step 4 */
	TRAP_PORT = 8443, /* one that any stranger may name, ATIS-1000074 5.3.1 */
	SIGN_MS = 400, /* budget of a STI-AS: a CPS that is down may not lengthen it */
};

static const struct {
	size_t who;
	const char *series;
} gauge[LAB_GAUGES] = {
	[LAB_GAUGE_PUBLISHED] = {LAB_A, "sidetone_publications_total{result=\"stored\"}"},
	[LAB_GAUGE_UNPUBLISHED] = {LAB_A, "sidetone_publications_total{result=\"failed\"}"},
	[LAB_GAUGE_STORED] = {LAB_B, "sidetone_passports_stored"},
	[LAB_GAUGE_TAKEN] = {LAB_B, "sidetone_store_events_total{event=\"taken\"}"},
};

static int64_t look(const struct lab_call *call, enum lab_gauge which)
{
	return lab_carrier_metric(call->world, gauge[which].who, gauge[which].series);
}

static bool has_risen(const struct lab_call *call, enum lab_gauge which)
{
	return lab_carrier_metric_wait(call->world, gauge[which].who, gauge[which].series, call->before[which] + 1) ==
	       call->before[which] + 1;
}

static bool broke(const char *what, enum sti_error error)
{
	complain(STATUS_SYSTEM, "lab: %s: %s", what, sti_error_text(error));
	return false;
}

void lab_got(struct lab_call *call, const char *format, ...)
{
	size_t n = strlen(call->telling.got);
	va_list arguments;

	if (n && n + 2 < sizeof(call->telling.got)) {
		memcpy(call->telling.got + n, "; ", 3);
		n += 2;
	}
	va_start(arguments, format);
	vsnprintf(call->telling.got + n, sizeof(call->telling.got) - n, format, arguments);
	va_end(arguments);
}

static bool make_origid(char out[UUID_TEXT + 1])
{
	uint8_t random[16];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return broke("no random numbers", STI_E_CRYPTO);
	uuid_write(random, out);
	return true;
}

/* --- the calling side --- */

static bool set_numbers(struct lab_call *call)
{
	char orig[STI_TN_MAX + 1], dest[STI_TN_MAX + 1];

	snprintf(orig, sizeof(orig), "%s01%02u", lab_who[LAB_A].prefix, call->number % 90);
	snprintf(dest, sizeof(dest), "%s01%02u", lab_who[LAB_B].prefix, call->number % 90);
	return sti_tn_canonical(sti_span_str(orig), NULL, &call->orig) == STI_OK &&
	       sti_tn_canonical(sti_span_str(call->is_dead ? LAB_DEAD_PREFIX "0" : dest), NULL, &call->dest) == STI_OK;
}

bool lab_call_dial(struct lab_call *call)
{
	if (!set_numbers(call))
		return broke("numbers", STI_E_TN);
	for (enum lab_gauge i = 0; i < LAB_GAUGES; i++) {
		call->before[i] = look(call, i);
		if (call->before[i] < 0)
			return broke("/metrics cannot be read", STI_E_NETWORK);
	}
	call->attempt++;
	lab_step(&call->telling, 1, CALLER, A_CSCF, "INVITE, %s calls %s", call->orig.text, call->dest.text);
	return true;
}

/* The PASSporT is the part before the first parameter. */
static void keep_token(struct lab_call *call)
{
	size_t n = sti_span_find(sti_span_str(call->identity), ';');

	memcpy(call->token, call->identity, n);
	call->token[n] = '\0';
}

static void write_signing(struct buf *out, const struct lab_call *call, const char *origid)
{
	buf_put_str(out, "{\"signingRequest\":{");
	json_put_member(out, "attest", sti_span_str("A"));
	field_put_tns(out, "dest", &call->dest, 1);
	json_put_name(out, "iat");
	buf_put_int(out, clock_now());
	field_put_tn(out, "orig", &call->orig);
	json_put_member(out, "origid", sti_span_str(origid));
	buf_put_str(out, "}}");
}

static enum sti_error ask(const struct lab_call *call, const struct lab_url *url, const struct buf *body,
			  struct lab_answer *answer)
{
	char request_id[32];

	snprintf(request_id, sizeof(request_id), "lab-%u-%u", call->number, call->attempt);
	return lab_http_post(call->world, url, "application/json", buf_span(body), request_id, answer);
}

static void take_identity(struct lab_call *call, const struct lab_answer *answer)
{
	bool good = answer->status / 100 == 2 &&
		    lab_identity_parse(buf_span(&answer->body), call->identity, sizeof(call->identity)) == STI_OK;

	lab_fact(&call->telling, good && answer->ms <= SIGN_MS, 3, A_AS, A_CSCF,
		 "%d with an Identity of %zu octets, after %.1f ms", answer->status, strlen(call->identity),
		 answer->ms);
	lab_step(&call->telling, 4, A_CSCF, A_GATEWAY, "INVITE with Identity");
	keep_token(call);
}

bool lab_call_sign(struct lab_call *call)
{
	struct lab_url url = lab_url(call->world->port[LAB_A][LAB_PORT_AS], "/stir/v1/signing");
	struct buf body = buf_own(LIMIT_BODY);
	char origid[UUID_TEXT + 1];
	struct lab_answer answer;
	enum sti_error error;

	if (!make_origid(origid))
		return false;
	write_signing(&body, call, origid);
	lab_step(&call->telling, 2, A_CSCF, A_AS, "POST /stir/v1/signing, attestation A");
	error = ask(call, &url, &body, &answer);
	if (!error)
		take_identity(call, &answer);
	lab_answer_free(&answer);
	buf_free(&body);
	return error ? broke("the STI-AS does not answer", error) : true;
}

bool lab_call_unsigned(struct lab_call *call)
{
	lab_step(&call->telling, 4, A_CSCF, A_GATEWAY, "INVITE, not signed");
	return true;
}

bool lab_call_again(struct lab_call *call)
{
	lab_story_again(&call->telling);
	call->identity[0] = '\0';
	call->lost_from = NULL;
	return lab_call_dial(call) && lab_call_unsigned(call);
}

/* Listens on loopback; -1 where somebody else does. */
static int set_trap(int family)
{
	struct sockaddr_in v4 = {
		.sin_family = AF_INET, .sin_port = htons(TRAP_PORT), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(TRAP_PORT), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	bool is_v6 = family == AF_INET6;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && bind(fd, is_v6 ? (void *)&v6 : (void *)&v4, is_v6 ? sizeof(v6) : sizeof(v4)) == 0 &&
	    listen(fd, 1) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

void lab_trap_close(struct lab_call *call)
{
	for (size_t i = 0; i < sizeof(call->trap) / sizeof(call->trap[0]); i++)
		if (call->trap[i] >= 0)
			close(call->trap[i]);
}

static enum sti_error sign_as(struct lab_call *call, size_t who, const struct lab_url *x5u, int64_t iat,
			      const char *origid)
{
	struct lab_path path = lab_path(&call->world->dir, "/%s/sti.key", lab_who[who].name);
	struct sti_sign_request request = {
		.orig = call->orig,
		.dest = &call->dest,
		.n_dest = 1,
		.iat = iat,
		.attest = 'A',
		.origid = sti_span_str(origid),
	};
	const char *why;
	struct sti_key *key;
	struct buf pem;
	size_t n = 0;
	enum sti_error error = file_read_secret(path.text, LIMIT_KEY, &pem, &why);

	if (error)
		return error;
	error = sti_key_parse(buf_span(&pem), &key);
	buf_free(&pem);
	if (error)
		return error;
	error = sti_sign(key, sti_span_str(x5u->text), &request, call->identity, &n);
	call->identity[n] = '\0';
	sti_key_free(key);
	return error;
}

static bool make_identity(struct lab_call *call, size_t who, const struct lab_url *x5u, int64_t iat)
{
	char origid[UUID_TEXT + 1];
	enum sti_error error;

	if (!make_origid(origid))
		return false;
	error = sign_as(call, who, x5u, iat, origid);
	if (error)
		return broke("signing", error);
	keep_token(call);
	return true;
}

bool lab_call_forge(struct lab_call *call)
{
	struct lab_url x5u = lab_x5u(call->world, LAB_STRANGER);

	if (!make_identity(call, LAB_STRANGER, &x5u, clock_now()))
		return false;
	lab_step(&call->telling, 0, STRANGER, NULL, "signs it as SPC %s, under a root that nobody lists",
		 lab_who[LAB_STRANGER].spc);
	lab_step(&call->telling, 4, STRANGER, A_GATEWAY, "INVITE with Identity");
	return true;
}

bool lab_call_stale(struct lab_call *call)
{
	struct lab_url x5u = lab_x5u(call->world, LAB_A);

	if (!make_identity(call, LAB_A, &x5u, clock_now() - STALE_S))
		return false;
	lab_step(&call->telling, 0, A_CSCF, NULL, "an Identity of A's own, but signed %d s ago", STALE_S);
	lab_step(&call->telling, 4, A_CSCF, A_GATEWAY, "INVITE with Identity");
	return true;
}

bool lab_call_lure(struct lab_call *call)
{
	struct lab_url x5u = lab_url(TRAP_PORT, "/certs/a.pem");

	if (!make_identity(call, LAB_A, &x5u, clock_now()))
		return false;
	call->trap[0] = set_trap(AF_INET);
	call->trap[1] = set_trap(AF_INET6);
	lab_step(&call->telling, 0, A_CSCF, NULL, "an Identity of A's own, but with x5u %s", x5u.text);
	lab_step(&call->telling, 4, A_CSCF, A_GATEWAY, "INVITE with Identity");
	return true;
}

bool lab_call_post(struct lab_call *call)
{
	struct lab_url url = lab_cps(call->world, LAB_B);
	struct lab_answer answer;
	int64_t stored = look(call, LAB_GAUGE_STORED);
	enum sti_error error =
		lab_http_post(call->world, &url, "application/passport", sti_span_str(call->token), NULL, &answer);

	if (!error) {
		lab_got(call, "CPS %d", answer.status);
		lab_step(&call->telling, 0, "somebody", B_CPS, "POST /cps/company/%s with this PASSporT: %d",
			 lab_who[LAB_B].spc, answer.status);
		lab_fact(&call->telling, stored >= 0 && look(call, LAB_GAUGE_STORED) == stored, 0, B_CPS, NULL,
			 "nothing new is stored");
	}
	lab_answer_free(&answer);
	return error ? broke("the CPS does not answer", error) : true;
}

/* --- on the way --- */

static size_t count_legs(const struct lab_call *call)
{
	size_t n = 0;

	while (n < LAB_LEGS && call->leg[n])
		n++;
	return n;
}

static void carry_sip(struct lab_call *call, const char *from, const char *to)
{
	lab_step(&call->telling, 6, from, to, "SIP INVITE, calling %s, %s", call->orig.text,
		 call->identity[0] ? "with Identity" : "no Identity");
}

static bool carry_tdm(struct lab_call *call, const char *from, const char *to)
{
	struct lab_iam in, out;

	if (!lab_iam_write(&call->orig, &call->dest, &in))
		return broke("national numbers", STI_E_TN);
	if (!lab_tdm_carry(&in, &out) || !lab_iam_read(&out, &call->orig, &call->dest))
		return false;
	lab_step(&call->telling, 6, from, to, "TDM, IAM %s%s", out.line,
		 call->identity[0] ? "; here the Identity is lost" : "");
	if (call->identity[0]) {
		call->lost_from = from;
		call->lost_to = to;
	}
	call->identity[0] = '\0';
	return true;
}

static bool tamper(struct lab_call *call)
{
	lab_step(&call->telling, 6, TRANSIT, NULL, "changes the calling number to " TAMPERED);
	return sti_tn_canonical(sti_span_str(TAMPERED), NULL, &call->orig) == STI_OK;
}

bool lab_call_carry(struct lab_call *call)
{
	size_t n = count_legs(call);
	bool good = true;

	for (size_t i = 0; good && i < n; i++) {
		const char *from = i ? TRANSIT : A_GATEWAY;
		const char *to = i + 1 < n ? TRANSIT : B_GATEWAY;

		if (call->leg[i] == LAB_TDM)
			good = carry_tdm(call, from, to);
		else
			carry_sip(call, from, to);
		if (good && i == 0 && call->is_tampered)
			good = tamper(call);
	}
	return good;
}

/* --- the called side --- */

static void write_verification(struct buf *out, const struct lab_call *call)
{
	buf_put_str(out, "{\"verificationRequest\":{");
	field_put_tn(out, "from", &call->orig);
	if (call->identity[0])
		json_put_member(out, "identity", sti_span_str(call->identity));
	json_put_name(out, "time");
	buf_put_int(out, clock_now());
	field_put_tns(out, "to", &call->dest, 1);
	buf_put_str(out, "}}");
}

static void tell_verdict(struct lab_call *call, const struct lab_answer *answer)
{
	const struct lab_verdict *v = &call->verdict;

	lab_got(call, "%s%s%s%s%s", v->verstat, v->code[0] ? ", " : "", v->code, v->source[0] ? ", " : "", v->source);
	lab_step(&call->telling, 10, B_VS, B_CSCF, "%d, %s%s%s%s%s, after %.1f ms", answer->status, v->verstat,
		 v->code[0] ? ", " : "", v->code, v->attest[0] ? ", attestation " : "", v->attest, answer->ms);
	lab_step(&call->telling, 11, B_CSCF, CALLED, "INVITE, verstat=%s: the call goes on", v->verstat);
}

bool lab_call_verify(struct lab_call *call)
{
	struct lab_url url = lab_url(call->world->port[LAB_B][LAB_PORT_VS], "/stir/v1/verification");
	struct buf body = buf_own(LIMIT_BODY);
	struct lab_answer answer;
	enum sti_error error;

	lab_step(&call->telling, 7, B_GATEWAY, B_CSCF, "INVITE, %s calls %s, %s", call->orig.text, call->dest.text,
		 call->identity[0] ? "with Identity" : "no Identity");
	lab_step(&call->telling, 8, B_CSCF, B_VS, "POST /stir/v1/verification, %s",
		 call->identity[0] ? "with the Identity" : "without one");
	write_verification(&body, call);
	error = ask(call, &url, &body, &answer);
	if (!error && answer.status / 100 == 2)
		error = lab_verdict_parse(buf_span(&answer.body), sti_span_str(call->token), &call->verdict);
	else if (!error)
		error = STI_E_DENIED;
	if (!error)
		tell_verdict(call, &answer);
	lab_answer_free(&answer);
	buf_free(&body);
	return error ? broke("the STI-VS gives no verdict", error) : true;
}

/* --- what must be seen --- */

bool lab_call_published(struct lab_call *call)
{
	lab_step(&call->telling, 3, A_AS, B_CPS, "POST /cps/company/%s, the same PASSporT, beside the call",
		 lab_who[LAB_B].spc);
	lab_fact(&call->telling, has_risen(call, LAB_GAUGE_PUBLISHED), 5, B_CPS, A_AS,
		 "201, stored; nobody has waited for it");
	return true;
}

bool lab_call_unpublished(struct lab_call *call)
{
	lab_fact(&call->telling, has_risen(call, LAB_GAUGE_UNPUBLISHED), 3, A_AS, B_CPS,
		 "cannot be reached; nobody has waited for it");
	return true;
}

bool lab_call_beside(struct lab_call *call)
{
	lab_fact(&call->telling, call->verdict.n_passports == 1 && call->verdict.is_same, 9, B_CPS, B_VS,
		 "the PASSporT that came out of band, octet for octet what A signed");
	lab_fact(&call->telling, has_risen(call, LAB_GAUGE_TAKEN), 9, B_CPS, NULL,
		 "has given it out once and holds it no more");
	return true;
}

/* The kernel would have taken the connection without us. */
bool lab_call_not_lured(struct lab_call *call)
{
	size_t n = 0, sockets = 0;

	for (size_t i = 0; i < sizeof(call->trap) / sizeof(call->trap[0]); i++) {
		int caught = call->trap[i] < 0 ? -1 : accept(call->trap[i], NULL, NULL);

		sockets += call->trap[i] < 0 ? 0 : 1;
		n += caught < 0 ? 0 : 1;
		if (caught >= 0)
			close(caught);
	}
	if (sockets)
		lab_fact(&call->telling, n == 0, 9, B_VS, NULL, "has made %zu connections to port %d", n, TRAP_PORT);
	else
		lab_step(&call->telling, 9, B_VS, NULL, "connections are not counted: port %d is taken here",
			 TRAP_PORT);
	return true;
}

static const char *decided_text(const struct lab_verdict *v)
{
	if (!v->source[0])
		return "no PASSporT decided";
	return strcmp(v->source, "in-band") == 0 ? "the PASSporT in the Identity header decided"
						 : "the PASSporT that came out of band decided";
}

void lab_call_conclude(struct lab_call *call)
{
	const struct lab_verdict *v = &call->verdict;
	struct lab_telling *telling = &call->telling;
	char lost[80];

	if (call->lost_from)
		snprintf(lost, sizeof(lost), "the Identity was lost on TDM, %s -> %s", call->lost_from, call->lost_to);
	else
		snprintf(lost, sizeof(lost), "%s",
			 call->identity[0] ? "the Identity came through" : "there was no Identity");
	snprintf(telling->result, sizeof(telling->result), "%s%s%s%s%s%s; %s; %s",
		 v->verstat[0] ? v->verstat : "no verdict", call->attempt > 1 ? " for the second call" : "",
		 v->code[0] ? ", " : "", v->code, v->why[0] ? ": " : "", v->why, decided_text(v), lost);
}
