/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include <sti/error.h>
#include <sti/verify.h>

/*
 * The one text file that `sidetone serve` reads (libconfuse syntax). The schema table in schema.c is
 * the one source: it checks, words the messages with file and line, and prints the reference page.
 * All strings and arrays are owned by the configuration; an array has n_ entries; a string that was
 * not set is NULL. Paths are taken relative to the folder of the configuration file. The count of an
 * array stands directly behind it, and the name of an entry first in it: schema.c relies on both.
 */
struct config_listen {
	const char **address; /* "127.0.0.1:8080", "[::]:8443", "unix:/run/sidetone/cps.sock" */
	size_t n_address;
	const char *tls_certificate; /* PEM chain; NULL: plain (refused where the role demands TLS) */
	const char *tls_key;
	const char *client_ca;
	bool client_required;
};

struct config_signer {
	const char *name;
	const char *key; /* file */
	const char *certificate; /* file: chain, leaf first; must match the key */
	const char *x5u;
	const char **numbers; /* prefixes of canonical calling numbers it signs for; none: any */
	size_t n_numbers;
	const char **trunks; /* trunk names (X-Trunk header of the request) it signs for */
	size_t n_trunks;
};

struct config_client {
	const char *name;
	const char **addresses; /* "192.0.2.0/24", "2001:db8::/32" */
	size_t n_addresses;
	const char *certificate_sha256; /* hex */
	const char *token_file; /* bearer token */
	const char **numbers; /* prefixes it may call from; none: any */
	size_t n_numbers;
	const char *attest_max; /* "A", "B", "C" */
	const char *signer; /* NULL: chosen by trunk, then number */
};

struct config_as {
	bool on; /* the block is there */
	struct config_listen listen;
	const char *prefix; /* "/stir/v1" */
	int64_t success; /* 200 or 201 */
	struct config_signer *signer;
	size_t n_signer;
	struct config_client *client; /* none: everybody who reaches the listener */
	size_t n_client;
	int64_t publish_timeout_ms;
	int64_t publish_queue; /* publications waiting or in flight */
};

struct config_vs {
	bool on;
	struct config_listen listen;
	const char *prefix;
	int64_t success;
	bool reasoncode_number; /* reasoncode = "number" */
	int64_t budget_ms;
	int64_t wait_ms;
	struct sti_verify_policy policy; /* freshness, skew, prefer, strict_origid */
	const char *out_of_band; /* "local" (the cps of this process), a unix:/path, an https URL of a private listener,
				    "off" */
	const char *oob_certificate; /* own client certificate for that https URL */
	const char *oob_key;
	const char *oob_ca;
};

struct config_cps {
	bool on;
	struct config_listen listen; /* public; TLS is demanded */
	struct config_listen private_listen; /* Unix socket, or TLS with client certificates */
	const char **names; /* Host names it answers to */
	size_t n_names;
	const char **ocn; /* hosted here */
	size_t n_ocn;
	const char **types; /* ppt accepted; none: every type; "" is a PASSporT without ppt */
	size_t n_types;
	const char *store; /* folder or file on tmpfs */
	int64_t slots;
	int64_t freshness;
	int64_t skew;
	int64_t fetch_ms;
	bool compat_400;
};

struct config_file_name {
	const char *name; /* /certs/NAME.pem */
	const char *file;
};

struct config_cr {
	bool on;
	struct config_listen listen;
	struct config_file_name *certificate;
	size_t n_certificate;
	int64_t max_age; /* Cache-Control, seconds */
};

struct config_route {
	const char *prefix; /* of canonical called numbers; the longest wins */
	const char *cps; /* https URL, posted to verbatim */
};

struct config_list { /* a signed list that is polled */
	const char *name;
	const char *kind; /* "ca-list", "cps-mapping" */
	const char *url;
	const char *anchor; /* file: who may sign it */
	const char *signer; /* file: chain of its signer; NULL: fetched from x5u */
	const char **hosts; /* that x5u may name besides the url's */
	size_t n_hosts;
	int64_t poll_s;
	int64_t max_age_s;
	int64_t confirmed_sequence; /* a jump to this one is confirmed; 0: none */
	const char *login; /* URL */
	const char *user;
	const char *password_file;
	const char *token_file; /* value of Authorization */
};

struct config_crl {
	const char *name;
	const char *url; /* this or file */
	const char *file;
	const char *anchor; /* file: who may sign it */
	const char *country; /* NULL: it speaks for all */
	int64_t grace_s;
	bool hard; /* stale = "hard" */
	int64_t poll_s;
	const char *confirmed_number; /* hexadecimal: a jump to this one is confirmed; NULL: none */
};

struct config_limits { /* of every listener */
	int64_t handshake_ms;
	int64_t idle_ms;
	int64_t head_ms;
	int64_t body_ms;
	int64_t write_ms;
	int64_t connections;
	int64_t connections_per_address;
};

struct config {
	const char *file;
	const char *name; /* of this process, for logs and metrics */
	const char *country_code; /* number plan: "1" */
	const char *trunk_prefix; /* of national numbers, outside country code 1 */
	const char **roots; /* PEM files: the trusted STI-CA roots */
	size_t n_roots;
	const char *state; /* folder of lists, CRLs and their high-water marks; NULL: none */
	struct config_list *list;
	size_t n_list;
	struct config_crl *crl;
	size_t n_crl;
	const char **permit; /* "host:port" let through the gate */
	size_t n_permit;
	const char *fetch_ca; /* PEM file: who vouches for certificate repositories and CPSs; NULL: the system's */
	const char *cache_folder; /* certificates known ahead of calls; NULL: none */
	int64_t cache_megabytes;
	const char *number_key; /* secret file for keyed hashes of numbers in logs; NULL: a new one at each start */
	const char **admin; /* listeners of /metrics, /health, /ready; loopback or unix: only */
	size_t n_admin;
	struct config_limits limits;
	struct config_as as;
	struct config_vs vs;
	struct config_cps cps;
	struct config_cr cr;
	struct config_route *route;
	size_t n_route;
};

struct config_message {
	unsigned line; /* 0: the file as a whole */
	char text[512]; /* "cps.slots: 0 is out of range, expected 1 .. 67108864" */
};

/* Syntax, unknown and doubled keys, ranges, what must be there, what contradicts: STI_E_CONFIG and
 * message; STI_E_IO when the file cannot be read. Does not open the files named in it. */
enum sti_error config_parse(const char *file, struct config **out, struct config_message *message);

/* The same of a text; `file` is its name in paths. libconfuse keeps its reader in static memory: one
 * thread at a time. */
enum sti_error config_parse_text(struct sti_span text, const char *file, struct config **out,
				 struct config_message *message);
void config_free(struct config *config);

/* The line on which the field, or the section around it, was set; 0 when the text does not set it.
 * For what turns out wrong later: a file that is not what its key says. */
unsigned config_line(const struct config *config, const void *at);

struct buf;
/* The reference page (Markdown), from the same rows. In reference.c. */
void config_write_reference(struct buf *out);

#endif
