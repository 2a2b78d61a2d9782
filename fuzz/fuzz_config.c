/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: app */
#include "app/config.h"

/* threats.md J11 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_message message;
	struct config *config = NULL;

	if (config_parse_text(sti_span(data, size), "/etc/sidetone/sidetone.conf", &config, &message) == STI_OK)
		config_free(config);
	else if (!message.text[0])
		__builtin_trap(); /* a refusal without a word */
	return 0;
}
