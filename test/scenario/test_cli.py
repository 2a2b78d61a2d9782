# SPDX-License-Identifier: Apache-2.0
"""The commands as people and scripts meet them: exit statuses, one line of diagnosis, the JSON document."""
import json
import os
import re
import shutil
import subprocess
import time
import unittest
import uuid

from forge import canonical, claims, forge, header, spoilt, unb64
from world import DEST, ORIG, SIDETONE, Carrier, Folder, keep, main, tearDownModule

X5U = "https://cr.example.com/a.pem"
MARKER = "zQxMarkerZq"


class Cli(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = keep(Folder())

    def run_it(self, *arguments, **more):
        return subprocess.run([SIDETONE, *map(str, arguments)], capture_output=True, text=True, timeout=10, **more)

    def sign(self, *more, key="a.key", **changed):
        options = {"x5u": X5U, "attest": "A", "orig": ORIG, "dest": DEST, **changed}
        flat = [text for name, value in options.items() if value is not None for text in ("--" + name, value)]
        return self.run_it("sign", "--key", self.folder(key), *flat, *more)

    def identity(self, **changed):
        return self.sign(**changed).stdout.strip()

    def verify(self, identity, *more, trust="roots.pem", cert="a.pem", **options):
        return self.run_it("verify", "--trust", self.folder(trust), "--cert", self.folder(cert), *more, identity,
                           **options)

    def assertComplaint(self, done, status, text):
        self.assertEqual((done.returncode, done.stdout), (status, ""), done)
        self.assertRegex(done.stderr, r"\A[^\n]+\n\Z")
        self.assertIn(text, done.stderr)


class Sign(Cli):
    def test_identity_header_value(self):
        origid, iat = str(uuid.uuid4()), 1784000000
        done = self.sign("--iat", iat, "--origid", origid)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        token, rest = done.stdout.strip().split(";", 1)
        self.assertEqual(rest, f"info=<{X5U}>;alg=ES256;ppt=shaken")
        head, payload = map(unb64, token.split(".")[:2])
        self.assertEqual((head, payload), (canonical(header(X5U)), canonical(claims(iat=iat, origid=origid))))

    def test_several_numbers_and_div(self):
        payload = json.loads(unb64(self.identity(dest=f"13125550199,{DEST}").split(".")[1]))
        self.assertEqual(payload["dest"], {"tn": [DEST, "13125550199"]})
        div = self.identity(div="13125550199", attest=None)
        self.assertTrue(div.endswith(";alg=ES256;ppt=div"))
        payload = json.loads(unb64(div.split(".")[1]))
        self.assertEqual(sorted(payload), ["dest", "div", "iat", "orig"])

    def test_new_origid_and_time_of_now(self):
        first, second = (json.loads(unb64(self.identity().split(".")[1])) for _ in range(2))
        self.assertNotEqual(first["origid"], second["origid"])
        self.assertLess(abs(first["iat"] - time.time()), 5)

    def test_usage(self):
        for done, text in ((self.sign(attest="D"), "attest"), (self.sign(attest="AA"), "--attest"),
                           (self.sign(attest=None), "--attest"), (self.sign(orig="x"), "--orig"),
                           (self.sign(dest="1" * 16), "--dest"), (self.sign(dest=",".join([DEST] * 33)), "--dest"),
                           (self.sign(dest=f"{DEST},"), "--dest"), (self.sign("--iat", "1e9"), "--iat"),
                           (self.sign("--iat"), "--iat"), (self.sign("--origid", "x"), "origid"),
                           (self.sign(x5u="http://x/"), "x5u"), (self.sign(x5u="x" * 600), "x5u"),
                           (self.sign("--nobody"), "--nobody"), (self.sign("x"), "options only"),
                           (self.sign("--orig", ORIG), "twice"), (self.run_it("sign"), "--key")):
            self.assertComplaint(done, 2, text)

    def test_A21_number_with_JSON_in_it(self):
        self.assertComplaint(self.sign(orig='1","x":"'), 2, "--orig")

    def test_L1_key_that_is_none(self):
        os.mkdir(self.folder("folder.key"))
        shutil.copy(self.folder("a.key"), self.folder("open.key"))
        os.chmod(self.folder("open.key"), 0o644)
        self.folder.write("garbage.key", MARKER)
        for key, status, text in (("nobody.key", 3, "nobody.key"), ("garbage.key", 2, "P-256"),
                                  ("open.key", 2, "open to"), ("folder.key", 2, "regular file"),
                                  ("roots.pem", 2, "open to")):
            done = self.sign(key=key)
            self.assertComplaint(done, status, text)
            self.assertNotIn(MARKER, done.stderr)


class Verify(Cli):
    def test_passed(self):
        done = self.verify(self.identity(), "--orig", ORIG, "--dest", DEST)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.splitlines()[-1], "TN-Validation-Passed")

    def test_json_document(self):
        origid = str(uuid.uuid4())
        identity = self.identity(origid=origid)
        done = self.verify(identity, "--json", "--orig", ORIG, "--dest", DEST)
        verdict = json.loads(done.stdout)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertLessEqual({"verdict", "code", "reason", "case", "checks", "passport", "certificate"}, set(verdict))
        self.assertEqual([verdict[k] for k in ("verdict", "code", "reason", "case")],
                         ["TN-Validation-Passed", None, None, None])
        for check in verdict["checks"]:
            self.assertLessEqual({"name", "ok", "clause"}, set(check))
        signature = next(c for c in verdict["checks"] if c["name"] == "signature")
        self.assertRegex(signature["clause"], r"^RFC 8225 4\.2\b")
        self.assertTrue(all(c["ok"] for c in verdict["checks"]))
        self.assertEqual((verdict["certificate"]["spc"], verdict["certificate"]["country"]), ("709J", "US"))
        self.assertEqual((verdict["passport"]["attest"], verdict["passport"]["origid"], verdict["passport"]["orig"]),
                         ("A", origid, {"tn": ORIG}))

    def test_verdicts_that_are_no(self):
        identity, now = self.identity(), int(time.time())
        token, rest = identity.split(";", 1)
        for done, case, code in (
                (self.verify(identity, "--json", "--now", now + 120), "E15", 403),
                (self.verify(identity, "--json", "--orig", "12025550199", "--dest", DEST), "E16", 438),
                (self.verify(identity, "--json", trust="unlisted-root.pem"), "E17", 437),
                (self.verify(spoilt(token) + ";" + rest, "--json"), "E18", 438),
                (self.verify(identity, "--json", cert="b.pem"), "E18", 438),
                (self.verify(identity.replace("<https", "<http"), "--json"), "E7", 436),
                (self.verify("x;info=<https://localhost/>", "--json"), "E4", 438),
                (self.verify(identity.split(";")[0] + ";ppt=shaken", "--json"), "E6", 436)):
            verdict = json.loads(done.stdout)
            self.assertEqual((done.returncode, verdict["case"], verdict["code"]), (1, case, code), verdict)
            self.assertEqual([c["ok"] for c in verdict["checks"]].count(False), 1)
            self.assertFalse(verdict["checks"][-1]["ok"])
        done = self.verify(identity, trust="unlisted-root.pem")
        self.assertRegex(done.stdout.splitlines()[-1], "^TN-Validation-Failed .*E17: 437 ")

    def test_every_check_is_explained(self):
        identity, now = self.identity(), int(time.time())
        checks = json.loads(self.verify(identity, "--json", "--orig", ORIG, "--dest", DEST).stdout)["checks"]
        self.assertEqual([c["name"] for c in checks],
                         ["form", "parameters", "info", "info-uri", "header", "x5u", "typ", "alg", "ppt", "claims", "iat",
                          "numbers", "fetch", "trust", "signature", "attest"])
        for check in checks:
            self.assertEqual(sorted(check), ["case", "clause", "expected", "found", "name", "ok"])
            self.assertTrue(check["found"] and check["expected"] and check["clause"], check)
        by_name = {check["name"]: check for check in checks}
        self.assertIn(X5U, by_name["info-uri"]["found"])
        self.assertEqual(by_name["numbers"]["expected"], f"orig {ORIG}, dest {DEST}")
        self.assertIn("SPC 709J", by_name["trust"]["found"])
        for done, name, found, expected in (
                (self.verify(identity, "--json", "--now", now + 120), "iat", r"iat \d+, .* UTC, 1[12]\d s ago", "60 s old"),
                (self.verify(identity, "--json", "--now", now - 120), "iat", r", 1[12]\d s ahead", "60 s old"),
                (self.verify(identity, "--json", "--orig", "12025550199", "--dest", DEST), "numbers", f"orig {ORIG}",
                 "orig 12025550199"),
                (self.verify(identity.replace("ES256", "ES384"), "--json"), "parameters", "alg ES384, alg of the PASSporT",
                 "that of the PASSporT"),
                (self.verify(identity, "--json", trust="unlisted-root.pem"), "trust", "SPC 709J, country", "listed STI-CA"),
                (self.verify(self.identity(), "--json", cert="expired.pem"), "trust", "outside|expired|over", "valid now"),
                (self.verify(identity, "--json", cert="b.pem"), "signature", "does not verify", "key of the certificate"),
                (self.verify("x;info=<https://localhost/>", "--json"), "form", "three parts", "header.payload.signature"),
                (self.verify(identity[:-1].split(";")[0] + ";ppt=shaken", "--json"), "info", "missing", "info")):
            check = json.loads(done.stdout)["checks"][-1]
            with self.subTest(check=check):
                self.assertEqual((check["name"], check["ok"]), (name, False))
                self.assertRegex(check["found"], found)
                self.assertIn(expected, check["expected"])

    def test_explained_to_people_too(self):
        done = self.verify(self.identity(), "--orig", ORIG, "--dest", DEST)
        self.assertRegex(done.stdout, r"(?m)^ok +numbers +RFC 8224 6\.2 step 2\n +found +orig 12025550123, dest "
                                      r"13125550145\n +expected +orig 12025550123, dest 13125550145$")

    def test_text_of_a_stranger_is_made_visible(self):
        token = forge(self.folder("a.key"), header(X5U, typ="\x1b[31m"), claims())
        done = self.verify(token)
        self.assertNotIn("\x1b", done.stdout)
        self.assertIn(r"\x1b[31m", done.stdout)

    def crl(self, name, *revoked, lasts=3600):
        path, now = self.folder(name), int(time.time())
        subprocess.run([os.path.join(os.environ["STI_BUILD"], "make_pki"), "crl", path, self.folder("pa.pem"),
                        self.folder("pa.key"), "1", str(now - 60), str(now + lasts),
                        *(self.folder(one + ".pem") for one in revoked)], check=True)
        return "--crl", path, "--crl-anchor", self.folder("pa.pem")

    def test_E18_revoked_by_an_indirect_crl_under_a_root_of_its_own(self):
        identity = self.identity()
        done = self.verify(identity, "--json", *self.crl("revoked.pem", "b", "a"))
        verdict = json.loads(done.stdout)
        self.assertEqual((done.returncode, verdict["verdict"], verdict["case"]), (1, "TN-Validation-Failed", "E17"))
        self.assertIs(verdict["certificate"]["revoked"], True)
        self.assertIn("revoked", verdict["checks"][-1]["found"])
        for crl in (self.crl("empty.pem"), self.crl("others.pem", "b"), self.crl("twin.pem", "twin")):
            verdict = json.loads(self.verify(identity, "--json", *crl).stdout)
            self.assertEqual((verdict["verdict"], verdict["certificate"]["revoked"]), ("TN-Validation-Passed", False))
        pairs = (*self.crl("empty.pem"), *self.crl("revoked.pem", "a"))
        self.assertEqual(self.verify(identity, *pairs).returncode, 1)
        self.assertEqual(self.verify(identity, *pairs[:6]).returncode, 1)  # one anchor for both

    def test_crl_that_cannot_be_used(self):
        identity = self.identity()
        good = self.crl("good.pem")
        for more, status, text in (((*good[:3], self.folder("roots.pem")), 2, "good.pem"), (good[:2], 2, "one for each --crl"),
                                   (("--crl", self.folder("a.pem"), *good[2:]), 2, "a.pem"),
                                   (("--crl", self.folder("nobody"), *good[2:]), 3, "nobody"),
                                   ((*good[:3], self.folder("nobody")), 3, "nobody"),
                                   ((*good, *good, *good[:2]), 2, "or one for all")):
            self.assertComplaint(self.verify(identity, *more), status, text)

    def test_one_anchor_for_all_crls(self):
        identity, good = self.identity(), self.crl("good.pem")
        self.assertEqual(self.verify(identity, *good, *self.crl("other.pem")[:2]).returncode, 0)

    def test_several_trust_files(self):
        for order in (("roots.pem", "unlisted-root.pem"), ("unlisted-root.pem", "roots.pem")):
            done = self.run_it("verify", *(t for name in order for t in ("--trust", self.folder(name))), "--cert",
                               self.folder("a.pem"), self.identity())
            self.assertEqual(done.returncode, 0, done)

    def test_stdin_file_and_argument(self):
        identity = self.identity()
        path = self.folder.write("identity.txt", identity + "\n")
        self.assertEqual(self.verify(path).returncode, 0)
        self.assertEqual(self.verify("-", input=identity).returncode, 0)
        self.assertEqual(self.run_it("verify", "--trust", self.folder("roots.pem"), "--cert", self.folder("a.pem"),
                                     input=identity).returncode, 0)

    def test_header_lines_as_they_stand_in_a_message(self):
        identity = self.identity()
        token, rest = identity.split(";", 1)
        for text in (f"Identity: {identity}\r\n", f"y: {identity}\n", f"IDENTITY :{token}\r\n ;{rest}\r\n",
                     f"Identity: {token}\n\t;info=<{X5U}>\n  ;ppt=shaken\n", f"{identity}\r\n\r\n",
                     f"Identity: {spoilt(token)};{rest}\r\nIdentity: {identity}\r\n",
                     f"{spoilt(token)};{rest}, {identity}"):
            self.assertEqual(self.verify("-", input=text).returncode, 0, text)

    def test_bare_token_is_judged_like_one_from_the_store(self):
        self.assertEqual(self.verify(self.identity().split(";")[0]).returncode, 0)

    def test_certificate_is_fetched_when_none_is_given(self):
        carrier = keep(Carrier(self.folder, start=False, as_block="", vs_block="", cps_block=""))
        carrier.start()
        place = f"localhost:{carrier.cr_port}"
        command = ("verify", "--trust", self.folder("roots.pem"), "--fetch-ca", self.folder("tls-ca.pem"))
        good = self.identity(x5u=carrier.x5u["a"])
        self.assertEqual(self.run_it(*command, "--permit", place, good).returncode, 0)
        gone = self.identity(x5u=carrier.x5u["a"] + "x")
        for arguments, case in (((good,), "E7"), (("--permit", place, gone), "E8")):
            done = self.run_it(*command, "--json", *arguments)
            self.assertEqual((done.returncode, json.loads(done.stdout)["case"]), (1, case), done)

    def test_usage(self):
        identity = self.identity()
        for done, status, text in (
                (self.verify(identity, "--orig", ORIG), 2, "--dest"),
                (self.verify(identity, "--orig", "x", "--dest", DEST), 2, "--orig"),
                (self.verify(identity, "--now", "x"), 2, "--now"), (self.verify(identity, "--nobody"), 2, "--nobody"),
                (self.verify(identity, "x"), 2, "one Identity"), (self.verify("-", input=""), 2, "no Identity"),
                (self.verify(identity, trust="nobody.pem"), 3, "nobody.pem"),
                (self.verify(identity, trust="a.key"), 2, "PEM"),
                (self.verify(self.folder.path), 3, "directory"),
                (self.verify(",".join([identity] * 17)), 2, "more than 16")):
            self.assertComplaint(done, status, text)

    def test_certificate_file_that_is_none(self):
        for cert, status in (("nobody.pem", 3), ("a.key", 2)):
            self.assertComplaint(self.verify(self.identity(), cert=cert), status, cert)

    def test_input_without_end(self):
        with open("/dev/zero", "rb") as zero:
            done = self.verify("-", stdin=zero)
        self.assertComplaint(done, 2, "")

    def test_J5_hostile_tokens(self):
        for payload in (b"[" * 6000, b'{"a":' * 2000, b"\xff" * 3000, b"{}"):
            token = forge(self.folder("a.key"), header(X5U), payload)
            done = self.verify(token, "--json")
            self.assertEqual((done.returncode, json.loads(done.stdout)["verdict"]), (1, "No-TN-Validation"), done)


class Rest(Cli):
    def test_help(self):
        for command in (("help",), ("--help",), ("-h",), ("help", "sign"), ("sign", "--help"), ("verify", "--help"), ("serve", "--help"),
                        ("config", "--help")):
            done = self.run_it(*command)
            self.assertEqual((done.returncode, done.stderr, bool(done.stdout)), (0, "", True), command)
        self.assertIn("--attest", self.run_it("help", "sign").stdout)

    def test_command_that_is_none(self):
        self.assertComplaint(self.run_it(), 2, "sidetone help")
        self.assertComplaint(self.run_it("nobody"), 2, "nobody")
        self.assertComplaint(self.run_it("help", "nobody"), 2, "nobody")
        self.assertComplaint(self.run_it("serve"), 2, "one configuration file")
        self.assertComplaint(self.run_it("config", "chekc", "x"), 2, "check CONFIG")

    def test_reference_page_names_every_section(self):
        done = self.run_it("config", "reference")
        self.assertEqual(done.returncode, 0)
        for section in ("as", "vs", "cps", "cr", "trust", "fetch", "limits", "route"):
            self.assertRegex(done.stdout, rf"(?m)^#+ .*\b{re.escape(section)}\b")

    def test_output_that_nobody_takes(self):
        done = subprocess.run(f"{SIDETONE} config reference > /dev/full", shell=True, capture_output=True, text=True)
        self.assertEqual(done.returncode, 3, done)


if __name__ == "__main__":
    main()
