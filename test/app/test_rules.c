/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/rules.h"

static const char *listen_on[] = {"127.0.0.1:8080", "[2001:db8::1]:8443"};
static const char *one[] = {"x"};
static struct config_file_name chain = {"a1", "a1.pem"};

/* A certificate repository on loopback: the smallest configuration that is right. */
static struct config repository(void)
{
	struct config c = {.cr = {.on = true, .certificate = &chain, .n_certificate = 1}};

	c.cr.listen.address = listen_on;
	c.cr.listen.n_address = 1;
	return c;
}

static void expect(const struct config *c, const void *at, const char *says)
{
	struct rules_finding finding;

	assert_int_equal(rules_check(c, &finding), STI_E_CONFIG);
	assert_ptr_equal(finding.at, at);
	assert_non_null(strstr(finding.text, says));
}

static void test_the_smallest_configuration_breaks_nothing(void **state)
{
	struct config c = repository();
	struct rules_finding finding;

	(void)state;
	assert_int_equal(rules_check(&c, &finding), STI_OK);
}

static void test_one_address_of_two_leaves_the_host(void **state)
{
	struct config c = repository();
	struct rules_finding finding;

	(void)state;
	c.cr.listen.n_address = 2;
	expect(&c, &c.cr.listen.address, "TLS on everything that leaves the host");
	c.cr.listen.tls_certificate = "c";
	expect(&c, &c.cr.listen.tls_certificate, "there is no tls_key");
	c.cr.listen.tls_key = "k";
	assert_int_equal(rules_check(&c, &finding), STI_OK);
}

static void test_wait_as_long_as_the_budget_is_allowed(void **state)
{
	struct config c = repository();
	struct rules_finding finding;
	const char *other[] = {"127.0.0.1:8081"};

	(void)state;
	c.vs.on = true;
	c.vs.listen.address = other;
	c.vs.listen.n_address = 1;
	c.vs.out_of_band = "off";
	c.roots = one;
	c.n_roots = 1;
	c.vs.wait_ms = c.vs.budget_ms = 300;
	assert_int_equal(rules_check(&c, &finding), STI_OK);
	c.vs.wait_ms++;
	expect(&c, &c.vs.wait_ms, "longer than vs.budget_ms");
}

static void test_clients_with_each_single_way_to_know_them(void **state)
{
	struct config c = repository();
	struct config_signer signer = {.name = "main"};
	struct config_client client = {.name = "sbc1"};
	struct rules_finding finding;
	const char *other[] = {"unix:/run/as.sock"};

	(void)state;
	c.as = (struct config_as){.on = true, .signer = &signer, .n_signer = 1, .client = &client, .n_client = 1};
	c.as.listen.address = other;
	c.as.listen.n_address = 1;
	expect(&c, &client, "nothing to know it by");
	client.token_file = "t";
	assert_int_equal(rules_check(&c, &finding), STI_OK);
	client = (struct config_client){.name = "sbc1", .addresses = one, .n_addresses = 1};
	assert_int_equal(rules_check(&c, &finding), STI_OK);
	client.signer = "Main";
	expect(&c, &client.signer, "no signer of that name");
	client = (struct config_client){.name = "sbc1", .certificate_sha256 = "00"};
	expect(&c, &client.certificate_sha256, "no as.client_ca");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_smallest_configuration_breaks_nothing),
		cmocka_unit_test(test_one_address_of_two_leaves_the_host),
		cmocka_unit_test(test_wait_as_long_as_the_budget_is_allowed),
		cmocka_unit_test(test_clients_with_each_single_way_to_know_them),
	};

	return cmocka_run_group_tests_name("app/rules", tests, NULL, NULL);
}
