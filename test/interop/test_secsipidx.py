# SPDX-License-Identifier: Apache-2.0
"""A second implementation: Debian's secsipidx verifies what `sidetone sign` makes, and `sidetone verify`
passes what secsipidx signs; neither passes what was changed on the way."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SIDETONE = pathlib.Path(os.environ["STI_BUILD"]) / "sidetone"
X5U = "https://cr.example.com/a.pem"
ORIG = "12025550101"
DEST = "12025550102"
OTHER = "12025550199"
CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
C = US
O = Example
CN = {name}
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
certificatePolicies = 2.16.840.1.114569.1.1.1
# TNAuthList with the one SPC 1234, RFC 8226 9
1.3.6.1.5.5.7.1.26 = DER:3008A006160431323334
"""


def run(*command):
    return subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True)


def openssl(*arguments):
    done = run("openssl", *arguments)
    if done.returncode:
        raise RuntimeError(done.stderr)


def make_certificate(folder, file, name, section, issuer=None):
    """file.key, file.pub and file.pem, signed by `issuer` or by itself."""
    key, pem, config = (folder / (file + end) for end in (".key", ".pem", ".cnf"))
    config.write_text(CONFIG.format(name=name))
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    key.chmod(0o600)
    openssl("ec", "-in", key, "-pubout", "-out", folder / (file + ".pub"))
    by = ["-CA", folder / (issuer + ".pem"), "-CAkey", folder / (issuer + ".key")] if issuer else []
    openssl("req", "-new", "-x509", "-config", config, "-extensions", section, "-key", key, "-days", "2", *by,
            "-out", pem)


def with_other_signature(identity):
    """The first letter of the signature changed, so that it is still 64 octets."""
    token, semicolon, rest = identity.partition(";")
    signed, dot, signature = token.rpartition(".")
    return signed + dot + ("A" if signature[0] != "A" else "B") + signature[1:] + semicolon + rest


class Secsipidx(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = pathlib.Path(cls.temporary.name)
        make_certificate(cls.folder, "root", "SHAKEN ROOT", "root")
        make_certificate(cls.folder, "a", "SHAKEN 1234", "leaf", "root")
        make_certificate(cls.folder, "b", "SHAKEN 1234", "leaf", "root")

    def put(self, identity):
        path = self.folder / "identity.txt"
        path.write_text(identity)
        return path

    def sign_by_us(self, *arguments):
        done = run(SIDETONE, "sign", "--key", self.folder / "a.key", "--x5u", X5U, "--orig", ORIG, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def sign_by_them(self, attest):
        done = run("secsipidx", "-sign-full", "-orig-tn", ORIG, "-dest-tn", DEST, "-attest", attest, "-x5u", X5U,
                   "-k", self.folder / "a.key")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.strip()

    def check_by_them(self, identity, public):
        done = run("secsipidx", "-check", "-fidentity", self.put(identity), "-fpubkey", self.folder / public,
                   "-expire", "60")
        return done.returncode == 0 and done.stdout.strip() == "ok"

    def check_by_us(self, identity, dest=DEST, certificate="a.pem"):
        done = run(SIDETONE, "verify", "--trust", self.folder / "root.pem", "--cert", self.folder / certificate,
                   "--orig", ORIG, "--dest", dest, "--json", self.put(identity))
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.returncode, json.loads(done.stdout)

    def test_they_pass_what_we_sign(self):
        for attest in "ABC":
            identity = self.sign_by_us("--attest", attest, "--dest", DEST)
            self.assertTrue(self.check_by_them(identity, "a.pub"), identity)
            self.assertTrue(self.check_by_them(identity, "a.pem"), identity)

    def test_they_pass_what_we_sign_for_two_numbers(self):
        identity = self.sign_by_us("--attest", "A", "--dest", f"{OTHER},{DEST}")
        self.assertTrue(self.check_by_them(identity, "a.pub"), identity)

    def test_they_refuse_another_signature_or_key(self):
        identity = self.sign_by_us("--attest", "A", "--dest", DEST)
        self.assertFalse(self.check_by_them(with_other_signature(identity), "a.pub"))
        self.assertFalse(self.check_by_them(identity, "b.pub"))

    def test_we_pass_what_they_sign(self):
        for attest in "ABC":
            status, verdict = self.check_by_us(self.sign_by_them(attest))
            self.assertEqual((status, verdict["verdict"]), (0, "TN-Validation-Passed"), verdict)
            self.assertIsNone(verdict["case"])
            self.assertEqual(verdict["passport"]["attest"], attest)

    def test_we_refuse_another_number_signature_or_key(self):
        identity = self.sign_by_them("A")
        changed = with_other_signature(identity)
        for case, expected, arguments in [
            ("E16", "No-TN-Validation", {"identity": identity, "dest": OTHER}),
            ("E18", "TN-Validation-Failed", {"identity": changed}),
            ("E18", "TN-Validation-Failed", {"identity": identity, "certificate": "b.pem"}),
        ]:
            status, verdict = self.check_by_us(**arguments)
            self.assertEqual((status, verdict["case"], verdict["verdict"]), (1, case, expected))


if __name__ == "__main__":
    if not shutil.which("secsipidx"):
        print("skipped: no secsipidx (make deps installs it)")
        sys.exit(77)
    unittest.main()
