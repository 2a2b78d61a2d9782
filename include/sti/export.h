/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STI_EXPORT_H
#define STI_EXPORT_H

/* What the shared library shows; everything else is compiled with hidden visibility. */
#define STI_API __attribute__((visibility("default")))

#ifdef __cplusplus
#define STI_BEGIN extern "C" {
#define STI_END }
#else
#define STI_BEGIN
#define STI_END
#endif

#endif
