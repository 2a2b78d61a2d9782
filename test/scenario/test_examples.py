#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The two examples against the shared library alone: what one signs, the other verifies."""
import os
import subprocess
import sys
import tempfile
import unittest

BUILD = os.environ["STI_BUILD"]
X5U = "https://cr.example.com/a.pem"
ORIGID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
C = US
O = Example
CN = %s
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
certificatePolicies = 2.16.840.1.114569.1.1.4
# TNAuthList with the one SPC 1234
1.3.6.1.5.5.7.1.26 = DER:3008A006160431323334
"""


def openssl(*argument):
    subprocess.run(["openssl", *argument], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_certificate(folder, name, cn, section, issuer=None):
    """folder/name.key and folder/name.pem, signed by `issuer` or by itself."""
    config = os.path.join(folder, name + ".cnf")
    with open(config, "w") as file:
        file.write(CONFIG % cn)
    key = os.path.join(folder, name + ".key")
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    base = ["req", "-new", "-x509", "-config", config, "-extensions", section, "-key", key, "-days", "2"]
    if issuer:
        base += ["-CA", os.path.join(folder, issuer + ".pem"), "-CAkey", os.path.join(folder, issuer + ".key")]
    openssl(*base, "-out", os.path.join(folder, name + ".pem"))


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        make_certificate(cls.folder, "root", "SHAKEN ROOT", "root")
        make_certificate(cls.folder, "stranger", "SHAKEN ROOT", "root")
        make_certificate(cls.folder, "a", "SHAKEN 1234", "leaf", "root")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def path(self, name):
        return os.path.join(self.folder, name)

    def sign(self, orig="+1 (202) 555-0100", attest="A", key="a.key"):
        return subprocess.run([os.path.join(BUILD, "example_sign"), self.path(key), X5U, orig, "12025550101", attest,
                               ORIGID], capture_output=True, text=True)

    def verify(self, identity, roots="root.pem", orig="12025550100"):
        return subprocess.run([os.path.join(BUILD, "example_verify"), self.path(roots), self.path("a.pem"), orig,
                               "12025550101"], input=identity, capture_output=True, text=True)

    def test_signed_call_passes(self):
        signed = self.sign()
        self.assertEqual(signed.returncode, 0, signed.stderr)
        self.assertTrue(signed.stdout.endswith(f";info=<{X5U}>;alg=ES256;ppt=shaken\n"), signed.stdout)
        seen = self.verify(signed.stdout)
        self.assertEqual(seen.stdout.splitlines()[0], "TN-Validation-Passed", seen.stdout + seen.stderr)
        self.assertEqual(seen.returncode, 0)
        self.assertNotIn("BAD", seen.stdout)

    def test_number_changed_on_the_way(self):
        seen = self.verify(self.sign().stdout, orig="12025550199")
        self.assertEqual((seen.stdout.splitlines()[0], seen.returncode), ("No-TN-Validation", 1), seen.stdout)

    def test_root_that_nobody_listed(self):
        seen = self.verify(self.sign().stdout, roots="stranger.pem")
        self.assertEqual((seen.stdout.splitlines()[0], seen.returncode), ("TN-Validation-Failed", 1), seen.stdout)

    def test_signed_by_a_key_that_is_not_the_certificates(self):
        seen = self.verify(self.sign(key="stranger.key").stdout)
        self.assertEqual((seen.stdout.splitlines()[0], seen.returncode), ("TN-Validation-Failed", 1), seen.stdout)

    def test_refusals(self):
        self.assertEqual(self.sign(orig="1202555010x").returncode, 1)
        self.assertEqual(self.sign(attest="D").returncode, 1)
        self.assertEqual(self.sign(key="root.pem").returncode, 1)
        self.assertEqual(self.sign(key="not-there").returncode, 3)
        self.assertEqual(self.verify("", roots="not-there").returncode, 3)
        self.assertEqual(self.verify("no;info=<x").returncode, 1)


if __name__ == "__main__":
    if not os.path.exists(os.path.join(BUILD, "example_sign")):
        print("skipped: the examples are not built")
        sys.exit(77)
    unittest.main()
