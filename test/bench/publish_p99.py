#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does a sick CPS slow down the calls? p99 of POST /stir/v1/signing at a fixed rate while the signer publishes
to a healthy CPS, to a closed port, and to one that accepts and never answers; runs take turns, the median of
each counts. Worse than healthy by no more than 10 % or 1 ms, whichever is larger.
A fourth signer publishes nowhere: the control. Where its own runs differ by more than is allowed the machine is too
busy to tell, and nothing is judged, neither way. Exit 0: within the limit; 1: not; 2: cannot tell.

    STI_BUILD=build/release STI_SOURCE=. PYTHONPATH=test/support python3 test/bench/publish_p99.py
"""
import argparse
import json
import socket
import statistics
import subprocess
import sys
import threading

from world import SIDETONE, Carrier, Folder, free_port

ALLOWED_RATIO, ALLOWED_MS = 1.10, 1.0


class Silent:
    """Accepts every connection and never says a word."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self.socket.getsockname()[1]
        self.kept = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                self.kept.append(self.socket.accept()[0])
            except OSError:
                return

    def close(self):
        self.socket.close()
        for kept in self.kept:
            kept.close()


def signer(folder, name, cps_port, cr_port, x5u):
    """A process that only signs and publishes, one for each kind of CPS; without a port it publishes nowhere."""
    route = f'route "1" {{ cps = "https://localhost:{cps_port}/cps/company/1234" }}' if cps_port else ""
    permit = ", ".join(f'"localhost:{port}"' for port in (cps_port, cr_port) if port)
    return Carrier(folder, name=name, cps_block="", vs_block="", cr_block="", routes=route, permit=permit,
                   as_block=f'as {{ listen = {{"127.0.0.1:0"}} publish_timeout_ms = 5000 '
                            f'signer "a" {{ key = "a.key" certificate = "a.pem" x5u = "{x5u}" }} }}')


def load(carrier, seconds, rate):
    out = subprocess.run([SIDETONE, "bench", "--json", "--signing", f'127.0.0.1:{carrier.port["as"]}',
                          "--rate", str(rate), "--seconds", str(seconds)], capture_output=True, text=True)
    if out.returncode:
        raise AssertionError(out.stdout + out.stderr + carrier.text()[-2000:])
    return json.loads(out.stdout)


def schedule(carrier):
    """CPU time of the worker and its waiting for a core, ms."""
    with open(f"/proc/{carrier.worker()}/schedstat", encoding="ascii") as file:
        return [int(field) / 1e6 for field in file.read().split()[:2]]


def publications(carrier):
    wanted = ("sent", "stored", "refused", "failed", "dropped", "stale")
    return {result: int(carrier.metric(f'sidetone_publications_total{{result="{result}"}}') or 0) for result in wanted}


def refusals(cps):
    """What the CPS says of its POSTs and its certificates, as far as it happened."""
    return [line for line in cps.metrics().splitlines()
            if line.startswith(("sidetone_cps_posts_total", "sidetone_certificate")) and not line.endswith(" 0")]


def measure_one(kind, carrier, seconds, rate):
    """p99, ms."""
    before = schedule(carrier)
    seen = load(carrier, seconds, rate)
    cpu, waited = (now - then for now, then in zip(schedule(carrier), before))
    print(f'  {kind:8} n={seen["n"]} p50={seen["p50_ms"]:.2f} p99={seen["p99_ms"]:.2f} max={seen["max_ms"]:.2f} ms; '
          f'signer {cpu * 1000 / seen["n"]:.0f} us CPU each, {waited:.0f} ms waiting for a core', flush=True)
    return seen["p99_ms"]


def measure(signers, seconds, runs, rate):
    """{kind: [p99 of each run]}; the kinds take turns."""
    p99 = {kind: [] for kind in signers}
    for carrier in signers.values():
        load(carrier, 1, rate)
    for _ in range(runs):
        for kind, carrier in signers.items():
            p99[kind].append(measure_one(kind, carrier, seconds, rate))
    return p99


def judge(p99):
    """The exit status."""
    medians = {kind: statistics.median(values) for kind, values in p99.items()}
    limit = max(medians["healthy"] * ALLOWED_RATIO, medians["healthy"] + ALLOWED_MS)
    spread = max(p99["control"]) - min(p99["control"])
    for kind, median in medians.items():
        print(f"{kind:8} median p99 {median:.2f} ms")
    print(f"allowed {limit:.2f} ms; runs of the control differ by {spread:.2f} ms")
    if spread > limit - medians["healthy"]:
        print("cannot tell: the machine is too busy")
        return 2
    slow = [kind for kind in ("closed", "silent") if medians[kind] > limit]
    print("too slow: " + ", ".join(slow) if slow else "within the limit")
    return 1 if slow else 0


def tell_publications(signers, healthy):
    seen = {kind: publications(carrier) for kind, carrier in signers.items()}
    for kind, counts in seen.items():
        print(f"{kind:8} publications: {counts}")
    if seen["healthy"]["stored"] != seen["healthy"]["sent"]:
        print("not all were stored by the healthy CPS: " + " ".join(refusals(healthy)))


def run(seconds, runs, rate):
    folder = Folder()
    silent = Silent()
    healthy = Carrier(folder, name="healthy", as_block="", vs_block="")
    x5u = healthy.x5u["a"]
    ports = {"healthy": healthy.port["cps"], "closed": free_port(), "silent": silent.port, "control": None}
    signers = {}
    try:
        for kind, port in ports.items():
            signers[kind] = signer(folder, "signer-" + kind, port, healthy.cr_port, x5u)
        p99 = measure(signers, seconds, runs, rate)
        tell_publications(signers, healthy)
        return judge(p99)
    finally:
        for carrier in signers.values():
            carrier.stop()
        healthy.stop()
        silent.close()
        folder.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rate", type=int, default=200)
    given = parser.parse_args()
    return run(given.seconds, given.runs, given.rate)


if __name__ == "__main__":
    sys.exit(main())
