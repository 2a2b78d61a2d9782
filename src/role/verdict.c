/* SPDX-License-Identifier: Apache-2.0 */
#include <sti/verdict.h>

/* Codes and phrases: RFC 8224 6.2.2 and ATIS-1000082; which case gives which verstat: ATIS-1000082
 * as restated in standards.md 5.3. Only E17 and E18 say that the call lies. */
static const struct sti_case_row row[STI_CASE_COUNT] = {
	[STI_CASE_NONE] = {NULL, 0, "", STI_VERSTAT_PASSED, "", "", "nothing is wrong", ""},
	[STI_CASE_E1] = {"E1", 400, "Missing Parameter", STI_VERSTAT_NONE, "request", "ATIS-1000082 SVC4001",
			 "a mandatory parameter of the request is missing", "all mandatory parameters"},
	[STI_CASE_E2] = {"E2", 400, "Invalid Parameter", STI_VERSTAT_NONE, "request", "ATIS-1000082 SVC4005",
			 "a parameter of the request has a bad value",
			 "values of the types that ATIS-1000082 gives them"},
	[STI_CASE_E3] = {"E3", 403, "Stale Date", STI_VERSTAT_NONE, "date", "RFC 8224 6.2 step 4",
			 "the time of the call is too far from now", "a time of the call within the freshness"},
	[STI_CASE_E4] = {"E4", 438, "Invalid Identity Header", STI_VERSTAT_NONE, "form", "RFC 8588 3, RFC 7515 7.1",
			 "not a PASSporT in full form",
			 "header.payload.signature in base64url, the signature of 64 octets"},
	[STI_CASE_E5] = {"E5", 438, "Invalid Identity Header", STI_VERSTAT_NONE, "parameters",
			 "RFC 8224 4.1, 6.2 step 1",
			 "the header's parameters ppt or alg are not those of a shaken PASSporT",
			 "ppt shaken, and alg that of the PASSporT"},
	[STI_CASE_E6] = {"E6", 436, "Bad Identity Info", STI_VERSTAT_NONE, "info", "RFC 8224 4",
			 "the header has no info parameter", "a parameter info"},
	[STI_CASE_E7] = {"E7", 436, "Bad Identity Info", STI_VERSTAT_NONE, "info-uri", "ATIS-1000074 5.3.1",
			 "the URL of the certificate is not one that may be fetched",
			 "https, port 443 or 8443, no user, query or fragment, no address but public ones"},
	[STI_CASE_E8] = {"E8", 436, "Bad Identity Info", STI_VERSTAT_NONE, "fetch", "RFC 8224 6.2 step 3",
			 "the certificate could not be fetched, or the list of STI-CAs is over",
			 "200 with a certificate chain, without a redirect, and a list in force"},
	[STI_CASE_E9] = {"E9", 436, "Bad Identity Info", STI_VERSTAT_NONE, "header", "RFC 8225 4, RFC 8588 4",
			 "typ, alg, ppt or x5u is missing from the PASSporT header", "typ, alg, ppt and x5u"},
	[STI_CASE_E10] = {"E10", 436, "Bad Identity Info", STI_VERSTAT_NONE, "x5u", "RFC 8224 4.1",
			  "x5u is not the info of the header", "x5u and info the same, octet for octet"},
	[STI_CASE_E11] = {"E11", 437, "Unsupported Credential", STI_VERSTAT_NONE, "typ", "RFC 8225 4.1",
			  "typ is not passport", "passport"},
	[STI_CASE_E12] = {"E12", 437, "Unsupported Credential", STI_VERSTAT_NONE, "alg", "RFC 8225 4.2",
			  "alg is not ES256", "ES256"},
	[STI_CASE_E13] = {"E13", 438, "Invalid Identity Header", STI_VERSTAT_NONE, "ppt", "RFC 8225 8.1",
			  "ppt is not one that is supported here", "shaken"},
	[STI_CASE_E14] = {"E14", 438, "Invalid Identity Header", STI_VERSTAT_NONE, "claims", "RFC 8225 5, RFC 8588 4",
			  "a claim is missing or has a wrong type",
			  "orig, dest, iat, attest and origid, each of its type"},
	[STI_CASE_E15] = {"E15", 403, "Stale Date", STI_VERSTAT_NONE, "iat", "RFC 8224 6.2 step 4",
			  "iat is too far from now", "an iat within the freshness"},
	[STI_CASE_E16] = {"E16", 438, "Invalid Identity Header", STI_VERSTAT_NONE, "numbers", "RFC 8224 6.2 step 2",
			  "orig or dest is not what signalling says", "the numbers of signalling"},
	[STI_CASE_E17] = {"E17", 437, "Unsupported Credential", STI_VERSTAT_FAILED, "trust",
			  "RFC 5280 6, ATIS-1000074 5.3.1",
			  "the certificate does not chain to a listed STI-CA, is outside its validity or is revoked",
			  "a path to a listed STI-CA, a SHAKEN signer, valid now and at iat, nothing revoked"},
	[STI_CASE_E18] = {"E18", 438, "Invalid Identity Header", STI_VERSTAT_FAILED, "signature",
			  "RFC 8225 4.2, RFC 8224 6.2 step 5", "the signature does not verify",
			  "a signature made with the key of the certificate"},
	[STI_CASE_E19] = {"E19", 438, "Invalid Identity Header", STI_VERSTAT_NONE, "attest", "RFC 8588 4",
			  "attest is not A, B or C, or origid is not a UUID where that is demanded",
			  "attest A, B or C, and a UUID as origid where that is demanded"},
};

const struct sti_case_row *sti_case_row(enum sti_case c)
{
	return &row[(unsigned)c < STI_CASE_COUNT ? c : STI_CASE_E2]; /* what is no case never reads as passed */
}

const char *sti_verstat_text(enum sti_verstat verstat)
{
	switch (verstat) {
	case STI_VERSTAT_PASSED:
		return "TN-Validation-Passed";
	case STI_VERSTAT_FAILED:
		return "TN-Validation-Failed";
	case STI_VERSTAT_NONE:
		break;
	}
	return "No-TN-Validation";
}
