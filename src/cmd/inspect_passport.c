/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/identity.h>
#include <sti/passport.h>

#include "base/limits.h"
#include "cmd/identity_input.h"
#include "cmd/inspect.h"
#include "net/gate.h"

static void check_x5u(struct inspect *in, struct sti_span x5u)
{
	struct gate gate = {NULL, 0};
	struct url url;
	enum sti_error error = gate_check_url(&gate, x5u, &url);

	if (error)
		inspect_fault(in, "ATIS-1000074 5.3.1", "x5u: %s",
			      error == STI_E_DENIED ? "a port that is neither 443 nor 8443, or an address"
						    : sti_error_text(error));
}

static void check(struct inspect *in, const struct sti_passport *passport)
{
	const char *at = "";
	enum sti_error error = sti_passport_check(passport, &at);

	if (passport->iat >= 0) {
		report_time(&in->report, "signed", passport->iat);
		if (in->now - passport->iat > LIMIT_FRESHNESS_S || passport->iat - in->now > LIMIT_FRESHNESS_S)
			inspect_note(in, "RFC 8224 6.2 step 4", "iat is %lld s from now, no verifier takes it now",
				     (long long)(in->now - passport->iat));
	}
	if (error && !passport->signature_error && error != passport->claims_error)
		inspect_fault(in, "RFC 8225 4, RFC 8588 4", "%s: %s", at, sti_error_text(error));
	if (passport->claims_error)
		inspect_fault(in, "RFC 8225 5, RFC 8588 4", "%s: %s", passport->claims_at,
			      sti_error_text(passport->claims_error));
	if (passport->x5u.p)
		check_x5u(in, passport->x5u);
}

/* A token that a verifier would refuse is decoded all the same. */
static enum sti_error put_passport(struct inspect *in, struct sti_span token, const struct jws *jws)
{
	struct sti_passport *passport;
	enum sti_error error;

	inspect_put_jws(in, jws, true);
	error = sti_passport_parse(token, &passport);
	if (error == STI_E_MEMORY)
		return error;
	if (error) {
		inspect_fault(in, "RFC 8225 4", "no verifier reads it: %s", sti_error_text(error));
		return STI_OK;
	}
	check(in, passport);
	sti_passport_free(passport);
	return STI_OK;
}

enum sti_error inspect_passport(struct inspect *in)
{
	return in->jws_error ? in->jws_error : put_passport(in, in->token, &in->jws);
}

/* RFC 8224 4.1: the parameters mirror the header of the PASSporT. */
static void check_parameters(struct inspect *in, const struct sti_identity *identity, const struct jws *jws)
{
	static const char clause[] = "RFC 8224 4.1";
	const struct json_node *root = json_root(jws->header);
	const struct {
		const char *name;
		const char *member;
		struct sti_span value;
		bool is_needed;
	} row[] = {
		{"info", "x5u", identity->info, true},
		{"alg", "alg", identity->alg, false},
		{"ppt", "ppt", identity->ppt, false},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const struct json_node *node = json_member(jws->header, root, row[i].member);
		struct sti_span value = {NULL, 0};

		if (node)
			json_string(node, &value);
		if (!row[i].value.p && row[i].is_needed)
			inspect_fault(in, "RFC 8224 4", "no parameter %s", row[i].name);
		else if (row[i].value.p && !sti_span_equal(row[i].value, value))
			inspect_fault(in, clause, "parameter %s is not the %s of the PASSporT", row[i].name,
				      row[i].member);
	}
}

static enum sti_error put_token(struct inspect *in, const struct sti_identity *identity)
{
	struct jws jws;
	enum sti_error error = jws_parse(identity->token, &json_limits_default, &jws);

	if (error == STI_E_MEMORY)
		return error;
	if (error) {
		inspect_fault(in, "RFC 8225, RFC 7515 7.1", "PASSporT: %s", sti_error_text(error));
		return STI_OK;
	}
	error = put_passport(in, identity->token, &jws);
	check_parameters(in, identity, &jws);
	jws_free(&jws);
	return error;
}

static enum sti_error put_value(struct inspect *in, struct sti_span value)
{
	struct sti_identity identity;
	enum sti_error error = sti_identity_parse(value, &identity);

	if (error) {
		report_text(&in->report, "value", value);
		inspect_fault(in, "RFC 8224 4", "%s", sti_error_text(error));
		return STI_OK;
	}
	report_text(&in->report, "info", identity.info);
	report_text(&in->report, "alg", identity.alg);
	report_text(&in->report, "ppt", identity.ppt);
	return put_token(in, &identity);
}

static bool is_readable(const struct identity_input *input)
{
	struct sti_identity identity;

	for (size_t i = 0; i < input->n; i++)
		if (sti_identity_parse(input->value[i], &identity) == STI_OK)
			return true;
	return false;
}

enum sti_error inspect_identity(struct inspect *in)
{
	struct identity_input input;
	enum sti_error error = identity_input_split(in->text, &input);

	if (!error && !is_readable(&input))
		error = STI_E_IDENTITY;
	report_open_list(&in->report, "identities");
	for (size_t i = 0; !error && i < input.n; i++) {
		report_open(&in->report, NULL);
		error = put_value(in, input.value[i]);
		report_close(&in->report);
	}
	report_close_list(&in->report);
	identity_input_free(&input);
	return error;
}
