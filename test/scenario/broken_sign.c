/* SPDX-License-Identifier: Apache-2.0 */
/* Loaded before the program: a crypto library that cannot sign, so that a test can see the answer. */
#include <openssl/evp.h>

int EVP_PKEY_sign(EVP_PKEY_CTX *context, unsigned char *signature, size_t *n, const unsigned char *digest, size_t size)
{
	(void)context;
	(void)signature;
	(void)n;
	(void)digest;
	(void)size;
	return 0;
}
