# SPDX-License-Identifier: Apache-2.0
"""A whole carrier whose wall clock is wrong, or is set while it runs (threats.md I3, I4)."""
import glob
import os
import sys
import time
import unittest

from pa import Pa
from world import BUILD, Carrier, Folder, keep, main, poll, tearDownModule

FAKETIME = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
EPOCH = "1970-01-01 00:00:10"
ALARMS = 'sidetone_alarms_total{severity="%s"}'


def why_not():
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
        if any(line.startswith("STI_SANITIZE:") and line.strip().split("=", 1)[1] for line in file):
            return "libfaketime and the sanitizers both want to be loaded first"
    return None if FAKETIME else "no libfaketime (package faketime)"


class Watch(Carrier):
    """A carrier whose clock is what stands in a file: "+0", "-3600s", a date; the clock of nobody else."""

    def __init__(self, folder, name, at, **blocks):
        super().__init__(folder, name, start=False, **blocks)
        self.now = folder.write(name + ".time", at + "\n")
        self.environment = {"LD_PRELOAD": FAKETIME[0], "FAKETIME_TIMESTAMP_FILE": self.now, "FAKETIME_NO_CACHE": "1",
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        self.start()

    def told(self):
        return [line for line in self.text().splitlines() if " event=clock_" in line]

    def set(self, at):
        """Sets the clock; the line that tells of it."""
        before = len(self.told())
        self.folder.write(self.name + ".time", at + "\n")
        if not poll(lambda: len(self.told()) > before, 5):
            raise AssertionError("not told of " + at)
        return self.told()[-1]

    def verdict(self, iat=None, signer="a"):
        """Of a call that is signed and comes at iat; now, where it is not given."""
        token = self.token(signer, iat=iat)
        reply = self.verify(f"{token};info=<{self.x5u[signer]}>", now=iat)
        return reply.status, reply.json["verificationResponse"]["verstat"], self.post(token).status


class Clock(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        reason = why_not()
        if reason:
            print("skipped: " + reason, file=sys.stderr)
            raise unittest.SkipTest(reason)
        cls.folder = keep(Folder())

    def carrier(self, name, at, **blocks):
        return keep(Watch(self.folder, name, at, **blocks))

    def test_I4_boot_in_1970(self):
        carrier = self.carrier("boot", EPOCH)
        self.assertIn("event=clock_behind alarm=critical", carrier.told()[0])
        self.assertEqual(carrier.metric(ALARMS % "critical"), 1)
        for iat in (None, 10):  # also of one that is fresh by that clock: its certificate would be "not yet valid"
            with self.subTest(iat):
                self.assertEqual(carrier.verdict(iat), (200, "No-TN-Validation", 503))
        self.assertEqual(carrier.post(carrier.token()).getheader("Retry-After"), "5")
        self.assertEqual(carrier.metric('sidetone_certificate_fetches_total{result="ok"}'), 0)
        self.assertIn("event=clock_right", carrier.set("+0"))
        self.assertEqual(carrier.verdict(), (200, "TN-Validation-Passed", 201))

    def test_I3_set_while_running(self):
        carrier = self.carrier("jump", "+0")
        self.assertEqual(carrier.told(), [])
        for n, at in enumerate(("-3600s", "+3600s", "+10y")):
            with self.subTest(at):
                self.assertEqual(carrier.verdict(), (200, "TN-Validation-Passed", 201))
                self.assertIn("event=clock_jumped alarm=major", carrier.set(at))
                self.assertEqual(carrier.verdict()[1:], ("No-TN-Validation", 403))
                carrier.set("+0")
                self.assertEqual(carrier.metric(ALARMS % "major"), 2 * n + 2)
        self.assertIn("event=clock_behind alarm=critical", carrier.set(EPOCH))
        self.assertEqual(carrier.verdict(), (200, "No-TN-Validation", 503))
        carrier.set("+0")
        self.assertEqual(carrier.verdict(), (200, "TN-Validation-Passed", 201))

    def test_I3_not_below_the_newest_CRL(self):
        pa = Pa(self.folder)
        with open(self.folder("revoked.crl"), "wb") as file:
            file.write(pa.crl(1, ("b",)).said["/crl"][1])
        carrier = self.carrier("revoked", "+0", sources='crl "us" { file = "revoked.crl" anchor = "pa.pem" }')
        self.assertEqual(carrier.verdict(signer="b")[1:], ("TN-Validation-Failed", 403))
        self.assertIn("event=clock_behind alarm=critical", carrier.set("-1200s"))
        then = int(time.time()) - 1200  # by which the CRL is not yet valid: nobody gets a certificate back so
        self.assertEqual(carrier.verdict(then, "b")[1:], ("No-TN-Validation", 503))
        self.assertIn("event=clock_right", carrier.set("+0"))
        self.assertEqual(carrier.verdict()[1:], ("TN-Validation-Passed", 201))
    def test_I3_not_before_the_newest_CRL(self):
        crl = 'crl "us" { file = "crl.pem" anchor = "pa-crl.pem" }'
        carrier = self.carrier("crl", "+0", sources=crl)
        self.assertEqual(carrier.verdict(), (200, "TN-Validation-Passed", 201))
        self.assertIn("event=clock_behind alarm=critical", carrier.set("-7200s"))  # after the program was built
        self.assertEqual(carrier.verdict(), (200, "No-TN-Validation", 503))
        self.assertIn("event=clock_right", carrier.set("+0"))
        self.assertEqual(carrier.verdict(), (200, "TN-Validation-Passed", 201))

    def test_I3_I6_I7_store_is_judged_by_the_new_clock(self):
        carrier = self.carrier("store", "+0")
        self.assertEqual(carrier.post(carrier.token()).status, 201)
        self.assertEqual(carrier.stored(), 1)
        carrier.set("+3600s")  # as after an hour of suspension
        self.assertEqual(carrier.retrieve().status, 404)
        self.assertTrue(poll(lambda: carrier.stored() == 0, 5))
        carrier.set("+0")
        self.assertEqual(carrier.post(carrier.token(iat=int(time.time()))).status, 201)
        carrier.set("-3600s")  # it lies in the future now: given out, and not believed
        self.assertEqual(carrier.verify(now=int(time.time()) - 3600).json["verificationResponse"]["verstat"],
                         "No-TN-Validation")


if __name__ == "__main__":
    main()
