# SPDX-License-Identifier: Apache-2.0
"""The REST interfaces of STI-AS and STI-VS (ATIS-1000082) as a CSCF sees them."""
import hashlib
import http.client
import json
import os
import re
import socket
import ssl
import threading
import time
import unittest
import uuid

from forge import canonical, claims, forge, header, spoilt, unb64
from world import BUILD, DEST, ORIG, Carrier, Folder, Silent, asan, free_port, keep, main, poll, tearDownModule

OTHER = "12025550177"
CSCF = {"as": "/stir/v1/signing", "vs": "/stir/v1/verification"}


def identity_of(reply):
    return json.loads(reply.body)["signingResponse"]["identity"]


def parts_of(identity):
    """Header and payload of the PASSporT."""
    return [json.loads(unb64(part)) for part in identity.split(";")[0].split(".")[:2]]


def written(token, x5u, ppt="shaken", alg="ES256"):
    """An Identity header value."""
    return ";".join([token, f"info=<{x5u}>"] + [f"{k}={v}" for k, v in (("alg", alg), ("ppt", ppt)) if v])


def verdict_of(reply):
    return json.loads(reply.body)["verificationResponse"]


def no_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return False
    except OSError:
        return True


class Rest(unittest.TestCase):
    def assertError(self, reply, status, message_id, variables=()):
        kind = "policyException" if message_id.startswith("POL") else "serviceException"
        self.assertEqual((reply.status, reply.getheader("Content-Type")), (status, "application/json"), reply.body)
        inside = json.loads(reply.body)["requestError"]
        self.assertEqual(list(inside), [kind])
        self.assertEqual(sorted(inside[kind]), ["messageId", "text", "variables"])
        self.assertEqual((inside[kind]["messageId"], inside[kind]["variables"]), (message_id, list(variables)))

    def assertVerdict(self, reply, case, **members):
        failed = {"E17": "TN-Validation-Failed", "E18": "TN-Validation-Failed", None: "TN-Validation-Passed"}
        verdict = verdict_of(reply)
        self.assertEqual((reply.status, verdict.get("case"), verdict["verstat"]),
                         (200, case, failed.get(case, "No-TN-Validation")), verdict)
        for name, value in members.items():
            self.assertEqual(verdict.get(name), value, verdict)


class Requests(Rest):
    @classmethod
    def setUpClass(cls):
        cls.folder = keep(Folder())
        cls.carrier = keep(Carrier(cls.folder))

    def signing(self, **more):
        request = {"attest": "A", "orig": {"tn": ORIG}, "dest": {"tn": [DEST]}, "iat": int(time.time()),
                   "origid": str(uuid.uuid4()), **more}
        return {"signingRequest": {k: v for k, v in request.items() if v is not None}}

    def verification(self, **more):
        request = {"from": {"tn": ORIG}, "to": {"tn": [DEST]}, "time": int(time.time()), "identity": "x", **more}
        return {"verificationRequest": {k: v for k, v in request.items() if v is not None}}

    def test_missing_body(self):
        for role, path in CSCF.items():
            reply = self.carrier.ask(role, "POST", path, b"", {"Content-Type": "application/json"})
            self.assertError(reply, 400, "SVC4000")

    def test_E1_missing_parameters(self):
        for name in ("attest", "orig", "dest", "iat", "origid"):
            self.assertError(self.carrier.rest("as", None, self.signing(**{name: None})), 400, "SVC4001", [name])
        for name in ("from", "to", "time"):
            self.assertError(self.carrier.rest("vs", None, self.verification(**{name: None})), 400, "SVC4001", [name])
        self.assertError(self.carrier.rest("as", None, {}), 400, "SVC4001", ["signingRequest"])
        self.assertError(self.carrier.rest("vs", None, self.signing()), 400, "SVC4001", ["verificationRequest"])

    BAD_TN = ("", "x", "1202555012x", "1" * 16, 12025550123, None, ["1"], '12"},"x":"', "\u0661\u0662", "1\n2")

    def assertBadValues(self, role, message, bad):
        for name, values in bad.items():
            for value in values:
                with self.subTest(role=role, name=name, value=value):
                    reply = self.carrier.rest(role, None, message(**{name: value}))
                    self.assertError(reply, 400, "SVC4005", [name])

    def test_E2_bad_values_for_signing(self):
        now = int(time.time())
        self.assertBadValues("as", self.signing, {
            "attest": ("D", "", "a", "AA", 1, []),
            "orig": ["1", []] + [{"tn": tn} for tn in self.BAD_TN],
            "dest": ["1", {"tn": "1"}, {"tn": []}, {"tn": [DEST] * 33}] + [{"tn": [tn]} for tn in self.BAD_TN],
            "iat": (str(now), -1, 1.5, True, 2**53 + 1, now - 3600, now + 3600, 0),
            "origid": ("x", "", 1, "{" + str(uuid.uuid4()) + "}")})

    def test_E2_bad_values_for_verification(self):
        self.assertBadValues("vs", self.verification, {
            "from": ["1"] + [{"tn": tn} for tn in self.BAD_TN],
            "to": ({"tn": "1"}, {"tn": []}, {"tn": ["x"]}),
            "time": (str(int(time.time())), -1, 1.5, 2**53 + 1),
            "identity": (1, ["x"], {}, ",".join("x" * 17))})

    def test_answer_type_that_is_not_served(self):
        for role, path in CSCF.items():
            for accept in ("text/html", "application/xml, text/*", "application/json;q=0"):
                reply = self.carrier.rest(role, None, {}, headers={"Accept": accept})
                self.assertError(reply, 406, "SVC4002", ["application/json"])
            for accept in ("*/*", "application/*", "text/html, application/json;q=0.5"):
                reply = self.carrier.rest(role, None, {}, headers={"Accept": accept})
                self.assertEqual(reply.status, 400)

    def test_resource_that_is_not_there(self):
        for role in CSCF:
            for path in ("/", "/stir/v1", "/stir/v2/signing", "/stir/v1/signing/", "/stir/v1/%73igning", "/metrics"):
                self.assertError(self.carrier.rest(role, path, {}), 404, "SVC4003")
        self.assertError(self.carrier.rest("as", CSCF["vs"], {}), 404, "SVC4003")

    def test_body_type_that_is_not_taken(self):
        for role in CSCF:
            for media in ("text/plain", "application/passport", "application/json; charset=latin1",
                          "application/jsonp"):
                reply = self.carrier.rest(role, None, {}, headers={"Content-Type": media})
                self.assertError(reply, 415, "SVC4004", ["application/json"])
            reply = self.carrier.rest(role, None, {}, headers={"Content-Type": "application/json; charset=utf-8"})
            self.assertEqual(reply.status, 400)

    def test_B1_B2_B3_B4_body_that_does_not_parse(self):
        good = json.dumps(self.signing()).encode()
        for body in (b"{", b"x", b"\xef\xbb\xbf" + good, good + b"x", good.replace(b'"', b"'"), b"[" * 10000,
                     good[:-1] + b',"signingRequest":{}}', good[:-1] + b',"x":"\xff"}', good[:-1] + b',"x":NaN}',
                     good.decode().encode("utf-16")):
            for role, path in CSCF.items():
                reply = self.carrier.ask(role, "POST", path, body, {"Content-Type": "application/json"})
                self.assertError(reply, 400, "SVC4006")

    def test_length_that_is_missing(self):
        head = "POST {} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        for role, path in CSCF.items():
            for tail in ("\r\n", "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"):
                reply = self.carrier.raw(role, (head.format(path) + tail).encode())
                self.assertError(reply, 411, "SVC4007")

    def test_method_that_is_not_allowed(self):
        for role, path in CSCF.items():
            for method in ("GET", "PUT", "DELETE", "PATCH", "TRACE", "post"):
                reply = self.carrier.ask(role, method, path)
                self.assertError(reply, 405, "POL4050")
                self.assertEqual(reply.getheader("Allow"), "POST")

    def test_request_id(self):
        for role in CSCF:
            for good in ("a", "0a.Z_-9", "x" * 128):
                for message in ({}, self.signing() if role == "as" else self.verification()):
                    reply = self.carrier.rest(role, None, message, headers={"X-RequestID": good})
                    self.assertEqual(reply.getheader("X-RequestID"), good)
            for bad in ("", "x" * 129, "a b", "a;b", 'a"', "a<b>", "\u00e9".encode("latin-1"), "a\tb"):
                reply = self.carrier.rest(role, None, {}, headers={"X-RequestID": bad})
                self.assertEqual((reply.status, reply.getheader("X-RequestID")), (400, None), bad)
            reply = self.carrier.rest(role, "/nowhere", {}, headers={"X-RequestID": "abc"})
            self.assertEqual((reply.status, reply.getheader("X-RequestID")), (404, "abc"))

    def test_signed_as_asked(self):
        origid, now = str(uuid.uuid4()), int(time.time())
        reply = self.carrier.sign(attest="B", iat=now, origid=origid)
        self.assertEqual((reply.status, reply.getheader("Content-Type")), (200, "application/json"))
        identity = identity_of(reply)
        x5u = self.carrier.x5u["a"]
        self.assertTrue(identity.endswith(f";info=<{x5u}>;alg=ES256;ppt=shaken"))
        head, payload = identity.split(";")[0].split(".")[:2]
        self.assertEqual(unb64(head), canonical(header(x5u)))
        self.assertEqual(unb64(payload), canonical(claims(attest="B", iat=now, origid=origid)))

    def test_A21_numbers_as_dialled_are_made_canonical(self):
        for spelling in ("+1 (202) 555-0123", "202-555-0123", "2025550123", "0111202.555.0123", "+12025550123"):
            payload = parts_of(identity_of(self.carrier.sign(orig=spelling)))[1]
            self.assertEqual(payload["orig"], {"tn": ORIG}, spelling)
        self.assertEqual(parts_of(identity_of(self.carrier.sign(orig="*67")))[1]["orig"], {"tn": "*67"})

    def test_several_called_numbers(self):
        dest = [OTHER, DEST, "+" + DEST]
        reply = self.carrier.rest("as", None, self.signing(dest={"tn": dest}))
        payload = parts_of(identity_of(reply))[1]
        self.assertEqual(payload["dest"], {"tn": sorted([OTHER, DEST])})

    def test_without_identity_there_is_an_answer(self):
        for message in (self.verification(identity=None), self.verification(identity="")):
            reply = self.carrier.rest("vs", None, message)
            self.assertEqual((reply.status, verdict_of(reply)), (200, {"verstat": "No-TN-Validation"}))

    def test_other_names_of_the_members(self):
        now = int(time.time())
        request = {"orig": {"tn": ORIG}, "dest": {"tn": [DEST]}, "iat": now,
                   "identity": identity_of(self.carrier.sign(iat=now))}
        self.assertVerdict(self.carrier.rest("vs", None, {"verificationRequest": request}), None)

    def test_pipelined_and_kept(self):
        connection = self.carrier.connection("as")
        self.addCleanup(connection.close)
        for _ in range(20):
            self.assertEqual(self.carrier.sign(connection=connection).status, 200)
        body = json.dumps(self.signing()).encode()
        one = (b"POST /stir/v1/signing HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
               b"X-RequestID: %%d\r\n\r\n" % len(body)) .replace(b"%d", b"%03d") + body.replace(b"%", b"%%")
        with self.carrier.dial("as") as sock:
            sock.sendall(b"".join(one % i for i in range(50)) + b"BAD\r\n\r\n")
            seen = b""
            while chunk := sock.recv(65536):
                seen += chunk
        self.assertEqual([int(i) for i in re.findall(rb"X-RequestID: (\d+)", seen)], list(range(50)))
        self.assertEqual(re.findall(rb"HTTP/1.1 (\d+)", seen), [b"200"] * 50 + [b"400"])


class Cases(Rest):
    """E3 … E19 of standards.md 5.3, in band; what went wrong on the way is never an HTTP error."""

    @classmethod
    def setUpClass(cls):
        cls.folder = keep(Folder())
        cls.carrier = keep(Carrier(cls.folder, start=False))
        cls.carrier.blocks["vs_block"] = cls.carrier.verifying(wait_ms=0)
        cls.carrier.start()
        cls.x5u = cls.carrier.x5u["a"]

    def made(self, head=None, payload=None, info=None, **parameters):
        token = forge(self.folder("a.key"), header(self.x5u) if head is None else head,
                      claims() if payload is None else payload)
        return written(token, info or self.x5u, **parameters)

    def check(self, identity, case, code=None, text=None, **options):
        reply = self.carrier.verify(identity, **options)
        self.assertVerdict(reply, case, reasoncode=code, reasontext=text)
        if case:
            self.assertEqual(verdict_of(reply)["source"], "in-band")

    def test_passed(self):
        origid = str(uuid.uuid4())
        reply = self.carrier.verify(identity_of(self.carrier.sign(attest="C", origid=origid)))
        self.assertEqual(verdict_of(reply), {"verstat": "TN-Validation-Passed", "source": "in-band", "attest": "C",
                                             "origid": origid})

    def test_every_legal_spelling_of_the_header(self):
        token = self.made().split(";")[0]
        for value in (f"{token};info=<{self.x5u}>", f"{token} ; info = <{self.x5u}> ; ppt = shaken ; alg = ES256",
                      f'{token};INFO=<{self.x5u}>;PPT="shaken";Alg=ES256', f"{token};ppt=shaken;info=<{self.x5u}>;x=y",
                      f"{token}\r\n ;info=<{self.x5u}>\r\n\t;ppt=shaken"):
            self.check(value, None)

    def test_several_headers(self):
        rcd = self.made(header(self.x5u, ppt="rcd"), ppt="rcd")
        self.check(rcd + ", " + self.made(), None)
        self.check(self.made() + "," + rcd, None)

    def test_E3_time_of_the_call(self):
        now = int(time.time())
        for distance in (-3600, -75, 30, 3600):
            reply = self.carrier.verify(self.made(), now=now + distance)
            self.assertVerdict(reply, "E3", reasoncode="403", reasontext="Stale Date")
        for distance in (-50, 0):
            self.check(self.made(), None, now=now + distance)

    def test_A14_E4_not_in_full_form(self):
        head, payload, signature = self.made().split(";")[0].split(".")
        for token in (f"..{signature}", f"{head}..{signature}", f"{head}.{payload}", "x",
                      f"{head}.{payload}.{signature}A"):
            self.check(written(token, self.x5u), "E4", "438", "Invalid Identity Header")

    def test_A4_E5_parameters(self):
        self.check(self.made(ppt="rcd"), "E5", "438", "Invalid Identity Header")
        self.check(self.made(alg="ES384"), "E5", "438", "Invalid Identity Header")

    def test_E6_without_info(self):
        self.check(self.made().split(";")[0] + ";alg=ES256;ppt=shaken", "E6", "436", "Bad Identity Info")

    def test_D1_E7_info_that_is_no_usable_URL(self):
        for url in ("http://localhost/a.pem", "/a.pem", "file:///etc/passwd", "https://", "https://127.0.0.1/a.pem",
                    "https://localhost:22/a.pem", "https://good@localhost/a.pem"):
            self.check(self.made(header(url), info=url), "E7", "436", "Bad Identity Info")

    def test_D18_E8_one_answer_for_all_that_cannot_be_fetched(self):
        gone = self.x5u.replace("a.pem", "gone.pem")
        closed = f"https://localhost:{free_port()}/a.pem"
        self.carrier.blocks["permit"] += f', "{closed.split("/")[2]}"'
        self.carrier.write()
        self.carrier.reload()
        answers = []
        for url in (gone, closed):
            reply = self.carrier.verify(self.made(header(url), info=url))
            self.assertVerdict(reply, "E8", reasoncode="436", reasontext="Bad Identity Info")
            answers.append(reply.body)
        self.assertEqual(*answers)

    def test_E9_header_incomplete(self):
        for name in ("typ", "alg", "ppt", "x5u"):
            self.check(self.made(header(self.x5u, **{name: None}) if name != "x5u" else
                                 {"alg": "ES256", "ppt": "shaken", "typ": "passport"}, alg=None, ppt=None),
                       "E9", "436", "Bad Identity Info")

    def test_E10_x5u_is_not_info(self):
        self.check(self.made(info=self.x5u + "x"), "E10", "436", "Bad Identity Info")

    def test_E11_typ(self):
        self.check(self.made(header(self.x5u, typ="JWT")), "E11", "437", "Unsupported Credential")

    def test_A1_A2_E12_alg(self):
        for alg in ("HS256", "none", "RS256"):
            self.check(self.made(header(self.x5u, alg=alg), alg=alg), "E12", "437", "Unsupported Credential")

    def test_B11_E13_ppt(self):
        self.check(self.made(header(self.x5u, ppt="rcd"), ppt=None), "E13", "438", "Invalid Identity Header")

    def test_B1_E14_claims(self):
        for name in ("attest", "orig", "dest", "iat", "origid"):
            payload = {k: v for k, v in claims().items() if k != name}
            self.check(self.made(payload=payload), "E14", "438", "Invalid Identity Header")
        twice = canonical(claims()).decode()[:-1] + ',"attest":"A"}'
        self.check(self.made(payload=twice), "E14", "438", "Invalid Identity Header")

    def test_I1_E15_iat(self):
        now = int(time.time())
        for iat in (now - 70, now + 30, 0, 2**53):
            self.check(self.made(payload=claims(iat=iat)), "E15", "403", "Stale Date")
        for iat in (now - 55, now + 2):
            self.check(self.made(payload=claims(iat=iat)), None)

    def test_E16_numbers(self):
        self.check(self.made(), "E16", "438", "Invalid Identity Header", orig=OTHER)
        self.check(self.made(), "E16", "438", "Invalid Identity Header", dest=OTHER)
        self.check(self.made(), None, orig="+1 202 555 0123", dest="3125550145")

    def test_E9_E10_E17_certificates_not_believed(self):
        for signer in ("rogue", "expired", "future"):
            self.check(written(self.carrier.token(signer), self.carrier.x5u[signer]), "E17", "437",
                       "Unsupported Credential")

    def test_A17_E18_signature(self):
        token = self.carrier.token()
        self.check(written(spoilt(token), self.x5u), "E18", "438", "Invalid Identity Header")
        other = forge(self.folder("b.key"), header(self.x5u), claims())
        self.check(written(other, self.x5u), "E18", "438", "Invalid Identity Header")

    def test_B7_E19_attest(self):
        for attest in ("D", "a", "", "AB"):
            self.check(self.made(payload=claims(attest=attest)), "E19", "438", "Invalid Identity Header")

    def test_sixteen_long_headers(self):
        rcd = self.made(header(self.x5u, ppt="rcd"), claims(rcd={"nam": "x" * 2000}), ppt="rcd")
        self.check(",".join([rcd] * 15 + [self.made()]), None)

    def test_K3_values_that_are_no_header(self):
        for value in ("x", ";", "a;b;c", "<>", "x" * 60000, ";info=<>", ",", ";;;;", "\x01"):
            reply = self.carrier.verify(value)
            self.assertEqual((reply.status, verdict_of(reply)["verstat"]), (200, "No-TN-Validation"), value)

    def test_metrics_count_cases(self):
        name = 'sidetone_verdict_cases_total{case="E18"}'
        before = self.carrier.metric(name)
        self.carrier.verify(written(spoilt(self.carrier.token()), self.x5u))
        self.assertEqual(self.carrier.metric(name), before + 1)


class OutOfBand(Rest):
    @classmethod
    def setUpClass(cls):
        cls.folder = keep(Folder())
        cls.carrier = keep(Carrier(cls.folder, start=False))
        cls.carrier.blocks["vs_block"] = cls.carrier.verifying(wait_ms=1000, budget_ms=5000)
        cls.carrier.start()

    def place(self, token):
        self.assertEqual(self.carrier.post(token).status, 201)
        return token

    def test_found_and_given_back(self):
        token = self.place(self.carrier.token())
        self.assertVerdict(self.carrier.verify(), None, source="out-of-band", passports=[token], attest="A")
        self.assertEqual(self.carrier.stored(), 0)

    def test_G2_one_PASSporT_serves_one_call(self):
        self.place(self.carrier.token())
        self.assertVerdict(self.carrier.verify(), None, source="out-of-band")
        reply = self.carrier.verify(headers={"X-RequestID": "another-call"})
        self.assertEqual(verdict_of(reply), {"verstat": "No-TN-Validation"})

    def test_same_call_asked_again(self):
        token = self.place(self.carrier.token())
        for _ in range(2):
            reply = self.carrier.verify(headers={"X-RequestID": "one-call"})
            self.assertVerdict(reply, None, source="out-of-band", passports=[token])

    def test_G10_both_and_the_same(self):
        identity = identity_of(self.carrier.sign())
        token = self.place(identity.split(";")[0])
        self.assertVerdict(self.carrier.verify(identity), None, source="in-band", passports=[token])

    def test_G10_both_and_not_the_same(self):
        identity = identity_of(self.carrier.sign(attest="C"))
        token = self.place(self.carrier.token(attest="A"))
        self.assertVerdict(self.carrier.verify(identity), None, source="in-band", passports=[token], attest="C")

    def test_G10_in_band_spoilt_on_the_way(self):
        token = self.place(self.carrier.token())
        bad = written(spoilt(self.carrier.token()), self.carrier.x5u["a"])
        self.assertVerdict(self.carrier.verify(bad), None, source="out-of-band", passports=[token])

    def test_div_and_what_it_follows(self):
        original, div = self.carrier.token(dest=OTHER), self.carrier.token("b", div=OTHER)
        shaken = self.carrier.token()
        self.place("\n".join((original, div)))
        self.place(shaken)
        verdict = verdict_of(self.carrier.verify())
        self.assertEqual((verdict["verstat"], sorted(verdict["passports"])),
                         ("TN-Validation-Passed", sorted((div, shaken))))
        self.assertEqual(self.carrier.retrieve(dest=OTHER).body.decode(), original)

    def test_several_called_numbers(self):
        token = self.place(self.carrier.token(dest=OTHER))
        request = {"from": {"tn": ORIG}, "to": {"tn": [OTHER]}, "time": int(time.time())}
        self.assertVerdict(self.carrier.rest("vs", None, {"verificationRequest": request}), None, passports=[token])

    def misses(self):
        return self.carrier.metric('sidetone_retrievals_total{result="miss"}')

    def late(self, ask, token, after=0.1):
        """ask() in a thread of its own, the PASSporT `after` seconds later; the answer and its time."""
        seen = {}

        def run():
            begin = time.monotonic()
            seen["reply"] = ask()
            seen["took"] = time.monotonic() - begin

        before = self.misses()
        thread = threading.Thread(target=run)
        begin = time.monotonic()
        thread.start()
        poll(lambda: self.misses() > before, 2)
        poll(lambda: time.monotonic() - begin >= after, after)
        self.place(token)
        thread.join()
        return seen["reply"], seen["took"]

    def test_late_PASSporT(self):
        token = self.carrier.token()
        reply, took = self.late(self.carrier.verify, token)
        self.assertVerdict(reply, None, source="out-of-band", passports=[token])
        self.assertTrue(0.1 <= took < 0.7, took)

    def test_late_PASSporT_at_the_private_listener(self):
        token = self.carrier.token()
        reply, took = self.late(lambda: self.carrier.retrieve(wait=1000), token)
        self.assertEqual((reply.status, reply.body.decode()), (200, token))
        self.assertTrue(0.1 <= took < 0.7, took)

    def test_wait_ends_with_nothing(self):
        begin = time.monotonic()
        self.assertEqual(self.carrier.retrieve(wait=200).status, 404)
        self.assertTrue(0.19 <= time.monotonic() - begin < 0.9)
        begin = time.monotonic()
        self.assertEqual(self.carrier.retrieve(wait=60000).status, 404)
        self.assertTrue(0.99 <= time.monotonic() - begin < 2)

    def test_one_who_left_takes_nothing(self):
        connection, before = self.carrier.connection("cps.private"), self.misses()
        connection.request("GET", f"/cps/passports/{DEST}/{ORIG}?wait=1000")
        self.assertTrue(poll(lambda: self.misses() > before, 2))
        connection.close()
        token = self.place(self.carrier.token())
        self.assertEqual(self.carrier.stored(), 1)
        self.assertEqual(self.carrier.retrieve().body.decode(), token)

    def test_questions_that_are_none(self):
        for path in (f"/cps/passports/{DEST}/x", f"/cps/passports/+{DEST}/{ORIG}",
                     f"/cps/passports/{DEST}/{ORIG}?wait=x",
                     f"/cps/passports/{DEST}/{ORIG}?call=" + "x" * 129, f"/cps/passports/{DEST}/{ORIG}?wait=-1"):
            self.assertEqual(self.carrier.ask("cps.private", "GET", path).status, 400, path)
        for message in ({}, [], {"pairs": []}, {"pairs": [{"dest": DEST}]}, {"pairs": [{"dest": "x", "orig": ORIG}]}):
            self.assertEqual(self.carrier.rest("cps.private", "/cps/passports/query", message).status, 400, message)


class Times(Rest):
    @classmethod
    def setUpClass(cls):
        cls.folder = keep(Folder())
        cls.silent = keep(Silent(cls.folder))
        cls.carrier = keep(Carrier(cls.folder, start=False))
        cls.carrier.blocks["permit"] += f', "localhost:{cls.silent.port}"'
        cls.carrier.blocks["vs_block"] = cls.carrier.verifying(
            success=201, reasoncode="number", wait_ms=0, prefix='"/x"')
        cls.carrier.blocks["as_block"] = cls.carrier.signing(cls.carrier.signer("a"), success=201, prefix='"/y"')
        cls.carrier.start()

    def verify(self, identity=None):
        request = {"from": {"tn": ORIG}, "to": {"tn": [DEST]}, "time": int(time.time())}
        if identity:
            request["identity"] = identity
        begin = time.monotonic()
        reply = self.carrier.rest("vs", "/x/verification", {"verificationRequest": request})
        self.assertEqual(reply.status, 201)
        return verdict_of(reply), time.monotonic() - begin

    def test_201_number_and_prefix_by_switch(self):
        message = {"signingRequest": {"attest": "A", "orig": {"tn": ORIG}, "dest": {"tn": [DEST]},
                                      "iat": int(time.time()), "origid": str(uuid.uuid4())}}
        reply = self.carrier.rest("as", "/y/signing", message)
        self.assertEqual(reply.status, 201)
        identity = identity_of(reply)
        self.assertEqual(self.verify(identity)[0]["verstat"], "TN-Validation-Passed")
        self.assertEqual(self.verify(identity.replace("ppt=shaken", "ppt=rcd"))[0]["reasoncode"], 438)
        self.assertError(self.carrier.rest("as", None, message), 404, "SVC4003")

    def test_wait_0_waits_for_nothing(self):
        verdict, took = self.verify()
        self.assertEqual(verdict, {"verstat": "No-TN-Validation"})
        self.assertLess(took, 0.25)

    def test_D9_budget_is_kept_when_the_repository_never_answers(self):
        x5u = f"https://localhost:{self.silent.port}/a.pem"
        identity = written(forge(self.folder("a.key"), header(x5u), claims()), x5u)
        verdict, took = self.verify(identity)
        self.assertEqual((verdict["verstat"], verdict["case"], verdict["reasoncode"]), ("No-TN-Validation", "E8", 436))
        self.assertTrue(0.6 < took < 1.2, took)
        self.assertEqual(self.carrier.metric('sidetone_budget_exceeded_total{role="vs"}'), 1)
        good = written(self.carrier.token(), self.carrier.x5u["a"])
        self.assertEqual(self.verify(good)[0]["verstat"], "TN-Validation-Passed")


class Split(Rest):
    """The roles in processes of their own."""

    @classmethod
    def setUpClass(cls):
        cls.folder = keep(Folder())
        cls.private = free_port()
        listen = f'"unix:{cls.folder("cps.sock")}", "127.0.0.1:{cls.private}"'
        cls.cps = keep(Carrier(cls.folder, "cps", start=False, vs_block="", as_block=""))
        cls.cps.blocks["cps_block"] = re.sub(
            r"private \{.*\}", f'private {{ listen = {{{listen}}} tls_certificate = "tls.pem" tls_key = "tls.key" '
            'client_ca = "tls-ca.pem" } }', cls.cps.blocks["cps_block"])
        cls.cps.start()
        cls.unix = cls.vs("unix", f'"unix:{cls.folder("cps.sock")}"')
        cls.tls = cls.vs("tls", f'"https://localhost:{cls.private}"', oob_certificate='"client.pem"',
                         oob_key='"client.key"', oob_ca='"tls-ca.pem"')

    @classmethod
    def vs(cls, name, where, **more):
        carrier = Carrier(cls.folder, name, start=False, as_block="", cps_block="", cr_block="",
                          cr_port=cls.cps.cr_port)
        carrier.blocks["vs_block"] = carrier.verifying(out_of_band=where, wait_ms=300, budget_ms=3000, **more)
        carrier.blocks["permit"] += f', "localhost:{cls.private}"'
        carrier.start()
        return keep(carrier)

    def test_out_of_band_over_a_unix_socket_and_over_tls(self):
        for vs in (self.unix, self.tls):
            with self.subTest(vs.name):
                token = self.cps.token()
                self.assertEqual(self.cps.post(token).status, 201)
                self.assertVerdict(vs.verify(), None, source="out-of-band", passports=[token])
                self.assertEqual(verdict_of(vs.verify()), {"verstat": "No-TN-Validation"})

    def test_late_PASSporT_over_tls(self):
        token = self.cps.token()
        timer = threading.Timer(0.1, lambda: self.cps.post(token))
        timer.start()
        self.assertVerdict(self.tls.verify(), None, source="out-of-band", passports=[token])
        timer.join()

    def test_G8_client_without_certificate_is_turned_away(self):
        connection = http.client.HTTPSConnection("localhost", self.private, context=self.cps.tls(), timeout=5)
        self.addCleanup(connection.close)
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            connection.request("GET", f"/cps/passports/{DEST}/{ORIG}")
            connection.getresponse()
        connection = http.client.HTTPSConnection("localhost", self.private, context=self.cps.tls("client"), timeout=5)
        connection.request("GET", f"/cps/passports/{DEST}/{ORIG}")
        self.assertEqual(connection.getresponse().status, 404)
        connection.close()

    def test_cps_gone_and_the_call_goes_on(self):
        vs = self.vs("gone", f'"unix:{self.folder("nobody.sock")}"')
        reply = vs.verify()
        self.assertEqual((reply.status, verdict_of(reply)), (200, {"verstat": "No-TN-Validation"}))


class Publishing(Rest):
    """From the STI-AS of one carrier to the CPS of another, and to where there is none."""

    @classmethod
    def setUpClass(cls):
        cls.folder = keep(Folder())
        cls.silent = keep(Silent())
        cls.far = keep(Carrier(cls.folder, "far", as_block=""))
        cps = cls.far.port["cps"]
        cls.near = keep(Carrier(
            cls.folder, "near", start=False, vs_block="", cps_block="", cr_block="", cr_port=cls.far.cr_port,
            permit=f'"localhost:{cls.far.cr_port}", "localhost:{cps}", "localhost:{cls.silent.port}", "localhost:1"',
            routes=f'route "1312" {{ cps = "https://localhost:{cps}/cps/company/1234" }} '
                   f'route "1313" {{ cps = "https://localhost:{cls.silent.port}/cps/company/1234" }} '
                   f'route "1314" {{ cps = "https://localhost:1/cps/company/1234" }} '
                   f'route "13125550199" {{ cps = "https://localhost:{cps}/cps/company/9999" }}'))
        cls.near.blocks["as_block"] = cls.near.signing(cls.near.signer("a"), publish_timeout_ms=1000)
        cls.near.start()

    def published(self, result, dest, n=1):
        name = f'sidetone_publications_total{{result="{result}"}}'
        before = self.near.metric(name)
        begin = time.monotonic()
        identity = identity_of(self.near.sign(dest=dest))
        self.assertLess(time.monotonic() - begin, 0.4)
        self.assertTrue(poll(lambda: self.near.metric(name) == before + n, 7), self.near.metrics())
        return identity.split(";")[0]

    def test_arrives_at_the_far_end(self):
        token = self.published("stored", DEST)
        self.assertVerdict(self.far.verify(), None, source="out-of-band", passports=[token])

    def test_no_route_and_no_POST(self):
        token = self.published("no_route", "14155550100")
        origid = json.loads(unb64(token.split(".")[1]))["origid"]
        log = self.near.text()
        self.assertIn(f" event=signed signer=a attest=A origid={origid}\n", log)
        self.assertIn(f" event=no_route origid={origid}\n", log)

    def test_longest_prefix_wins_and_is_refused(self):
        self.published("refused", "13125550199")

    def test_G11_cps_that_is_closed(self):
        self.published("failed", "13145550100")

    def test_G11_cps_that_never_answers(self):
        self.published("failed", "13135550100")

    def test_several_called_numbers_of_one_cps(self):
        name = 'sidetone_publications_total{result="stored"}'
        before = self.near.metric(name)
        request = {"attest": "A", "orig": {"tn": ORIG}, "dest": {"tn": [DEST, "13125550146"]}, "iat": int(time.time()),
                   "origid": str(uuid.uuid4())}
        self.assertEqual(self.near.rest("as", None, {"signingRequest": request}).status, 200)
        self.assertTrue(poll(lambda: self.near.metric(name) == before + 1, 5))
        self.assertEqual(self.far.retrieve(dest="13125550146").status, 200)
        self.assertEqual(self.far.retrieve().status, 404)


class Clients(Rest):
    TOKEN = "kQ7zMarkedTokenOfAClient0123456789"

    @classmethod
    def setUpClass(cls):
        cls.folder = keep(Folder())
        cls.folder.write("token", cls.TOKEN + "\n")
        with open(cls.folder("client.pem"), encoding="ascii") as file:
            der = ssl.PEM_cert_to_DER_cert(file.read())
        cls.carrier = keep(Carrier(cls.folder, start=False))
        carrier = cls.carrier
        carrier.blocks["as_block"] = carrier.signing(
            carrier.signer("a", 'numbers = {"1202"}'), carrier.signer("b", 'trunks = {"trunk-b"}'),
            f'client "shown" {{ certificate_sha256 = "{hashlib.sha256(der).hexdigest()}" signer = "b" }}',
            'client "told" { token_file = "token" attest_max = "B" numbers = {"1202", "1312"} }',
            'client "near" { addresses = {"127.0.0.2", "::1"} attest_max = "C" }',
            tls_certificate='"tls.pem"', tls_key='"tls.key"', client_ca='"tls-ca.pem"')
        carrier.start()

    def ask(self, source="127.0.0.1", certificate=None, token=None, trunk=None, orig=ORIG, attest="A"):
        connection = http.client.HTTPSConnection("localhost", self.carrier.port["as"], timeout=5,
                                                 context=self.carrier.tls(certificate), source_address=(source, 0))
        headers = {k: v for k, v in (("Authorization", token), ("X-Trunk", trunk)) if v}
        try:
            return self.carrier.sign(orig=orig, attest=attest, connection=connection, headers=headers)
        finally:
            connection.close()

    def assertSigned(self, reply, signer, attest):
        self.assertEqual(reply.status, 200, reply.body)
        head, payload = parts_of(identity_of(reply))
        self.assertEqual((head["x5u"], payload["attest"]), (self.carrier.x5u[signer], attest))

    def test_G12_unknown(self):
        for token in (None, "Bearer x", "Bearer", "Basic " + self.TOKEN, "Bearer " + self.TOKEN + "x", self.TOKEN):
            reply = self.ask(token=token)
            self.assertError(reply, 401, "POL4010")
            self.assertEqual(reply.getheader("WWW-Authenticate"), "Bearer")

    def test_G12_known_by_certificate_has_its_signer(self):
        self.assertSigned(self.ask(certificate="client", orig="14155550100"), "b", "A")

    def test_G12_known_by_token_has_a_ceiling(self):
        token = "Bearer " + self.TOKEN
        self.assertSigned(self.ask(token=token), "a", "B")
        self.assertSigned(self.ask(token="bearer " + self.TOKEN, attest="C"), "a", "C")

    def test_G12_known_by_address(self):
        self.assertSigned(self.ask(source="127.0.0.2"), "a", "C")

    def test_G12_number_that_is_not_the_clients(self):
        self.assertError(self.ask(token="Bearer " + self.TOKEN, orig="14155550100"), 403, "POL4030", ["orig"])

    def test_signer_by_trunk_and_by_number(self):
        token = "Bearer " + self.TOKEN
        self.assertSigned(self.ask(token=token, orig="13125550145", trunk="trunk-b"), "b", "B")
        self.assertError(self.ask(token=token, orig="13125550145"), 403, "POL4030", ["orig"])
        self.assertError(self.ask(token=token, orig="13125550145", trunk="trunk-c"), 403, "POL4030", ["orig"])

    def test_H6_certificate_of_somebody_else(self):
        self.assertError(self.ask(certificate="tls"), 401, "POL4010") if self.takes("tls") else None

    def takes(self, certificate):
        """A server certificate may be refused in the handshake already: then there is no answer to look at."""
        try:
            self.ask(certificate=certificate)
            return True
        except (ssl.SSLError, ConnectionError):
            return False

    def test_L4_L5_no_number_token_or_key_in_log_or_metrics(self):
        identity = identity_of(self.ask(token="Bearer " + self.TOKEN))
        self.carrier.verify(identity)
        self.carrier.post(identity.split(";")[0])
        self.carrier.verify()
        self.carrier.verify(written(spoilt(self.carrier.token()), self.carrier.x5u["a"]))
        self.carrier.post(spoilt(self.carrier.token()))
        seen = self.carrier.text() + self.carrier.metrics()
        self.assertIn("event=verdict", seen)
        told = re.sub(r"seconds \d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", seen)  # an origid may look like one
        self.assertIsNone(re.search(r"(?<![0-9])[0-9]{10,15}(?![0-9])", told))
        secrets = [self.TOKEN, identity.split(";")[0], identity.split(".")[1][:40]]
        for name in ("a.key", "b.key", "tls.key"):
            with open(self.folder(name), encoding="ascii") as file:
                secrets += [line for line in file.read().split("\n") if len(line) > 30 and "-----" not in line]
        for secret in secrets:
            self.assertNotIn(secret, seen)


class Broken(Rest):
    def test_internal_error(self):
        carrier = keep(Carrier(keep(Folder()), "broken", start=False, vs_block="", cps_block="", cr_block=""))
        carrier.environment = {"LD_PRELOAD": os.path.join(BUILD, "libbroken_sign.so"),
                               **asan("verify_asan_link_order=0")}
        carrier.start()
        self.assertError(carrier.sign(), 500, "POL5000")
        self.assertError(carrier.sign(), 500, "POL5000")


@unittest.skipIf(no_ipv6(), "skipped: no IPv6 here")
class IPv6(Rest):
    def test_listeners_and_clients(self):
        folder = keep(Folder())
        carrier = Carrier(folder, "six", start=False)
        carrier.blocks["as_block"] = carrier.signing(carrier.signer("a"), 'client "near" { addresses = {"::1"} }',
                                                     listen='"[::1]:0"')
        carrier.blocks["vs_block"] = carrier.verifying(listen='"[::1]:0"', wait_ms=0)
        for block in ("cps_block", "cr_block"):
            carrier.blocks[block] = carrier.blocks[block].replace('"127.0.0.1:', '"[::1]:')
        keep(carrier).start()

        def connect(role):
            connection = http.client.HTTPConnection("::1", carrier.port[role], timeout=5)
            if role == "cps":
                connection = http.client.HTTPSConnection("::1", carrier.port[role], context=carrier.tls(), timeout=5)
            self.addCleanup(connection.close)
            return connection

        identity = identity_of(carrier.sign(connection=connect("as")))
        self.assertVerdict(carrier.verify(identity, connection=connect("vs")), None, source="in-band")
        token = carrier.token()
        reply = carrier.post(token, connection=connect("cps"), headers={"Host": "cps.example.com"})
        self.assertEqual(reply.status, 201, reply.body)
        self.assertVerdict(carrier.verify(connection=connect("vs")), None, source="out-of-band", passports=[token])


if __name__ == "__main__":
    main()
