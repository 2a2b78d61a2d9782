/* SPDX-License-Identifier: Apache-2.0 */
#include "app/schema.h"

#include "app/listen_address.h"
#include "base/address.h"
#include "base/decimal.h"
#include "base/limits.h"
#include "base/url.h"

#define AT(member) offsetof(struct config, member)
#define ROWS(rows)                                                                                                     \
	{                                                                                                              \
		.row = (rows), .n = sizeof(rows) / sizeof((rows)[0])                                                   \
	}
#define ROWS_AT(rows, member)                                                                                          \
	{                                                                                                              \
		.row = (rows), .n = sizeof(rows) / sizeof((rows)[0]), .base = AT(member)                               \
	}

enum {
	MANY = LIMIT_CONFIG_ENTRIES,
	MINUTE_MS = 60 * 1000,
	HOUR_MS = 60 * MINUTE_MS,
	DAY_S = 86400,
	DAYS_30 = 30 * DAY_S
};

static const char false_true[] = "false|true";

static const struct schema_row root_rows[] = {
	{"name", SCHEMA_NAME, SCHEMA_STRING, AT(name), .fallback = "sidetone",
	 .what = "Name of this process in logs and metrics."},
	{"country_code", SCHEMA_COUNTRY, SCHEMA_STRING, AT(country_code), .fallback = "1",
	 .what = "Country code of the number plan, put before national numbers."},
	{"trunk_prefix", SCHEMA_TRUNK, SCHEMA_STRING, AT(trunk_prefix), .fallback = "0",
	 .what = "What national numbers begin with outside country code 1; \"\": they are not told from others, and "
		 "must come with their country code."},
	{"number_key", SCHEMA_PATH, SCHEMA_STRING, AT(number_key),
	 .what = "Secret file; numbers appear in logs as hashes under this key. Without it a new key is made at each "
		 "start."},
	{"admin", SCHEMA_LISTEN, SCHEMA_LIST, AT(admin), 0, 8,
	 .what = "Listeners of /metrics, /health and /ready; loopback or Unix sockets only."},
};

static const struct schema_row trust_rows[] = {
	{"roots", SCHEMA_PATH, SCHEMA_LIST, AT(roots), 0, MANY,
	 .what = "PEM files with trusted STI-CA roots. vs and cps need these or a list."},
	{"state", SCHEMA_PATH, SCHEMA_STRING, AT(state),
	 .what = "Folder, made where it is missing, for what was fetched and how far each source has got. Needed by "
		 "list "
		 "and crl with a url."},
};

static const struct schema_row list_rows[] = {
	{"kind", SCHEMA_WORD, SCHEMA_STRING, offsetof(struct config_list, kind), .words = "ca-list|cps-mapping",
	 .mandatory = true, .what = "What it lists: trusted STI-CA roots, or the CPSs of OCNs."},
	{"url", SCHEMA_OWN_URL, SCHEMA_STRING, offsetof(struct config_list, url), .mandatory = true,
	 .what = "Where it is fetched from. fetch.permit is not needed for it, TLS is verified with fetch.ca."},
	{"anchor", SCHEMA_PATH, SCHEMA_STRING, offsetof(struct config_list, anchor), .mandatory = true,
	 .what = "PEM file: who may sign it. A CA vouches for the signers under it, any other certificate for itself "
		 "alone."},
	{"hosts", SCHEMA_HOST, SCHEMA_LIST, offsetof(struct config_list, hosts), 0, LIMIT_SOURCE_HOSTS,
	 .what = "Hosts besides that of url from which the certificate of its signer may be fetched."},
	{"signer", SCHEMA_PATH, SCHEMA_STRING, offsetof(struct config_list, signer),
	 .what = "PEM file: chain of its signer, leaf first. Without it the chain is fetched from the x5u of the "
		 "list."},
	{"poll_s", SCHEMA_NUMBER, SCHEMA_INT, offsetof(struct config_list, poll_s), 1, DAY_S, .fallback = "300",
	 .what = "Seconds between two looks at url, 10 % more or less."},
	{"max_age_s", SCHEMA_NUMBER, SCHEMA_INT, offsetof(struct config_list, max_age_s), 60, 365 * DAY_S,
	 .fallback = "2592000", .what = "Seconds that a list may be used for, however late its own exp is."},
	{"confirmed_sequence", SCHEMA_NUMBER, SCHEMA_INT, offsetof(struct config_list, confirmed_sequence), 0,
	 INT64_MAX, .fallback = "0",
	 .what = "A jump to this sequence, refused before as list.jump, is right. 0: none."},
	{"login", SCHEMA_OWN_URL, SCHEMA_STRING, offsetof(struct config_list, login),
	 .what = "Where user and password are changed for an access token."},
	{"user", SCHEMA_TEXT, SCHEMA_STRING, offsetof(struct config_list, user), .what = "userId of the login."},
	{"password_file", SCHEMA_PATH, SCHEMA_STRING, offsetof(struct config_list, password_file),
	 .what = "Secret file: the password of the login."},
	{"token_file", SCHEMA_PATH, SCHEMA_STRING, offsetof(struct config_list, token_file),
	 .what = "Secret file: what is sent as Authorization, as it stands, where there is no login."},
};

static const struct schema_row crl_rows[] = {
	{"url", SCHEMA_OWN_URL, SCHEMA_STRING, offsetof(struct config_crl, url),
	 .what = "Where it is fetched from. Either this or file."},
	{"file", SCHEMA_PATH, SCHEMA_STRING, offsetof(struct config_crl, file), .what = "PEM or DER file."},
	{"anchor", SCHEMA_PATH, SCHEMA_STRING, offsetof(struct config_crl, anchor), .mandatory = true,
	 .what = "PEM file with the certificate of its issuer, which a CRL does not carry."},
	{"country", SCHEMA_ISO_COUNTRY, SCHEMA_STRING, offsetof(struct config_crl, country),
	 .what = "It speaks only for certificates under roots of this country; without it for all."},
	{"grace_s", SCHEMA_NUMBER, SCHEMA_INT, offsetof(struct config_crl, grace_s), 0, 365 * DAY_S,
	 .fallback = "86400", .what = "Seconds after nextUpdate for which it still counts."},
	{"stale", SCHEMA_WORD, SCHEMA_BOOL, offsetof(struct config_crl, hard), .words = "soft|hard", .fallback = "soft",
	 .what = "After that: soft, it is passed over; hard, nothing it speaks for is trusted."},
	{"poll_s", SCHEMA_NUMBER, SCHEMA_INT, offsetof(struct config_crl, poll_s), 1, DAY_S, .fallback = "3600",
	 .what = "Seconds between two looks at url or file, 10 % more or less."},
	{"confirmed_number", SCHEMA_CRL_NUMBER, SCHEMA_STRING, offsetof(struct config_crl, confirmed_number),
	 .what = "A jump to this crlNumber, refused before as crl.jump, is right; as number stands in the log."},
};

static const struct schema_row fetch_rows[] = {
	{"ca", SCHEMA_PATH, SCHEMA_STRING, AT(fetch_ca),
	 .what = "PEM file: who vouches for certificate repositories and CPSs. Without it those the system trusts."},
	{"permit", SCHEMA_HOST_PORT, SCHEMA_LIST, AT(permit), 0, MANY,
	 .what = "host:port that may be fetched from although its address is not public."},
};

static const struct schema_row cache_rows[] = {
	{"folder", SCHEMA_PATH, SCHEMA_STRING, AT(cache_folder),
	 .what = "Folder of certificates known ahead of calls (`sidetone cache import`); read at the start and at each "
		 "reload, refreshed in memory as long as the process lives. Without it none."},
	{"megabytes", SCHEMA_NUMBER, SCHEMA_INT, AT(cache_megabytes), 1, 65536, .fallback = "128",
	 .what = "Memory for certificates, about; one takes 6 KB. Changes only by a restart."},
};

static const struct schema_row limits_rows[] = {
	{"handshake_ms", SCHEMA_NUMBER, SCHEMA_INT, AT(limits.handshake_ms), 10, MINUTE_MS, .fallback = "5000",
	 .what = "Milliseconds for a TLS handshake."},
	{"idle_ms", SCHEMA_NUMBER, SCHEMA_INT, AT(limits.idle_ms), 10, HOUR_MS, .fallback = "60000",
	 .what = "Milliseconds that a kept connection may be idle."},
	{"head_ms", SCHEMA_NUMBER, SCHEMA_INT, AT(limits.head_ms), 10, MINUTE_MS, .fallback = "5000",
	 .what = "Milliseconds for the head of a request."},
	{"body_ms", SCHEMA_NUMBER, SCHEMA_INT, AT(limits.body_ms), 10, MINUTE_MS, .fallback = "5000",
	 .what = "Milliseconds for the body of a request."},
	{"write_ms", SCHEMA_NUMBER, SCHEMA_INT, AT(limits.write_ms), 10, MINUTE_MS, .fallback = "5000",
	 .what = "Milliseconds for a client to take an answer."},
	{"connections", SCHEMA_NUMBER, SCHEMA_INT, AT(limits.connections), 1, 1000000, .fallback = "4096",
	 .what = "Connections of one listener at once."},
	{"connections_per_address", SCHEMA_NUMBER, SCHEMA_INT, AT(limits.connections_per_address), 0, 1000000,
	 .fallback = "256", .what = "Connections of one address at once; 0: no limit."},
};

static const struct schema_row listen_rows[] = {
	{"listen", SCHEMA_LISTEN, SCHEMA_LIST, offsetof(struct config_listen, address), 1, 8, .mandatory = true,
	 .what = "Addresses to listen on."},
	{"tls_certificate", SCHEMA_PATH, SCHEMA_STRING, offsetof(struct config_listen, tls_certificate),
	 .what = "PEM file: certificate chain of the listener, leaf first. Without it plain HTTP, where that is "
		 "allowed."},
	{"tls_key", SCHEMA_PATH, SCHEMA_STRING, offsetof(struct config_listen, tls_key),
	 .what = "Secret file: the key of tls_certificate."},
};

static const struct schema_row client_ca_rows[] = {
	{"client_ca", SCHEMA_PATH, SCHEMA_STRING, offsetof(struct config_listen, client_ca),
	 .what = "PEM file: who vouches for client certificates. Without it none are asked for."},
};

static const struct schema_row client_required_rows[] = {
	{"client_required", SCHEMA_WORD, SCHEMA_BOOL, offsetof(struct config_listen, client_required),
	 .words = false_true, .fallback = "false", .what = "Whether a client without a certificate is turned away."},
};

static const struct schema_row as_rows[] = {
	{"prefix", SCHEMA_URL_PATH, SCHEMA_STRING, AT(as.prefix), .fallback = "/stir/v1",
	 .what = "What stands before /signing in the path."},
	{"success", SCHEMA_NUMBER, SCHEMA_INT, AT(as.success), 200, 201, .fallback = "200",
	 .what = "Status of a good answer: 200, or 201 as the standard draws it."},
	{"publish_timeout_ms", SCHEMA_NUMBER, SCHEMA_INT, AT(as.publish_timeout_ms), 10, MINUTE_MS, .fallback = "5000",
	 .what = "Milliseconds for a publication to a CPS."},
	{"publish_queue", SCHEMA_NUMBER, SCHEMA_INT, AT(as.publish_queue), 1, 1000000, .fallback = "10000",
	 .what = "Publications that may wait or be in flight; more are dropped and counted."},
};

static const struct schema_row signer_rows[] = {
	{"key", SCHEMA_PATH, SCHEMA_STRING, offsetof(struct config_signer, key), .mandatory = true,
	 .what = "Secret file: the private key, PEM, P-256."},
	{"certificate", SCHEMA_PATH, SCHEMA_STRING, offsetof(struct config_signer, certificate), .mandatory = true,
	 .what = "PEM file: certificate chain of the key, leaf first."},
	{"x5u", SCHEMA_URL, SCHEMA_STRING, offsetof(struct config_signer, x5u), .mandatory = true,
	 .what = "Where others fetch that certificate."},
	{"numbers", SCHEMA_DIGITS, SCHEMA_LIST, offsetof(struct config_signer, numbers), 0, MANY,
	 .what = "Prefixes of canonical calling numbers it signs for; none: any."},
	{"trunks", SCHEMA_TEXT, SCHEMA_LIST, offsetof(struct config_signer, trunks), 0, MANY,
	 .what = "Trunks (X-Trunk of the request) it signs for."},
};

static const struct schema_row client_rows[] = {
	{"addresses", SCHEMA_NETWORK, SCHEMA_LIST, offsetof(struct config_client, addresses), 0, MANY,
	 .what = "Where it comes from."},
	{"certificate_sha256", SCHEMA_SHA256, SCHEMA_STRING, offsetof(struct config_client, certificate_sha256),
	 .what = "SHA-256 of its TLS certificate (DER)."},
	{"token_file", SCHEMA_PATH, SCHEMA_STRING, offsetof(struct config_client, token_file),
	 .what = "Secret file: its bearer token."},
	{"numbers", SCHEMA_DIGITS, SCHEMA_LIST, offsetof(struct config_client, numbers), 0, MANY,
	 .what = "Prefixes of canonical numbers it may call from; none: any."},
	{"attest_max", SCHEMA_WORD, SCHEMA_STRING, offsetof(struct config_client, attest_max), .words = "A|B|C",
	 .fallback = "A", .what = "The highest attestation it may ask for."},
	{"signer", SCHEMA_NAME, SCHEMA_STRING, offsetof(struct config_client, signer),
	 .what = "The signer for its calls; without it the trunk, then the number decides."},
};

static const struct schema_row vs_rows[] = {
	{"prefix", SCHEMA_URL_PATH, SCHEMA_STRING, AT(vs.prefix), .fallback = "/stir/v1",
	 .what = "What stands before /verification in the path."},
	{"success", SCHEMA_NUMBER, SCHEMA_INT, AT(vs.success), 200, 201, .fallback = "200",
	 .what = "Status of a good answer: 200, or 201 as the standard draws it."},
	{"reasoncode", SCHEMA_WORD, SCHEMA_BOOL, AT(vs.reasoncode_number), .words = "string|number",
	 .fallback = "string", .what = "Type of reasoncode in the JSON answer; some SBCs take only a number."},
	{"budget_ms", SCHEMA_NUMBER, SCHEMA_INT, AT(vs.budget_ms), 10, 10000, .fallback = "700",
	 .what = "Milliseconds within which a request is answered, fetches and waiting included."},
	{"wait_ms", SCHEMA_NUMBER, SCHEMA_INT, AT(vs.wait_ms), 0, LIMIT_WAIT_MS, .fallback = "300",
	 .what = "Milliseconds to wait for a PASSporT that comes after its call; 0: none."},
	{"freshness", SCHEMA_NUMBER, SCHEMA_INT, AT(vs.policy.freshness), 5, LIMIT_FRESHNESS_S, .fallback = "60",
	 .what = "Seconds that iat may lie back (RFC 8224 6.2 step 4)."},
	{"skew", SCHEMA_NUMBER, SCHEMA_INT, AT(vs.policy.skew), 0, LIMIT_SKEW_S, .fallback = "5",
	 .what = "Seconds that iat may lie ahead."},
	{"prefer", SCHEMA_WORD, SCHEMA_PREFER, AT(vs.policy.prefer),
	 .words = "in-band|out-of-band|best-attestation|equal", .fallback = "in-band",
	 .what = "Which PASSporT decides when one came in band and another out of band."},
	{"strict_origid", SCHEMA_WORD, SCHEMA_BOOL, AT(vs.policy.strict_origid), .words = false_true,
	 .fallback = "false", .what = "Whether an origid that is no UUID fails the call (RFC 8588 5)."},
	{"out_of_band", SCHEMA_STORE_OF, SCHEMA_STRING, AT(vs.out_of_band), .fallback = "local",
	 .what = "Where PASSporTs that came out of band are: local (the cps of this process), the private listener of "
		 "another, or off."},
	{"oob_certificate", SCHEMA_PATH, SCHEMA_STRING, AT(vs.oob_certificate),
	 .what = "PEM file: our client certificate for an https out_of_band."},
	{"oob_key", SCHEMA_PATH, SCHEMA_STRING, AT(vs.oob_key), .what = "Secret file: the key of oob_certificate."},
	{"oob_ca", SCHEMA_PATH, SCHEMA_STRING, AT(vs.oob_ca),
	 .what = "PEM file: who vouches for an https out_of_band."},
};

static const struct schema_row cps_rows[] = {
	{"names", SCHEMA_HOST, SCHEMA_LIST, AT(cps.names), 0, MANY, .what = "Host names it answers to; none: any."},
	{"ocn", SCHEMA_OCN, SCHEMA_LIST, AT(cps.ocn), 1, MANY, .mandatory = true,
	 .what = "Operating company numbers hosted here."},
	{"types", SCHEMA_PPT, SCHEMA_LIST, AT(cps.types), 0, MANY,
	 .what = "PASSporT types (ppt) that are accepted, \"\" being one without ppt; none: every type."},
	{"store", SCHEMA_PATH, SCHEMA_STRING, AT(cps.store), .mandatory = true,
	 .what = "Folder or file for the PASSporTs; on tmpfs, as /dev/shm is."},
	{"slots", SCHEMA_NUMBER, SCHEMA_INT, AT(cps.slots), 1, 64 * 1024 * 1024, .fallback = "100000",
	 .what = "Room of the store: one slot holds one PASSporT of ordinary length."},
	{"freshness", SCHEMA_NUMBER, SCHEMA_INT, AT(cps.freshness), 5, LIMIT_FRESHNESS_S, .fallback = "60",
	 .what = "Seconds that iat may lie back."},
	{"skew", SCHEMA_NUMBER, SCHEMA_INT, AT(cps.skew), 0, LIMIT_SKEW_S, .fallback = "5",
	 .what = "Seconds that iat may lie ahead."},
	{"fetch_ms", SCHEMA_NUMBER, SCHEMA_INT, AT(cps.fetch_ms), 10, LIMIT_FETCH_MS, .fallback = "2000",
	 .what = "Milliseconds for a certificate, connecting included."},
	{"compat_400", SCHEMA_WORD, SCHEMA_BOOL, AT(cps.compat_400), .words = false_true, .fallback = "false",
	 .what = "Whether a PASSporT that cannot be believed is a 400 instead of a 403, for clients that expect it."},
};

static const struct schema_row cr_rows[] = {
	{"max_age", SCHEMA_NUMBER, SCHEMA_INT, AT(cr.max_age), 0, DAYS_30, .fallback = "86400",
	 .what = "Seconds for which others may keep a certificate (Cache-Control)."},
};

static const struct schema_row certificate_rows[] = {
	{"file", SCHEMA_PATH, SCHEMA_STRING, offsetof(struct config_file_name, file), .mandatory = true,
	 .what = "PEM file: the chain, leaf first."},
};

static const struct schema_row route_rows[] = {
	{"cps", SCHEMA_OWN_URL, SCHEMA_STRING, offsetof(struct config_route, cps), .mandatory = true,
	 .what = "URL that PASSporTs are posted to, as it stands."},
};

static const struct schema_section_row sections[SCHEMA_SECTIONS] = {
	[SCHEMA_ROOT] = {"", .size = sizeof(struct config), .part = {ROWS(root_rows)},
			 .what = "What concerns the whole process."},
	[SCHEMA_TRUST] = {"trust", .part = {ROWS(trust_rows)}, .what = "Whom we believe."},
	[SCHEMA_SIGNED_LIST] = {"list", .many = true, .title = SCHEMA_NAME, .at = AT(list),
				.size = sizeof(struct config_list), .part = {ROWS(list_rows)},
				.what = "A signed list of a policy administrator or CA: polled, verified, kept. TITLE "
					"names it in logs."},
	[SCHEMA_CRL] = {"crl", .many = true, .title = SCHEMA_NAME, .at = AT(crl), .size = sizeof(struct config_crl),
			.part = {ROWS(crl_rows)},
			.what = "A CRL: every certificate of a path but the root is looked up in it."},
	[SCHEMA_FETCH] = {"fetch", .part = {ROWS(fetch_rows)}, .what = "How we fetch from others, and post to them."},
	[SCHEMA_CACHE] = {"cache", .part = {ROWS(cache_rows)}, .what = "The signers' certificates that are kept."},
	[SCHEMA_LIMITS] = {"limits", .at = AT(limits), .size = sizeof(struct config_limits),
			   .part = {ROWS(limits_rows)}, .what = "What every listener allows a client."},
	[SCHEMA_AS] = {"as", .role = true, .at = AT(as), .size = sizeof(struct config_as),
		       .part = {ROWS_AT(listen_rows, as.listen), ROWS_AT(client_ca_rows, as.listen),
				ROWS_AT(client_required_rows, as.listen), ROWS(as_rows)},
		       .what = "The authentication service: signs calls and publishes their PASSporTs."},
	[SCHEMA_SIGNER] = {"signer", SCHEMA_AS, .many = true, .title = SCHEMA_NAME, .at = AT(as.signer),
			   .size = sizeof(struct config_signer), .part = {ROWS(signer_rows)},
			   .what = "An identity to sign with. At least one is needed."},
	[SCHEMA_CLIENT] = {"client", SCHEMA_AS, .many = true, .title = SCHEMA_NAME, .at = AT(as.client),
			   .size = sizeof(struct config_client), .part = {ROWS(client_rows)},
			   .what = "Who may ask for signatures. Without any: everybody who reaches the listener."},
	[SCHEMA_VS] = {"vs", .role = true, .at = AT(vs), .size = sizeof(struct config_vs),
		       .part = {ROWS_AT(listen_rows, vs.listen), ROWS_AT(client_ca_rows, vs.listen),
				ROWS_AT(client_required_rows, vs.listen), ROWS(vs_rows)},
		       .what = "The verification service."},
	[SCHEMA_CPS] = {"cps", .role = true, .at = AT(cps), .size = sizeof(struct config_cps),
			.part = {ROWS_AT(listen_rows, cps.listen), ROWS(cps_rows)},
			.what = "The call placement service: takes PASSporTs for the numbers of the carriers that it "
				"hosts. Its public listener demands TLS."},
	[SCHEMA_PRIVATE] = {"private", SCHEMA_CPS, .at = AT(cps.private_listen), .size = sizeof(struct config_listen),
			    .part = {ROWS_AT(listen_rows, cps.private_listen),
				     ROWS_AT(client_ca_rows, cps.private_listen)},
			    .what = "Where verification services take PASSporTs out: Unix sockets, or TLS with client "
				    "certificates, which are required."},
	[SCHEMA_CR] = {"cr", .role = true, .at = AT(cr), .size = sizeof(struct config_cr),
		       .part = {ROWS_AT(listen_rows, cr.listen), ROWS(cr_rows)}, .what = "The certificate repository."},
	[SCHEMA_CERTIFICATE] = {"certificate", SCHEMA_CR, .many = true, .title = SCHEMA_NAME, .at = AT(cr.certificate),
				.size = sizeof(struct config_file_name), .part = {ROWS(certificate_rows)},
				.what = "A chain served as /certs/TITLE.pem."},
	[SCHEMA_ROUTE] = {"route", .many = true, .title = SCHEMA_DIGITS, .at = AT(route),
			  .size = sizeof(struct config_route), .part = {ROWS(route_rows)},
			  .what = "The CPS of called numbers that begin with TITLE; the longest prefix wins."},
};

const struct schema_section_row *schema_section(enum schema_section section)
{
	return &sections[section];
}

const struct schema_row *schema_row(enum schema_section section, size_t i, size_t *at)
{
	for (size_t k = 0; k < SCHEMA_PARTS; k++) {
		const struct schema_part *part = &sections[section].part[k];

		if (i < part->n) {
			*at = part->base + part->row[i].at;
			return &part->row[i];
		}
		i -= part->n;
	}
	return NULL;
}

/* Every byte of the text is one of `allowed`, and there are min .. max of them. */
static bool is_made_of(struct sti_span text, const char *allowed, size_t min, size_t max)
{
	if (text.n < min || text.n > max)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == 0 || !strchr(allowed, text.p[i]))
			return false;
	return true;
}

#define DIGIT "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool is_text(struct sti_span text)
{
	return text.n >= 1 && text.n <= 255;
}

static bool is_name(struct sti_span text)
{
	return is_made_of(text, DIGIT LOWER UPPER "._-", 1, 64) && text.p[0] != '.';
}

static bool is_path(struct sti_span text)
{
	return text.n >= 1 && text.n <= LIMIT_PATH;
}

static bool is_url(struct sti_span text)
{
	struct url url;

	return url_parse(text, &url) == STI_OK;
}

static bool is_own_url(struct sti_span text)
{
	struct url url;

	return url_parse_own(text, &url) == STI_OK;
}

/* Bits behind the prefix are a slip of somebody who meant one address, or another network. */
static bool is_network(struct sti_span text)
{
	struct address_range range;

	if (address_range_parse(text, &range) != STI_OK)
		return false;
	for (unsigned i = range.bits; i < 128; i++)
		if (range.first.octet[i / 8] & (0x80 >> (i % 8)))
			return false;
	return true;
}

static bool is_host(struct sti_span text)
{
	return is_made_of(text, DIGIT LOWER UPPER ".-:[]", 1, 253);
}

static bool is_host_port(struct sti_span text)
{
	size_t colon = text.n;
	int64_t port;

	while (colon && text.p[colon - 1] != ':')
		colon--;
	return colon && is_host(sti_span_first(text, colon - 1)) &&
	       decimal_parse(sti_span_from(text, colon), UINT16_MAX, &port) == STI_OK && port != 0;
}

static bool is_digits(struct sti_span text)
{
	return is_made_of(text, DIGIT, 1, LIMIT_TN);
}

/* E.164 6.1: one to three digits, none begins with 0. */
static bool is_country(struct sti_span text)
{
	return is_made_of(text, DIGIT, 1, 3) && text.p[0] != '0';
}

/* ISO 3166-1 alpha-2 */
static bool is_iso_country(struct sti_span text)
{
	return is_made_of(text, UPPER, 2, 2);
}

static bool is_trunk(struct sti_span text)
{
	return is_made_of(text, DIGIT, 0, 4);
}

static bool is_sha256(struct sti_span text)
{
	return is_made_of(text, DIGIT "abcdefABCDEF", 64, 64);
}

static bool is_ocn(struct sti_span text)
{
	return is_made_of(text, DIGIT UPPER, 4, 4);
}

static bool is_ppt(struct sti_span text)
{
	return is_made_of(text, DIGIT LOWER UPPER "-._", 0, 64);
}

/* RFC 5280 5.2.3: up to 20 octets. */
static bool is_crl_number(struct sti_span text)
{
	return is_made_of(text, DIGIT "abcdefABCDEF", 1, 40);
}

static bool is_url_path(struct sti_span text)
{
	return is_made_of(text, DIGIT LOWER UPPER "._-/", 2, 128) && text.p[0] == '/' && text.p[text.n - 1] != '/';
}

static bool is_store_of(struct sti_span text)
{
	if (sti_span_is(text, "local") || sti_span_is(text, "off"))
		return true;
	return listen_address_is_unix(text) ? listen_address_check(text) : is_own_url(text);
}

static const struct kind {
	bool (*check)(struct sti_span text);
	const char *expected;
} kinds[SCHEMA_KINDS] = {
	[SCHEMA_TEXT] = {is_text, "1 to 255 octets"},
	[SCHEMA_NAME] = {is_name, "1 to 64 letters, digits, '.', '_' or '-'"},
	[SCHEMA_PATH] = {is_path, "a path"},
	[SCHEMA_URL] = {is_url, "an https URL with a host name"},
	[SCHEMA_OWN_URL] = {is_own_url, "an https URL"},
	[SCHEMA_LISTEN] = {listen_address_check, "IPv4:port, [IPv6]:port or unix:/path"},
	[SCHEMA_NETWORK] = {is_network, "an IP address or network/bits with no bits set behind them"},
	[SCHEMA_HOST] = {is_host, "a host name or IP address"},
	[SCHEMA_HOST_PORT] = {is_host_port, "host:port"},
	[SCHEMA_DIGITS] = {is_digits, "1 to 15 digits"},
	[SCHEMA_COUNTRY] = {is_country, "a country code of 1 to 3 digits"},
	[SCHEMA_ISO_COUNTRY] = {is_iso_country, "a country of two capital letters"},
	[SCHEMA_TRUNK] = {is_trunk, "up to 4 digits"},
	[SCHEMA_SHA256] = {is_sha256, "64 hexadecimal digits"},
	[SCHEMA_CRL_NUMBER] = {is_crl_number, "1 to 40 hexadecimal digits"},
	[SCHEMA_OCN] = {is_ocn, "an OCN: 4 capital letters or digits"},
	[SCHEMA_PPT] = {is_ppt, "a PASSporT type, or \"\""},
	[SCHEMA_URL_PATH] = {is_url_path, "a path like /stir/v1"},
	[SCHEMA_STORE_OF] = {is_store_of, "local, off, unix:/path or an https URL"},
};

/* Decimal only: 0300 is neither 300 nor 192 to everybody. */
static bool is_number(const struct schema_row *row, struct sti_span text)
{
	int64_t number;

	if (text.n > 1 && text.p[0] == '0')
		return false;
	return decimal_parse(text, row->max, &number) == STI_OK && number >= row->min;
}

bool schema_check(enum schema_kind kind, const struct schema_row *row, const char *value)
{
	if (kind == SCHEMA_NUMBER)
		return is_number(row, sti_span_str(value));
	if (kind == SCHEMA_WORD)
		return schema_word(row->words, value) >= 0;
	return kinds[kind].check(sti_span_str(value));
}

static void put_words(struct buf *out, const char *words)
{
	struct sti_span rest = sti_span_str(words), word;

	while (sti_span_cut(&rest, '|', &word)) {
		buf_put(out, word);
		if (rest.p)
			buf_put_str(out, sti_span_find(rest, '|') == rest.n ? " or " : ", ");
	}
}

void schema_put_expected(struct buf *out, enum schema_kind kind, const struct schema_row *row)
{
	if (kind == SCHEMA_WORD) {
		put_words(out, row->words);
		return;
	}
	if (kind != SCHEMA_NUMBER) {
		buf_put_str(out, kinds[kind].expected);
		return;
	}
	buf_put_str(out, "a number from ");
	buf_put_int(out, row->min);
	buf_put_str(out, " to ");
	buf_put_int(out, row->max);
}

int schema_word(const char *words, const char *value)
{
	struct sti_span rest = sti_span_str(words), word;

	for (int i = 0; sti_span_cut(&rest, '|', &word); i++)
		if (sti_span_is(word, value))
			return i;
	return -1;
}

void schema_put_name(struct buf *out, enum schema_section section, const char *key)
{
	if (sections[section].parent != SCHEMA_ROOT) {
		buf_put_str(out, sections[sections[section].parent].name);
		buf_put_byte(out, '.');
	}
	buf_put_str(out, sections[section].name);
	if (section != SCHEMA_ROOT && key)
		buf_put_byte(out, '.');
	if (key)
		buf_put_str(out, key);
}
