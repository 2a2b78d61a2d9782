/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_DOMAIN_FILE_H
#define APP_DOMAIN_FILE_H

#include <sti/error.h>

#include "pki/domain.h"

/*
 * A trust domain as JSON; docs/certificates.md describes it, examples/domain-us.json is one:
 *   {"country":"US","spc_length":4,"crl_urls":[URL],
 *    "policies":[{"oid":"2.16…","ca":{"from":"2020-04-07","until":"2021-08-18"},"signer":{"from":…},
 *                 "rules":["sha256-only"]}]}
 * Every member may be left out but "oid"; days begin at midnight UTC.
 */
struct domain_file;

/* *out is the caller's. STI_E_CLAIM_VALUE for a member that is unknown or has a wrong value, *why (static
 * text) saying what was expected; STI_E_LIMIT; what the JSON reader says, *why then NULL. */
enum sti_error domain_file_parse(struct sti_span text, struct domain_file **out, const char **why);
void domain_file_free(struct domain_file *file);

/* Owned by the file. */
const struct domain *domain_file_domain(const struct domain_file *file);

#endif
