# SPDX-License-Identifier: Apache-2.0
"""`sidetone serve` as its operator lives with it: starts, reloads, crashes, ends, and what it tells meanwhile."""
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest

from world import (BUILD, DEST, ORIG, SIDETONE, Carrier, Folder, asan, free_port, keep, main, poll, read_reply,
                   tearDownModule)


class Load:
    """Threads that ask without a pause, each over its own kept connection."""

    def __init__(self, threads, work):
        self.work, self.over, self.ending, self.done, self.failures = work, False, False, [0] * threads, []
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self, i):
        connection, ask = self.work(i)
        with contextlib.closing(connection):
            self.go(i, ask)

    def go(self, i, ask):
        while not self.over:
            try:
                ask()
                self.done[i] += 1
            except ConnectionRefusedError as error:
                if self.ending:
                    return
                self.failures.append(repr(error))
            except Exception as error:  # whatever it is, the request has failed
                self.failures.append(repr(error))
                return

    def end(self):
        self.over = True
        for thread in self.threads:
            thread.join()


def signing(carrier):
    """For Load: signatures over one connection."""
    def work(_):
        connection = carrier.connection("as")

        def ask():
            status = carrier.sign(connection=connection).status
            if status != 200:
                raise AssertionError(status)

        return connection, ask

    return work


def signed_tokens(carrier, n, dest=DEST):
    """From the carrier's own STI-AS, each between another pair of numbers."""
    connection, tokens = carrier.connection("as"), {}
    for i in range(n):
        orig = f"1{202 + i // 100}55501{i % 100:02}"
        reply = carrier.sign(orig=orig, dest=dest, connection=connection)
        tokens[orig] = json.loads(reply.body)["signingResponse"]["identity"].split(";")[0]
    connection.close()
    return tokens


def certificate_of(sock):
    return sock.getpeercert(binary_form=True)


class Reload(unittest.TestCase):
    def setUp(self):
        self.folder = keep(Folder())
        self.carrier = keep(Carrier(self.folder))

    def test_J2_a_hundred_reloads_under_load(self):
        load = Load(3, signing(self.carrier))
        for _ in range(100):
            self.carrier.reload()
        load.end()
        self.assertEqual(load.failures, [])
        self.assertTrue(all(n > 10 for n in load.done), load.done)
        self.assertEqual(self.carrier.metric('sidetone_config_reloads_total{result="ok"}'), 100)
        self.assertEqual(self.carrier.metric('sidetone_config_reloads_total{result="failed"}'), 0)

    def test_J2_new_bad_config_leaves_the_old_one_running(self):
        connection = self.carrier.connection("as")
        self.addCleanup(connection.close)
        good = self.carrier.blocks["routes"]
        for bad, why in (('unheard_of = "x"', "unheard_of"), ('route "1x" { cps = "https://localhost/" }', "route"),
                         ("admin = {", ""), ('number_key = "nobody.key"', "nobody.key")):
            self.carrier.blocks["routes"] = good + "\n# a line\n" + bad
            self.carrier.reload(good=False)
            line = [text for text in self.carrier.text().splitlines() if "event=reload_refused" in text][-1]
            n = 1 + self.carrier.config_text().splitlines().index(bad)
            self.assertIn(f"file={self.carrier.config}", line)
            self.assertIn(f"line={n} ", line)
            self.assertIn(why, line)
            self.assertEqual(self.carrier.sign(connection=connection).status, 200)
        self.assertEqual(self.carrier.metric('sidetone_config_reloads_total{result="failed"}'), 4)
        self.carrier.blocks["routes"] = good
        self.carrier.reload()

    def test_J2_key_that_does_not_match_leaves_the_old_one_running(self):
        shutil.copy(self.folder("b.key"), self.folder("a.key"))
        self.carrier.reload(good=False)
        self.assertEqual(self.carrier.sign().status, 200)

    def test_tls_certificate_is_replaced_while_connections_are_kept(self):
        other = keep(Folder())
        kept = self.carrier.connection("cps")
        self.addCleanup(kept.close)
        self.assertEqual(self.carrier.ask("cps", "GET", "/health", connection=kept).status, 200)
        old = certificate_of(kept.sock)
        for name in ("tls.pem", "tls.key"):
            shutil.copy(other(name), self.folder(name))
        self.carrier.reload()
        self.assertEqual(self.carrier.ask("cps", "GET", "/health", connection=kept).status, 200)
        self.assertEqual(certificate_of(kept.sock), old)
        context = ssl.create_default_context(cafile=other("tls-ca.pem"))
        with socket.create_connection(("127.0.0.1", self.carrier.port["cps"]), timeout=5) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as new:
                self.assertNotEqual(certificate_of(new), old)
                new.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.assertEqual(read_reply(new, "GET").status, 200)

    def test_listeners_are_added_and_removed(self):
        first, second = free_port(), free_port()

        def listen(*ports):
            self.carrier.blocks["vs_block"] = self.carrier.verifying(
                listen=", ".join(f'"127.0.0.1:{p}"' for p in ports), wait_ms=0)
            self.carrier.reload()

        def ask(port, connection=None):
            self.carrier.port["vs"] = port
            return self.carrier.verify(connection=connection)

        listen(first)
        kept = http.client.HTTPConnection("127.0.0.1", first, timeout=5)
        self.addCleanup(kept.close)
        self.assertEqual(ask(first, kept).status, 200)
        listen(first, second)
        self.assertEqual([ask(first).status, ask(second).status, ask(first, kept).status], [200, 200, 200])
        listen(second)
        reply = ask(first, kept)
        self.assertEqual((reply.status, reply.getheader("Connection")), (200, "close"))
        self.assertRaises(ConnectionRefusedError, ask, first)
        self.assertEqual(ask(second).status, 200)

    def test_reload_to_an_address_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.carrier.blocks["vs_block"] = self.carrier.verifying(listen=f'"127.0.0.1:{taken.getsockname()[1]}"')
            self.carrier.reload(good=False)
        self.assertEqual(self.carrier.verify().status, 200)
        self.assertIn("in use", self.carrier.text())

    def test_new_signer_and_new_roots_count_from_then_on(self):
        token = self.carrier.token("rogue")
        self.assertEqual(self.carrier.post(token).status, 403)
        self.carrier.blocks["roots"] = '"roots.pem", "unlisted-root.pem"'
        self.carrier.blocks["as_block"] = self.carrier.signing(self.carrier.signer("b"))
        self.carrier.reload()
        self.assertEqual(self.carrier.post(token).status, 201)
        identity = json.loads(self.carrier.sign().body)["signingResponse"]["identity"]
        self.assertIn(self.carrier.x5u["b"], identity)
        self.assertIn("TN-Validation-Passed", self.carrier.verify(identity).body.decode())
        self.carrier.blocks["roots"] = '"unlisted-root.pem"'
        self.carrier.reload()
        self.assertIn('"E17"', self.carrier.verify(identity).body.decode())

    def test_store_cannot_be_moved_by_a_reload(self):
        self.carrier.blocks["cps_block"] = self.carrier.blocks["cps_block"].replace(".store", ".elsewhere")
        self.carrier.reload(good=False)
        self.assertIn("restart", self.carrier.text())


class Ending(unittest.TestCase):
    def test_J2_SIGTERM_under_load(self):
        carrier = Carrier(keep(Folder()))
        load = Load(4, signing(carrier))
        self.assertTrue(poll(lambda: min(load.done) > 20, 10))
        load.ending = True
        begin = time.monotonic()
        carrier.process.send_signal(signal.SIGTERM)
        self.assertEqual(carrier.process.wait(6), 0)
        took = time.monotonic() - begin
        load.end()
        self.assertEqual(load.failures, [])
        self.assertLess(took, 5)
        carrier.stop()

    def test_J2_request_under_way_is_answered(self):
        carrier = Carrier(keep(Folder()))
        seen = []
        thread = threading.Thread(target=lambda: seen.append(carrier.retrieve(wait=1000)))
        thread.start()
        self.assertTrue(poll(lambda: carrier.metric('sidetone_retrievals_total{result="miss"}') == 1, 3))
        for _ in range(3):
            carrier.process.send_signal(signal.SIGTERM)
        self.assertEqual(carrier.process.wait(6), 0)
        thread.join()
        self.assertEqual(seen[0].status, 404)
        carrier.stop()

    def test_ready_says_that_it_is_draining(self):
        carrier = Carrier(keep(Folder()))
        kept = carrier.connection("admin")
        self.addCleanup(kept.close)
        reply = carrier.ask("admin", "GET", "/ready", connection=kept)
        self.assertEqual((reply.status, reply.body), (200, b"ready\n"))
        self.assertEqual(carrier.ask("admin", "GET", "/health", connection=kept).status, 200)
        carrier.process.send_signal(signal.SIGTERM)
        self.assertTrue(poll(lambda: "event=stop" in carrier.text(), 3))
        reply = carrier.ask("admin", "GET", "/ready", connection=kept)
        self.assertEqual((reply.status, reply.getheader("Connection")), (503, "close"))
        self.assertEqual(carrier.stop(), 0)

    def test_idle_connections_have_a_time_of_grace(self):
        carrier = Carrier(keep(Folder()))
        kept = carrier.connection("as")
        self.addCleanup(kept.close)
        self.assertEqual(carrier.sign(connection=kept).status, 200)
        carrier.process.send_signal(signal.SIGTERM)
        self.assertTrue(poll(lambda: "event=stop" in carrier.text(), 3))
        self.assertEqual(carrier.sign(connection=kept).status, 200)
        self.assertEqual(carrier.stop(), 0)
        self.assertFalse(os.path.exists(carrier.folder("carrier.sock")))


class Crashes(unittest.TestCase):
    def test_J1_kill_9_under_load_loses_nothing_that_was_promised(self):
        carrier = Carrier(keep(Folder()))
        tokens = list(signed_tokens(carrier, 400).items())
        kept, lock = {}, threading.Lock()

        def work(i):
            connection, mine = carrier.connection("cps"), tokens[i::4]

            def ask():
                if not mine:
                    raise ConnectionRefusedError("nothing left to post")
                orig, token = mine.pop()
                if carrier.post(token, connection=connection).status == 201:
                    with lock:
                        kept[orig] = token

            return connection, ask

        load = Load(4, work)
        load.ending = True
        self.assertTrue(poll(lambda: len(kept) > 100, 10, step=0.001))
        carrier.kill()
        load.end()
        self.assertLess(len(kept), len(tokens))
        begin = time.monotonic()
        carrier.start()
        self.assertEqual(carrier.ask("admin", "GET", "/ready").status, 200)
        self.assertLess(time.monotonic() - begin, 1)
        self.assertGreaterEqual(carrier.stored(), len(kept))
        for orig, token in kept.items():
            self.assertEqual(carrier.retrieve(orig=orig).body.decode(), token)
        self.assertEqual(carrier.post(token).status, 201)
        self.assertEqual(carrier.retrieve(orig=orig).status, 404)
        carrier.stop()

    @staticmethod
    def start():
        """One whose crashes no sanitizer turns into something else."""
        carrier = Carrier(keep(Folder()), start=False)
        carrier.environment = asan("handle_segv=0")
        carrier.start()
        return carrier

    def crash(self, carrier, n):
        os.kill(carrier.worker(), signal.SIGSEGV)
        if not poll(lambda: carrier.text().count("event=start") > n, 5):
            raise AssertionError(carrier.text())
        carrier.started()

    def test_J3_worker_that_crashes_is_started_again(self):
        carrier = self.start()
        token = carrier.token()
        self.assertEqual(carrier.post(token).status, 201)
        self.crash(carrier, 1)
        self.assertEqual(carrier.retrieve().body.decode(), token)
        self.assertIn("event=worker_crashed alarm=critical signal=11 next_in_ms=100", carrier.text())
        self.assertEqual(carrier.stop(), 0)

    def test_J3_crash_loop_ends_it(self):
        carrier = self.start()
        for n in range(1, 5):
            self.crash(carrier, n)
        os.kill(carrier.worker(), signal.SIGSEGV)
        self.assertEqual(carrier.process.wait(5), 3)
        self.assertIn("event=crash_loop alarm=critical", carrier.text().splitlines()[-1])
        carrier.stop()

    def test_parent_gone_and_the_worker_goes_with_it(self):
        carrier = Carrier(keep(Folder()))
        worker = carrier.worker()
        carrier.process.kill()
        carrier.process.wait()
        self.assertTrue(poll(lambda: not os.path.exists(f"/proc/{worker}"), 3))
        carrier.stop()


class Starting(unittest.TestCase):
    """Start-up fails loudly: one line that names the thing, and the right exit status."""

    @classmethod
    def setUpClass(cls):
        cls.folder = keep(Folder())
        cls.carrier = Carrier(cls.folder, start=False)
        with open(cls.carrier.config, encoding="utf-8") as file:
            cls.good = file.read()

    def run_with(self, *command, limits=(), **more):
        prefix = ["prlimit", *limits] if limits else []
        return subprocess.run([*prefix, SIDETONE, *command], capture_output=True, text=True, timeout=10, **more)

    def complaint(self, done):
        lines = [line for line in done.stderr.splitlines() if not line.startswith("ts=")]
        self.assertEqual(len(lines), 1, done.stderr)
        return lines[0]

    def refused(self, path, status, text, line=None, check=True):
        """By serve, and the same by config check."""
        where = f"{path}:{line}: " if line else path
        for command in (("serve", path), ("config", "check", path))[:2 if check else 1]:
            done = self.run_with(*command)
            said = self.complaint(done)
            self.assertEqual((done.returncode, done.stdout), (status, ""), said)
            self.assertTrue(said.startswith(where), (said, where))
            self.assertIn(text, said)
        return said

    def changed(self, old, new, name="bad.conf"):
        self.assertIn(old, self.good)
        text = self.good.replace(old, new)
        line = next(i for i, (a, b) in enumerate(zip(self.good.splitlines() + [""], text.splitlines() + [None]), 1)
                    if a != b)
        return self.folder.write(name, text), line

    def test_good_one(self):
        done = self.run_with("config", "check", self.carrier.config)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_J11_text_that_is_wrong(self):
        for old, new, text in (
                ('name = "carrier"', 'name = "carrier" nmae = "x"', "nmae"),
                ('name = "carrier"', 'name = "carrier" name = "carrier"', "second time"),
                ('name = "carrier"', 'name = "\0"', "control character"),
                ('name = "carrier"', 'name = "${NOBODY}"', ""),
                ("limits {  }", "limits { head_ms = 0300 }", "head_ms"),
                ("limits {  }", "limits { head_ms = 99999999 }", "head_ms"),
                ("limits {  }", "limits { head_ms = }", ""),
                ('vs { listen', 'vs { wait_ms = 2000 listen', "wait_ms"),
                ('vs { listen = {"127.0.0.1:0"}', "vs { ", "listen"),
                ('signer "a" {', 'signer "a" { unknown = 1', "unknown"),
                ("roots.pem", "nobody.pem", "No such file"),
                ("roots.pem", "a.key", "trust.roots")):
            with self.subTest(new):
                path, line = self.changed(old, new)
                self.refused(path, 3 if text == "No such file" else 2, text, line)

    def test_J11_file_that_is_strange(self):
        path = self.folder.write("open.conf", self.good, mode=0o666)
        self.refused(path, 2, "everybody may write it")
        os.symlink(self.carrier.config, self.folder("link.conf"))
        self.refused(self.folder("link.conf"), 2, "symbolic link")
        path = self.folder.write("large.conf", self.good + "# x\n" * 2_500_000)
        self.refused(path, 2, "over 1 MiB")
        self.refused(self.folder.path, 2, "not a regular file")
        self.refused(self.folder("nobody.conf"), 3, "No such file")
        path = self.folder.write("empty.conf", "")
        self.refused(path, 2, "no role")

    def key(self, name, *command):
        subprocess.run(["openssl", *command, "-out", self.folder(name)], check=True, capture_output=True)
        os.chmod(self.folder(name), 0o600)

    def test_L1_L2_keys_that_are_none(self):
        self.key("p384.key", "ecparam", "-name", "secp384r1", "-genkey", "-noout")
        self.key("rsa.key", "genpkey", "-algorithm", "RSA")
        self.key("locked.key", "ec", "-in", self.folder("a.key"), "-aes128", "-passout", "pass:secret")
        shutil.copy(self.folder("a.key"), self.folder("open.key"))
        os.chmod(self.folder("open.key"), 0o640)
        shutil.copy(self.folder("a.key"), self.folder("world.key"))
        os.chmod(self.folder("world.key"), 0o604)
        os.symlink(self.folder("a.key"), self.folder("link.key"))
        os.mkdir(self.folder("folder.key"))
        self.folder.write("empty.key", "")
        self.folder.write("garbage.key", "-----BEGIN PRIVATE KEY-----\nMarkedSecret\n-----END PRIVATE KEY-----\n")
        os.mkfifo(self.folder("fifo.key"), 0o600)
        for name, status, text in (("p384", 2, "P-256"), ("rsa", 2, "P-256"), ("locked", 2, "P-256"),
                                   ("empty", 2, "P-256"), ("garbage", 2, "P-256"),
                                   ("open", 2, "open to group or others"),
                                   ("world", 2, "open to group or others"), ("link", 2, "symbolic link"),
                                   ("folder", 2, "not a regular file"), ("fifo", 2, "not a regular file"),
                                   ("nobody", 3, "No such file"), ("b", 2, "not the key of the certificate")):
            with self.subTest(name):
                path, line = self.changed('key = "a.key"', f'key = "{name}.key"')
                said = self.refused(path, status, text, line)
                self.assertIn(f"{name}.key", said)
                self.assertNotIn("MarkedSecret", said)

    def test_L1_tls_key(self):
        shutil.copy(self.folder("tls.key"), self.folder("tls-open.key"))
        os.chmod(self.folder("tls-open.key"), 0o644)
        path, line = self.changed('tls_key = "tls.key" names', 'tls_key = "tls-open.key" names')
        self.refused(path, 2, "open to group or others", line)
        path, line = self.changed('tls_key = "tls.key" names', 'tls_key = "client.key" names')
        self.refused(path, 2, "its own key", line)

    def test_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            path, _ = self.changed('vs { listen = {"127.0.0.1:0"}', f'vs {{ listen = {{"{address}"}}')
            said = self.refused(path, 3, "in use", check=False)
            self.assertIn(address, said)

    def test_store_that_is_not_on_tmpfs(self):
        where = os.path.join(BUILD, "store-on-disk")
        if subprocess.run(["stat", "-fc", "%T", BUILD], capture_output=True, text=True).stdout.strip() == "tmpfs":
            self.skipTest("the build folder is on tmpfs itself")
        path, line = self.changed(self.folder("carrier.store"), where)
        said = self.refused(path, 2, where, line, check=False)
        self.assertIn("tmpfs", said)
        self.assertFalse(os.path.exists(where))

    def test_store_that_another_has(self):
        other = Carrier(self.folder, "other")
        path, line = self.changed("carrier.store", "other.store")
        self.refused(path, 3, "other.store", line, check=False)
        self.assertEqual(other.ask("cps", "GET", "/health").status, 200)
        other.stop()

    def test_J7_too_few_descriptors(self):
        for n in (8, 12, 16, 20, 24):
            process = subprocess.Popen(["prlimit", f"--nofile={n}:{n}", SIDETONE, "serve", self.carrier.config],
                                       stderr=subprocess.PIPE, text=True)
            seen = []
            reader = threading.Thread(target=lambda p=process, s=seen: s.extend(p.stderr))
            reader.start()
            poll(lambda p=process, s=seen: p.poll() is not None or any("event=start" in line for line in s), 5)
            survived = process.poll() is None
            process.terminate()
            status = process.wait(8)
            reader.join()
            process.stderr.close()
            self.assertEqual(status, 0 if survived else 3, seen)
            if not survived:
                self.assertIn("Too many open files", seen[-1])

    @unittest.skipIf(os.getuid() != 0, "skipped: only root may be somebody else")
    def test_J7_no_process_to_be_had(self):
        folder = keep(Folder())
        carrier = Carrier(folder, start=False)
        for name in os.listdir(folder.path):
            os.chown(folder(name), 64999, 64999)
        os.chown(folder.path, 64999, 64999)
        try:
            done = self.run_with("serve", carrier.config, limits=("--nproc=1:1",), user=64999, group=64999,
                                 extra_groups=[], env={**os.environ, **asan("detect_leaks=0")})
        except PermissionError:
            self.skipTest("skipped: the build folder is closed to others")
        if done.returncode == 126:  # prlimit itself ran, the program may not be executed
            self.skipTest("skipped: the build folder is closed to others")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("Resource temporarily unavailable", self.complaint(done))

    def test_L2_expired_certificate_signs_nothing(self):
        folder = keep(Folder())
        carrier = Carrier(folder, start=False, vs_block="", cps_block="", cr_block="")
        carrier.blocks["as_block"] = carrier.signing(carrier.signer("expired"))
        keep(carrier).start()
        reply = carrier.sign()
        self.assertEqual((reply.status, reply.getheader("Retry-After")), (503, "1"))
        self.assertIn("POL5030", reply.body.decode())
        self.assertIn("event=signer_expired alarm=critical", carrier.text())


class Telling(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.carrier = keep(Carrier(keep(Folder()), start=False))
        cls.carrier.blocks["vs_block"] = cls.carrier.verifying(wait_ms=0)
        cls.carrier.start()

    def series(self):
        return {line.rsplit(" ", 1)[0] for line in self.carrier.metrics().splitlines() if not line.startswith("#")}

    def test_every_line_of_metrics_is_OpenMetrics(self):
        self.carrier.verify()
        reply = self.carrier.ask("admin", "GET", "/metrics")
        self.assertEqual(reply.getheader("Content-Type"),
                         "application/openmetrics-text; version=1.0.0; charset=utf-8")
        lines = reply.body.decode().split("\n")
        self.assertEqual(lines[-2:], ["# EOF", ""])
        sample = re.compile(r'^([a-z_]+)(\{[a-z]+="[^"\\\n]*"(,[a-z]+="[^"\\\n]*")*\})? (\d+(\.\d+)?)$')
        suffixes = {"counter": ("_total",), "gauge": ("",), "info": ("_info",),
                    "histogram": ("_bucket", "_count", "_sum")}
        family, kind, seen = None, None, set()
        for line in lines[:-2]:
            if found := re.match(r"^# TYPE (sidetone_[a-z_]+) (counter|gauge|histogram|info)$", line):
                family, kind = found.groups()
                self.assertNotIn(family, seen)
                seen.add(family)
                continue
            if line.startswith("#"):
                self.assertRegex(line, rf"^# HELP {family} \S.*$")
                continue
            found = sample.match(line)
            self.assertIsNotNone(found, line)
            self.assertIn(found[1], [family + suffix for suffix in suffixes[kind]], line)
            self.assertNotIn(found[1] + str(found[2]), seen)
            seen.add(found[1] + str(found[2]))

    def test_buckets_only_grow(self):
        self.carrier.sign()
        values = [float(line.rsplit(" ", 1)[1]) for line in self.carrier.metrics().splitlines()
                  if line.startswith('sidetone_http_request_seconds_bucket{role="as"')]
        self.assertEqual(values, sorted(values))
        self.assertGreaterEqual(values[-1], 1)

    def test_L8_no_series_grows_with_callers(self):
        before = self.series()
        for i in range(50):
            self.carrier.sign(orig=f"1202555{100 + i:04}", dest=f"1312555{100 + i:04}")
            self.carrier.verify(orig=f"1202555{100 + i:04}")
            self.carrier.ask("cps", "POST", f"/cps/company/{i:04}")
        self.assertEqual(self.series(), before)

    def test_J7_H4_more_clients_than_descriptors(self):
        carrier = keep(Carrier(keep(Folder()), "few", start=False))
        carrier.command = ["prlimit", "--nofile=64:64"]
        carrier.start()
        crowd = [socket.create_connection(("127.0.0.1", carrier.port["as"]), timeout=5) for _ in range(150)]
        for sock in crowd:
            sock.close()

        def served():
            try:
                return carrier.sign().status == 200
            except ConnectionError:
                return False

        self.assertTrue(poll(served, 1))

    def test_admin_takes_nothing_but_questions(self):
        for path in ("/metrics", "/health", "/ready"):
            self.assertEqual(self.carrier.ask("admin", "HEAD", path).status, 200)
            reply = self.carrier.ask("admin", "POST", path, b"x")
            self.assertEqual((reply.status, reply.getheader("Allow")), (405, "GET, HEAD"))

    def test_cr_serves_its_chains_and_nothing_else(self):
        reply = self.carrier.ask("cr", "GET", "/certs/a.pem")
        with open(self.carrier.folder("a.pem"), "rb") as file:
            self.assertEqual((reply.status, reply.body), (200, file.read()))
        self.assertEqual(reply.getheader("Cache-Control"), "public, max-age=86400")
        for path in ("/certs/a.key", "/certs/a", "/certs/tls.pem", "/certs/../a.key", "/certs/%2e%2e/a.pem", "/certs/",
                     "/a.pem", "/certs/a.pem/", "/certs/.pem"):
            self.assertEqual(self.carrier.ask("cr", "GET", path).status, 404, path)
        self.assertEqual(self.carrier.ask("cr", "POST", "/certs/a.pem", b"x").status, 405)


if __name__ == "__main__":
    main()
