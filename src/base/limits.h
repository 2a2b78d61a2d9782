/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stdint.h>

/* Compile-time ceilings; configuration may only lower them. Each with its reason. */

enum {
	/* SHAKEN PASSporTs have 500-700 octets; rcd and div-o are the long ones. */
	LIMIT_JWS = 8 * 1024,
	LIMIT_JWS_HEADER = 2 * 1024, /* of the encoded header: alg, ppt, typ and one URL */
	LIMIT_JWS_SIGNATURE = 86,    /* 64 octets in base64url, RFC 7518 3.4 */

	LIMIT_JSON_DEPTH = 8,       /* PASSporTs of the RFCs have depth 3 */
	LIMIT_JSON_MEMBERS = 64,    /* in one object or array of a PASSporT */
	LIMIT_JSON_STRING = 4 * 1024,
	LIMIT_JSON_NODES = 1024,    /* in a document: 48 KiB of memory; a PASSporT with 32 dest has about 50 */
	LIMIT_JSON_NUMBER = 20,     /* sign and 19 digits: a whole int64 */

	LIMIT_DEST = 32,        /* dest.tn and dest.uri entries together */
	LIMIT_TN = 15,          /* RFC 8226 9: TelephoneNumber SIZE (1..15) */
	LIMIT_SPC = 8,          /* OCN 4, RespOrg ID 5; room for other countries */
	LIMIT_X5U = 512,        /* the longest of 17,839 seen in calls has 106 */
	LIMIT_IDENTITY = LIMIT_JWS + LIMIT_X5U + 128,
	LIMIT_IDENTITIES = 16,  /* Identity headers in one request */
	LIMIT_IDENTITY_PARAMS = 16, /* in one of them; the RFC names three */
	LIMIT_ORIGID = 64,

	LIMIT_BODY = 64 * 1024,     /* of an HTTP request */
	LIMIT_PASSPORTS = 16,       /* in one POST */
	LIMIT_HTTP_LINE = 2 * 1024, /* request line */
	LIMIT_HTTP_HEAD = 8 * 1024, /* all header lines */
	LIMIT_HTTP_HEADERS = 64,
	LIMIT_REQUEST_ID = 128,     /* X-RequestID that is echoed */
	LIMIT_CHUNK_LINE = 128,     /* size and extensions of one chunk: nobody we know sends any */
	LIMIT_HTTP_REPLY = 1024 * 1024, /* one answer; the longest is /metrics with 2,000 SPCs */
	LIMIT_BACKLOG = 4096,       /* connections the kernel keeps for us; net.core.somaxconn may lower it */
	LIMIT_HANDSHAKES = 512,     /* TLS handshakes at once in one listener */
	LIMIT_ADDRESS_HANDSHAKES = LIMIT_HANDSHAKES / 4, /* of one address: it takes more than one to stop all others */
	LIMIT_KEY_UPDATES = 16,     /* of TLS 1.3 in one connection: each costs us a key derivation */
	LIMIT_LINGER_MS = 1000,     /* for a client to read an answer after which we close */
	LIMIT_LOOKUPS = 128,        /* names looked up at once; given up, they stay threads until the name server answers */
	LIMIT_FOREIGN_LOOKUPS = LIMIT_LOOKUPS - 32, /* of those that strangers name: the rest is for the operator's own */
	LIMIT_ANSWER_HEAD = 32 * 1024, /* header lines of what a server answers us; 5 KiB of cookies and policies is common */
	LIMIT_CALL = 128,           /* id of a call on the private interface: a SIP Call-ID or a UUID */

	LIMIT_KEY = 4 * 1024,        /* PEM text of one key; P-256 needs 250 octets */
	LIMIT_CERT_BODY = 32 * 1024, /* fetched chain; the largest real certificate has 1,245 octets */
	LIMIT_CERT_BLOCKS = 8,       /* PEM blocks in it */
	LIMIT_CHAIN = 5,             /* certificates of it that are used */
	LIMIT_PATH_STEPS = 64,       /* signatures checked for one path: hostile bundles have no end of candidates */
	LIMIT_EXTENSIONS = 32,       /* of a certificate; SHAKEN has seven */
	LIMIT_CONSTRAINTS = LIMIT_JSON_MEMBERS, /* of claims by a certificate: a PASSporT has no more claims */
	LIMIT_CONSTRAINT_VALUES = 256, /* permitted in all of them together */
	LIMIT_CERT_NAME = 64,        /* of a CN, O or C kept: X.520 ub-common-name */
	LIMIT_TNAUTHLIST = 10000,    /* entries; signers have one, delegates few */
	LIMIT_ROOTS = 512,           /* 21 roots in the wild */
	LIMIT_ROOTS_BODY = 4 * 1024 * 1024,
	LIMIT_ANCHORS = 16,          /* certificates of one policy administrator: its root and signers, and their successors */
	LIMIT_ANCHOR_BODY = 64 * 1024,
	LIMIT_CRL = 16 * 1024 * 1024, /* octets, PEM or DER; 40 MiB while it is read, 23 kept (threats.md E19) */
	LIMIT_CRL_ENTRIES = 400000,   /* 45 times all certificates ever seen (8,949) */
	LIMIT_CRL_ISSUERS = 1024,     /* in one indirect CRL; twice LIMIT_ROOTS */
	LIMIT_CRL_EXTENSIONS = 16,    /* of a CRL or an entry; RFC 5280 has seven */
	LIMIT_CRL_SKEW_S = 300,       /* by which thisUpdate may lie ahead of our clock */

	LIMIT_SOURCES = 64,      /* lists and CRLs: two for each of 30 countries */
	LIMIT_SOURCE_HOSTS = 16, /* that the x5u of one list may name */
	LIMIT_CRL_BODY = 16 * 1024 * 1024, /* 300,000 entries; real ones have some hundred */
	LIMIT_ETAG = 256,        /* a SHA-256 in quotes has 66 */
	LIMIT_ACCESS_TOKEN = 8 * 1024, /* JWTs with their claims stay under 2 KiB */

	LIMIT_CA_LIST = LIMIT_ROOTS_BODY,      /* octets of the signed list of them, with its wrapping */
	LIMIT_MAPPING_LIST = 64 * 1024 * 1024, /* octets of a cpsMapping with its wrapping */
	LIMIT_MAPPING = 200000,                /* entries of it: ten times the OCNs and CICs of a continent */
	LIMIT_LIST_NODES = LIMIT_MAPPING + 4096, /* of either list: 11 MiB of memory; members that we do not know, too */

	LIMIT_SLOTS = 1 << 28, /* of the store: 208 GiB; four index entries each must fit 32 bits */
	LIMIT_PAIR = 64, /* stored at once for one pair of numbers: every reader takes a whole set */
	LIMIT_PAIR_SIGNER = LIMIT_PASSPORTS, /* of one signer among them: no provider fills the pair of another's call */

	LIMIT_FRESHNESS_S = 60, /* RFC 8224 6.2 step 4 */
	LIMIT_SKEW_S = 60,      /* the most that a configuration may allow; default 5 */
	LIMIT_WAIT_MS = 1000,   /* for a late PASSporT, never after ringing */
	LIMIT_FETCH_MS = 2000,  /* for a certificate, connecting included */

	LIMIT_CONFIG = 1024 * 1024,   /* octets; 10,000 routes have 600 KB */
	LIMIT_CONFIG_ENTRIES = 10000, /* of one list; libconfuse compares each section title with all before it */
	LIMIT_INSPECT = 64 * 1024 * 1024, /* what `sidetone inspect` reads: the largest of them is a cpsMapping */
	LIMIT_PATH = 1023             /* octets of a file name */
};

/* iat, seconds of the epoch: the largest integer that every JSON reader has exactly, RFC 8259 6. */
#define LIMIT_IAT (INT64_C(1) << 53)

/* How far ahead the sequence of a signed list may go at once: behind one that has reached the end of
 * int64 no other could ever come (threats.md F6). */
#define LIMIT_LIST_JUMP (INT64_C(1) << 32)

/* The same of the crlNumber of a CRL (RFC 5280 5.2.3), which has up to 159 bits and is often the time: no
 * new year of YYYYMMDDHHMMSSffffff goes so far, and whoever has the key needs 2^103 CRLs to the end. */
#define LIMIT_CRL_JUMP (INT64_C(1) << 56)

#endif
