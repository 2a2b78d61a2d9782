/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/domain.h"

const struct domain_policy *domain_policy(const struct domain *domain, struct sti_span oid)
{
	for (size_t i = 0; i < domain->n_policy; i++)
		if (sti_span_equal(domain->policy[i].oid, oid))
			return &domain->policy[i];
	return NULL;
}

const struct domain_policy *domain_policy_at(const struct domain *domain, enum domain_who who, int64_t time)
{
	for (size_t i = domain->n_policy; i > 0; i--)
		if (domain->policy[i - 1].term[who].from <= time)
			return &domain->policy[i - 1];
	return NULL;
}

bool domain_policy_may(const struct domain_policy *policy, enum domain_who who, int64_t time)
{
	return policy->term[who].from <= time && time < policy->term[who].until;
}
