/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: pki */
#include <sti/credential.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { NOON = 86400 + 86400 / 2 }; /* when the certificates of the corpus are valid */

/* The root above the certificates of the corpus; its key is lost. */
static const char root[] = "-----BEGIN CERTIFICATE-----\n"
			   "MIIBszCCAVigAwIBAgIIASNFZ4mrze8wCgYIKoZIzj0EAwIwPTELMAkGA1UEBhMC\n"
			   "VVMxEDAOBgNVBAoMB0V4YW1wbGUxHDAaBgNVBAMME0V4YW1wbGUgU0hBS0VOIFJP\n"
			   "T1QwHhcNNzAwMTAyMDAwMDAwWhcNNzAwMTAzMDAwMDAwWjA9MQswCQYDVQQGEwJV\n"
			   "UzEQMA4GA1UECgwHRXhhbXBsZTEcMBoGA1UEAwwTRXhhbXBsZSBTSEFLRU4gUk9P\n"
			   "VDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDYeQArD+eR1M+hwuINWLOmE5jBs\n"
			   "dOJZOiFUoRJrBK5VQlbCWkEqv2UbZXVqL2Fx5rR3aD1TFsdvgP6+2ixM06GjQjBA\n"
			   "MA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBSa8N20\n"
			   "gLRWgs6XA4fk3LuAyX6v3zAKBggqhkjOPQQDAgNJADBGAiEAwXQeDoo76+Q1wvQ3\n"
			   "55PjM5ZcHN4IoidCF+rzjo85GV0CIQCGMFb6KWGCGi1F3V+02Vk6W1PZpCZCPht2\n"
			   "ujxwwWcCZw==\n"
			   "-----END CERTIFICATE-----\n";

static void look(const struct sti_credential *credential)
{
	bool trusted = sti_credential_trust(credential, NULL, NOON) == STI_TRUST_OK;

	if (trusted && (!sti_credential_key(credential) || !sti_credential_spc(credential).p ||
			sti_credential_from(credential) > NOON || sti_credential_until(credential) < NOON))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct sti_credential *credential;
	struct sti_roots *roots;

	if (sti_roots_parse(sti_span_str(root), &roots))
		abort();
	if (sti_credential_parse(sti_span(p, n), roots, NOON, &credential) == STI_OK) {
		look(credential);
		sti_credential_free(credential);
	}
	sti_roots_free(roots);
	if (sti_roots_parse(sti_span(p, n), &roots) == STI_OK)
		sti_roots_free(roots);
	return 0;
}
