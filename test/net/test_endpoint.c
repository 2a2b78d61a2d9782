/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/endpoint.h"

static void test_addresses_that_are_none(void **state)
{
	static const char *const good[] = {"127.0.0.1:8080", "0.0.0.0:0", "[::]:8443", "[::1]:65535",
					   "unix:/run/x.sock"};
	static const char *const bad[] = {
		"",
		":",
		":80",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:-1",
		"127.0.0.1:65536",
		"127.0.0.1:http",
		"127.1:80",
		"localhost:80",
		"::1:80",
		"[::1]",
		"[::1]80",
		"[]:80",
		"[:80",
		"[127.0.0.1]:80",
		"[::1%lo]:80",
		"unix:",
		"unix:x.sock",
		"127.0.0.1:80 ",
		" 127.0.0.1:80",
		"unix:/"
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		"012345678",
		"0123456789012345678901234567890123456789012345678901234567890123456789:80"};
	struct endpoint endpoint;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(endpoint_parse(good[i], &endpoint), STI_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(endpoint_parse(bad[i], &endpoint), STI_E_CONFIG);
}

static void test_port_zero_gets_one_that_is_then_taken(void **state)
{
	struct endpoint endpoint;
	char text[64];
	int fd, other;

	(void)state;
	assert_int_equal(endpoint_parse("127.0.0.1:0", &endpoint), STI_OK);
	assert_int_equal(endpoint_listen(&endpoint, 0, &fd), STI_OK);
	assert_true(endpoint_port(fd) > 0);
	snprintf(text, sizeof(text), "127.0.0.1:%u", endpoint_port(fd));
	assert_int_equal(endpoint_parse(text, &endpoint), STI_OK);
	assert_int_equal(endpoint_listen(&endpoint, 0, &other), STI_E_IO);
	assert_int_equal(errno, EADDRINUSE);
	close(fd);
}

static void test_ipv6_leaves_the_port_of_ipv4_free(void **state)
{
	struct endpoint endpoint;
	char text[64];
	int fd, other;

	(void)state;
	assert_int_equal(endpoint_parse("[::]:0", &endpoint), STI_OK);
	if (endpoint_listen(&endpoint, 0, &fd)) {
		print_message("skipped: no IPv6\n");
		return;
	}
	snprintf(text, sizeof(text), "0.0.0.0:%u", endpoint_port(fd));
	assert_int_equal(endpoint_parse(text, &endpoint), STI_OK);
	assert_int_equal(endpoint_listen(&endpoint, 0, &other), STI_OK);
	close(other);
	close(fd);
}

static void make_path(char *folder, char *text, size_t n)
{
	assert_non_null(mkdtemp(folder));
	snprintf(text, n, "unix:%s/x.sock", folder);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? 0 : st.st_mode & 07777;
}

static void test_unix_socket_gets_its_mode_and_goes_again(void **state)
{
	char folder[] = "/tmp/endpoint_XXXXXX", text[64];
	struct endpoint endpoint;
	int fd;

	(void)state;
	make_path(folder, text, sizeof(text));
	assert_int_equal(endpoint_parse(text, &endpoint), STI_OK);
	assert_int_equal(endpoint_listen(&endpoint, 0660, &fd), STI_OK);
	assert_int_equal(mode_of(text + 5), 0660);
	assert_int_equal(endpoint_port(fd), 0);
	endpoint_remove(&endpoint);
	assert_int_equal(access(text + 5, F_OK), -1);
	close(fd);
	assert_int_equal(rmdir(folder), 0);
}

static void test_unix_socket_of_a_dead_process_is_replaced_of_a_living_one_not(void **state)
{
	char folder[] = "/tmp/endpoint_XXXXXX", text[64];
	struct endpoint first, second;
	int fd, other;

	(void)state;
	make_path(folder, text, sizeof(text));
	assert_int_equal(endpoint_parse(text, &first), STI_OK);
	second = first;
	assert_int_equal(endpoint_listen(&first, 0600, &fd), STI_OK);
	assert_int_equal(endpoint_listen(&second, 0600, &other), STI_E_IO);
	assert_int_equal(errno, EADDRINUSE);
	close(fd);
	assert_int_equal(endpoint_listen(&second, 0600, &other), STI_OK);
	endpoint_remove(&first); /* not its own any more */
	assert_int_equal(access(text + 5, F_OK), 0);
	endpoint_remove(&second);
	close(other);
	assert_int_equal(rmdir(folder), 0);
}

static void test_file_in_the_way_of_a_unix_socket_stays(void **state)
{
	char folder[] = "/tmp/endpoint_XXXXXX", text[64];
	struct endpoint endpoint;
	FILE *file;
	int fd;

	(void)state;
	make_path(folder, text, sizeof(text));
	file = fopen(text + 5, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(endpoint_parse(text, &endpoint), STI_OK);
	assert_int_equal(endpoint_listen(&endpoint, 0600, &fd), STI_E_IO);
	assert_int_equal(unlink(text + 5), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void test_address_of_a_peer_as_text(void **state)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr local = {.sa_family = AF_UNIX};
	char text[ENDPOINT_TEXT];

	(void)state;
	inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
	inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
	endpoint_write((const struct sockaddr *)&v6, text);
	assert_string_equal(text, "2001:db8::1");
	endpoint_write((const struct sockaddr *)&v4, text);
	assert_string_equal(text, "192.0.2.1");
	endpoint_write(&local, text);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_that_are_none),
		cmocka_unit_test(test_port_zero_gets_one_that_is_then_taken),
		cmocka_unit_test(test_ipv6_leaves_the_port_of_ipv4_free),
		cmocka_unit_test(test_unix_socket_gets_its_mode_and_goes_again),
		cmocka_unit_test(test_unix_socket_of_a_dead_process_is_replaced_of_a_living_one_not),
		cmocka_unit_test(test_file_in_the_way_of_a_unix_socket_stays),
		cmocka_unit_test(test_address_of_a_peer_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
