/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_LOGIN_H
#define APP_LOGIN_H

#include "app/trust_plan.h"
#include "net/http_client.h"

/* What stands as Authorization before a policy administrator, as deployed clients send it: the access token
 * of a login, or that of a file, as it stands (standards.md 4.2). Secrets are read when they are used, and
 * wiped after. */

/* The file without the newline at its end. Errors as file_read_secret; STI_E_LIMIT. *out is the caller's. */
enum sti_error login_read_file(const char *file, struct buf *out);

/* POST {"userId":…,"password":…}. Errors of reading the password, and of http_client_send: then done will
 * not be called. */
enum sti_error login_send(struct http_client *client, const struct plan_source *plan, http_done *done, void *context);

/* accessToken of the answer. STI_E_DENIED when its status is not 200, STI_E_CLAIM_MISSING, and what
 * json_parse says. *out is the caller's. */
enum sti_error login_read(const struct http_response *response, struct buf *out);

#endif
