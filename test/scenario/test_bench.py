#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`sidetone bench`: what it prints, and what the hot paths must not do: parse a certificate for each request."""
import json
import subprocess
import unittest

import world

FEW, MANY = 50, 400  # requests in one second on a slow machine under sanitizers, and what would hide nothing


def bench(*arguments, timeout=200):
    return subprocess.run([world.SIDETONE, "bench", *arguments], capture_output=True, text=True, timeout=timeout)


class Bench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = bench("--json", "--seconds", "1")
        cls.seen = json.loads(cls.out.stdout)

    def test_document(self):
        self.assertEqual(self.out.returncode, 0, self.out.stderr)
        seen = self.seen
        self.assertEqual(list(seen), ["openssl", "verify", "sign_us", "store", "cps", "rest", "certificates_parsed"])
        for value in (seen["openssl"]["sign_per_s"], seen["openssl"]["verify_per_s"], seen["verify"]["evp_us"],
                      seen["sign_us"], seen["store"]["put_us"], seen["store"]["take_us"]):
            self.assertGreater(value, 0)
        for value in (seen["verify"]["hot_us"], seen["verify"]["hot_batch_us"], seen["cps"]["http2"]):
            self.assertIsNone(value)

    def test_every_request_is_answered_as_it_should_be(self):
        for served in (self.seen["cps"]["http1"], self.seen["rest"]["verification"], self.seen["rest"]["signing"]):
            self.assertEqual(served["failed"], 0)
            self.assertGreater(served["n"], FEW)
            self.assertGreater(served["cpu_us"], 0)
            self.assertGreaterEqual(served["max_ms"], served["p99_ms"])
            self.assertGreaterEqual(served["p99_ms"], served["p50_ms"])

    def test_no_certificate_is_parsed_in_the_hot_path(self):
        total = sum(served["n"] for served in (self.seen["cps"]["http1"], self.seen["rest"]["verification"]))
        self.assertGreater(total, 2 * FEW)
        self.assertEqual(self.seen["certificates_parsed"], {"before": 1, "after": 1})

    def test_openssl_and_library_agree_on_the_size_of_things(self):
        """A library verification is one of OpenSSL's and little besides; twice would be a second one."""
        raw = 1e6 / self.seen["openssl"]["verify_per_s"]
        self.assertLess(self.seen["verify"]["evp_us"], 2 * raw)
        self.assertGreater(self.seen["verify"]["evp_us"], raw / 2)


class Fill(unittest.TestCase):
    def test_stored_and_counted(self):
        out = bench("--json", "--fill", str(MANY))
        self.assertEqual(out.returncode, 0, out.stderr)
        seen = json.loads(out.stdout)
        self.assertEqual((seen["stored"], seen["failed"]), (MANY, 0))
        self.assertGreater(seen["memory"], MANY * 600)


class Usage(unittest.TestCase):
    def test_refusals(self):
        for arguments in (["--seconds", "0"], ["--seconds", "31"], ["--fill", "1000001"], ["--signing", "nowhere"],
                          ["--signing", "127.0.0.1:1", "--rate", "0"], ["more"], ["--what"]):
            out = bench(*arguments)
            self.assertEqual((out.returncode, out.stdout, out.stderr.count("\n")), (2, "", 1), (arguments, out.stderr))

    def test_signing_service_that_is_not_there(self):
        out = bench("--signing", f"127.0.0.1:{world.free_port()}")
        self.assertEqual((out.returncode, out.stdout, out.stderr.count("\n")), (3, "", 1), out.stderr)


if __name__ == "__main__":
    world.main()
