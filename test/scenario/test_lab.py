#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lab as people and programs use it: the story, its JSON, the world left running, and what happens when
it cannot be started, is interrupted, or a call comes out wrong."""
import http.client
import json
import os
import pathlib
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

SIDETONE = os.path.join(os.environ["STI_BUILD"], "sidetone")
ORIGID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
FIGURES = {"4-1", "4-2", "ladder", "A.1", "A.2", "A.3", "A.4", "A.5"}
CALLS = {"in-band", "tdm", "unsigned", "changed-number", "forged", "stale", "replayed", "cps-down", "ca-list",
         "private-x5u", "rolled-back-list", "expired-list", "revoked"}


def lab(*arguments, **options):
    return subprocess.run([SIDETONE, "lab", *arguments], capture_output=True, text=True, timeout=60, **options)


def wait_until(is_so, seconds=10):
    """Polls; the last answer."""
    until = time.monotonic() + seconds
    while not is_so() and time.monotonic() < until:
        time.sleep(0.01)
    return is_so()


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("cps")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Story(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        started = time.monotonic()
        cls.run_of_all = lab("--json")
        cls.seconds = time.monotonic() - started
        print(f"the whole lab: {cls.seconds:.1f} s")

    def call(self, name):
        return next(c for c in json.loads(self.run_of_all.stdout)["calls"] if c["name"] == name)

    def test_every_call_comes_out_as_it_should(self):
        document = json.loads(self.run_of_all.stdout)
        for call in document["calls"]:
            with self.subTest(call=call["name"]):
                self.assertEqual(call["got"], call["expected"])
                self.assertIs(call["ok"], True, call["steps"])
        self.assertIs(document["ok"], True)
        self.assertEqual(self.run_of_all.returncode, 0)
        self.assertEqual(self.run_of_all.stderr, "")
        self.assertLessEqual(CALLS, {call["name"] for call in document["calls"]})
        self.assertEqual({call["figure"] for call in document["calls"]} - {None}, FIGURES)

    def test_whole_lab_within_ten_seconds(self):
        cache = pathlib.Path(os.environ["STI_BUILD"], "CMakeCache.txt").read_text()
        sanitized = re.search(r"^STI_SANITIZE:\w+=.", cache, re.M)
        self.assertLess(self.seconds, 30 if sanitized else 10)

    def test_every_numbered_step_of_the_ladder_is_seen(self):
        steps = self.call("tdm")["steps"]
        self.assertEqual({int(n) for n in re.findall(r"^(\d+) ", "\n".join(steps), re.M)}, set(range(1, 12)))

    def test_nothing_but_digits_and_nature_crosses_tdm(self):
        for name, legs in (("tdm", 1), ("tdm-transit-tdm", 2), ("sip-transit-sip", 1)):
            iam = [step for step in self.call(name)["steps"] if "TDM" in step]
            self.assertEqual(len(iam), legs, name)
            for step in iam:
                self.assertRegex(step, r": TDM, IAM 2025550\d{3} 3125550\d{3} national(; here the Identity is lost)?$")

    def test_where_the_identity_was_lost(self):
        for name, where in (("tdm-transit-sip", "A gateway -> transit"), ("sip-transit-tdm", "transit -> B gateway"),
                            ("sip-transit-sip", "transit -> transit"), ("in-band", None), ("unsigned", None)):
            result = self.call(name)["result"]
            self.assertEqual("lost" in result, where is not None, result)
            if where:
                self.assertTrue(result.endswith("lost on TDM, " + where), result)

    def test_D6_private_x5u_gets_no_connection(self):
        steps = self.call("private-x5u")["steps"]
        counted = [step for step in steps if "connections to port 8443" in step]
        if not counted:
            print("skipped: port 8443 is taken here, connections are not counted")
            return
        self.assertEqual(counted, ["B STI-VS: has made 0 connections to port 8443"])

    def test_F4_rolled_back_list_is_refused_and_the_newer_one_kept(self):
        steps = "\n".join(self.call("rolled-back-list")["steps"])
        self.assertRegex(steps, r"(?m)^STI-PA: gives out list 1, correctly signed, while 2 is in force$")
        self.assertRegex(steps, r"(?m)^B STI-VS: keeps list 2$")

    def test_every_carrier_has_verified_the_list(self):
        steps = "\n".join(self.call("ca-list")["steps"])
        for carrier in "AB":
            self.assertIn(f"{carrier} STI-VS -> STI-PA: GET /api/v1/ca-list: list 2", steps)
            self.assertIn(f"{carrier} STI-VS: trusts the 1 STI-CA root of the list", steps)

    def test_one_scenario_told_to_a_pipe_has_no_colour(self):
        seen = lab("--scenario", "tdm")
        self.assertEqual(seen.returncode, 0, seen.stderr)
        self.assertNotIn("\033", seen.stdout)
        self.assertRegex(seen.stdout, r"A STI-AS +-> A CSCF +200 with an Identity")
        self.assertRegex(seen.stdout.splitlines()[-1], r"^1 of 1 calls came out as they should, in \d")

    def test_two_labs_at_once(self):
        command = [SIDETONE, "lab", "--json", "--scenario", "tdm"]
        both = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
        for one in both:
            self.assertIs(json.loads(one.communicate(timeout=60)[0])["ok"], True)
            self.assertEqual(one.returncode, 0)


class Refusals(unittest.TestCase):
    def test_usage(self):
        for arguments, said in ((("--scenario", "nobody"), "no such scenario"), (("sideways",), "expected up or down"),
                                (("up",), "needs --dir"), (("down",), "needs --dir"), (("--what",), "no such option"),
                                (("up", "--dir", "x", "--json"), "takes nothing else")):
            with self.subTest(arguments=arguments):
                seen = lab(*arguments)
                self.assertEqual((seen.returncode, seen.stdout), (2, ""))
                self.assertIn(said, seen.stderr)
        self.assertIn("  changed-number ", lab("--scenario", "nobody").stderr)

    def test_tdm_leg_passes_no_header_on(self):
        good = "2025550100 3125550101 national\n"
        seen = lab("tdm", input=good)
        self.assertEqual((seen.returncode, seen.stdout), (0, good))
        for line in ("", "\n", "2025550100 3125550101 national", good + "Identity: x\n", "2025550100 3125550101\n",
                     "2025550100 3125550101 national x\n", "12025550100 3125550101 national\n",
                     "2025550100 3125550101 international\n", "202555010x 3125550101 national\n",
                     "2025550100\0 3125550101 national\n", "2025550100  3125550101 national\n", "2" * 200 + "\n"):
            with self.subTest(line=line):
                seen = lab("tdm", input=line)
                self.assertEqual((seen.returncode, seen.stdout), (2, ""))

    def test_world_that_cannot_be_started(self):
        """No room for the store: the carrier's own words are quoted."""
        seen = lab("--json", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)),
                   restore_signals=False)  # leaves SIGXFSZ ignored
        self.assertEqual((seen.returncode, seen.stdout), (3, ""))
        self.assertIn("carrier A does not come up; its log:", seen.stderr)
        self.assertIn("cps.store", seen.stderr)

    def test_folder_that_cannot_be_made(self):
        seen = lab("--dir", "/proc/nowhere")
        self.assertEqual(seen.returncode, 3)
        self.assertIn("/proc/nowhere: cannot be made", seen.stderr)


class Interrupted(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)
        self.process = subprocess.Popen([SIDETONE, "lab", "--json", "--dir", self.folder], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.assertTrue(wait_until(lambda: "event=verdict" in self.read("b/log")))
        self.pids = [int(self.read(who + "/pid")) for who in ("a", "b", "stranger", "pa")]
        self.sockets = pathlib.Path(self.read("run"))

    def read(self, name):
        try:
            return (self.folder / name).read_text()
        except FileNotFoundError:
            return ""

    def finish(self):
        out, error = self.process.communicate(timeout=60)
        self.assertFalse(self.sockets.exists())
        for pid in self.pids:
            self.assertFalse(os.path.exists(f"/proc/{pid}"))
        return self.process.returncode, out, error

    def test_told_to_end_it_leaves_nothing_behind(self):
        self.assertTrue(self.sockets.is_dir())
        self.process.terminate()
        status, out, error = self.finish()
        self.assertEqual(status, 3)
        self.assertIs(json.loads(out)["ok"], False)
        self.assertIn("interrupted", error)

    def test_calls_that_come_out_wrong_are_told(self):
        os.kill(self.pids[1], signal.SIGKILL)
        status, out, _ = self.finish()
        document = json.loads(out)
        self.assertEqual(status, 1)
        self.assertIs(document["ok"], False)
        self.assertIn("lab: the call broke off here -- NOT SO", document["calls"][-1]["steps"])


class Up(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = os.path.join(cls.temporary.name, "world")
        seen = lab("up", "--dir", cls.folder)
        assert seen.returncode == 0, seen.stderr
        with open(os.path.join(cls.folder, "lab.json")) as file:
            cls.lab = json.load(file)
        cls.a, cls.b = cls.lab["carriers"]
        cls.tls = ssl.create_default_context(cafile=cls.lab["tls_ca"])

    @classmethod
    def tearDownClass(cls):
        lab("down", "--dir", cls.folder)
        cls.temporary.cleanup()

    def post(self, url, document, media="application/json"):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        request = urllib.request.Request(url, body, {"Content-Type": media})
        try:
            with urllib.request.urlopen(request, context=self.tls, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def sign(self, orig, dest):
        status, body = self.post(self.a["as"]["url"] + "/stir/v1/signing", {"signingRequest": {
            "attest": "A", "orig": {"tn": orig}, "dest": {"tn": [dest]}, "iat": int(time.time()), "origid": ORIGID}})
        self.assertEqual(status, 200, body)
        return json.loads(body)["signingResponse"]["identity"]

    def verify(self, orig, dest, identity=None):
        request = {"from": {"tn": orig}, "to": {"tn": [dest]}, "time": int(time.time())}
        if identity:
            request["identity"] = identity
        status, body = self.post(self.b["vs"]["url"] + "/stir/v1/verification", {"verificationRequest": request})
        self.assertEqual(status, 200, body)
        return json.loads(body)["verificationResponse"]

    def retrieve(self, orig, dest):
        connection = Unix(self.b["cps"]["private"])
        connection.request("GET", f"/cps/passports/{dest}/{orig}?wait=1000")
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body

    def test_lab_json_names_what_is_there(self):
        self.assertEqual(self.lab["cas"], [])
        for pa in self.lab["pas"]:
            self.assertEqual(pa["country"], "US")
            for name in ("anchor", "certificate", "key", "crl_certificate", "crl_key"):
                self.assertTrue(os.path.isabs(pa[name]) and os.path.isfile(pa[name]), name)
                self.assertEqual(os.stat(pa[name]).st_mode & 0o77, 0)
        for carrier in self.lab["carriers"]:
            for name in ("key", "certificate"):
                self.assertTrue(os.path.isabs(carrier[name]) and os.path.isfile(carrier[name]), name)
            self.assertEqual(carrier["country"], "US")
            self.assertNotIn("sip", carrier["as"])
            self.assertEqual(os.stat(carrier["key"]).st_mode & 0o77, 0)
            with urllib.request.urlopen(carrier["x5u"], context=self.tls) as answer:
                self.assertEqual(answer.read(), pathlib.Path(carrier["certificate"]).read_bytes())
            with urllib.request.urlopen(carrier["admin"] + "/metrics") as answer:
                self.assertTrue(answer.read().endswith(b"# EOF\n"))
        self.assertTrue(os.path.isfile(self.lab["roots"]))

    def get(self, url, headers=None):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), context=self.tls) as answer:
                return answer.status, answer.headers["ETag"], answer.read()
        except urllib.error.HTTPError as error:
            return error.code, None, error.read()

    def test_policy_administrator_serves_what_can_be_inspected(self):
        self.assertEqual(len(self.lab["pas"]), 1)
        pa = self.lab["pas"][0]
        for url, kind in ((pa["list"], "ca-list"), (pa["crl"], "crl")):
            status, etag, body = self.get(url)
            self.assertEqual(status, 200)
            self.assertEqual(self.get(url, {"If-None-Match": etag})[0], 304)
            seen = subprocess.run([SIDETONE, "inspect", "--json", "-"], input=body, capture_output=True)
            document = json.loads(seen.stdout)
            self.assertEqual((seen.returncode, document["kind"], document["findings"]), (0, kind, []))
        self.assertEqual(self.get(pa["url"] + "/list.key")[0], 404)
        self.assertEqual(self.get(pa["url"] + "/../pa/list.key")[0], 404)

    def test_call_placed_from_outside(self):
        identity = self.sign("12025550150", "13125550150")
        verdict = self.verify("12025550150", "13125550150", identity)
        self.assertEqual((verdict["verstat"], verdict["source"]), ("TN-Validation-Passed", "in-band"))
        identity = self.sign("12025550151", "13125550151")
        verdict = self.verify("12025550151", "13125550151")
        self.assertEqual((verdict["verstat"], verdict["source"]), ("TN-Validation-Passed", "out-of-band"))
        self.assertEqual(verdict["passports"], [identity.split(";")[0]])

    def test_private_retrieve_gives_it_once(self):
        identity = self.sign("12025550152", "13125550152")
        self.assertEqual(self.retrieve("12025550152", "13125550152"), (200, identity.split(";")[0]))
        self.assertEqual(self.retrieve("12025550152", "13125550152")[0], 404)

    def test_key_and_certificate_sign_what_verifies(self):
        seen = subprocess.run([SIDETONE, "sign", "--key", self.a["key"], "--x5u", self.a["x5u"], "--attest", "B", "--orig",
                               "12025550153", "--dest", "13125550153"], capture_output=True, text=True)
        self.assertEqual(seen.returncode, 0, seen.stderr)
        verdict = self.verify("12025550153", "13125550153", seen.stdout.strip())
        self.assertEqual((verdict["verstat"], verdict["attest"]), ("TN-Validation-Passed", "B"))

    def test_strangers_certificate_is_served_and_not_trusted(self):
        stranger = self.lab["stranger"]
        seen = subprocess.run([SIDETONE, "sign", "--key", stranger["key"], "--x5u", stranger["x5u"], "--attest", "A",
                               "--orig", "12025550154", "--dest", "13125550154"], capture_output=True, text=True)
        verdict = self.verify("12025550154", "13125550154", seen.stdout.strip())
        self.assertEqual((verdict["verstat"], verdict["case"]), ("TN-Validation-Failed", "E17"))
        token = seen.stdout.split(";")[0].encode()
        self.assertEqual(self.post(self.b["cps"]["url"] + "/cps/company/5678", token, "application/passport")[0], 403)

    def test_configuration_in_the_readme_is_accepted(self):
        readme = pathlib.Path(os.environ["STI_SOURCE"], "README.md").read_text()
        text = re.search(r'```\n(name = "carrier-a".*?)```', readme, re.S).group(1)
        folder = os.path.dirname(self.a["key"])
        config = os.path.join(folder, "readme.conf")
        with open(config, "w") as file:
            file.write(text.replace('"sti-roots.pem"', '"../sti-root.pem"'))
        seen = subprocess.run([SIDETONE, "config", "check", config], capture_output=True, text=True)
        self.assertEqual((seen.returncode, seen.stderr), (0, ""))

    def test_second_lab_in_the_same_folder_is_refused(self):
        for arguments in (("up", "--dir", self.folder), ("--dir", self.folder)):
            seen = lab(*arguments)
            self.assertEqual((seen.returncode, seen.stdout.count("up:")), (3, 0))
            self.assertIn("a lab runs there", seen.stderr)
        self.assertTrue(os.path.exists(self.b["cps"]["private"]))


class Down(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def down(self):
        seen = lab("down", "--dir", self.folder)
        self.assertEqual((seen.returncode, seen.stdout, seen.stderr), (0, "", ""))

    def test_down_twice_and_up_again(self):
        self.down()
        for _ in range(2):
            seen = lab("up", "--dir", self.folder)
            self.assertEqual(seen.returncode, 0, seen.stderr)
            carriers = json.loads((self.folder / "lab.json").read_text())["carriers"]
            self.down()
            self.down()
            self.assertFalse((self.folder / "lab.json").exists())
            for carrier in carriers:
                self.assertFalse(os.path.exists(os.path.dirname(carrier["cps"]["private"])))
                port = urllib.parse.urlsplit(carrier["as"]["url"]).port
                with socket.socket() as nobody:
                    self.assertNotEqual(nobody.connect_ex(("127.0.0.1", port)), 0)

    def test_folder_that_was_never_there(self):
        self.folder = self.folder / "nowhere"
        self.down()

    def test_foreign_process_and_folder_are_left_alone(self):
        """A pid file may be old, and the note of a folder may lie."""
        other = self.folder / "other"
        (self.folder / "a").mkdir()
        other.mkdir()
        (other / "a.store").write_text("kept")
        (self.folder / "run").write_text(str(other))
        process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
        (self.folder / "a" / "pid").write_text(f"{process.pid}\n")
        self.down()
        self.assertIsNone(process.poll())
        self.assertTrue((other / "a.store").exists())
        process.communicate()
        self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    if not os.path.exists(SIDETONE):
        print("skipped: sidetone is not built")
        sys.exit(77)
    unittest.main()
