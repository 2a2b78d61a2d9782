# SPDX-License-Identifier: Apache-2.0
"""`sidetone inspect`: every kind it knows, decoded and well; each of them spoilt; and what it does not show."""
import base64
import json
import os
import re
import subprocess
import time
import unittest

from forge import b64, claims, forge, header, spoilt
from pa import Pa
from world import DEST, ORIG, SIDETONE, VECTORS, Folder, keep, main, tearDownModule  # noqa: F401

X5U = "https://cr.example.com/a.pem"
HOUR = 3600


def pem(label, der):
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n"


def der_of(text):
    body = re.search(r"-----BEGIN [A-Z0-9 ]+-----(.*?)-----END", text, re.S)[1]
    return base64.b64decode(body)


class Inspect(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = keep(Folder())
        cls.pa = Pa(cls.folder)

    def run_it(self, given, *options):
        data = given.encode() if isinstance(given, str) else given
        return subprocess.run([SIDETONE, "inspect", *options, "-"], input=data, capture_output=True, timeout=20)

    def read(self, given, kind, faults=(), *options):
        """The document; each of `faults` is a part of what one error says, in order, and there are no others."""
        done = self.run_it(given, "--json", *options)
        self.assertEqual((done.returncode, done.stderr), (1 if faults else 0, b""), done)
        document = json.loads(done.stdout)
        self.assertEqual(document["kind"], kind)
        self.assertIs(document["ok"], not faults)
        errors = [f["what"] for f in document["findings"] if f["level"] == "error" and "lint" not in f]
        self.assertEqual(len(errors), len(faults), errors)
        for what, part in zip(errors, faults):
            self.assertIn(part, what)
        for finding in document["findings"]:
            self.assertTrue(finding["clause"], finding)
        return document

    def notes(self, document):
        return [f["what"] for f in document["findings"] if f["level"] == "note"]

    def refused(self, given, part, status=2):
        done = self.run_it(given, "--json")
        self.assertEqual((done.returncode, done.stdout), (status, b""), done)
        self.assertRegex(done.stderr, rb"\A[^\n]+\n\Z")
        self.assertIn(part, done.stderr.decode())

    def token(self, head=None, payload=None, key="a.key"):
        return forge(self.folder(key), header(X5U) if head is None else head, claims() if payload is None else payload)

    def text_of(self, name):
        with open(self.folder(name), encoding="ascii") as file:
            return file.read()


class PassportAndIdentity(Inspect):
    def test_passport(self):
        document = self.read(self.token() + "\n", "passport")
        self.assertEqual(document["header"], header(X5U))
        self.assertEqual((document["payload"]["orig"], document["payload"]["dest"]), ({"tn": ORIG}, {"tn": [DEST]}))
        self.assertEqual(document["signed"], document["payload"]["iat"])
        self.assertEqual(len(document["signature"]), 128)

    def test_old_passport_is_no_fault(self):
        document = self.read(self.token(payload=claims(iat=1700000000)), "passport")
        self.assertEqual(len(self.notes(document)), 1)
        self.assertEqual(self.notes(self.read(self.token(payload=claims(iat=1700000000)), "passport", (), "--now",
                                              "1700000030")), [])

    def test_what_is_wrong_with_a_passport(self):
        good = claims()
        for head, payload, fault in (
                (header(X5U, typ="jwt"), None, "typ"), (header(X5U, typ=None), None, "typ"),
                (header(X5U, alg="none"), None, "alg"), (header(None), None, "x5u"),
                (None, claims(attest="D"), "attest"), (None, claims(attest=None), "attest"),
                (None, claims(orig={"tn": 5}), "orig"), (None, claims(dest={}), "dest"),
                (None, claims(iat="now"), "iat"), (None, claims(origid=None), "origid"),
                (header("https://cr.example.com:444/a.pem"), None, "x5u: a port"),
                (header("https://a@cr.example.com/"), None, "x5u"), (header("https://127.0.0.1/a"), None, "x5u")):
            with self.subTest(head=head, payload=payload):
                self.read(self.token(head, payload or good), "passport", (fault,))

    def test_signature_that_is_none(self):
        token = self.token()
        self.read(token[:-4], "passport", ("signature",))
        self.read(spoilt(token), "passport")  # whose it is, `verify` says

    def test_passport_that_cannot_be_taken_apart(self):
        head, payload, signature = self.token().split(".")
        for token, part in ((f".{payload}.{signature}", "three parts"), (f"{head}..{signature}", "three parts"),
                            (f"{b64(b'[]')}.{payload}.{signature}", "JSON"),
                            (f"{head}=.{payload}.{signature}", "not a PASSporT"),
                            (self.token(header(X5U, crit=["x"])), "refused"),
                            (self.token(b'{"alg":"ES256","alg":"ES256"}'), "twice")):
            with self.subTest(token=token):
                self.refused(token, part)

    def test_payload_that_is_not_strict_json(self):
        for payload in (b"[" * 5000, b"\xff", b'{"a":1,"a":2}', b""):
            token = forge(self.folder("a.key"), header(X5U), payload)
            done = self.run_it(token, "--json")
            self.assertIn(done.returncode, (1, 2), done)

    def test_identity(self):
        value = f"{self.token()};info=<{X5U}>;alg=ES256;ppt=shaken"
        for text in (value, f"Identity: {value}\r\n", f"y: {value}", value.replace(";", "\r\n ;"),
                     value.replace("ppt=shaken", 'ppt="shaken"')):
            with self.subTest(text=text):
                document = self.read(text, "identity")
                self.assertEqual(len(document["identities"]), 1)
                seen = document["identities"][0]
                self.assertEqual((seen["info"], seen["alg"], seen["ppt"]), (X5U, "ES256", "shaken"))
                self.assertEqual(seen["payload"]["orig"], {"tn": ORIG})

    def test_several_values(self):
        value = f"{self.token()};info=<{X5U}>"
        document = self.read(f"Identity: {value}, {value}\nIdentity: {value}\n", "identity")
        self.assertEqual(len(document["identities"]), 3)
        self.refused(", ".join([value] * 17), "limit")

    def test_parameters_that_do_not_fit(self):
        token = self.token()
        for value, faults in ((f"{token};alg=ES256", ("no parameter info",)),
                              (f"{token};info=<{X5U}x>", ("info is not the x5u",)),
                              (f"{token};info=<{X5U}>;alg=ES384", ("alg",)),
                              (f"{token};info=<{X5U}>;ppt=div", ("ppt",)),
                              (f"a.b.c;info=<{X5U}>", ("PASSporT",)),
                              (f"{token};info=<{X5U}>, {token};info=<a>;info=<b>", ("Identity",))):
            with self.subTest(value=value):
                self.read(value, "identity", faults)
        self.refused(f"Identity: {token};info=<{X5U}", "RFC 8224 4")

    def test_nothing_of_a_stranger_moves_a_terminal(self):
        token = self.token(payload=claims(origid="\x1b[2J\u009b31m\u202e evil"))
        done = self.run_it(token)
        for byte in (b"\x1b", "\u009b".encode(), "\u202e".encode()):
            self.assertNotIn(byte, done.stdout)
        self.assertIn(rb"\x1b[2J\xc2\x9b31m\xe2\x80\xae evil", done.stdout)


class Lists(Inspect):
    def ca_list(self, **changed):
        root = base64.b64encode(der_of(self.text_of("roots.pem"))).decode()
        payload = {"version": 1, "sequence": 7, "exp": int(time.time()) + HOUR, "trustList": [root], **changed}
        return {name: value for name, value in payload.items() if value is not None}

    def mapping(self, **changed):
        payload = {"version": "1.0", "sequence": 7, "exp": int(time.time()) + HOUR,
                   "cpsMapping": {"1234": "https://cps.example.com/cps/company/1234"}, **changed}
        return {name: value for name, value in payload.items() if value is not None}

    def sign(self, payload, **head):
        head = {"alg": "ES256", "typ": "JWT", "x5u": "https://pa.example.com/1.crt", **head}
        return forge(self.folder("pa-signer.key"), {k: v for k, v in head.items() if v is not None}, payload)

    def test_ca_list_bare_and_wrapped(self):
        self.pa.list(7)
        bare = self.pa.said["/ca-list"][1].decode().strip()
        for text in (bare, bare + "\n", json.dumps({"status": "success", "caList": bare})):
            document = self.read(text, "ca-list")
            self.assertEqual((document["version"], document["sequence"], document["count"]), (1, 7, 1))
            self.assertIsInstance(document["exp"], int)
            self.assertEqual(document["until"], document["exp"])
            self.assertEqual(document["roots"][0]["country"], "US")
            self.assertIs(document["roots"][0]["ca"], True)
            self.assertEqual(document.get("wrapping"), "caList" if text[0] == "{" else None)

    def test_types_are_told_as_they_are_printed(self):
        """One seed has an integer, the other a string (threats.md F9)."""
        self.assertRegex(self.run_it(self.sign(self.ca_list())).stdout.decode(), r"(?m)^version +1$")
        self.assertRegex(self.run_it(self.sign(self.mapping())).stdout.decode(), r'(?m)^version +"1\.0"$')

    def test_pem_entries_of_deployed_lists(self):
        document = self.read(self.sign(self.ca_list(trustList=[self.text_of("roots.pem")])), "ca-list")
        self.assertEqual(document["count"], 1)

    def test_list_that_has_expired(self):
        for exp in (1700000000, 1):
            document = self.read(self.sign(self.ca_list(exp=exp)), "ca-list")
            self.assertTrue(any("expired" in note for note in self.notes(document)), document)

    def test_what_is_wrong_with_a_list(self):
        for payload, head, fault in (
                (self.ca_list(version="1.0"), {}, "version"), (self.ca_list(version=2), {}, "version"),
                (self.ca_list(version=None), {}, "version"), (self.ca_list(sequence=-1), {}, "sequence"),
                (self.ca_list(sequence="7"), {}, "sequence"), (self.ca_list(sequence=None), {}, "sequence"),
                (self.ca_list(exp=None), {}, "exp"), (self.ca_list(exp="soon"), {}, "exp"),
                (self.ca_list(), {"alg": "HS256"}, "list.bad_type"), (self.ca_list(), {"typ": None}, "list.bad_type"),
                (self.ca_list(), {"x5u": None}, "x5u"), (self.ca_list(trustList={}), {}, "list."),
                (self.mapping(version=1), {}, "version"), (self.mapping(sequence=1.5), {}, "sequence"),
                (self.mapping(cpsMapping=[]), {}, "list.")):
            with self.subTest(payload=payload, head=head):
                kind = "ca-list" if "trustList" in payload else "cps-mapping"
                self.read(self.sign(payload, **head), kind, (fault,))

    def test_F13_entries_that_are_set_aside(self):
        root = base64.b64encode(der_of(self.text_of("roots.pem"))).decode()
        leaf = base64.b64encode(der_of(self.text_of("a.pem"))).decode()
        document = self.read(self.sign(self.ca_list(trustList=["!", "AAAA", leaf, root, root])), "ca-list",
                             ("root 1", "root 2", "root 3"))
        self.assertEqual(document["count"], 5)
        self.assertEqual([bool(entry) for entry in document["roots"]], [False, False, True, True, True])
        self.assertEqual(len(self.notes(document)), 1)

    def test_mapping(self):
        document = self.read(self.sign(self.mapping()), "cps-mapping")
        self.assertEqual((document["version"], document["count"]), ("1.0", 1))
        self.assertEqual(document["cps"], [{"ocn": "1234", "url": "https://cps.example.com/cps/company/1234"}])
        bare = self.sign(self.mapping())
        self.assertEqual(self.read(json.dumps({"cpsMapping": bare}), "cps-mapping")["wrapping"], "cpsMapping")

    def test_F26_mapping_entries_that_are_none(self):
        entries = {"12": "https://cps.example.com/", "5678": "http://cps.example.com/"}
        self.read(self.sign(self.mapping(cpsMapping=entries)), "cps-mapping", ("2 entries",))

    def test_large_mapping_is_counted_and_cut(self):
        entries = {f"{i:04d}": f"https://cps.example.com/cps/company/{i:04d}" for i in range(9000)}
        document = self.read(self.sign(self.mapping(cpsMapping=entries)), "cps-mapping")
        self.assertEqual((document["count"], len(document["cps"])), (9000, 100))
        self.assertIn("9000 entries", self.notes(document)[0])

    def test_wrapped_list_that_is_none(self):
        self.refused(json.dumps({"status": "success", "caList": "x"}), "ca-list")
        self.refused(json.dumps({"status": "success", "caList": 5}), "not a PASSporT")
        self.refused('{"caList":"a","caList":"b"}', "not a PASSporT")


class SpcToken(Inspect):
    def payload(self, **changed):
        der = bytes.fromhex("3008a0061604") + b"709J"
        atc = {"tktype": "TNAuthList", "tkvalue": b64(der), "ca": False, "fingerprint": "SHA256 " + ":".join(["AB"] * 32)}
        atc.update(changed.pop("atc", {}))
        atc = {name: value for name, value in atc.items() if value is not None}
        payload = {"exp": int(time.time()) + HOUR, "jti": "id-1", "atc": atc, **changed}
        return {name: value for name, value in payload.items() if value is not None}

    def sign(self, payload=None, **head):
        head = {"alg": "ES256", "typ": "JWT", "x5u": "https://pa.example.com/1.crt", **head}
        return forge(self.folder("pa-signer.key"), {k: v for k, v in head.items() if v is not None},
                     payload or self.payload())

    def test_token_bare_and_wrapped(self):
        for text in (self.sign(), json.dumps({"status": "success", "token": self.sign()})):
            document = self.read(text, "spc-token")
            self.assertEqual((document["spc"], document["tnauthlist"]), ("709J", [{"spc": "709J"}]))
            self.assertEqual(document["payload"]["jti"], "id-1")

    def test_standard_base64_as_deployed_is_noted(self):
        der = bytes.fromhex("3008a0061604") + b"709J"
        document = self.read(self.sign(self.payload(atc={"tkvalue": base64.b64encode(der).decode()})), "spc-token")
        self.assertEqual((document["spc"], len(self.notes(document))), ("709J", 1))

    def test_what_is_wrong_with_a_token(self):
        for payload, head, fault in (
                (None, {"alg": "none"}, "alg"), (None, {"typ": "passport"}, "typ"), (None, {"x5u": None}, "x5u or x5c"),
                (self.payload(exp=None), {}, "exp"), (self.payload(exp="x"), {}, "exp"), (self.payload(jti=None), {}, "jti"),
                (self.payload(atc={"tktype": "x"}), {}, "tktype"), (self.payload(atc={"tkvalue": None}), {}, "tkvalue"),
                (self.payload(atc={"tkvalue": "AAAA"}), {}, "tkvalue"), (self.payload(atc={"tkvalue": "!"}), {}, "tkvalue"),
                (self.payload(atc={"ca": "no"}), {}, "ca:"), (self.payload(atc={"fingerprint": "SHA256 AB"}), {}, "finger"),
                (self.payload(atc={"fingerprint": "SHA256 " + ":".join(["ab"] * 32)}), {}, "fingerprint"),
                ({"exp": int(time.time()) + HOUR, "jti": "x", "atc": []}, {}, "atc")):
            with self.subTest(payload=payload, head=head):
                document = self.read(self.sign(payload, **head), "spc-token", (fault,))
                self.assertLessEqual(len(self.notes(document)), 1)
        document = self.read(self.sign(self.payload(exp=5)), "spc-token")
        self.assertIn("expired", self.notes(document)[0])


class Certificates(Inspect):
    def test_chain(self):
        document = self.read(self.text_of("a.pem"), "certificate")
        leaf, ca = document["certificates"]
        self.assertEqual((leaf["subject"], leaf["spc"], leaf["key"], leaf["ca"]),
                         ("CN=SHAKEN 709J,O=Example Telephone,C=US", "709J", "P-256", False))
        self.assertEqual((leaf["issuer"], leaf["aki"], ca["ca"]), (ca["subject"], ca["ski"], True))
        self.assertEqual(leaf["usage"], ["digitalSignature"])
        self.assertEqual(leaf["policies"], ["2.16.840.1.114569.1.1.4"])
        self.assertRegex(leaf["serial"], r"^[0-9a-f]{2,40}$")
        self.assertEqual(document["profile"], "ok")
        self.assertLess(leaf["from"], leaf["until"])

    def test_key_of_each_kind_has_its_name(self):
        for curve, name in (("prime256v1", "P-256"), ("secp384r1", "P-384"), ("secp521r1", "P-521")):
            made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{curve}",
                                   "-nodes", "-keyout", "/dev/null", "-subj", "/C=US/O=Example/CN=Example ROOT"],
                                  check=True, capture_output=True)
            document = json.loads(self.run_it(made.stdout, "--json").stdout)
            self.assertEqual(document["certificates"][0]["key"], name)

    def test_der_is_as_good_as_pem(self):
        der = der_of(self.text_of("a.pem"))
        document = self.read(der, "certificate")
        self.assertEqual(document["certificates"], self.read(pem("CERTIFICATE", der), "certificate")["certificates"])

    def test_lint_findings_are_no_faults(self):
        document = self.read(self.text_of("roots.pem"), "certificate")
        lints = [f for f in document["findings"] if "lint" in f]
        self.assertTrue(lints)
        self.assertIn("e_atis_ext_key_usage_ca", [f["lint"] for f in lints])

    def test_expired_is_worth_knowing(self):
        notes = self.notes(self.read(self.text_of("expired.pem"), "certificate"))
        self.assertTrue(any("expired" in note for note in notes), notes)
        notes = self.notes(self.read(self.text_of("future.pem"), "certificate"))
        self.assertTrue(any("not valid before" in note for note in notes), notes)

    def test_certificate_that_signs_no_calls(self):
        self.assertEqual(self.read(self.text_of("tls.pem"), "certificate", ("no-tnauthlist",))["profile"],
                         "no-tnauthlist")

    def test_certificate_that_is_none(self):
        der = der_of(self.text_of("a.pem"))
        for text in (pem("CERTIFICATE", der[:-1]), pem("CERTIFICATE", der + b"\0"), pem("CERTIFICATE", b"x"),
                     "-----BEGIN CERTIFICATE-----\n", self.text_of("a.pem") + "text\n"):
            with self.subTest(text=text[:80]):
                self.refused(text, "certificate:")
        self.refused(der[:-1], "not a PASSporT")

    def test_real_certificates_with_their_lists_of_crls(self):
        path = os.path.join(VECTORS, "shaken-crl", "certRaw.pem")
        if not os.path.exists(path):
            print("skipped: no vectors")
            return
        with open(path, "rb") as file:
            document = self.read(file.read(), "certificate")
        point = document["certificates"][0]["crl_points"][0]
        self.assertTrue(point["url"][0].startswith("http"), point)


class Crls(Inspect):
    def crl(self, revoked=(), **options):
        self.pa.crl(5, revoked, **options)
        return self.pa.said["/crl"][1].decode()

    def test_indirect_crl(self):
        text = self.crl(("a", "b"))
        document = self.read(text, "crl")
        self.assertEqual((document["number"], document["indirect"], document["count"]), ("05", True, 2))
        self.assertLess(document["this_update"], document["next_update"])
        a, b = document["revoked"]
        leaf = self.read(self.text_of("a.pem"), "certificate")["certificates"][0]
        self.assertEqual((a["issuer"], a["serial"]), (leaf["issuer"], leaf["serial"]))
        self.assertEqual(b["issuer"], a["issuer"])  # inherited, RFC 5280 5.3.3
        self.assertNotEqual(document["issuer"], a["issuer"])
        self.assertEqual(self.read(der_of(text), "crl")["revoked"], document["revoked"])

    def test_stale_crl_is_worth_knowing(self):
        self.assertIn("was due", self.notes(self.read(self.crl(lasts=-30), "crl"))[0])

    def test_crl_that_is_none(self):
        der = der_of(self.crl())
        for text in (pem("X509 CRL", der[:-1]), pem("X509 CRL", b"x"), "-----BEGIN X509 CRL-----\n"):
            self.refused(text, "crl:")
        self.refused(der[:-2], "not a PASSporT")

    def test_real_crls(self):
        path = os.path.join(VECTORS, "shaken-crl", "crlRevokedRaw.pem")
        if not os.path.exists(path):
            print("skipped: no vectors")
            return
        with open(path, "rb") as file:
            document = self.read(file.read(), "crl")
        self.assertGreaterEqual(document["count"], 1)


class Rest(Inspect):
    def test_private_keys_are_not_shown(self):
        key = self.text_of("a.key")
        der = der_of(key)
        jwk = json.dumps({"kty": "EC", "crv": "P-256", "d": "c2VjcmV0"})
        for text in (key, der, self.text_of("a.pem") + key, jwk, key.replace("\n", "\r\n"), key[:60]):
            done = self.run_it(text)
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertRegex(done.stderr, rb"\A[^\n]+\n\Z")
            for part in (key.splitlines()[1][:20], "c2VjcmV0"):
                self.assertNotIn(part.encode(), done.stderr)

    def test_what_it_is_not(self):
        for text in ("", "hello", "{}", "[]", "\0" * 100, "a.b", "<xml/>", "-----BEGIN X-----\n"):
            self.refused(text, "not a PASSporT, Identity, ca-list, cps-mapping, SPC token, certificate or CRL")

    def test_file_and_usage(self):
        path = self.folder.write("token.txt", self.token())
        command = [SIDETONE, "inspect"]
        for arguments, status, part in (([path], 0, ""), ([], 2, "one file"), ([path, path], 2, "one file"),
                                        ([self.folder("nobody")], 3, "nobody"), (["--what", path], 2, "no such option"),
                                        ([self.folder.path], 3, "directory")):
            done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=10)
            self.assertEqual(done.returncode, status, done)
            self.assertIn(part, done.stderr)
        done = subprocess.run([*command, "--help"], capture_output=True, text=True)
        self.assertEqual((done.returncode, "--json" in done.stdout), (0, True))

    def test_input_without_end(self):
        with open("/dev/zero", "rb") as zero:
            done = subprocess.run([SIDETONE, "inspect", "-"], stdin=zero, capture_output=True, timeout=30)
        self.assertEqual((done.returncode, done.stdout), (2, b""))

    def test_output_that_nobody_takes(self):
        path = self.folder.write("token.txt", self.token())
        done = subprocess.run(f"{SIDETONE} inspect {path} > /dev/full", shell=True, capture_output=True)
        self.assertEqual(done.returncode, 3)


if __name__ == "__main__":
    main()
