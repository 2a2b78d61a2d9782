# SPDX-License-Identifier: Apache-2.0
"""Requests and clients that only mean harm: the 55 requests of robust.py, the six slow clients of slow.py."""
import os
import re
import subprocess
import sys
import unittest

from world import DEST, INTEROP, SOURCE, Carrier, Folder, keep, main, tearDownModule

HTTP = os.path.join(INTEROP, "http")
GOLDEN = os.path.join(SOURCE, "test", "interop", "robust.golden")

# Well-formed, if some of it unusual: these must reach the router. Everything else must not.
WELL_FORMED = {"plain CL", "chunked", 'CL "3 "pad', "chunk ext", "abs uri", "unknown method", "leading CRLF",
               "pipelined 2", "Expect 100", "no CL no TE post"}


def run(name, role, port):
    return subprocess.run([sys.executable, os.path.join(HTTP, name), f"{role}={port}"], capture_output=True, text=True,
                          timeout=60, check=True).stdout.splitlines()


def outcomes(lines):
    """Name of the payload -> what came of it; the name has 24 columns."""
    return {line[:24].strip(): line[24:].strip() for line in lines}


class Robust(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.carrier = keep(Carrier(keep(Folder()), limits=" ".join(
            f"{name}_ms = 3000" for name in ("handshake", "idle", "head", "body", "write"))))

    def test_C2_C3_C4_C10_fifty_five_requests(self):
        seen = outcomes(run("robust.py", "as", self.carrier.port["as"])[1:-1])
        with open(GOLDEN, encoding="utf-8") as file:
            golden = outcomes(file.read().splitlines())
        same = sum(seen.get(name) == outcome for name, outcome in golden.items())
        print(f"robust.py: {same} of {len(golden)}")
        self.assertEqual(seen, golden)
        self.assertEqual(len(seen), 55)

    def test_golden_file_says_what_is_right(self):
        with open(GOLDEN, encoding="utf-8") as file:
            golden = outcomes(file.read().splitlines())
        self.assertLessEqual(WELL_FORMED, set(golden))
        for name, outcome in golden.items():
            routed = r"(404|405|415)(,\1)?!?"
            self.assertEqual(bool(re.fullmatch(routed, outcome)), name in WELL_FORMED, (name, outcome))
            self.assertRegex(outcome, r"^([45]\d\d(,[45]\d\d)?!?|close|rst)$", name)

    def test_H1_H2_C10_six_slow_clients(self):
        lines = run("slow.py", "cps", self.carrier.port["cps"])[1:]
        self.assertEqual(len(lines), 6)
        for line in lines:
            name, after = line[:36].strip(), line[36:].strip()
            self.assertNotEqual(after, "never", name)
            self.assertTrue(2 <= float(after) < 5, line)
        self.assertEqual(self.carrier.post(self.carrier.token()).status, 201)
        self.assertEqual(self.carrier.retrieve(dest=DEST).status, 200)


if __name__ == "__main__":
    if not os.path.exists(os.path.join(HTTP, "robust.py")):
        print("skipped: no robust.py and slow.py beside the vectors")
        sys.exit(77)
    main()
