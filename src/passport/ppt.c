/* SPDX-License-Identifier: Apache-2.0 */
#include "passport/ppt.h"

static const struct ppt table[] = {
	{"shaken", {"attest", "origid"}, true, "RFC 8588 3"},
	{"div", {"div"}, false, "RFC 8946 3"},
	{"div-o", {"div", "opt"}, false, "RFC 8946 5"},
	{"rph", {"rph"}, false, "RFC 8443 3"},
	{"rcd", {NULL}, false, "RFC 9795 5"},
	{"msg", {NULL}, false, "RFC 9475 4"},
	{"msgi", {NULL}, false, "RFC 9475 4"},
	{"rsp", {NULL}, false, "RFC 9970"},
};

const struct ppt *ppt_find(struct sti_span name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (sti_span_is(name, table[i].name))
			return &table[i];
	return NULL;
}

bool ppt_demands(const struct ppt *type, const char *claim)
{
	for (size_t i = 0; type && i < PPT_DEMANDS && type->demands[i]; i++)
		if (strcmp(type->demands[i], claim) == 0)
			return true;
	return false;
}
