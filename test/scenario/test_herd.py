# SPDX-License-Identifier: Apache-2.0
"""Thousands of calls at once that name one certificate which nobody has fetched yet: one of them fetches it."""
import json
import os
import re
import resource
import selectors
import socket
import ssl
import threading
import time
import unittest

from world import BUILD, DEST, ORIG, Carrier, Folder, keep, main, passport, poll, tearDownModule


def is_sanitized():
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
        return re.search(r"^STI_SANITIZE:\w+=.", file.read(), re.M) is not None


CALLS = 500 if is_sanitized() else 5000  # a fetch has two seconds (cps.fetch_ms); all must have come in by then
ROOM = 64  # files beside the connections


class Repository:
    """A TLS server that takes every connection and request, counts them, and answers none before it is told to."""

    def __init__(self, folder):
        with open(folder("a.pem"), "rb") as file:
            self.body = file.read()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder("tls.pem"), folder("tls.key"))
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=CALLS)
        self.port = self.listener.getsockname()[1]
        self.connections, self.requests, self.may_answer = 0, 0, threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock = self.listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, plain):
        with self.context.wrap_socket(plain, server_side=True) as sock:
            left = b""
            while True:
                while b"\r\n\r\n" not in left:
                    more = sock.recv(4096)
                    if not more:
                        return
                    left += more
                left = left.partition(b"\r\n\r\n")[2]
                self.requests += 1
                self.may_answer.wait()
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(self.body), self.body))

    def close(self):
        self.may_answer.set()
        self.listener.close()


class Caller:
    """One connection and its one call."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.answer = b""

    def take(self):
        """True: the answer is whole."""
        more = self.sock.recv(65536)
        if not more:
            raise AssertionError(f"closed after {self.answer!r}")
        self.answer += more
        head, blank, body = self.answer.partition(b"\r\n\r\n")
        found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        return bool(blank) and len(body) >= int(found[1])

    def verstat(self):
        return json.loads(self.answer.partition(b"\r\n\r\n")[2])["verificationResponse"]["verstat"]


class Herd(unittest.TestCase):
    def setUp(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if hard != resource.RLIM_INFINITY and hard < CALLS + ROOM:
            self.skipTest(f"{hard} open files allowed, {CALLS + ROOM} needed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.folder = keep(Folder())
        self.repository = keep(Repository(self.folder))
        self.carrier = keep(Carrier(self.folder, "herd", start=False, as_block="", cr_block="",
                                    cr_port=self.repository.port,
                                    limits=f"connections = {CALLS + ROOM} connections_per_address = 0"))
        self.carrier.blocks["vs_block"] = self.carrier.verifying(budget_ms=10000)
        self.carrier.start()

    def request(self):
        url = self.carrier.x5u["a"]
        identity = f"{passport(self.folder, 'a', url)};info=<{url}>;alg=ES256;ppt=shaken"
        body = json.dumps({"verificationRequest": {"from": {"tn": ORIG}, "to": {"tn": [DEST]},
                                                   "time": int(time.time()), "identity": identity}}).encode()
        return (b"POST /stir/v1/verification HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def misses(self):
        return self.carrier.metric('sidetone_certificate_cache_total{result="miss"}')

    @staticmethod
    def readable(callers):
        with selectors.DefaultSelector() as selector:
            for caller in callers:
                selector.register(caller.sock, selectors.EVENT_READ)
            return len(selector.select(0))

    def answers(self, callers):
        with selectors.DefaultSelector() as selector:
            for caller in callers:
                selector.register(caller.sock, selectors.EVENT_READ, caller)
            while selector.get_map():
                ready = selector.select(12)
                self.assertTrue(ready, f"{len(selector.get_map())} without an answer")
                for key, _ in ready:
                    if key.data.take():
                        selector.unregister(key.fileobj)

    def test_D13_five_thousand_calls_at_once_make_one_fetch(self):
        callers, request = [], self.request()
        for _ in range(CALLS):
            callers.append(Caller(self.carrier.port["vs"]))
            self.addCleanup(callers[-1].sock.close)
        begin = time.monotonic()
        for caller in callers:
            caller.sock.sendall(request)
        sent = time.monotonic()
        self.assertTrue(poll(lambda: self.misses() == CALLS, 10), self.misses())  # all wait for the one certificate
        waiting = time.monotonic()
        self.assertEqual(self.readable(callers), 0)
        self.repository.may_answer.set()
        self.answers(callers)
        end = time.monotonic()
        verstats = [caller.verstat() for caller in callers]
        passed = verstats.count("TN-Validation-Passed")
        print(f"{CALLS} calls{' (fewer, under sanitizers)' if is_sanitized() else ''} sent in {sent - begin:.2f} s, all "
              f"waiting after {waiting - begin:.2f} s, all answered {end - waiting:.2f} s after the repository: "
              f"{self.repository.connections} connection, {self.repository.requests} request, {passed} passed")
        self.assertEqual((self.repository.connections, self.repository.requests, passed), (1, 1, CALLS), set(verstats))


if __name__ == "__main__":
    main()
