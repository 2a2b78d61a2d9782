# SPDX-License-Identifier: Apache-2.0
"""The call placement service as its clients see it: what it takes, what it refuses, what is taken out of it."""
import gzip
import json
import time
import unittest

from forge import b64, canonical, claims, forge, header, signature_of, signed_as, spoilt, twin
from world import DEST, ORIG, Carrier, Folder, Silent, keep, main, poll, tearDownModule

OTHER = "12025550177"
MARKER = "zQxMarkerZq"


class Cps(unittest.TestCase):
    """One CPS for many tests; each leaves the store empty."""

    @classmethod
    def setUpClass(cls):
        cls.folder = keep(Folder())
        cls.carrier = keep(Carrier(cls.folder))

    def tearDown(self):
        self.carrier.retrieve()
        self.assertEqual(self.carrier.stored(), 0)

    def forge(self, head=None, payload=None, signer="a"):
        head = header(self.carrier.x5u[signer]) if head is None else head
        return forge(self.folder(signer + ".key"), head, claims() if payload is None else payload)

    def assertRefused(self, status, body, **request):
        reply = self.carrier.post(body, **request)
        self.assertEqual((reply.status, json.loads(reply.body)["code"]), (status, status), reply.body)
        self.assertEqual(self.carrier.stored(), 0)
        return reply

    def assertAllOrNothing(self, status, bad):
        """Alone, and with a good one before or behind it."""
        good = self.carrier.token()
        for body in (bad, good + "\n" + bad, bad + "\n" + good):
            self.assertRefused(status, body)

    def assertTaken(self, *tokens, **pair):
        reply = self.carrier.retrieve(**pair)
        self.assertEqual(reply.status, 200)
        self.assertEqual(sorted(reply.body.decode().split("\n")), sorted(tokens))


class Placing(Cps):
    def seed_request(self, token):
        lines = ["POST /cps/company/1234 HTTP/1.1", "Content-Type: application/passport",
                 f"Content-Length: {len(token)}", "Host: cps.transnexus.com", "", token]
        return "\r\n".join(lines).encode()

    def test_seed_request_as_printed(self):
        token = self.carrier.token(orig="12013776051", dest="19032469103")
        reply = self.carrier.raw("cps", self.seed_request(token), name="cps.transnexus.com")
        self.assertEqual((reply.status, reply.getheader("Content-Type")), (201, "application/json"))
        self.assertEqual(json.loads(reply.body), {"code": 201, "message": "Message published"})
        pair = {"orig": "12013776051", "dest": "19032469103"}
        first = self.carrier.retrieve(call="first", **pair)
        self.assertEqual((first.status, first.body.decode()), (200, token))
        self.assertEqual(first.getheader("Content-Type"), "application/passport")
        self.assertEqual(self.carrier.retrieve(**pair).status, 404)
        self.assertEqual(self.carrier.retrieve(call="second", **pair).status, 404)
        again = self.carrier.retrieve(call="first", **pair)
        self.assertEqual((again.status, again.body.decode()), (200, token))

    def test_query_takes_the_pair_that_hits(self):
        token = self.carrier.token()
        self.assertEqual(self.carrier.post(token).status, 201)
        question = {"call": "q", "wait": 0, "pairs": [{"dest": DEST, "orig": OTHER}, {"dest": DEST, "orig": ORIG}]}
        reply = self.carrier.rest("cps.private", "/cps/passports/query", question)
        self.assertEqual(json.loads(reply.body), {"pair": {"dest": DEST, "orig": ORIG}, "passports": [token]})

    def test_G8_no_public_retrieve(self):
        self.assertEqual(self.carrier.post(self.carrier.token()).status, 201)
        for path in (f"/cps/passports/{DEST}/{ORIG}", "/cps/passports/query", "/cps/stream", "/metrics"):
            self.assertEqual(self.carrier.ask("cps", "GET", path).status, 404)
        self.assertEqual(self.carrier.ask("cps", "GET", "/health").status, 200)
        self.assertEqual(self.carrier.stored(), 1)

    def test_G1_posted_again_before_and_after_it_was_taken(self):
        token = self.carrier.token()
        answers = [self.carrier.post(token) for _ in range(3)]
        self.assertEqual(self.carrier.stored(), 1)
        self.assertTaken(token)
        answers += [self.carrier.post(token) for _ in range(3)]
        self.assertEqual({(a.status, a.body) for a in answers}, {(201, answers[0].body)})
        self.assertEqual(self.carrier.stored(), 0)
        self.assertEqual(self.carrier.retrieve().status, 404)

    def test_A9_twin_is_a_duplicate(self):
        token = self.carrier.token()
        self.assertEqual([self.carrier.post(t).status for t in (token, twin(token))], [201, 201])
        self.assertEqual(self.carrier.stored(), 1)
        self.assertTaken(token)

    def test_A10_same_claims_signed_twice_are_a_duplicate(self):
        payload = claims()
        tokens = [self.forge(payload=payload) for _ in range(2)]
        self.assertNotEqual(*tokens)
        self.assertEqual([self.carrier.post(t).status for t in tokens], [201, 201])
        self.assertTaken(tokens[0])

    def test_several_in_one_request_come_back_together(self):
        tokens = [self.carrier.token(attest=a) for a in "ABC"]
        self.assertEqual(self.carrier.post("\n".join(tokens)).status, 201)
        self.assertEqual(self.carrier.stored(), 3)
        self.assertTaken(*tokens)

    def test_C8_separators(self):
        for join, end in (("\n", ""), ("\r\n", ""), ("\n", "\n"), ("\r\n", "\r\n"), ("\n\n\r\n", "\n\n")):
            with self.subTest(join=join, end=end):
                tokens = [self.carrier.token() for _ in range(2)]
                self.assertEqual(self.carrier.post(join.join(tokens) + end).status, 201)
                self.assertTaken(*tokens)

    def test_C8_one_and_sixteen(self):
        for n in (1, 16):
            tokens = [self.carrier.token() for _ in range(n)]
            self.assertEqual(self.carrier.post("\n".join(tokens)).status, 201)
            self.assertTaken(*tokens)

    def test_every_ppt_is_stored(self):
        name = self.forge(header(self.carrier.x5u["a"], ppt="rcd"), claims(rcd={"nam": "Example"}, attest=None,
                                                                          origid=None))
        bare = self.forge(header(self.carrier.x5u["a"], ppt=None), claims(attest=None, origid=None))
        shaken = self.carrier.token()
        self.assertEqual(self.carrier.post("\n".join((name, bare, shaken))).status, 201)
        self.assertTaken(name, bare, shaken)

    def test_div_comes_with_the_one_it_follows(self):
        original = self.carrier.token(dest=OTHER)
        div = self.carrier.token("b", dest=DEST, div=OTHER)
        self.assertEqual(self.carrier.post(original + "\n" + div).status, 201)
        self.assertTaken(div)
        self.assertTaken(original, dest=OTHER)

    def test_several_called_numbers_find_it_once(self):
        token = self.forge(payload=claims() | {"dest": {"tn": [DEST, OTHER]}})
        self.assertEqual(self.carrier.post(token).status, 201)
        self.assertTaken(token, dest=OTHER)
        self.assertEqual(self.carrier.retrieve().status, 404)

    def test_B10_order_and_blanks_of_the_signer_stand(self):
        payload = json.dumps(dict(reversed(claims(mky=[], sph="x").items())), indent=1)
        token = self.forge(payload=payload)
        self.assertEqual(self.carrier.post(token).status, 201)
        self.assertTaken(token)

    def test_C12_answer_tells_nothing_of_what_is_stored(self):
        self.assertEqual(self.carrier.post(self.carrier.token()).status, 201)

        def answer(token):
            reply = self.carrier.post(token)
            return reply.status, reply.body, sorted((k, v) for k, v in reply.getheaders() if k != "Date")

        known, unknown = (answer(spoilt(self.carrier.token(orig=orig))) for orig in (ORIG, OTHER))
        self.assertEqual(known, unknown)
        self.assertEqual(known[0], 403)
        known, unknown = (answer(self.carrier.token(orig=orig)) for orig in (ORIG, OTHER))
        self.assertEqual(known, unknown)
        self.assertEqual(self.carrier.retrieve(orig=OTHER).status, 200)


class Refusals(Cps):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.good = cls.carrier.token()

    def test_signature_that_is_not_its_own(self):
        self.assertAllOrNothing(403, spoilt(self.good))

    def test_A17_key_is_not_the_certificates(self):
        self.assertAllOrNothing(403, self.forge(header(self.carrier.x5u["b"])))

    def test_certificates_not_believed(self):
        for signer in ("rogue", "expired", "future"):
            with self.subTest(signer):
                self.assertAllOrNothing(403, self.carrier.token(signer))

    def test_I1_I2_stale_and_future(self):
        now = int(time.time())
        for iat in (now - 120, now - 3600, now + 30, now + 86400, 2**53):
            with self.subTest(iat - now):
                self.assertAllOrNothing(403, self.forge(payload=claims(iat=iat)))

    def test_A1_A2_A3_algorithms(self):
        x5u = self.carrier.x5u["a"]
        for alg in ("none", "None", "NONE", "", None, "HS256", "RS256", "PS256", "ES384", "ES256K", "EdDSA", "es256",
                    ["ES256"], 256, {}):
            with self.subTest(alg):
                self.assertRefused(400, self.forge(header(x5u, alg=alg)))
        unsigned = b64(canonical(header(x5u, alg="none"))) + "." + b64(canonical(claims())) + "."
        self.assertAllOrNothing(400, unsigned)

    def test_A5_A6_header_members_that_must_be_refused(self):
        for member in ({"crit": ["exp"]}, {"b64": False, "crit": ["b64"]}, {"jwk": {"kty": "EC"}},
                       {"jku": "https://example.com/k"}):
            with self.subTest(member):
                self.assertRefused(400, self.forge(header(self.carrier.x5u["a"], **member)))

    def test_A7_signature_lengths(self):
        whole = signature_of(self.good)
        for n in (0, 1, 63, 65, 70, 71, 72, 96, 128):
            with self.subTest(n):
                self.assertRefused(400, signed_as(self.good, (whole * 2)[:n]))
        self.assertAllOrNothing(400, signed_as(self.good, whole[:63]))

    def test_A8_R_or_S_out_of_range(self):
        for octets in (bytes(64), bytes(32) + b"\1" * 32, b"\xff" * 64):
            self.assertRefused(403, signed_as(self.good, octets))

    def test_A11_A12_text_that_is_not_strict_base64url(self):
        last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        other = last[last.index(self.good[-1]) ^ 1]
        for bad in (self.good + "=", self.good + "==", self.good[:-1] + other, self.good[:60] + "+" + self.good[61:],
                    self.good[:60] + " " + self.good[60:], self.good[:60] + "\0" + self.good[61:],
                    self.good[:60] + "\u00e9" + self.good[61:], " " + self.good, self.good + " "):
            self.assertRefused(400, bad)

    def test_A13_A14_A15_other_forms(self):
        head, payload, signature = self.good.split(".")
        general = json.dumps({"payload": payload, "signatures": [{"protected": head, "signature": signature}]})
        for bad in ("garbage", f"{head}.{payload}", f"{head}..{signature}", f"..{signature}", f".{self.good}",
                    f"{self.good}.", f"{self.good}.{signature}.x", "...", general, "{}", "\0", "\u00e9"):
            with self.subTest(bad[-20:]):
                self.assertRefused(400, bad)

    def test_B1_B3_json_that_is_not_strict(self):
        text = canonical(claims()).decode()
        for payload in (text[:-1] + ',"attest":"A"}', text[:-1] + ',"\\u0061ttest":"A"}', text + " x", text + text,
                        "\ufeff" + text, text.replace('"', "'"), text[:-1] + ',"x":NaN}', text[:-1] + ',"x":01}',
                        "[" * 100, "{}", "[]", "", "null"):
            with self.subTest(payload[-20:]):
                self.assertRefused(400, self.forge(payload=payload))

    def test_B5_B6_B7_claims(self):
        now = int(time.time())
        for claim in ({"iat": str(now)}, {"iat": None}, {"iat": now + 0.5}, {"iat": -1}, {"iat": True},
                      {"orig": None}, {"orig": {"tn": [ORIG]}}, {"orig": ORIG}, {"dest": {"tn": DEST}}, {"dest": None},
                      {"dest": {"tn": []}}, {"attest": None}, {"attest": "D"}, {"attest": "a"}, {"attest": ""},
                      {"attest": "A" * 4096}, {"origid": None}):
            with self.subTest(claim):
                whole = {**claims(), **claim}
                self.assertRefused(400, self.forge(payload={k: v for k, v in whole.items() if v is not None}))

    def test_C8_none_and_seventeen(self):
        for body in ("", "\n", "\r\n\r\n", "\n".join([self.good] * 17)):
            self.assertRefused(400, body)

    def test_C8_two_callers_mixed(self):
        for other in ({"orig": OTHER}, {"dest": OTHER}):
            self.assertRefused(400, self.good + "\n" + self.carrier.token(**other))

    def test_C1_larger_than_64_KiB(self):
        self.assertRefused(413, "a" * (65 * 1024))
        self.assertRefused(400, "a" * (64 * 1024))

    def test_C7_media_types(self):
        for media in ("application/json", "text/plain", "", "application/passport; charset=utf-8",
                      "multipart/form-data; boundary=x", "application/passports", "application/*"):
            with self.subTest(media):
                self.assertRefused(415, self.good, media=media)
        reply = self.carrier.ask("cps", "POST", "/cps/company/1234", self.good.encode())
        self.assertEqual((reply.status, self.carrier.stored()), (415, 0))

    def test_C7_gzip(self):
        self.assertRefused(415, gzip.compress(self.good.encode()), headers={"Content-Encoding": "gzip"})
        self.assertRefused(415, gzip.compress(bytes(10_000_000)), headers={"Content-Encoding": "gzip"})

    def test_C5_methods(self):
        for method in ("GET", "HEAD", "DELETE", "PUT", "PATCH", "TRACE", "OPTIONS", "post", "Post", "X" * 1024):
            with self.subTest(method[:8]):
                reply = self.carrier.ask("cps", method, "/cps/company/1234",
                                         self.good.encode() if method not in ("GET", "HEAD") else None,
                                         {"Content-Type": "application/passport", "X-Marker": MARKER})
                self.assertEqual((reply.status, reply.getheader("Allow")), (405, "POST"))
                self.assertNotIn(MARKER.encode(), reply.body)
                self.assertEqual(self.carrier.stored(), 0)

    def test_C5_connect(self):
        reply = self.carrier.raw("cps", b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertEqual(reply.status, 405)

    def test_C6_paths(self):
        for path in ("/", "/cps", "/cps/company", "/cps/company/", "/cps/company/1234/", "/cps/company/1234/x",
                     "/cps/company/../../etc", "/cps/company/%2e%2e", "/cps/company/%2e%2e%2fetc", "//cps/company/1234",
                     "/cps//company/1234", "/cps/company//1234", "/cps/company/1234%00", "/cps/company/%31234",
                     "/cps/company/9999", "/cps/company/123", "/cps/company/12345", "/cps/company/abcd",
                     "/CPS/company/1234", "/cps/company/..", "/cps/company/.", "/cps/company/1234;x", "/cps/company/*",
                     "/cps/company/" + "a" * 1900):
            with self.subTest(path[:40]):
                reply = self.carrier.ask("cps", "POST", path, self.good.encode(),
                                         {"Content-Type": "application/passport"})
                self.assertEqual((reply.status, self.carrier.stored()), (404, 0))

    def test_C6_request_lines_that_are_no_URL(self):
        tail = b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/passport\r\nContent-Length: 1\r\n\r\na"
        for path, expected in ((b"/cps/company/\xc3\xa9", (400, 404)), (b"/cps/company/" + b"a" * 2048, (414,)),
                               (b"/cps/company/12 34", (400,)), (b"cps/company/1234", (400, 404))):
            with self.subTest(path[:30]):
                self.assertIn(self.carrier.raw("cps", b"POST " + path + tail).status, expected)

    def test_host_that_is_not_ours(self):
        for host in ("other.example.com", "127.0.0.1", "localhost.", "xlocalhost"):
            with self.subTest(host):
                reply = self.carrier.post(self.good, headers={"Host": host})
                self.assertEqual((reply.status, self.carrier.stored()), (421, 0))

    def test_C11_nothing_of_the_request_comes_back(self):
        for path, media, body in ((f"/cps/company/{MARKER}", "application/passport", self.good),
                                  (f"/{MARKER}", "application/passport", MARKER),
                                  ("/cps/company/1234", f"application/{MARKER}", MARKER),
                                  ("/cps/company/1234", "application/passport", MARKER),
                                  ("/cps/company/1234", "application/passport",
                                   self.forge(header(f"https://{MARKER}.invalid/x"))),
                                  ("/cps/company/1234", "application/passport",
                                   self.forge(header(self.carrier.x5u["a"], ppt=MARKER), claims(attest=MARKER)))):
            reply = self.carrier.ask("cps", "POST", path + "?" + MARKER, body.encode(),
                                     {"Content-Type": media, "X-Other": MARKER, "X-RequestID": MARKER + "<>"})
            if reply.status == 201:
                self.carrier.retrieve()
            self.assertNotIn(MARKER, str(reply.headers) + reply.body.decode())

    def test_C13_x5u_that_would_end_a_header(self):
        for x5u in ("https://localhost/a>;alg=none;x=<", 'https://localhost/"', "https://localhost/a\r\nX: y",
                    "https://localhost/ a", "http://localhost/a.pem", "", "ftp://localhost/a", "/etc/passwd"):
            with self.subTest(x5u):
                reply = self.assertRefused(400, self.forge(header(x5u)))
                self.assertNotIn(b"localhost", reply.body)
        self.assertNotIn(">;alg", self.carrier.text())


class CertificateNotToBeHad(Cps):
    @classmethod
    def setUpClass(cls):
        cls.folder = keep(Folder())
        cls.servers = [keep(Silent()), keep(Silent(cls.folder))]
        cls.carrier = keep(Carrier(cls.folder, start=False))
        cls.carrier.blocks["permit"] += "".join(f', "localhost:{server.port}"' for server in cls.servers)
        cls.carrier.start()

    def slow(self, server, body):
        begin = time.monotonic()
        reply = self.assertRefused(503, body)
        self.assertRegex(reply.getheader("Retry-After"), r"^[0-9]+$")
        return time.monotonic() - begin

    def x5u(self, server, name):
        return header(f"https://localhost:{server.port}/{name}.pem")

    def test_D9_repository_that_accepts_and_never_answers(self):
        took = self.slow(self.servers[0], self.forge(self.x5u(self.servers[0], "a")))
        self.assertLess(took, 3)
        took = self.slow(self.servers[1], self.forge(self.x5u(self.servers[1], "a")))
        self.assertTrue(1.9 < took < 3, took)

    def test_D9_one_of_two_certificates(self):
        bad = self.forge(self.x5u(self.servers[0], "b"))
        self.slow(self.servers[0], self.carrier.token() + "\n" + bad)

    def test_repository_gone_or_without_that_file(self):
        for x5u in (self.carrier.x5u["a"].replace("a.pem", "nobody.pem"), "https://localhost:1/a.pem",
                    "https://nobody.invalid/a.pem"):
            with self.subTest(x5u):
                reply = self.carrier.post(self.forge(header(x5u)))
                self.assertIn(reply.status, (400, 503))
                self.assertEqual(self.carrier.stored(), 0)


class Compat(Cps):
    @classmethod
    def setUpClass(cls):
        cls.folder = keep(Folder())
        cls.carrier = keep(Carrier(cls.folder, start=False))
        cls.carrier.blocks["cps_block"] = cls.carrier.cps(compat_400="true", types='{"shaken", "div"}')
        cls.carrier.start()

    def test_compat_400(self):
        now = int(time.time())
        good = self.carrier.token()
        for bad in (spoilt(good), self.carrier.token("rogue"), self.carrier.token("expired"),
                    self.carrier.token(iat=now - 120), self.carrier.token(iat=now + 120), "garbage", ""):
            self.assertRefused(400, bad)
        self.assertEqual(self.carrier.post(good).status, 201)

    def test_types_narrow_what_is_taken(self):
        rcd = self.forge(header(self.carrier.x5u["a"], ppt="rcd"), claims(attest=None, origid=None))
        self.assertAllOrNothing(400, rcd)
        self.assertAllOrNothing(400, self.forge(header(self.carrier.x5u["a"], ppt=None)))
        div = self.carrier.token("b", div=OTHER)
        self.assertEqual(self.carrier.post(div).status, 201)
        self.assertTaken(div)


class Expiry(Cps):
    def test_gone_within_7_seconds_without_a_request(self):
        begin = time.monotonic()
        token = self.carrier.token(iat=int(time.time()) - 55)
        self.assertEqual(self.carrier.post(token).status, 201)
        self.assertEqual(self.carrier.stored(), 1)
        self.assertTrue(poll(lambda: self.carrier.stored() == 0, 7 - (time.monotonic() - begin), step=0.1))
        self.assertGreater(time.monotonic() - begin, 4)
        self.assertEqual(self.carrier.metric('sidetone_store_events_total{event="expired"}'), 1)
        self.assertEqual(self.carrier.retrieve().status, 404)
        self.carrier.post(token)
        self.assertEqual(self.carrier.stored(), 0)


if __name__ == "__main__":
    main()
