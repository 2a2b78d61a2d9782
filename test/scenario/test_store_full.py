#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A store that is full says so, and gives out everything that it promised."""
import json
import os
import subprocess
import unittest

import world
from world import Carrier, Folder

SLOTS = 24
MEMORY, STORED = 120_000_000, 100_000


def numbers(i):
    return f"120255501{i:02}", f"131255501{99 - i:02}"


class Full(unittest.TestCase):
    def setUp(self):
        self.folder = Folder()
        self.carrier = Carrier(self.folder, start=False)
        self.carrier.blocks["cps_block"] = self.carrier.cps(slots=SLOTS)
        self.carrier.config = self.carrier.write()
        self.carrier.start()

    def tearDown(self):
        self.carrier.stop()
        self.folder.close()

    def token(self, i):
        orig, dest = numbers(i)
        return self.carrier.token(orig=orig, dest=dest)

    def fill(self):
        """{i: token} of all that were answered 201, and the answer that was none."""
        stored = {}
        for i in range(SLOTS + 1):
            token = self.token(i)
            reply = self.carrier.post(token)
            if reply.status != 201:
                return stored, reply
            stored[i] = token
        return stored, None

    def test_full_store_answers_503_and_keeps_its_promises(self):
        stored, refused = self.fill()
        self.assertIsNotNone(refused, "never full")
        self.assertEqual(refused.status, 503)
        self.assertRegex(refused.getheader("Retry-After"), r"^[1-9][0-9]*$")
        self.assertEqual(len(stored), SLOTS)
        self.assertEqual(self.carrier.stored(), SLOTS)
        self.assertEqual(self.carrier.metric('sidetone_cps_posts_total{result="full"}'), 1)
        for i, token in stored.items():
            reply = self.carrier.retrieve(*numbers(i))
            self.assertEqual((reply.status, reply.body.decode()), (200, token), i)
        self.assertEqual(self.carrier.retrieve(*numbers(len(stored))).status, 404)

    def test_request_that_fits_only_in_part_is_not_stored_at_all(self):
        stored = {}
        for i in range(SLOTS - 1):
            stored[i] = self.token(i)
            self.assertEqual(self.carrier.post(stored[i]).status, 201)
        orig, dest = numbers(SLOTS)
        pair = [self.carrier.token(orig=orig, dest=dest) for _ in range(2)]
        self.assertEqual(self.carrier.post("\n".join(pair)).status, 503)
        self.assertEqual(self.carrier.stored(), SLOTS - 1)
        self.assertEqual(self.carrier.retrieve(orig, dest).status, 404)
        self.assertEqual(self.carrier.post(pair[0]).status, 201)

    def test_duplicate_needs_no_room(self):
        stored, _ = self.fill()
        self.assertEqual(self.carrier.post(stored[0]).status, 201)
        self.assertEqual(self.carrier.stored(), SLOTS)


class Memory(unittest.TestCase):
    def test_100000_stored_within_120_MB(self):
        """Resident memory of the serving process and the file on tmpfs, each octet counted once."""
        out = subprocess.run([world.SIDETONE, "bench", "--json", "--fill", str(STORED)], capture_output=True, text=True)
        seen = json.loads(out.stdout)
        print(seen)
        self.assertEqual((out.returncode, seen["stored"], seen["failed"]), (0, STORED, 0), out.stderr)
        self.assertLess(seen["memory"], MEMORY)


def is_instrumented():
    """Sanitizers take memory of their own, and too long: a PASSporT is stale after a minute."""
    with open(os.path.join(world.BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
        settings = dict(line.strip().split("=", 1) for line in file if line.startswith("STI_"))
    return bool(settings.get("STI_SANITIZE:STRING")) or settings.get("STI_COVERAGE:BOOL") == "ON"


if is_instrumented():
    print("100,000 PASSporTs: skipped under sanitizers and coverage")
    del Memory

if __name__ == "__main__":
    world.main()
