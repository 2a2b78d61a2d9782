#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does a sick CPS slow down the calls? p99 of POST /stir/v1/signing at a fixed rate while the signer publishes
to a healthy CPS, to a closed port, and to one that accepts and never answers; runs take turns, the median of
each counts. Worse than healthy by no more than 10 % or 1 ms, whichever is larger.

    STI_BUILD=build/release PYTHONPATH=test/support python3 test/bench/publish_p99.py [--seconds 5] [--runs 5] [--rate 200]
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
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
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
    """A process that only signs and publishes, one for each kind of CPS."""
    return Carrier(folder, name=name, cps_block="", vs_block="", cr_block="",
                   as_block=f'as {{ listen = {{"127.0.0.1:0"}} publish_timeout_ms = 5000 '
                            f'signer "a" {{ key = "a.key" certificate = "a.pem" x5u = "{x5u}" }} }}',
                   permit=f'"localhost:{cps_port}", "localhost:{cr_port}"',
                   routes=f'route "1" {{ cps = "https://localhost:{cps_port}/cps/company/1234" }}')


def load(carrier, seconds, rate):
    out = subprocess.run([SIDETONE, "bench", "--json", "--signing", f'127.0.0.1:{carrier.port["as"]}',
                          "--rate", str(rate), "--seconds", str(seconds)], capture_output=True, text=True)
    if out.returncode:
        raise AssertionError(out.stdout + out.stderr + carrier.text()[-2000:])
    return json.loads(out.stdout)


def worker_cpu(carrier):
    with open(f"/proc/{carrier.worker()}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 10  # ms, at 100 ticks a second


def publications(carrier):
    wanted = ("stored", "refused", "failed", "dropped", "stale")
    return {result: int(carrier.metric(f'sidetone_publications_total{{result="{result}"}}') or 0) for result in wanted}


def measure(signers, seconds, runs, rate):
    """{kind: [p99 of each run]}; the kinds take turns."""
    p99 = {kind: [] for kind in signers}
    for carrier in signers.values():
        load(carrier, 1, rate)
    for _ in range(runs):
        for kind, carrier in signers.items():
            cpu = worker_cpu(carrier)
            seen = load(carrier, seconds, rate)
            cpu = (worker_cpu(carrier) - cpu) * 1000 / seen["n"]
            p99[kind].append(seen["p99_ms"])
            print(f'  {kind:8} n={seen["n"]} p50={seen["p50_ms"]:.2f} p99={seen["p99_ms"]:.2f} '
                  f'max={seen["max_ms"]:.2f} ms, {cpu:.0f} us of the signer each', flush=True)
    return p99


def judge(p99):
    medians = {kind: statistics.median(values) for kind, values in p99.items()}
    allowed = max(medians["healthy"] * ALLOWED_RATIO, medians["healthy"] + ALLOWED_MS)
    for kind, median in medians.items():
        print(f'{kind:8} median p99 {median:.2f} ms, allowed {allowed:.2f}: {"ok" if median <= allowed else "TOO SLOW"}')
    return all(median <= allowed for median in medians.values())


def run(seconds, runs, rate):
    folder = Folder()
    silent = Silent()
    healthy = Carrier(folder, name="healthy", as_block="", vs_block="")
    x5u = healthy.x5u["a"]
    signers = {}
    try:
        for kind, port in (("healthy", healthy.port["cps"]), ("closed", free_port()), ("silent", silent.port)):
            signers[kind] = signer(folder, "signer-" + kind, port, healthy.cr_port, x5u)
        p99 = measure(signers, seconds, runs, rate)
        for kind, carrier in signers.items():
            print(f"{kind:8} publications: {publications(carrier)}")
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
    return 0 if run(given.seconds, given.runs, given.rate) else 1


if __name__ == "__main__":
    sys.exit(main())
