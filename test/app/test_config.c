/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/config.h"
#include "base/buf.h"
#include "base/limits.h"

/* Copied to its exact size, so that reading on shows. */
static enum sti_error parse(const char *text, struct config **out, struct config_message *message)
{
	size_t n = strlen(text);
	char *copy = malloc(n ? n : 1);
	enum sti_error error;

	assert_non_null(copy);
	memcpy(copy, text, n);
	error = config_parse_text(sti_span(copy, n), "/etc/sidetone/sidetone.conf", out, message);
	free(copy);
	return error;
}

#define CR_ONLY          "cr { listen = {\"127.0.0.1:8080\"} certificate \"a1\" { file = \"a1.pem\" } }\n"
#define STATE            "trust { state = s }\n"
#define LIST(name, more) "list " name " { kind = ca-list url = \"https://a.example.com\" anchor = a " more " }"
#define ROOTS            "trust { roots = {\"roots.pem\"} }\n"
#define SIGNER           "signer \"main\" { key = k certificate = c x5u = \"https://cr.example.com/a.pem\" }\n"

static const char everything[] =
	"# a carrier\n"
	"name = \"carrier-a\"\n"
	"country_code = \"1\"\n"
	"number_key = \"number.key\"\n"
	"admin = {\"127.0.0.1:9101\", \"unix:admin.sock\"}\n"
	"trust { roots = {\"roots.pem\", \"/srv/more.pem\"} }\n"
	"fetch { ca = \"tls-ca.pem\"  permit = {\"localhost:8443\"} }\n"
	"limits { handshake_ms = 3000 idle_ms = 61000 connections = 10 connections_per_address = 2 }\n"
	"as {\n"
	"  listen = {\"127.0.0.1:8080\"} client_ca = \"ca.pem\" tls_certificate = \"as.pem\" tls_key = \"as.key\"\n"
	"  client_required = true\n"
	"  prefix = \"/atis\"  success = 201  publish_timeout_ms = 4000  publish_queue = 77\n"
	"  signer \"main\" { key = \"sp.key\" certificate = \"sp.pem\" x5u = \"https://cr.example.com/certs/a1.pem\"\n"
	"    numbers = {\"1202555\", # the first block\n"
	"      \"1203555\"} trunks = {\"t 1\"} }\n"
	"  signer \"other\" { key = \"o.key\" certificate = \"o.pem\" x5u = \"https://cr.example.com/certs/o.pem\" }\n"
	"  client \"sbc1\" { addresses = {\"192.0.2.0/24\", \"2001:db8::/32\"}\n"
	"    certificate_sha256 = \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"\n"
	"    token_file = \"token\" numbers = {\"1202555\"} attest_max = \"B\" signer = \"other\" }\n"
	"}\n"
	"vs { listen = {\"[::1]:8081\"} reasoncode = \"number\" wait_ms = 0 budget_ms = 600 freshness = 30 skew = 0\n"
	"  prefer = \"best-attestation\" strict_origid = true out_of_band = \"unix:/run/cps.sock\" }\n"
	"cps { listen = {\"0.0.0.0:8443\", \"[::]:8443\"} tls_certificate = \"cps.pem\" tls_key = \"cps.key\"\n"
	"  names = {\"cps.example.com\"} ocn = {\"1234\", \"567A\"} types = {\"shaken\", \"\"}\n"
	"  store = \"/dev/shm/sidetone\" slots = 1000 compat_400 = true\n"
	"  private { listen = {\"unix:/run/cps.sock\", \"[::]:8444\"} tls_certificate = p tls_key = k client_ca = ca } "
	"}\n"
	"cr { listen = {\"127.0.0.1:8082\"} certificate \"a1\" { file = \"a1.pem\" } certificate a2 { file = a2.pem } "
	"max_age = 60 }\n"
	"route \"1202\" { cps = \"https://192.0.2.7/cps/company/1234\" }\n"
	"route 1203 { cps = 'https://cps.example.net/cps/company/2345' }\n";

static struct config *good(const char *text)
{
	struct config_message message;
	struct config *config = NULL;
	enum sti_error error = parse(text, &config, &message);

	if (error)
		print_error("%u: %s\n", message.line, message.text);
	assert_int_equal(error, STI_OK);
	assert_non_null(config);
	return config;
}

static void test_every_key_arrives(void **state)
{
	struct config *c = good(everything);

	(void)state;
	assert_string_equal(c->file, "/etc/sidetone/sidetone.conf");
	assert_string_equal(c->name, "carrier-a");
	assert_string_equal(c->number_key, "/etc/sidetone/number.key");
	assert_int_equal(c->n_admin, 2);
	assert_string_equal(c->admin[1], "unix:/etc/sidetone/admin.sock");
	assert_int_equal(c->n_roots, 2);
	assert_string_equal(c->roots[0], "/etc/sidetone/roots.pem");
	assert_string_equal(c->roots[1], "/srv/more.pem");
	assert_string_equal(c->permit[0], "localhost:8443");
	assert_string_equal(c->fetch_ca, "/etc/sidetone/tls-ca.pem");
	assert_int_equal(c->limits.handshake_ms, 3000);
	assert_int_equal(c->limits.write_ms, 5000);
	assert_int_equal(c->limits.connections_per_address, 2);
	config_free(c);
}

static void test_as_arrives(void **state)
{
	struct config *c = good(everything);
	const struct config_as *as = &c->as;

	(void)state;
	assert_true(as->on);
	assert_true(as->listen.client_required);
	assert_string_equal(as->prefix, "/atis");
	assert_int_equal(as->success, 201);
	assert_int_equal(as->publish_timeout_ms, 4000);
	assert_int_equal(as->publish_queue, 77);
	assert_int_equal(as->n_signer, 2);
	assert_string_equal(as->signer[0].name, "main");
	assert_int_equal(as->signer[0].n_numbers, 2);
	assert_string_equal(as->signer[0].numbers[1], "1203555");
	assert_string_equal(as->signer[0].trunks[0], "t 1");
	assert_string_equal(as->signer[1].key, "/etc/sidetone/o.key");
	assert_int_equal(as->signer[1].n_numbers, 0);
	assert_int_equal(as->n_client, 1);
	assert_string_equal(as->client[0].addresses[1], "2001:db8::/32");
	assert_string_equal(as->client[0].attest_max, "B");
	assert_string_equal(as->client[0].signer, "other");
	config_free(c);
}

static void test_vs_cps_cr_and_routes_arrive(void **state)
{
	struct config *c = good(everything);

	(void)state;
	assert_true(c->vs.on && c->cps.on && c->cr.on);
	assert_true(c->vs.reasoncode_number);
	assert_int_equal(c->vs.wait_ms, 0);
	assert_int_equal(c->vs.policy.freshness, 30);
	assert_int_equal(c->vs.policy.prefer, STI_PREFER_BEST_ATTESTATION);
	assert_true(c->vs.policy.strict_origid);
	assert_string_equal(c->vs.out_of_band, "unix:/run/cps.sock");
	assert_int_equal(c->cps.n_ocn, 2);
	assert_string_equal(c->cps.types[1], "");
	assert_int_equal(c->cps.slots, 1000);
	assert_true(c->cps.compat_400);
	assert_int_equal(c->cps.private_listen.n_address, 2);
	assert_true(c->cps.private_listen.client_required);
	assert_int_equal(c->cr.n_certificate, 2);
	assert_string_equal(c->cr.certificate[1].name, "a2");
	assert_string_equal(c->cr.certificate[1].file, "/etc/sidetone/a2.pem");
	assert_int_equal(c->n_route, 2);
	assert_string_equal(c->route[0].cps, "https://192.0.2.7/cps/company/1234");
	assert_string_equal(c->route[1].prefix, "1203");
	config_free(c);
}

static void test_defaults(void **state)
{
	struct config *c =
		good(ROOTS "as { listen = {\"127.0.0.1:1\"}" SIGNER "}\n"
			   "vs { listen = {\"127.0.0.1:2\"} }\n"
			   "cps { listen = {\"127.0.0.1:3\"} tls_certificate = a tls_key = b ocn = {\"1234\"}\n"
			   "types = {} store = /dev/shm/s }\n");

	(void)state;
	assert_string_equal(c->name, "sidetone");
	assert_string_equal(c->country_code, "1");
	assert_null(c->number_key);
	assert_null(c->fetch_ca);
	assert_int_equal(c->limits.idle_ms, 60000);
	assert_int_equal(c->limits.connections, 4096);
	assert_int_equal(c->limits.connections_per_address, 256);
	assert_string_equal(c->as.prefix, "/stir/v1");
	assert_int_equal(c->as.success, 200);
	assert_string_equal(c->trunk_prefix, "0");
	assert_int_equal(c->vs.budget_ms, 700);
	assert_int_equal(c->vs.wait_ms, 300);
	assert_int_equal(c->vs.policy.freshness, 60);
	assert_int_equal(c->vs.policy.skew, 5);
	assert_int_equal(c->vs.policy.prefer, STI_PREFER_INBAND);
	assert_false(c->vs.reasoncode_number);
	assert_string_equal(c->vs.out_of_band, "local");
	assert_int_equal(c->cps.slots, 100000);
	assert_int_equal(c->cps.fetch_ms, 2000);
	assert_int_equal(c->cps.n_types, 0);
	assert_int_equal(c->cps.private_listen.n_address, 0);
	assert_false(c->cps.private_listen.client_required);
	assert_false(c->cr.on);
	config_free(c);
}

static const struct bad {
	const char *name;
	const char *text;
	unsigned line;
	const char *says; /* a part of the message */
} bad[] = {
	/* libconfuse's own syntax */
	{"empty file", "", 0, "no role"},
	{"only a comment", "# nothing\n", 0, "no role"},
	{"unknown key", "\n\nzz = 1\n", 3, "zz"},
	{"unknown key in a section", CR_ONLY "vs {\n\n zz = 1 }\n", 4, "vs: no such option 'zz'"},
	{"unknown section", CR_ONLY "pa { x = 1 }\n", 2, "pa"},
	{"key of another section", CR_ONLY "slots = 5\n", 2, "slots"},
	{"path of sections as a key", "\"cr|max_age\" = 3\n" CR_ONLY, 1, "vertical bar"},
	{"no equal sign", "name \"x\"\n", 1, "equal sign"},
	{"list for a value", "name = {\"x\"}\n", 1, "{"},
	{"equal sign before a section", "cr = { }\n", 1, "brace"},
	{"value missing at the end", CR_ONLY "name =\n", 3, "end of file"},
	{"title missing", "route { cps = \"https://a.example.com\" }\n", 1, "title"},
	{"begin mark by hand", CR_ONLY "\002 = 1\n", 2, "no place outside quotes"},
	{"begin mark in quotes", CR_ONLY "\"\002\" = 1\n", 2, "control character"},
	/* J11: doubled */
	{"key twice", "name = a\n\nname = a\n" CR_ONLY, 3,
	 "name: set a second time, expected one; the first is on line 1"},
	{"key twice in a section", "cr {\nmax_age = 1\nmax_age = 1\n}\n", 3, "cr.max_age: set a second time"},
	{"list twice", "admin = {\"127.0.0.1:1\"}\nadmin = {\"127.0.0.1:2\"}\n" CR_ONLY, 2, "admin: set a second time"},
	{"list and empty list", "admin = {\"127.0.0.1:1\"}\nadmin = {}\n" CR_ONLY, 2, "admin: set a second time"},
	{"empty list and list", "admin = { # none\n }\nadmin = {\"127.0.0.1:1\"}\n" CR_ONLY, 3,
	 "admin: set a second time"},
	{"list appended to", "admin = {\"127.0.0.1:1\"}\nadmin += {\"127.0.0.1:2\"}\n", 2, "no place outside quotes"},
	{"section twice", CR_ONLY "cr { max_age = 5 }\n", 2,
	 "cr: a second section of this name, expected one; the first is on line 1"},
	{"empty section twice", CR_ONLY "trust { }\n/* x */ trust { }\n", 3, "trust: a second section"},
	{"title twice", "route 12 { cps = \"https://a.example.com\" }\nroute 12 { cps = \"https://b.example.com\" }\n",
	 2, "duplicate title"},
	/* lines after comments of every kind */
	{"line after comments", "/* one */ /* two\n three */ # four\n// five\nzz = 1\n", 4, "zz"},
	{"line inside a section", "cr {\n /* a\n\n */ max_age = 1\n # x\n zz = 2 }\n", 6, "zz"},
	{"line behind a section", "cr {\n max_age = 1\n}\nzz = 2\n", 4, "zz"},
	/* text that was cut off or is strange */
	{"section not closed", CR_ONLY "\nvs {\n listen = {\"127.0.0.1:1\"}\n", 3, "never closed"},
	{"list not closed", CR_ONLY "admin = {\"127.0.0.1:1\"\n", 2, "never closed"},
	{"closing brace too many", CR_ONLY "}\n", 2, "closing brace"},
	{"quote not closed", "name = \"x\nadmin = {}\n", 1, "no closing quote"},
	{"quote not closed at the end", "name = \"x", 1, "no closing quote"},
	{"comment not closed", CR_ONLY "\n/* a\n\n", 3, "comment"},
	{"environment in quotes", "name = \"${HOME}\"\n" CR_ONLY, 1, "environment"},
	{"environment outside quotes", "name = ${HOME}\n" CR_ONLY, 1, "environment"},
	{"environment not set", "name = \"a${STI_NOT_SET}\"\n" CR_ONLY, 1, "environment"},
	{"backslash", "name = \"a\\x00b\"\n" CR_ONLY, 1, "backslash"},
	{"carriage return", "name = a\r\n" CR_ONLY, 1, "carriage return"},
	{"control character", "name = \"a\001\"\n" CR_ONLY, 1, "control character"},
	{"include", "include(\"/etc/passwd\")\n", 1, "no place outside quotes"},
	{"braces without end", "{{{{{{{{{{{{{{{{{{{{", 1, "nested too deep"},
	/* numbers and words */
	{"octal", "cr { max_age = 0300 }\n", 1, "cr.max_age: \"0300\" is wrong, expected a number from 0 to 2592000"},
	{"hexadecimal", "cr { max_age = 0x10 }\n", 1, "expected a number"},
	{"negative", "cr { max_age = -1 }\n", 1, "expected a number"},
	{"unit", "cr { max_age = 5s }\n", 1, "expected a number"},
	{"number over int64", "cr { max_age = 99999999999999999999 }\n", 1, "expected a number"},
	{"empty number", "cr { max_age = \"\" }\n", 1, "expected a number"},
	{"slots 0", "cps { slots = 0 }\n", 1, "cps.slots: \"0\" is wrong, expected a number from 1 to 67108864"},
	{"slots over the range", "cps { slots = 67108865 }\n", 1, "cps.slots"},
	{"status", "as { success = 202 }\n", 1, "from 200 to 201"},
	{"wait over a second", "vs { wait_ms = 1001 }\n", 1,
	 "vs.wait_ms: \"1001\" is wrong, expected a number from 0 to 1000"},
	{"freshness 4", "vs { freshness = 4 }\n", 1, "from 5 to 60"},
	{"freshness 61", "cps { freshness = 61 }\n", 1, "from 5 to 60"},
	{"skew 61", "cps { skew = 61 }\n", 1, "from 0 to 60"},
	{"fetch over its limit", "cps { fetch_ms = 2001 }\n", 1, "from 10 to 2000"},
	{"yes for true", "as { client_required = yes }\n", 1, "expected false or true"},
	{"True", "as { client_required = True }\n", 1, "expected false or true"},
	{"prefer", "vs { prefer = best }\n", 1, "expected in-band, out-of-band, best-attestation or equal"},
	{"two words at once", "vs { prefer = \"in-band,equal\" }\n", 1, "vs.prefer"},
	{"attestation D", "as { client x { attest_max = D } }\n", 1,
	 "as.client.attest_max: \"D\" is wrong, expected A, B or C"},
	/* values with a form */
	{"name with a blank", "name = \"a b\"\n", 1, "name"},
	{"country code with plus", "country_code = \"+1\"\n", 1,
	 "country_code: \"+1\" is wrong, expected a country code"},
	{"country code of 4", "country_code = 1202\n", 1, "expected a country code"},
	{"listen without port", "cr { listen = {\"127.0.0.1\"} }\n", 1, "cr.listen"},
	{"listen on a name", "cr { listen = {\"localhost:80\"} }\n", 1, "cr.listen"},
	{"listen second of a list", "cr { listen = {\"127.0.0.1:1\",\n \"127.0.0.1:65536\"} }\n", 2, "cr.listen"},
	{"network with bits behind", "as { client x { addresses = {\"192.0.2.1/24\"} } }\n", 1, "as.client.addresses"},
	{"network 33", "as { client x { addresses = {\"192.0.2.0/33\"} } }\n", 1, "as.client.addresses"},
	{"certificate hash short", "as { client x { certificate_sha256 = \"00\" } }\n", 1, "64 hexadecimal"},
	{"x5u http", "as { signer x { x5u = \"http://cr.example.com/a\" } }\n", 1, "as.signer.x5u"},
	{"x5u without quotes", "as { signer x { x5u = https://cr.example.com/a key = \"\" } }\n", 1, "as.signer.key"},
	{"route cps http", "route 1 { cps = \"http://a.example.com\" }\n", 1, "route.cps"},
	{"route by a name", "route abc { cps = \"https://a.example.com\" }\n", 1,
	 "route: the title is wrong, expected 1 to 15 digits"},
	{"route empty", "route \"\" { cps = \"https://a.example.com\" }\n", 1, "route: the title is wrong"},
	{"route of 16 digits", "route 1234567890123456 { }\n", 1, "route: the title is wrong"},
	{"numbers with plus", "as { signer x { numbers = {\"+1202\"} } }\n", 1, "as.signer.numbers"},
	{"signer name with a slash", "as { signer \"a/b\" { } }\n", 1, "as.signer: the title is wrong"},
	{"OCN of 3", "cps { ocn = {\"123\"} }\n", 1, "cps.ocn"},
	{"OCN small letters", "cps { ocn = {\"123a\"} }\n", 1, "cps.ocn"},
	{"prefix with a slash behind", "as { prefix = \"/stir/\" }\n", 1, "as.prefix"},
	{"prefix relative", "as { prefix = \"stir\" }\n", 1, "as.prefix"},
	{"permit without port", "fetch { permit = {\"localhost\"} }\n", 1, "fetch.permit"},
	{"out_of_band http", "vs { out_of_band = \"http://a.example.com\" }\n", 1, "vs.out_of_band"},
	{"path empty", "number_key = \"\"\n", 1, "number_key"},
	/* what must be there */
	{"no listen", "\ncr {\n max_age = 1\n}\n", 2, "cr.listen: missing"},
	{"listen empty", "cr {\n listen = {}\n}\n", 2, "cr.listen: too few"},
	{"nine admins",
	 "admin = "
	 "{\"[::1]:1\",\"[::1]:2\",\"[::1]:3\",\"[::1]:4\",\"[::1]:5\",\"[::1]:6\",\"[::1]:7\",\"[::1]:8\",\"[::1]:9\"}"
	 "\n",
	 1, "admin: too few or too many"},
	{"no ocn", "cps {\n listen = {\"127.0.0.1:1\"} store = /dev/shm }\n", 1, "cps.ocn: missing"},
	{"no store", "cps {\n listen = {\"127.0.0.1:1\"} ocn = {\"1234\"} }\n", 1, "cps.store: missing"},
	{"signer without key", "as { listen = {\"127.0.0.1:1\"}\n signer x { } }\n", 2, "as.signer.key: missing"},
	{"route without cps", CR_ONLY "\nroute 1 {\n }\n", 3, "route.cps: missing, expected an https URL"},
	{"private without listen",
	 ROOTS "cps { listen = {\"127.0.0.1:1\"} ocn = {\"1234\"} store = s\n private { } }\n", 3,
	 "cps.private.listen: missing"},
	/* what contradicts; each with a line */
	{"admin for everybody", CR_ONLY "admin = {\"127.0.0.1:1\", \"0.0.0.0:9101\"}\n", 2,
	 "admin: an address that others can reach"},
	{"as without signer", "\nas { listen = {\"127.0.0.1:1\"} }\n", 2, "as.signer: there is none"},
	{"certificate without key", "as { listen = {\"127.0.0.1:1\"}\n tls_certificate = c " SIGNER "}\n", 2,
	 "there is no tls_key"},
	{"key without certificate", "as { listen = {\"127.0.0.1:1\"}\n tls_key = c " SIGNER "}\n", 2,
	 "there is no tls_certificate"},
	{"client_ca without TLS", "as { listen = {\"127.0.0.1:1\"}\n client_ca = c " SIGNER "}\n", 2,
	 "client_ca: there is no tls_certificate"},
	{"client_required alone", "as { listen = {\"127.0.0.1:1\"}\n client_required = true " SIGNER "}\n", 2,
	 "client_required: there is no client_ca"},
	{"as plain for everybody", "as {\n listen = {\"127.0.0.1:1\",\n \"192.0.2.1:80\"} " SIGNER "}\n", 2,
	 "plain address that others can reach"},
	{"vs plain for everybody", ROOTS "vs {\n listen = {\"[::]:80\"} out_of_band = off }\n", 3,
	 "plain address that others can reach"},
	{"cr plain for everybody", "cr { listen = {\"0.0.0.0:80\"} certificate a { file = a } }\n", 1,
	 "plain address that others can reach"},
	{"cps plain on loopback", ROOTS "cps {\n listen = {\"127.0.0.1:80\"} ocn = {\"1234\"} store = s }\n", 3,
	 "cps.listen: there is no tls_certificate"},
	{"private on TCP without client_ca",
	 ROOTS
	 "cps { listen = {\"127.0.0.1:80\"} tls_certificate = c tls_key = k ocn = {\"1234\"} store = s\n private {\n"
	 " listen = {\"127.0.0.1:81\"} tls_certificate = c tls_key = k } }\n",
	 4, "cps.private.listen: a TCP address without client_ca"},
	{"one address for two", CR_ONLY "as {\n listen = {\"127.0.0.1:8080\"} " SIGNER "}\n", 1, "listened on already"},
	{"client without anything",
	 "as { listen = {\"127.0.0.1:1\"} " SIGNER "\n client x { addresses = {\"192.0.2.1\"} }\nclient y { } }\n", 4,
	 "as.client: nothing to know it by"},
	{"client certificate never asked for",
	 "as { listen = {\"127.0.0.1:1\"} " SIGNER "\n client x {\n certificate_sha256 ="
	 " \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\" } }\n",
	 4, "no as.client_ca"},
	{"client with an unknown signer",
	 "as { listen = {\"127.0.0.1:1\"} " SIGNER "\n client x { token_file = t\n signer = y } }\n", 4,
	 "no signer of that name"},
	{"vs without roots", "\nvs { listen = {\"127.0.0.1:1\"} out_of_band = off }\n", 2,
	 "trust.roots: there are none"},
	{"list without a folder", CR_ONLY LIST("us", "") "\n", 2, "trust.state: missing"},
	{"list twice", CR_ONLY STATE LIST("us", "") "\n" LIST("too", "") "\n", 4,
	 "list: there is one of this kind, url and user already"},
	{"list of no kind", CR_ONLY STATE "list us {\n url = \"https://a.example.com\" anchor = a }\n", 3,
	 "list.kind: missing, expected ca-list or cps-mapping"},
	{"list polled too fast", CR_ONLY STATE LIST("us", "poll_s = 0"), 3, "list.poll_s: \"0\" is wrong"},
	{"login without password", CR_ONLY STATE LIST("us", "login = \"https://a.example.com\" user = u"), 3,
	 "list: expected login, user and password_file"},
	{"login and token",
	 CR_ONLY STATE LIST("us", "password_file = p login = \"https://a.example.com\" user = u\n"
				  " token_file = t"),
	 4, "list.token_file: there is a login"},
	{"crl from nowhere", CR_ONLY "crl us { anchor = a }\n", 2, "crl: expected either url or file"},
	{"crl from two places", CR_ONLY STATE "crl us { anchor = a file = f url = \"https://a.example.com\" }\n", 3,
	 "crl: expected either url or file"},
	{"crl by url without a folder", CR_ONLY "crl us { anchor = a url = \"https://a.example.com\" }\n", 2,
	 "trust.state: missing"},
	{"crl twice",
	 CR_ONLY STATE "crl us { anchor = a url = \"https://a.example.com\" }\n"
		       "crl too { anchor = a url = \"https://a.example.com\" }\n",
	 4, "crl: there is one of this url already"},
	{"crl of a country in words", CR_ONLY "crl us { anchor = a file = f\n country = Canada }\n", 3,
	 "expected a country of two capital letters"},
	{"vs with a mapping alone",
	 STATE "list us { kind = cps-mapping url = \"https://a.example.com\" anchor = a }\n"
	       "vs { listen = {\"127.0.0.1:1\"} out_of_band = off }\n",
	 3, "trust.roots: there are none"},
	{"wait over budget",
	 ROOTS "vs { listen = {\"127.0.0.1:1\"} out_of_band = off\n budget_ms = 100\n wait_ms = 101 }\n", 4,
	 "vs.wait_ms: longer than vs.budget_ms"},
	{"wait over budget by default",
	 ROOTS "vs { listen = {\"127.0.0.1:1\"} out_of_band = off\n budget_ms = 100\n }\n", 2,
	 "vs.wait_ms: longer than vs.budget_ms"},
	{"local without cps", ROOTS "vs { listen = {\"127.0.0.1:1\"} }\n", 2, "vs.out_of_band: local without a cps"},
	{"oob_key alone", ROOTS "vs { listen = {\"127.0.0.1:1\"} out_of_band = off\n oob_key = k }\n", 3,
	 "one without the other"},
	{"oob https without certificate",
	 ROOTS "vs { listen = {\"127.0.0.1:1\"}\n out_of_band = \"https://a.example.com\" }\n", 3,
	 "without vs.oob_certificate"},
	{"cr without certificates", "cr { listen = {\"127.0.0.1:1\"} }\n", 1, "cr.certificate: there is none"},
};

static void test_J11_wrong_texts_are_refused_with_their_line(void **state)
{
	size_t n = sizeof(bad) / sizeof(bad[0]), passed = 0;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct config *config = NULL;
		struct config_message message;
		enum sti_error error = parse(bad[i].text, &config, &message);
		bool ok = error == STI_E_CONFIG && !config && message.line == bad[i].line &&
			  strstr(message.text, bad[i].says);

		if (!ok)
			print_error("%s: error %d, line %u (expected %u): %s\n", bad[i].name, error, message.line,
				    bad[i].line, message.text);
		passed += ok;
		config_free(config);
	}
	print_message("%zu of %zu wrong texts\n", passed, n);
	assert_int_equal(passed, n);
}

static void test_a_good_text_is_read_after_every_wrong_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct config *config;
		struct config_message message;

		assert_int_not_equal(parse(bad[i].text, &config, &message), STI_OK);
		config_free(good(CR_ONLY));
	}
}

static void test_J11_NUL_byte(void **state)
{
	static const char text[] = CR_ONLY "name = \"a\0b\"\n";
	static const char bare[] = CR_ONLY "\n\0";
	struct config *config;
	struct config_message message;

	(void)state;
	assert_int_equal(config_parse_text(sti_span(text, sizeof(text) - 1), "x", &config, &message), STI_E_CONFIG);
	assert_int_equal(message.line, 2);
	assert_int_equal(config_parse_text(sti_span(bare, sizeof(bare) - 1), "x", &config, &message), STI_E_CONFIG);
	assert_int_equal(message.line, 3);
	assert_non_null(strstr(message.text, "NUL"));
}

static void test_a_long_value_is_cut_in_the_message(void **state)
{
	struct config *config;
	struct config_message message;
	char text[2048] = "name = \"";

	(void)state;
	memset(text + strlen(text), '!', 1500);
	memcpy(text + strlen(text), "\"\n", 2);
	assert_int_equal(parse(text, &config, &message), STI_E_CONFIG);
	assert_int_equal(message.line, 1);
	assert_true(strlen(message.text) < 200);
	assert_non_null(strstr(message.text, "expected 1 to 64"));
}

static void test_10000_routes_are_read_and_one_more_section_is_too_many(void **state)
{
	enum { LINE = 64 };
	size_t n = LIMIT_CONFIG_ENTRIES - 1;
	char *text = malloc((n + 3) * LINE);
	struct config_message message;
	struct config *config;
	size_t at = 0;

	(void)state;
	assert_non_null(text);
	at += (size_t)snprintf(text, 2 * LINE, "%s", "cr { listen = {\"127.0.0.1:1\"} certificate a { file = a } }\n");
	for (size_t i = 0; i + 1 < n; i++)
		at += (size_t)snprintf(text + at, LINE, "route %zu { cps = \"https://a.example.com/%zu\" }\n",
				       1202000 + i, i);
	config = good(text);
	assert_int_equal(config->n_route, n - 1);
	config_free(config);
	snprintf(text + at, LINE, "route 9 { cps = \"https://a.example.com\" }\n");
	assert_int_equal(parse(text, &config, &message), STI_E_CONFIG);
	assert_non_null(strstr(message.text, "too many sections"));
	free(text);
}

/* --- files --- */

static char folder[] = "/tmp/sidetone-config-XXXXXX";

static char *path_of(const char *name)
{
	char *path = NULL;

	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	return path;
}

static void file_make(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static void expect_file(const char *path, enum sti_error expected, const char *says)
{
	struct config *config = NULL;
	struct config_message message;
	enum sti_error error = config_parse(path, &config, &message);

	if (error != expected || (says && !strstr(message.text, says)))
		print_error("%s: error %d: %s\n", path, error, message.text);
	assert_int_equal(error, expected);
	if (says)
		assert_non_null(strstr(message.text, says));
	if (!error)
		config_free(config);
}

static void test_J11_files_that_are_refused(void **state)
{
	char *plain = path_of("plain"), *open = path_of("open"), *link = path_of("link"), *fifo = path_of("fifo");
	char *large = path_of("large"), *absent = path_of("absent");

	(void)state;
	file_make(plain, CR_ONLY, 0640);
	expect_file(plain, STI_OK, NULL);
	file_make(open, CR_ONLY, 0646);
	expect_file(open, STI_E_CONFIG, "everybody may write it");
	assert_int_equal(symlink(plain, link), 0);
	expect_file(link, STI_E_CONFIG, "symbolic link");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	expect_file(fifo, STI_E_CONFIG, "not a regular file");
	expect_file(folder, STI_E_CONFIG, "not a regular file");
	expect_file("/dev/null", STI_E_CONFIG, "not a regular file");
	file_make(large, CR_ONLY, 0600);
	assert_int_equal(truncate(large, LIMIT_CONFIG + 1), 0);
	expect_file(large, STI_E_CONFIG, "1 MiB");
	expect_file(absent, STI_E_IO, "No such file");
	unlink(plain), unlink(open), unlink(link), unlink(fifo), unlink(large);
	free(plain), free(open), free(link), free(fifo), free(large), free(absent);
}

static void test_paths_of_a_file_are_relative_to_its_folder(void **state)
{
	char *path = path_of("relative"), *expected = path_of("a1.pem");
	struct config_message message;
	struct config *config;

	(void)state;
	file_make(path, CR_ONLY, 0600);
	assert_int_equal(config_parse(path, &config, &message), STI_OK);
	assert_string_equal(config->cr.certificate[0].file, expected);
	config_free(config);
	unlink(path);
	free(path), free(expected);
}

static int folder_make(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int folder_remove(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_arrives),
		cmocka_unit_test(test_as_arrives),
		cmocka_unit_test(test_vs_cps_cr_and_routes_arrive),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_J11_wrong_texts_are_refused_with_their_line),
		cmocka_unit_test(test_a_good_text_is_read_after_every_wrong_one),
		cmocka_unit_test(test_J11_NUL_byte),
		cmocka_unit_test(test_a_long_value_is_cut_in_the_message),
		cmocka_unit_test(test_10000_routes_are_read_and_one_more_section_is_too_many),
		cmocka_unit_test(test_J11_files_that_are_refused),
		cmocka_unit_test(test_paths_of_a_file_are_relative_to_its_folder),
	};

	return cmocka_run_group_tests_name("app/config", tests, folder_make, folder_remove);
}
