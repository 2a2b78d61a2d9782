# SPDX-License-Identifier: Apache-2.0
"""`sidetone cache` and the server that is given its folder: certificates known ahead of calls."""
import contextlib
import hashlib
import http.server
import json
import os
import shutil
import ssl
import subprocess
import threading
import unittest
import urllib.parse

from forge import b64, canonical, claims, header
from world import (DEST, ORIG, SIDETONE, VECTORS, Carrier, Folder, Silent, free_port, keep, main, passport, poll,
                   tearDownModule)


def run(*arguments):
    return subprocess.run([SIDETONE, "cache", *arguments], capture_output=True, text=True, timeout=60)


def listed(folder):
    done = run("list", "--folder", folder, "--json")
    return {c["url"]: c for c in json.loads(done.stdout)["certificates"]}, done


def setUpModule():
    Cache.pki = keep(Folder())
    Cache.carrier = keep(Carrier(Cache.pki))


class Cache(unittest.TestCase):
    pki = carrier = None

    def setUp(self):
        self.folder = self.pki("cache-" + self.id().rsplit(".", 1)[-1])

    def fetched(self):
        return ["--fetch-ca", self.pki("tls-ca.pem"), "--permit", f"localhost:{self.carrier.cr_port}"]

    def test_import_from_files(self):
        a, b = "https://cr.example.com/a.pem", "https://cr.example.com:8443/b.pem"
        done = run("import", "--folder", self.folder, f"{a}={self.pki('a.pem')}", f"{b}={self.pki('b.pem')}")
        self.assertEqual((done.returncode, done.stdout), (0, f"2 in {self.folder}, 0 refused\n"), done.stderr)
        there, done = listed(self.folder)
        self.assertEqual(done.returncode, 0)
        self.assertEqual({url: c["spc"] for url, c in there.items()}, {a: "709J", b: "1234"})
        self.assertEqual(set(there[a]), {"url", "sha256", "subject", "spc", "until", "time"})
        text = run("list", "--folder", self.folder).stdout
        self.assertEqual(len(text.splitlines()), 2)
        self.assertIn(f"{a} {there[a]['sha256']} spc=709J until={there[a]['until']} SHAKEN 709J", text)
        self.assertEqual({hashlib.sha256(u.encode()).hexdigest() for u in (a, b)}, set(os.listdir(self.folder)))

    def test_import_by_fetching(self):
        good, gone = self.carrier.x5u["a"], self.carrier.x5u["a"].replace("a.pem", "gone.pem")
        listing = self.pki.write("urls", f"# ours\n\n{self.carrier.x5u['b']}\r\n{good}\n"
                                         f"https://cr.example.com/a.pem {self.pki('a.pem')}\n")
        done = run("import", "--folder", self.folder, *self.fetched(), "--list", listing, gone)
        self.assertEqual((done.returncode, done.stdout), (1, f"3 in {self.folder}, 1 refused\n"))
        self.assertIn(gone, done.stderr)
        self.assertEqual(set(listed(self.folder)[0]), {good, self.carrier.x5u["b"], "https://cr.example.com/a.pem"})

    def test_D1_D2_D11_D18_what_is_refused(self):
        closed = f"https://localhost:{free_port()}/a.pem"
        for word, why in (("http://cr.example.com/a.pem", "not a URL"), ("https://cr.example.com:22/a.pem", "not a URL"),
                          ("https://127.0.0.1/a.pem", "not a URL"), (closed, "not a URL"), ("/etc/passwd", "not a URL"),
                          (f"https://cr.example.com/k.pem={self.pki('a.key')}", "private key"),
                          (f"https://cr.example.com/c.pem={self.carrier.config}", "no certificates"),
                          ("https://cr.example.com/n.pem=/nonexistent", "No such file"),
                          ("https://localhost/a.pem", "cannot be fetched")):
            done = run("import", "--folder", self.folder, word)
            self.assertEqual(done.returncode, 1, word)
            self.assertIn(why, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1)
            self.assertNotIn("BEGIN", done.stderr)
        self.assertEqual(os.listdir(self.folder), [])

    def test_nothing_of_a_list_moves_a_terminal(self):
        listing = self.pki.write("hostile", "https://\x1b]0;a\x07/a.pem\n")
        done = run("import", "--folder", self.folder, "--list", listing)
        self.assertEqual(done.returncode, 1)
        self.assertIn("https://\\x1b]0;a\\x07/a.pem: ", done.stderr)
        self.assertNotIn("\x1b", done.stderr)

    def test_usage(self):
        for arguments in ((), ("burn",), ("import",), ("import", "--folder", self.folder), ("list",),
                          ("list", "--folder", self.folder, "x"), ("purge", "--folder", self.folder),
                          ("import", "--folder", self.folder, "--list", "/nonexistent")):
            done = run(*arguments)
            self.assertIn(done.returncode, (2, 3), arguments)
            self.assertEqual(done.stdout, "")
        self.assertEqual(run("list", "--folder", "/nonexistent").returncode, 3)

    def test_purge(self):
        urls = {name: f"https://cr.example.com/{name}.pem" for name in ("a", "b", "expired", "future")}
        run("import", "--folder", self.folder, *(f"{u}={self.pki(n + '.pem')}" for n, u in urls.items()))
        self.assertEqual(run("purge", "--folder", self.folder, "--expired").stdout, f"1 removed from {self.folder}\n")
        self.assertEqual(set(listed(self.folder)[0]), {urls["a"], urls["b"], urls["future"]})
        done = run("purge", "--folder", self.folder, urls["a"], urls["expired"])
        self.assertEqual((done.returncode, done.stdout), (1, f"1 removed from {self.folder}\n"))
        self.assertEqual(run("purge", "--folder", self.folder, "--all").returncode, 0)
        self.assertEqual(os.listdir(self.folder), [])

    def test_D21_files_that_somebody_changed(self):
        url = "https://cr.example.com/a.pem"
        run("import", "--folder", self.folder, f"{url}={self.pki('a.pem')}")
        path = os.path.join(self.folder, os.listdir(self.folder)[0])
        with open(path, "rb") as file:
            good = file.read()
        for bad in (b"", good[:20], good.replace(b"/a.pem", b"/b.pem"), b"x" * 40000, good + b"junk\n"):
            with open(path, "wb") as file:
                file.write(bad)
            there, done = listed(self.folder)
            self.assertEqual((there, done.returncode), ({}, 1), bad[:60])
            self.assertEqual(len(done.stderr.splitlines()), 1)

    # ---- the server ----

    def serving(self, name):
        carrier = Carrier(self.pki, name, start=False, as_block="", cr_block="", cr_port=self.carrier.cr_port)
        carrier.blocks["routes"] = f'cache {{ folder = "{self.folder}" }}'
        return carrier

    def call(self, carrier, url, signer="a"):
        identity = f"{passport(self.pki, signer, url)};info=<{url}>;alg=ES256;ppt=shaken"
        return carrier.verify(identity).json["verificationResponse"]

    def test_the_first_call_of_one_known_ahead_costs_no_fetch(self):
        url = "https://cr.example.com/nobody/answers/there.pem"
        run("import", "--folder", self.folder, f"{url}={self.pki('a.pem')}")
        carrier = self.serving("ahead")
        carrier.start()
        with contextlib.ExitStack() as stack:
            stack.callback(carrier.stop)
            self.assertRegex(carrier.text(), r"event=cache_loaded certificates=1 refused=0")
            parsed = carrier.metric("sidetone_certificates_parsed_total")
            for _ in range(3):
                self.assertEqual(self.call(carrier, url)["verstat"], "TN-Validation-Passed")
            self.assertEqual(carrier.metric('sidetone_certificate_cache_total{result="hit"}'), 3)
            self.assertEqual(carrier.metric('sidetone_certificate_cache_total{result="miss"}'), 0)
            self.assertEqual(carrier.metric("sidetone_certificates_parsed_total"), parsed)
            self.assertEqual(self.call(carrier, url, "b")["case"], "E18")
            later = "https://cr.example.com/later.pem"
            run("import", "--folder", self.folder, f"{later}={self.pki('b.pem')}")
            carrier.reload()
            self.assertTrue(poll(lambda: "event=cache_loaded certificates=2 " in carrier.text(), 5), carrier.text())
            self.assertEqual(self.call(carrier, later, "b")["verstat"], "TN-Validation-Passed")

    def test_files_that_are_refused_do_not_stop_the_start(self):
        run("import", "--folder", self.folder, f"https://cr.example.com/a.pem={self.pki('a.pem')}",
            "--permit", "cr.example.com:22", f"https://cr.example.com:22/a.pem={self.pki('a.pem')}")
        with open(os.path.join(self.folder, "0" * 64), "w", encoding="ascii") as file:
            file.write("https://cr.example.com/b.pem\nx")
        carrier = self.serving("refused")
        carrier.start()
        with contextlib.ExitStack() as stack:
            stack.callback(carrier.stop)
            self.assertRegex(carrier.text(), r"event=cache_loaded certificates=1 refused=2")
            self.assertIn(f"event=cache_file_refused file={'0' * 64}", carrier.text())

    def test_a_folder_that_is_not_there(self):
        carrier = self.serving("nowhere")
        carrier.config = carrier.write()
        done = subprocess.run([SIDETONE, "serve", carrier.config], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 3)
        line = 1 + carrier.config_text().splitlines().index(carrier.blocks["routes"])
        self.assertEqual(done.stderr.splitlines()[-1],
                         f"{carrier.config}:{line}: cache.folder: {self.folder}: No such file or directory")

    def test_L1_a_folder_or_file_that_others_may_write(self):
        run("import", "--folder", self.folder, f"https://cr.example.com/a.pem={self.pki('a.pem')}")
        file = os.path.join(self.folder, os.listdir(self.folder)[0])
        carrier = self.serving("open")
        carrier.config = carrier.write()
        line = 1 + carrier.config_text().splitlines().index(carrier.blocks["routes"])
        for path, mode, good in ((self.folder, 0o777, 0o755), (self.folder, 0o770, 0o700), (file, 0o664, 0o644)):
            os.chmod(path, mode)
            done = subprocess.run([SIDETONE, "serve", carrier.config], capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertEqual(done.stderr.splitlines()[-1],
                             f"{carrier.config}:{line}: cache.folder: {path}: is open to be written by group or others")
            os.chmod(path, good)
        carrier.start()
        with contextlib.ExitStack() as stack:
            stack.callback(carrier.stop)
            self.assertRegex(carrier.text(), r"event=cache_loaded certificates=1 refused=0")
            os.chmod(file, 0o666)
            carrier.reload(good=False)


class Crowd(unittest.TestCase):
    @staticmethod
    def token(url):
        """One whose signature is looked at by nobody, for its certificate is not to be had."""
        head = canonical(header(url)), canonical(claims())
        return ".".join([*(b64(part) for part in head), b64(bytes(63) + b"\1")])

    def test_D13_REST_and_CPS_side_by_side_make_one_connection(self):
        """Two listeners, fifty requests, one certificate that nobody has fetched."""
        silent = Silent(Cache.pki)
        self.addCleanup(silent.close)
        carrier = Carrier(Cache.pki, "crowd", as_block="", cr_block="", cr_port=silent.port)
        with contextlib.ExitStack() as stack:
            stack.callback(carrier.stop)
            url = f"https://localhost:{silent.port}/a.pem"
            asked = [carrier.connection("vs") for _ in range(40)] + [carrier.connection("cps") for _ in range(10)]
            for connection in asked:
                stack.callback(connection.close)
            identity = f"{passport(Cache.pki, 'a', url)};info=<{url}>;alg=ES256;ppt=shaken"
            body = json.dumps({"verificationRequest": {"from": {"tn": ORIG}, "to": {"tn": [DEST]}, "time": 0,
                                                       "identity": identity}})
            for connection in asked[:40]:
                connection.request("POST", "/stir/v1/verification", body, {"Content-Type": "application/json"})
            for connection in asked[40:]:
                connection.request("POST", "/cps/company/1234", identity.split(";")[0],
                                   {"Content-Type": "application/passport"})
            for connection in asked:
                connection.getresponse().read()
            self.assertEqual(len(silent.kept), 1)

    def test_D14_429_for_the_client_that_makes_us_fetch_in_vain(self):
        carrier = Carrier(Cache.pki, "vain", as_block="", vs_block="", permit='"localhost:1"')
        with contextlib.ExitStack() as stack:
            stack.callback(carrier.stop)
            connection = carrier.connection("cps")
            stack.callback(connection.close)
            carrier.blocks["permit"] = f'"localhost:{carrier.cr_port}", "localhost:1"'
            carrier.reload()
            known = carrier.token("a")
            self.assertEqual(carrier.post(known, connection=connection).status, 201)
            statuses = []
            for i in range(700):
                url = f"https://localhost:1/{i}.pem"
                token = self.token(url)
                statuses.append(carrier.post(token, connection=connection).status)
                if statuses[-1] == 429:
                    break
            self.assertEqual(set(statuses[:600]), {503})
            self.assertEqual(statuses[-1], 429)
            reply = carrier.post(self.token("https://localhost:1/x.pem"), connection=connection)
            self.assertEqual((reply.status, reply.getheader("Retry-After")), (429, "30"))
            again = carrier.token("a", orig="12025550188")
            self.assertEqual(carrier.post(again, connection=connection).status, 201)

    def test_D14_429_for_the_client_that_names_copies_of_a_certificate(self):
        copies = Copies(Cache.pki)
        self.addCleanup(copies.close)
        carrier = Carrier(Cache.pki, "copies", as_block="", vs_block="", cr_block="", permit=f'"localhost:{copies.port}"')
        with contextlib.ExitStack() as stack:
            stack.callback(carrier.stop)
            connection = carrier.connection("cps")
            stack.callback(connection.close)
            statuses = []
            while len(statuses) < 700 and 429 not in statuses:
                token = self.token(f"https://localhost:{copies.port}/{len(statuses)}.pem")
                statuses.append(carrier.post(token, connection=connection).status)
            self.assertEqual(set(statuses[:600]), {403})
            self.assertEqual(statuses[-1], 429)


class Copies:
    """A repository that has one signer's certificate under every URL."""

    def __init__(self, folder):
        with open(folder("a.pem"), "rb") as file:
            body = file.read()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one segment

            def do_GET(self):  # noqa: N802
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder("tls.pem"), folder("tls.key"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Readers(unittest.TestCase):
    def test_D3_the_gate_and_python_see_the_same_in_what_is_let_through(self):
        """Whatever is imported was read as python reads it: https, this host, one of two ports, no more."""
        pki, path = Cache.pki, os.path.join(VECTORS, "x5u-urls", "shaken-urls.txt")
        odd = ["https://good@127.0.0.1/", "https://a:b@h.example/", "https://h.example/a#b", "https://h.example/a?b",
               "https://h.example\\@other.example/", "https://h.example/a\tb", "https://h.example/%00",
               "https://h.example//x", "https://h.example:443:22/", "https://h.example:0443/", "https://h.example:/",
               "https://[::1]/", "https://[v1.x]/", "https://127.1/", "https://0x7f.1/", "https://2130706433/",
               "https://0177.0.0.1/", "https://h.example./a", "https://.h.example/", "https:///h.example/",
               "https:h.example/a", "HTTPS://H.Example:8443/a", "https://h.example:8443/~a;b=c", "https://xn--a/a",
               "https://h.example/../../a", "https://h_1.example/a", "https://1.2.3.4.example/a",
               "https://h.example%2eother/", "https://ｈ.example/", "https://h.example/ü", "https://h.example:٤٤٣/"]
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                odd += [line.strip() for line in file][::12]
        else:
            print("skipped: no vectors")
        folder, listing = pki("readers"), pki.write("odd", "".join(f"{u} {pki('a.pem')}\n" for u in odd if "\t" not in u))
        shutil.rmtree(folder, ignore_errors=True)
        run("import", "--folder", folder, "--list", listing)
        taken = set()
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="ascii") as file:
                taken.add(file.readline().rstrip("\n"))
        for url in odd:
            parts = urllib.parse.urlsplit(url)
            with contextlib.suppress(ValueError):
                good = (parts.scheme == "https" and parts.port in (None, 443, 8443) and parts.username is None
                        and not parts.query and not parts.fragment and url.isascii())
                if url in taken:
                    self.assertTrue(good and parts.hostname and not parts.hostname.rsplit(".", 1)[-1].isdigit(), url)
                    self.assertEqual(parts.netloc.partition(":")[0].lower(), parts.hostname)
        self.assertGreater(len(taken), 3)
        print(f"{len(taken)} of {len(odd)} URLs let through, all of them as python reads them")


if __name__ == "__main__":
    main()
