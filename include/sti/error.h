/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STI_ERROR_H
#define STI_ERROR_H

#include <sti/export.h>

STI_BEGIN

/*
 * What went wrong with the input or the machine. What we believe of a call is another
 * question and another enum: see sti/verdict.h.
 */
enum sti_error {
	STI_OK = 0,
	STI_E_MEMORY,        /* no memory */
	STI_E_LIMIT,         /* longer, deeper or more than a limit allows */
	STI_E_BASE64,        /* not strict base64 or base64url */
	STI_E_JSON,          /* not strict JSON */
	STI_E_JSON_TWICE,    /* one member name twice in an object */
	STI_E_JWS,           /* not a compact JWS of three parts */
	STI_E_HEADER,        /* a JWS header member we must refuse: crit, b64, jwk, jku */
	STI_E_CLAIM_MISSING, /* a claim that must be there is not */
	STI_E_CLAIM_VALUE,   /* a claim has a wrong type or value */
	STI_E_SIGNATURE,     /* the signature does not verify */
	STI_E_KEY,           /* not a key, or not of the one kind allowed here */
	STI_E_PEM,           /* not PEM, or PEM with something strange in it */
	STI_E_DER,           /* not DER */
	STI_E_CERT,          /* not a certificate we can use */
	STI_E_TNAUTHLIST,    /* the TNAuthList extension is malformed */
	STI_E_TN,            /* not a telephone number */
	STI_E_URL,           /* not a URL of the form allowed here */
	STI_E_IDENTITY,      /* not an Identity header value */
	STI_E_UUID,          /* not a UUID */
	STI_E_NUMBER,        /* not a decimal number, or out of range */
	STI_E_CRYPTO,        /* the crypto library failed at what must not fail */
	STI_E_FULL,          /* no room left; nothing that was promised has been dropped */
	STI_E_BUSY,          /* somebody else holds it */
	STI_E_NOT_FOUND,     /* not there */
	STI_E_TIMEOUT,       /* the time for it is over */
	STI_E_DENIED,        /* policy forbids it */
	STI_E_NETWORK,       /* the peer broke off, or does not speak what it should */
	STI_E_NAME,          /* no address is known for a host name */
	STI_E_CONNECT,       /* nobody listens there, or no way leads there */
	STI_E_TLS,           /* no common version, or a certificate that is not vouched for */
	STI_E_IO,            /* the operating system refused; errno says why */
	STI_E_CONFIG,        /* the configuration is wrong */
	STI_E_COUNT          /* how many there are; not an error */
};

/* A short English phrase, without the input in it. Never NULL. */
STI_API const char *sti_error_text(enum sti_error error);

STI_END

#endif
