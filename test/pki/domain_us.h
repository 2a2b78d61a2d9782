/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_PKI_DOMAIN_US_H
#define TEST_PKI_DOMAIN_US_H

#include "pki/domain.h"

/* The trust domain of the United States, as examples/domain-us.json has it. */
static inline const struct domain *domain_us(void)
{
	enum {
		UNTIL_1_4 = DOMAIN_SHA256_ONLY | DOMAIN_EXACT_NAME | DOMAIN_NO_EMAIL | DOMAIN_NO_CRL_SIGN,
		SINCE_2020 = 1586217600, /* 2020-04-07, CP 1.1 */
		CP_1_3 = 1629244800, /* 2021-08-18 */
		CP_1_3_SIGNER = 1641772800, /* 2022-01-10 */
		CP_1_4 = 1686009600, /* 2023-06-06 */
	};
	static const int64_t ever = INT64_MAX;
	static struct sti_span url[1];
	static struct domain_policy policy[4];
	static struct domain domain;

	url[0] = sti_span_str("https://authenticate-api.iconectiv.com/download/v1/crl");
	policy[0] = (struct domain_policy){sti_span_str("2.16.840.1.114569.1.1.1"),
					   {{SINCE_2020, CP_1_3}, {SINCE_2020, CP_1_3_SIGNER}},
					   UNTIL_1_4};
	policy[1] = (struct domain_policy){sti_span_str("2.16.840.1.114569.1.1.2"),
					   {{SINCE_2020, CP_1_3}, {SINCE_2020, CP_1_3_SIGNER}},
					   UNTIL_1_4};
	policy[2] = (struct domain_policy){sti_span_str("2.16.840.1.114569.1.1.3"),
					   {{CP_1_3, ever}, {CP_1_3, ever}},
					   UNTIL_1_4 | DOMAIN_SUBJECT_SERIAL};
	policy[3] = (struct domain_policy){sti_span_str("2.16.840.1.114569.1.1.4"),
					   {{CP_1_4, ever}, {CP_1_4, ever}},
					   DOMAIN_NO_CRL_SIGN | DOMAIN_COUNTRY};
	domain = (struct domain){sti_span_str("US"), 4, policy, 4, url, 1};
	return &domain;
}

#endif
