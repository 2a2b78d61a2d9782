/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: pki */
#include "pki/crl.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* A certificate and the root above it; the CRLs of the corpus are of that root. */
static const char pem[] = "-----BEGIN CERTIFICATE-----\n"
			  "MIIB9TCCAZqgAwIBAgIBBzAKBggqhkjOPQQDAjA9MQswCQYDVQQGEwJVUzEQMA4G\n"
			  "A1UECgwHRXhhbXBsZTEcMBoGA1UEAwwTRXhhbXBsZSBTSEFLRU4gUk9PVDAeFw03\n"
			  "MDAxMDIwMDAwMDBaFw03MDAxMDMwMDAwMDBaMDUxCzAJBgNVBAYTAkNBMRAwDgYD\n"
			  "VQQKDAdDYXJyaWVyMRQwEgYDVQQDDAtTSEFLRU4gNzA5SjBZMBMGByqGSM49AgEG\n"
			  "CCqGSM49AwEHA0IABOLz6tEXI40rPcMhJdcNZ1OfPt89lm/xoUra7JAtaEuuLlSh\n"
			  "2vVOD3XnGjZ+hsj55Mj8t2eE8C36l0OKjKE1DZmjgZIwgY8wDAYDVR0TAQH/BAIw\n"
			  "ADAOBgNVHQ8BAf8EBAMCB4AwHQYDVR0OBBYEFJJJ+TqzKKoi7mG5zuulIn0QSpjl\n"
			  "MB8GA1UdIwQYMBaAFPL+Zmw8hOfo2AbrFTkabSeOPLhrMBcGA1UdIAQQMA4wDAYK\n"
			  "YIZIAYb/CQEBBDAWBggrBgEFBQcBGgQKMAigBhYENzA5SjAKBggqhkjOPQQDAgNJ\n"
			  "ADBGAiEAwYDaG+uwyOLzF9lHTGzIGoaLOBFrI49os4Va8t1+WvUCIQD053SDnqzr\n"
			  "iPZihZeQ6ngR6yasTxiEY6no6sBM/D4/IA==\n"
			  "-----END CERTIFICATE-----\n"
			  "-----BEGIN CERTIFICATE-----\n"
			  "MIIBsjCCAVigAwIBAgIIASNFZ4mrze8wCgYIKoZIzj0EAwIwPTELMAkGA1UEBhMC\n"
			  "VVMxEDAOBgNVBAoMB0V4YW1wbGUxHDAaBgNVBAMME0V4YW1wbGUgU0hBS0VOIFJP\n"
			  "T1QwHhcNNzAwMTAyMDAwMDAwWhcNNzAwMTAzMDAwMDAwWjA9MQswCQYDVQQGEwJV\n"
			  "UzEQMA4GA1UECgwHRXhhbXBsZTEcMBoGA1UEAwwTRXhhbXBsZSBTSEFLRU4gUk9P\n"
			  "VDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCWReuwQKjYnhKfSUCZeo3XdFEfg\n"
			  "OvErIzBvnpzbMvUHtGEYVdqFIjPvJoUaaF6a72mU56lsW14eir2Y16a7RcOjQjBA\n"
			  "MA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBTy/mZs\n"
			  "PITn6NgG6xU5Gm0njjy4azAKBggqhkjOPQQDAgNIADBFAiEAhllyWD/Wq23M2EiH\n"
			  "O1cN0RqbyhdiHnZK3c662Ej2dqMCIG2P99ZVNGu4Zda/wXTmTi9k42n0yCcIL4Ie\n"
			  "YXT2d27X\n"
			  "-----END CERTIFICATE-----\n";

/* What was read is read again from its own octets, and says the same. */
static void again(const struct crl *crl, const struct cert *cert)
{
	struct mark one, two;
	struct crl *second;

	if (crl_parse(crl_der(crl), &second))
		abort();
	crl_mark(crl, &one);
	crl_mark(second, &two);
	if (crl_look_up(crl, cert) != crl_look_up(second, cert) || mark_compare(&one, &two) ||
	    crl_is_older(second, &one) || crl_count(crl) != crl_count(second))
		abort();
	crl_unref(second);
}

static void look(struct crl *crl, const struct chain *chain)
{
	struct anchor *anchor;
	struct crl *both;

	if (anchor_parse(sti_span_str(pem), &anchor))
		abort();
	crl_check(crl, anchor, chain, crl_this_update(crl));
	anchor_free(anchor);
	again(crl, &chain->cert[0]);
	if (crl_apply(crl, crl, &both) == STI_OK) /* its number would have to be below itself */
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct chain chain;
	struct crl *crl;

	if (crl_parse(sti_span(p, n), &crl))
		return 0;
	if (chain_parse(sti_span_str(pem), 2, &chain))
		abort();
	look(crl, &chain);
	chain_free(&chain);
	crl_unref(crl);
	return 0;
}
