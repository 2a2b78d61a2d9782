/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_LISTEN_ADDRESS_H
#define APP_LISTEN_ADDRESS_H

#include <sti/error.h>
#include <sti/span.h>

/* Where to listen: "192.0.2.1:8443", "[::1]:9101", "unix:/path". Port 0 is any free one. */
bool listen_address_check(struct sti_span text);

/* The two below are for texts that listen_address_check has taken. */
bool listen_address_is_unix(struct sti_span text);

/* 127.0.0.0/8 or ::1. */
bool listen_address_is_loopback(struct sti_span text);

#endif
