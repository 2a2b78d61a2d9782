# SPDX-License-Identifier: Apache-2.0
"""The gate in a network of its own: names that lead to private and special addresses which are really up there,
a name server that changes its mind, and every packet counted. Not one may go to such an address."""
import collections
import contextlib
import ctypes
import fcntl
import http.server
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

INSIDE = "STI_NETNS"
TYPE_A, TYPE_CNAME, TYPE_AAAA = 1, 5, 28
HOST = "cps.example.com"  # a name in tls.pem
PUBLIC, PUBLIC_2, PUBLIC6 = "11.22.33.44", "11.22.33.45", "2a00:1:2::3"
SPECIAL = ["10.1.1.1", "172.16.1.1", "172.31.255.254", "192.168.1.1", "169.254.169.254", "100.64.1.1", "127.66.0.1",
           "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"]
SPECIAL6 = ["fd00::1", "fc00:1::1", "fec0::1", "2001:db8::1", "2001:0:a01:101::1", "2002:a01:101::1",
            "64:ff9b::a01:101", "64:ff9b:1::1", "100::1", "::ffff:a01:101"]
SEEN = {socket.inet_pton(socket.AF_INET, a) for a in SPECIAL} | {socket.inet_pton(socket.AF_INET6, a) for a in SPECIAL6}


# ---- the network ----

def bring_up(name="lo"):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        flags = struct.unpack("16sh", fcntl.ioctl(s, 0x8913, struct.pack("16sh", name.encode(), 0)))[1]
        fcntl.ioctl(s, 0x8914, struct.pack("16sh", name.encode(), flags | 1))


def assign(address, n):
    """To the loopback interface: what is sent there stays in this namespace, and is seen."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        where = struct.pack("16sH2s4s8x", f"lo:{n}".encode(), socket.AF_INET, b"\0\0", socket.inet_aton(address))
        fcntl.ioctl(s, 0x8916, where)


def assign6(address):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        where = socket.inet_pton(socket.AF_INET6, address) + struct.pack("Ii", 128, 1)
        fcntl.ioctl(s, 0x8916, where)


def has_ipv6():
    try:
        assign6(PUBLIC6)
        return True
    except OSError:
        return False


def bind_mount(text, onto):
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write(text)
    os.chmod(file.name, 0o644)
    if ctypes.CDLL(None, use_errno=True).mount(file.name.encode(), onto.encode(), None, 4096, None):
        raise OSError(ctypes.get_errno(), "mount", onto)
    os.unlink(file.name)


class Names(threading.Thread):
    """A name server. script: name -> list of answers, one for each round of questions, the last for ever after; an
    answer is a list of addresses, or a name for a CNAME. TTL 0."""

    def __init__(self):
        super().__init__(daemon=True)
        self.script, self.asked = {}, collections.Counter()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.start()

    def tell(self, script):
        self.script, self.asked = script, collections.Counter()

    def run(self):
        while True:
            query, client = self.socket.recvfrom(512)
            self.socket.sendto(self.answer(query), client)

    def records(self, name, kind):
        rounds = self.script.get(name)
        if not rounds:
            return []
        answer = rounds[min(self.asked[name, kind], len(rounds) - 1)]
        self.asked[name, kind] += 1
        if isinstance(answer, str):
            return [(name, TYPE_CNAME, answer)] + self.records(answer, kind)
        family = socket.AF_INET6 if kind == TYPE_AAAA else socket.AF_INET
        return [(name, kind, socket.inet_pton(family, a)) for a in answer if (":" in a) == (kind == TYPE_AAAA)]

    @staticmethod
    def label(name):
        return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"

    def answer(self, query):
        end, parts = 12, []
        while query[end]:
            parts.append(query[end + 1:end + 1 + query[end]].decode("ascii").lower())
            end += 1 + query[end]
        name, kind = ".".join(parts), struct.unpack("!H", query[end + 1:end + 3])[0]
        records = self.records(name, kind) if kind in (TYPE_A, TYPE_AAAA) else []
        code = 0x8180 if name in self.script else 0x8183
        reply = query[:2] + struct.pack("!HHHHH", code, 1, len(records), 0, 0) + query[12:end + 5]
        for owner, what, value in records:
            data = self.label(value) if what == TYPE_CNAME else value
            reply += self.label(owner) + struct.pack("!HHIH", what, 1, 0, len(data)) + data
        return reply


class Packets(threading.Thread):
    """Everything on the wire of this namespace, by the address that it goes to."""

    def __init__(self):
        super().__init__(daemon=True)
        self.to, self.n = collections.Counter(), 0
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.start()

    def run(self):
        while True:
            frame = self.socket.recv(65536)
            kind = frame[12:14]
            if kind == b"\x08\x00":
                self.to[frame[30:34]] += 1
            elif kind == b"\x86\xdd":
                self.to[frame[38:54]] += 1
            self.n += 1

    def settle(self):
        """What was sent before this call has been counted."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            before = self.to[socket.inet_aton(PUBLIC_2)]
            s.sendto(b"mark", (PUBLIC_2, 9))
            if not poll(lambda: self.to[socket.inet_aton(PUBLIC_2)] > before, 5):
                raise AssertionError("no packet is seen")

    def special(self):
        self.settle()
        return sum(n for address, n in self.to.items() if address in SEEN)

    def reset(self):
        self.settle()
        self.to.clear()


class Repository:
    """https on port 443 of every address."""

    def __init__(self, folder):
        self.requests = 0
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                owner.requests += 1
                with open(folder("a.pem"), "rb") as file:
                    body = file.read()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET6 if socket.has_ipv6 else socket.AF_INET
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("::" if socket.has_ipv6 else "0.0.0.0", 443), Handler, bind_and_activate=False)
        if socket.has_ipv6:
            self.server.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.server.server_bind()
        self.server.server_activate()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder("tls.pem"), folder("tls.key"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()


def setUpModule():
    bring_up()
    for n, address in enumerate([PUBLIC, PUBLIC_2] + SPECIAL):
        if not address.startswith("127."):
            assign(address, n)
    World.ipv6 = has_ipv6()
    for address in SPECIAL6 if World.ipv6 else []:
        with contextlib.suppress(OSError):  # a mapped address belongs to no interface: IPv4 is what would be sent
            assign6(address)
    bind_mount("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n", "/etc/resolv.conf")
    bind_mount("hosts: files dns\n", "/etc/nsswitch.conf")
    bind_mount("127.0.0.1 localhost\n", "/etc/hosts")
    World.folder = keep(Folder())
    World.names, World.packets, World.repository = Names(), Packets(), keep(Repository(World.folder))
    World.carrier = keep(Carrier(World.folder, permit='"localhost:1"', cr_block="", as_block=""))


class World(unittest.TestCase):
    folder = names = packets = repository = carrier = None
    ipv6 = False
    number = 0

    def setUp(self):
        self.packets.reset()

    def url(self):
        """One that nobody has asked for."""
        World.number += 1
        return f"https://{HOST}/{World.number}.pem"

    def verify(self, environment=None):
        """`sidetone verify` as a process of its own, with a resolver that has no memory."""
        url = self.url()
        identity = f"{passport(self.folder, 'a', url)};info=<{url}>;alg=ES256;ppt=shaken"
        done = subprocess.run([SIDETONE, "verify", "--trust", self.folder("roots.pem"), "--fetch-ca",
                               self.folder("tls-ca.pem"), "--json", identity], capture_output=True, text=True,
                              env={**os.environ, **(environment or {})}, timeout=20)
        return json.loads(done.stdout)

    def call(self):
        url = self.url()
        identity = f"{passport(self.folder, 'a', url)};info=<{url}>;alg=ES256;ppt=shaken"
        return self.carrier.verify(identity).json["verificationResponse"]

    def forget_names(self):
        """The server's client keeps an address for a minute: another one has not asked yet."""
        World.number += 1
        self.carrier.blocks["permit"] = f'"localhost:{World.number}"'
        self.carrier.reload()

    def every_special(self):
        return [[address] for address in SPECIAL + (SPECIAL6 if self.ipv6 else [])]

    def assertNothingSent(self, what):
        self.assertEqual(self.packets.special(), 0, f"{what}: packets went to a special address")


class Control(World):
    """Were the gate not there, packets would go, be counted, and be answered."""

    def test_the_special_addresses_are_up_and_seen(self):
        context = ssl.create_default_context(cafile=self.folder("tls-ca.pem"))
        for address in SPECIAL + (SPECIAL6 if self.ipv6 else []):
            self.packets.reset()
            try:
                with socket.create_connection((address, 443), timeout=5) as plain:
                    with context.wrap_socket(plain, server_hostname=HOST) as tls:
                        self.assertEqual(tls.version(), "TLSv1.3")
            except OSError as error:
                print(f"skipped: {address} cannot be brought up here: {error}")
                continue
            self.assertGreater(self.packets.special(), 2, address)

    def test_a_public_address_is_fetched_from(self):
        self.names.tell({HOST: [[PUBLIC]]})
        before = self.repository.requests
        self.assertEqual(self.verify()["verdict"], "TN-Validation-Passed")
        self.assertEqual(self.call()["verstat"], "TN-Validation-Passed")
        self.assertEqual(self.repository.requests, before + 2)
        self.packets.settle()
        self.assertGreater(self.packets.to[socket.inet_aton(PUBLIC)], 4)
        self.assertNothingSent("public")


class Gate(World):
    def test_D5_D6_a_name_that_leads_to_a_special_address(self):
        before = self.repository.requests
        for answer in self.every_special():
            self.names.tell({HOST: [answer]})
            self.assertIn(self.verify()["case"], ("E7", "E8"), answer)
            self.forget_names()
            verdict = self.call()
            self.assertEqual((verdict["verstat"], verdict["case"]), ("No-TN-Validation", "E8"), answer)
            self.assertNothingSent(answer)
        self.assertEqual(self.repository.requests, before)
        self.assertIn("event=fetch_denied alarm=minor", self.carrier.text())
        self.assertGreaterEqual(self.carrier.metric('sidetone_alarms_total{severity="minor"}'),
                                len(self.every_special()))

    def test_D7_public_first_and_private_afterwards(self):
        for private in (["10.1.1.1"], ["169.254.169.254"]) + ((["fd00::1"],) if self.ipv6 else ()):
            self.names.tell({HOST: [[PUBLIC], private]})
            self.assertEqual(self.verify()["verdict"], "TN-Validation-Passed")
            self.assertIn(self.verify()["case"], ("E7", "E8"), private)
            self.names.tell({HOST: [[PUBLIC], private]})
            self.forget_names()
            self.assertEqual(self.call()["verstat"], "TN-Validation-Passed")
            self.forget_names()
            self.assertEqual(self.call()["case"], "E8", private)
            self.assertNothingSent(private)

    def test_D7_one_lookup_for_one_fetch(self):
        self.names.tell({HOST: [[PUBLIC], ["10.1.1.1"]]})
        self.verify()
        self.assertEqual(self.names.asked[HOST, TYPE_A], 1)
        self.assertNothingSent("one lookup")

    def test_D7_public_and_private_in_one_answer(self):
        mixed = [[PUBLIC, "10.1.1.1"], ["10.1.1.1", PUBLIC], ["192.168.1.1", "169.254.169.254", PUBLIC]]
        mixed += [[PUBLIC, "fd00::1"], ["10.1.1.1", PUBLIC6], ["64:ff9b::a01:101", PUBLIC]] if self.ipv6 else []
        for answer in mixed:
            self.names.tell({HOST: [answer]})
            self.assertEqual(self.verify()["verdict"], "TN-Validation-Passed", answer)
            self.forget_names()
            self.assertEqual(self.call()["verstat"], "TN-Validation-Passed", answer)
            self.assertNothingSent(answer)

    def test_D7_CNAME_chain_to_a_private_address(self):
        self.names.tell({HOST: ["a.example.com"], "a.example.com": ["b.example.com"],
                         "b.example.com": [["192.168.1.1"]]})
        self.assertIn(self.verify()["case"], ("E7", "E8"))
        self.forget_names()
        self.assertEqual(self.call()["case"], "E8")
        self.names.tell({HOST: ["a.example.com"], "a.example.com": [[PUBLIC]]})
        self.assertEqual(self.verify()["verdict"], "TN-Validation-Passed")
        self.assertNothingSent("CNAME")

    def test_D7_the_private_address_is_taken_again_by_the_next_connection(self):
        """The repository closes every connection; what it resolves to changes with every question."""
        self.names.tell({HOST: [[PUBLIC], ["10.1.1.1"], [PUBLIC], ["192.168.1.1"], ["127.66.0.1"]]})
        verdicts = [self.verify()["verdict"] for _ in range(5)]
        self.assertEqual([v.endswith("Passed") for v in verdicts], [True, False, True, False, False])
        self.assertNothingSent("changing")

    def test_D18_closed_silent_and_private_are_told_alike(self):
        silent = socket.create_server((PUBLIC_2, 8443))
        self.addCleanup(silent.close)
        answers, names = set(), {"closed": (PUBLIC, 8443), "silent": (PUBLIC_2, 8443), "private": ("10.1.1.1", 443),
                                 "nowhere": (None, 443)}
        for what, (address, port) in names.items():
            self.names.tell({HOST: [[address]]} if address else {})
            self.forget_names()
            World.number += 1
            url = f"https://{HOST}:{port}/{World.number}.pem"
            token = passport(self.folder, "a", url)
            reply = self.carrier.verify(f"{token};info=<{url}>;alg=ES256;ppt=shaken")
            self.assertEqual(reply.json["verificationResponse"]["case"], "E8", what)
            posted = self.carrier.post(token)
            answers.add((reply.body, posted.status, posted.body))
        self.assertEqual(len(answers), 1, answers)
        self.assertNothingSent("D18")

    def test_D19_proxies_netrc_and_resolver_of_the_environment_change_nothing(self):
        listener = socket.create_server((PUBLIC_2, 3128))
        self.addCleanup(listener.close)
        listener.setblocking(False)
        self.folder.write(".netrc", f"machine {HOST} login somebody password secret\n")
        self.folder.write(".curlrc", f'proxy = "http://{PUBLIC_2}:3128"\n')
        self.folder.write("aliases", f"{HOST} other.example.com\n")
        proxy, keys = f"http://{PUBLIC_2}:3128", self.folder("keys.log")
        environment = {name: proxy for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")}
        environment.update(HOME=self.folder.path, CURL_HOME=self.folder.path, SSLKEYLOGFILE=keys,
                           HOSTALIASES=self.folder("aliases"), RES_OPTIONS="ndots:15", LOCALDOMAIN="example.com",
                           NETRC=self.folder(".netrc"))
        self.names.tell({HOST: [[PUBLIC]], "other.example.com": [["10.1.1.1"]], f"{HOST}.example.com": [["10.1.1.1"]]})
        self.assertEqual(self.verify(environment)["verdict"], "TN-Validation-Passed")
        with self.assertRaises(BlockingIOError):
            listener.accept()
        self.assertFalse(os.path.exists(keys), "the secrets of TLS stand in a file that the environment named")
        self.assertNothingSent("D19")


if __name__ == "__main__":
    if os.environ.get(INSIDE) != "1":
        allowed = subprocess.run(["unshare", "-rnm", "true"], capture_output=True, text=True)
        if allowed.returncode:
            print("skipped: no network namespace of our own here:", allowed.stderr.strip(),
                  "- sockets are counted at the gate's seam in test/net/test_http_client.c")
            sys.exit(77)
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "-rnm", sys.executable, *sys.argv])

from world import SIDETONE, Carrier, Folder, keep, main, passport, poll, tearDownModule  # noqa: E402

if __name__ == "__main__":
    main()
