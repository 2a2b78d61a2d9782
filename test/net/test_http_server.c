/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "stage.h"


/* ---- `test_net_http_server serve MS`: the site on a plain and a TLS port until stdin ends ---- */

static void on_input(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	uv_stop(poll->loop);
}

static int serve(unsigned ms)
{
	struct tls_pair pair = tls_pair_make(&(struct tls_pair_wish){.names = "IP:127.0.0.1"});
	struct tls_server *tls = stage_tls(&pair, NULL, false);
	struct http_limits limits = http_limits_default;
	struct stage stage = {.drained = false};
	struct http_site site = stage_site(&stage);
	struct http_listener_config config = {.address = "127.0.0.1:0", .site = &site};
	struct http_listener *plain, *secure;
	uv_poll_t input;

	limits.handshake_ms = limits.idle_ms = limits.head_ms = limits.body_ms = limits.write_ms = ms;
	config.limits = limits;
	uv_loop_init(&stage.loop);
	if (http_listener_open(&stage.loop, &config, &plain))
		return 3;
	config.tls = tls;
	if (http_listener_open(&stage.loop, &config, &secure))
		return 3;
	printf("plain=%u tls=%u\n", http_listener_port(plain), http_listener_port(secure));
	fflush(stdout);
	uv_poll_init(&stage.loop, &input, 0);
	uv_poll_start(&input, UV_READABLE, on_input);
	uv_run(&stage.loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&input, NULL);
	http_listener_drain(plain, 0, 0, NULL, NULL);
	http_listener_drain(secure, 0, 0, NULL, NULL);
	while (uv_run(&stage.loop, UV_RUN_DEFAULT))
		;
	tls_server_unref(tls);
	tls_pair_free(&pair);
	return uv_loop_close(&stage.loop) ? 3 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve((unsigned)strtoul(argv[2], NULL, 10));
	return 0;
}
