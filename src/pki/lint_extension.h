/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_LINT_EXTENSION_H
#define PKI_LINT_EXTENSION_H

#include "pki/lint.h"

/* The lints of extensions, for the table in lint.c, which says what each is about. */
enum lint_status lint_extension_constraints(const struct lint_view *view);
enum lint_status lint_extension_usage_signer(const struct lint_view *view);
enum lint_status lint_extension_usage_ca(const struct lint_view *view);
enum lint_status lint_extension_usage_single(const struct lint_view *view);
enum lint_status lint_extension_usage_crl(const struct lint_view *view);
enum lint_status lint_extension_ski(const struct lint_view *view);
enum lint_status lint_extension_ski_size(const struct lint_view *view);
enum lint_status lint_extension_aki(const struct lint_view *view);
enum lint_status lint_extension_aki_root(const struct lint_view *view);
enum lint_status lint_extension_policies(const struct lint_view *view);
enum lint_status lint_extension_policies_critical(const struct lint_view *view);
enum lint_status lint_extension_policies_root(const struct lint_view *view);
enum lint_status lint_extension_crl(const struct lint_view *view);
enum lint_status lint_extension_crl_issuer(const struct lint_view *view);
enum lint_status lint_extension_crl_reachable(const struct lint_view *view);
enum lint_status lint_extension_crl_root(const struct lint_view *view);
enum lint_status lint_extension_known(const struct lint_view *view);
enum lint_status lint_extension_tnauthlist(const struct lint_view *view);
enum lint_status lint_extension_tnauthlist_ca(const struct lint_view *view);
enum lint_status lint_extension_spc_format(const struct lint_view *view);
enum lint_status lint_extension_spc_length(const struct lint_view *view);

#endif
