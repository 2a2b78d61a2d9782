/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_LINT_NAME_H
#define PKI_LINT_NAME_H

#include "pki/lint.h"

/* The lints of names, for the table in lint.c, which says what each is about. */
enum lint_status lint_name_subject(const struct lint_view *view);
enum lint_status lint_name_issuer(const struct lint_view *view);
enum lint_status lint_name_signer(const struct lint_view *view);
enum lint_status lint_name_ca(const struct lint_view *view);
enum lint_status lint_name_root(const struct lint_view *view);
enum lint_status lint_name_exact(const struct lint_view *view);
enum lint_status lint_name_country(const struct lint_view *view);
enum lint_status lint_name_country_of_domain(const struct lint_view *view);
enum lint_status lint_name_serial(const struct lint_view *view);
enum lint_status lint_name_email(const struct lint_view *view);
enum lint_status lint_name_length(const struct lint_view *view);
enum lint_status lint_name_printable(const struct lint_view *view);
enum lint_status lint_name_string_type(const struct lint_view *view);

#endif
