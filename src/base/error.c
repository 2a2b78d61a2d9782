/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/error.h>

static const char *const text[STI_E_COUNT] = {
	[STI_OK] = "no error",
	[STI_E_MEMORY] = "no memory",
	[STI_E_LIMIT] = "over a limit of length, depth or count",
	[STI_E_BASE64] = "not strict base64",
	[STI_E_JSON] = "not strict JSON",
	[STI_E_JSON_TWICE] = "a JSON member name stands twice",
	[STI_E_JWS] = "not a compact JWS of three parts",
	[STI_E_HEADER] = "a JWS header member that must be refused",
	[STI_E_CLAIM_MISSING] = "a claim is missing",
	[STI_E_CLAIM_VALUE] = "a claim has a wrong type or value",
	[STI_E_SIGNATURE] = "the signature does not verify",
	[STI_E_KEY] = "not a key of the kind allowed here",
	[STI_E_PEM] = "not clean PEM",
	[STI_E_DER] = "not DER",
	[STI_E_CERT] = "not a usable certificate",
	[STI_E_TNAUTHLIST] = "malformed TNAuthList",
	[STI_E_TN] = "not a telephone number",
	[STI_E_URL] = "not a URL of the form allowed here",
	[STI_E_IDENTITY] = "not an Identity header value",
	[STI_E_UUID] = "not a UUID",
	[STI_E_NUMBER] = "not a decimal number, or out of range",
	[STI_E_CRYPTO] = "the crypto library failed",
	[STI_E_FULL] = "full",
	[STI_E_BUSY] = "held by somebody else",
	[STI_E_NOT_FOUND] = "not found",
	[STI_E_TIMEOUT] = "out of time",
	[STI_E_DENIED] = "denied by policy",
	[STI_E_NETWORK] = "the connection broke off",
	[STI_E_NAME] = "no address is known for the host name",
	[STI_E_CONNECT] = "cannot connect",
	[STI_E_TLS] = "TLS failed, or its certificate is not vouched for",
	[STI_E_IO] = "the operating system refused",
	[STI_E_CONFIG] = "wrong configuration",
};

const char *sti_error_text(enum sti_error error)
{
	if ((unsigned)error >= STI_E_COUNT)
		return "unknown error";
	return text[error];
}
