# SPDX-License-Identifier: Apache-2.0
"""One carrier run as a real process, for the scenario tests: its folder, certificates, configuration,
listeners, and plain sockets to talk to it with. Nothing sleeps: what is waited for is polled."""
import atexit
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

BUILD = os.environ.get("STI_BUILD", "build/dev")
SOURCE = os.environ.get("STI_SOURCE", ".")
VECTORS = os.environ.get("STI_VECTORS", os.path.join(SOURCE, "..", "shared", "vectors"))
INTEROP = os.path.join(VECTORS, "..", "interop")
SIDETONE = os.path.join(BUILD, "sidetone")
ORIG, DEST = "12025550123", "13125550145"


def poll(condition, seconds, step=0.01):
    """Until condition() is true; its value, or None when the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        select.select([], [], [], step)
    return None


def asan(options):
    """What the program is given beside the environment where it was built with a sanitizer."""
    return {"ASAN_OPTIONS": ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), options)))}


class Folder:
    """A folder on tmpfs with the certificates of make_pki."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="sidetone-test-", dir="/dev/shm")
        atexit.register(self.close)
        subprocess.run([os.path.join(BUILD, "make_pki"), self.path], check=True)

    def __call__(self, name):
        return os.path.join(self.path, name)

    def write(self, name, text, mode=0o600):
        with open(self(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self(name), mode)
        return self(name)

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)


CARRIER = """
name = "{name}"
admin = {{"127.0.0.1:0"}}
trust {{ roots = {{{roots}}} {trust} }}
{sources}
fetch {{ ca = "tls-ca.pem"  permit = {{{permit}}} }}
limits {{ {limits} }}
{as_block}
{vs_block}
{cps_block}
{cr_block}
{routes}
"""


class Carrier:
    """Writes a configuration and runs `sidetone serve` with it. Blocks may be replaced by keyword."""

    def __init__(self, folder, name="carrier", start=True, **blocks):
        self.folder, self.name, self.process, self.port, self.environment = folder, name, None, {}, {}
        self.command = []  # what runs the program: prlimit and the like
        self.cr_port = blocks.pop("cr_port", None) or free_port()
        self.x5u = {c: f"https://localhost:{self.cr_port}/certs/{c}.pem"
                    for c in ("a", "b", "expired", "future", "rogue")}
        self.blocks = {
            "name": name, "limits": "", "routes": "", "roots": '"roots.pem"', "trust": "", "sources": "",
            "permit": f'"localhost:{self.cr_port}"',
            "as_block": self.signing(),
            "vs_block": self.verifying(),
            "cps_block": self.cps(),
            "cr_block": self.cr(),
        }
        self.blocks.update(blocks)
        self.config = self.write()
        if start:
            self.start()

    def signer(self, name, extra=""):
        return f'signer "{name}" {{ key = "{name}.key" certificate = "{name}.pem" x5u = "{self.x5u[name]}" {extra} }}'

    def signing(self, *parts, listen='"127.0.0.1:0"', **more):
        """The section as: its parts are signers and clients; without any, the signer a alone."""
        extra = " ".join([f"{k} = {v}" for k, v in more.items()] + list(parts or [self.signer("a")]))
        return f"as {{ listen = {{{listen}}} {extra} }}"

    def verifying(self, listen='"127.0.0.1:0"', **more):
        return f"vs {{ listen = {{{listen}}} {' '.join(f'{k} = {v}' for k, v in more.items())} }}"

    def cps(self, **more):
        more.setdefault("slots", 20000)  # all of it is reserved at the start; many carriers stand beside each other
        extra = " ".join(f"{k} = {v}" for k, v in more.items())
        return (f'cps {{ listen = {{"127.0.0.1:0"}} tls_certificate = "tls.pem" tls_key = "tls.key" '
                f'names = {{"cps.transnexus.com", "cps.example.com", "localhost"}} ocn = {{"1234"}} '
                f'store = "{self.folder(self.name + ".store")}" {extra} '
                f'private {{ listen = {{"unix:{self.folder(self.name + ".sock")}"}} }} }}')

    def cr(self):
        names = " ".join(f'certificate "{c}" {{ file = "{c}.pem" }}' for c in self.x5u)
        return (f'cr {{ listen = {{"127.0.0.1:{self.cr_port}"}} tls_certificate = "tls.pem" tls_key = "tls.key" '
                f'{names} }}')

    def config_text(self):
        return CARRIER.format(**self.blocks)

    def write(self):
        return self.folder.write(self.name + ".conf", self.config_text())

    def start(self, wait=5):
        """With the blocks as they stand now."""
        self.config = self.write()
        self.port = {}
        self.log = open(self.folder(self.name + ".log"), "ab+")
        self.offset = self.log.seek(0, os.SEEK_END)
        self.process = subprocess.Popen([*self.command, SIDETONE, "serve", self.config], stderr=self.log,
                                        stdin=subprocess.DEVNULL, env={**os.environ, **self.environment})
        atexit.register(self.process.kill)  # where a test fails before it comes to its end
        if not poll(self.started, wait):
            raise AssertionError("did not start: " + self.text())

    def text(self):
        with open(self.folder(self.name + ".log"), "rb") as file:
            file.seek(self.offset)
            return file.read().decode("utf-8", "replace")

    def started(self):
        if self.process.poll() is not None:
            raise AssertionError("ended at once: " + self.text())
        text = self.text()
        for line in text.splitlines():
            found = re.search(r"event=listen role=(\S+) .*port=(\d+)", line)
            if found:
                self.port[found[1]] = int(found[2])
        return "event=start" in text

    def stop(self, wait=12):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(wait)
        if self.process:
            self.last = self.text()[-4000:]
            self.log.close()
        return self.process.returncode if self.process else None

    def kill(self):
        """kill -9 of the worker and its parent."""
        children = self.workers()
        self.process.kill()
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.log.close()

    def reload(self, good=True, seconds=5):
        """Writes the blocks as they stand now, sends SIGHUP and waits until it is counted."""
        self.write()
        name = f'sidetone_config_reloads_total{{result="{"ok" if good else "failed"}"}}'
        before = self.metric(name)
        self.process.send_signal(signal.SIGHUP)
        if not poll(lambda: self.metric(name) > before, seconds):
            raise AssertionError("no reload: " + self.text())

    def worker(self):
        return self.workers()[0]

    def workers(self):
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]

    # --- asking ---

    def tls(self, certificate=None):
        context = ssl.create_default_context(cafile=self.folder("tls-ca.pem"))
        if certificate:
            context.load_cert_chain(self.folder(certificate + ".pem"), self.folder(certificate + ".key"))
        return context

    def dial(self, role, name="localhost", timeout=5):
        """A plain socket or a TLS one, with nothing sent yet."""
        sock = socket.create_connection(("127.0.0.1", self.port[role]), timeout=timeout)
        return self.tls().wrap_socket(sock, server_hostname=name) if role in ("cps", "cr") else sock

    def raw(self, role, octets, name="localhost"):
        """Sends exactly these octets; the first answer."""
        with self.dial(role, name) as sock:
            sock.sendall(octets)
            return read_reply(sock, octets.partition(b" ")[0].decode("latin-1"))

    def connection(self, role, timeout=5):
        if role in ("cps", "cr"):
            return http.client.HTTPSConnection("localhost", self.port[role], context=self.tls(), timeout=timeout)
        if role == "cps.private":
            return UnixConnection(self.folder(self.name + ".sock"), timeout)
        return http.client.HTTPConnection("127.0.0.1", self.port[role], timeout=timeout)

    def ask(self, role, method, path, body=None, headers=None, connection=None):
        own = connection or self.connection(role)
        own.request(method, path, body=body, headers=headers or {})
        reply = own.getresponse()
        data = reply.read()
        if not connection:
            own.close()
        reply.body = data
        return reply

    def post(self, body, ocn="1234", media="application/passport", headers=None, connection=None):
        if isinstance(body, str):
            body = body.encode()
        return self.ask("cps", "POST", f"/cps/company/{ocn}", body,
                        {"Content-Type": media, **(headers or {})}, connection)

    def retrieve(self, orig=ORIG, dest=DEST, call=None, wait=0):
        query = f"?wait={wait}" + (f"&call={call}" if call else "")
        return self.ask("cps.private", "GET", f"/cps/passports/{dest}/{orig}{query}")

    def rest(self, role, name, message, headers=None, connection=None):
        path = {"as": "/stir/v1/signing", "vs": "/stir/v1/verification"}[role] if name is None else name
        return self.ask(role, "POST", path, json.dumps(message).encode(),
                        {"Content-Type": "application/json", **(headers or {})}, connection)

    def sign(self, orig=ORIG, dest=DEST, attest="A", iat=None, origid=None, **kwargs):
        message = {"signingRequest": {"attest": attest, "orig": {"tn": orig}, "dest": {"tn": [dest]},
                                      "iat": iat if iat is not None else int(time.time()),
                                      "origid": origid or str(uuid.uuid4())}}
        return self.rest("as", None, message, **kwargs)

    def verify(self, identity=None, orig=ORIG, dest=DEST, now=None, **kwargs):
        request = {"from": {"tn": orig}, "to": {"tn": [dest]}, "time": now if now is not None else int(time.time())}
        if identity is not None:
            request["identity"] = identity
        reply = self.rest("vs", None, {"verificationRequest": request}, **kwargs)
        reply.json = json.loads(reply.body)
        return reply

    def metrics(self):
        return self.ask("admin", "GET", "/metrics").body.decode()

    def metric(self, name):
        """The value of a series as it stands in /metrics, labels and all; None when it is not there."""
        for line in self.metrics().splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        return None

    def stored(self):
        return self.metric("sidetone_passports_stored")

    def token(self, signer="a", **options):
        return passport(self.folder, signer, self.x5u[signer], **options)


def read_reply(sock, method="POST"):
    reply = http.client.HTTPResponse(sock, method=method)
    reply.begin()
    reply.body = reply.read()
    return reply


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("cps", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def passport(folder, signer, x5u, orig=ORIG, dest=DEST, iat=None, attest="A", div=None):
    """A PASSporT made by `sidetone sign`, without its Identity parameters."""
    command = [SIDETONE, "sign", "--key", folder(signer + ".key"), "--x5u", x5u, "--orig", orig, "--dest", dest,
               "--attest", attest]
    if iat is not None:
        command += ["--iat", str(iat)]
    if div:
        command += ["--div", div]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return out.split(";")[0]


class Silent:
    """A server on loopback that accepts and never answers: within TLS, or without even that."""

    def __init__(self, folder=None):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.context, self.kept = None, []
        if folder:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(folder("tls.pem"), folder("tls.key"))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                sock = self.listener.accept()[0]
                self.kept.append(self.context.wrap_socket(sock, server_side=True) if self.context else sock)
            except ssl.SSLError:
                continue
            except OSError:
                return

    def close(self):
        self.listener.close()
        for sock in self.kept:
            sock.close()


def stop_all(*carriers):
    """Together, so that their times of grace pass at once; the exit statuses."""
    for carrier in carriers:
        if carrier.process and carrier.process.poll() is None:
            carrier.process.send_signal(signal.SIGTERM)
    return [carrier.stop() for carrier in carriers]


RUNNING = []  # what the classes of a test file share, until its end


def keep(thing):
    RUNNING.append(thing)
    return thing


def tearDownModule():
    """Import it into a test file that uses keep()."""
    carriers = [thing for thing in RUNNING if isinstance(thing, Carrier)]
    statuses = stop_all(*carriers)
    for thing in RUNNING:
        if not isinstance(thing, Carrier):
            thing.close()
    for carrier, status in zip(carriers, statuses):
        if status != 0:
            raise AssertionError(f"{carrier.name} ended with {status}: {carrier.last}")


def main():
    unittest.main(verbosity=2)
