/* SPDX-License-Identifier: Apache-2.0 */
#include "role/claims.h"

#include "passport/passport.h"

static bool is_permitted(const struct constraint *rule, struct sti_span value)
{
	for (size_t i = 0; i < rule->n_value; i++)
		if (sti_span_equal(rule->value[i], value))
			return true;
	return false;
}

static bool is_kept(const struct constraint *rule, const struct sti_passport *passport)
{
	struct sti_span value;
	bool there = passport_claim(passport, rule->claim, &value);

	switch (rule->kind) {
	case CONSTRAINT_INCLUDE:
		return there;
	case CONSTRAINT_PERMIT:
		return !there || is_permitted(rule, value);
	case CONSTRAINT_EXCLUDE:
		return !there;
	}
	return false;
}

bool claims_are_allowed(const struct constraints *constraints, const struct sti_passport *passport)
{
	for (size_t i = 0; constraints && i < constraints->n; i++)
		if (!is_kept(&constraints->rule[i], passport))
			return false;
	return true;
}
