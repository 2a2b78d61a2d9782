# SPDX-License-Identifier: Apache-2.0
"""Trust that comes from a policy administrator: lists and CRLs, fetched, refused, kept and lost."""
import subprocess
import time
import unittest

import world
from pa import Pa
from world import SIDETONE, Carrier, Folder, keep, poll, tearDownModule  # noqa: F401

ROLLED_BACK = 'sidetone_source_refused_total{reason="rollback"}'
CRITICAL = 'sidetone_alarms_total{severity="critical"}'


class Trust(unittest.TestCase):
    """One carrier per test: what it trusts comes from a list, and it signs as `a`."""

    def setUp(self):
        self.folder = Folder()
        self.pa = keep(Pa(self.folder))

    def carrier(self, sources=None, roots="", start=True):
        carrier = Carrier(self.folder, start=False, roots=roots, trust=f'state = "{self.folder("state")}"',
                          sources=self.pa.list_block() + self.pa.crl_block() if sources is None else sources)
        if start:
            keep(carrier).start()
        return carrier

    def wait(self, condition, seconds=5):
        self.assertTrue(poll(condition, seconds), "waited in vain")

    def call(self, carrier, signer="a"):
        """The verstat of a call signed by one of the signers."""
        reply = carrier.verify(f"{carrier.token(signer)};info=<{carrier.x5u[signer]}>;alg=ES256;ppt=shaken")
        return reply.json["verificationResponse"]["verstat"]

    def ready(self, carrier):
        return carrier.ask("admin", "GET", "/ready").status == 200

    def case(self, carrier, name):
        return carrier.metric(f'sidetone_verdict_cases_total{{case="{name}"}}')

    def test_a_call_under_a_listed_root(self):
        self.pa.list(1).crl(1).start()
        carrier = self.carrier()
        self.wait(lambda: self.ready(carrier))
        self.assertEqual(self.call(carrier), "TN-Validation-Passed")
        self.assertEqual(self.call(carrier, "rogue"), "TN-Validation-Failed")
        self.assertEqual(carrier.metric("sidetone_trusted_roots"), 1)

    def test_F8_not_ready_before_the_first_list(self):
        self.pa.list(1).crl(1)
        carrier = self.carrier()
        self.assertFalse(self.ready(carrier))
        self.assertEqual(self.call(carrier), "No-TN-Validation")
        self.assertEqual(self.case(carrier, "E8"), 1)
        reply = carrier.post(carrier.token("a"))
        self.assertEqual(reply.status, 503)
        self.assertTrue(reply.getheader("Retry-After"))
        self.pa.start()
        self.wait(lambda: self.ready(carrier))
        self.wait(lambda: self.call(carrier) == "TN-Validation-Passed")
        self.assertEqual(carrier.post(carrier.token("a")).status, 201)

    def test_E18_revoked_by_the_indirect_CRL_of_the_PA(self):
        self.pa.list(1).crl(1).start()
        carrier = self.carrier()
        self.wait(lambda: self.ready(carrier))
        self.assertEqual(self.call(carrier), "TN-Validation-Passed")
        self.pa.crl(2, ["twin"])  # the same serial number of another issuer
        self.wait(lambda: carrier.metric("sidetone_revoked_certificates") == 1)
        self.assertEqual(self.call(carrier), "TN-Validation-Passed")
        self.pa.crl(3, ["twin", "a"])
        self.wait(lambda: carrier.metric("sidetone_revoked_certificates") == 2)
        self.assertEqual(self.call(carrier), "TN-Validation-Failed")
        self.assertEqual(self.case(carrier, "E17"), 1)
        self.assertEqual(carrier.post(carrier.token("a")).status, 403)
        self.pa.crl(2)  # E20: an older one takes nothing back
        self.wait(lambda: carrier.metric(ROLLED_BACK) >= 1)
        self.assertEqual(self.call(carrier), "TN-Validation-Failed")

    def test_F4_a_list_that_is_rolled_back(self):
        self.pa.list(6).list(7).start()
        carrier = self.carrier(self.pa.list_block())
        self.wait(lambda: self.ready(carrier))
        self.pa.list(6, roots=["unlisted-root"])
        self.wait(lambda: carrier.metric(ROLLED_BACK) >= 1)
        self.assertGreaterEqual(carrier.metric(CRITICAL), 1)
        self.assertIn("code=list.rollback", carrier.text())
        self.assertEqual(self.call(carrier), "TN-Validation-Passed")
        self.assertEqual(self.call(carrier, "rogue"), "TN-Validation-Failed")

    def test_F2_a_list_signed_by_somebody_else(self):
        self.pa.list(1).start()
        carrier = self.carrier(self.pa.list_block())
        self.wait(lambda: self.ready(carrier))
        self.pa.list(2, roots=["unlisted-root"], key="a")
        self.wait(lambda: carrier.metric('sidetone_source_refused_total{reason="bad_sig"}') >= 1)
        self.assertEqual(self.call(carrier), "TN-Validation-Passed")

    def test_F8_a_list_that_ends_while_the_PA_is_down(self):
        self.pa.list(1).start()
        carrier = self.carrier(self.pa.list_block())
        self.wait(lambda: self.ready(carrier))
        self.assertEqual(self.call(carrier), "TN-Validation-Passed")
        self.pa.list(2, lasts=3)
        self.wait(lambda: "event=source_new source=us kind=ca-list sequence=2" in carrier.text())
        self.pa.stop()
        self.wait(lambda: "event=source_expired" in carrier.text(), 8)
        self.assertEqual(self.call(carrier), "No-TN-Validation")
        self.assertEqual(self.call(carrier, "rogue"), "No-TN-Validation")  # nobody can tell
        self.assertEqual(carrier.post(carrier.token("a")).status, 503)
        self.assertEqual(carrier.sign().status, 200)  # the AS goes on
        self.pa.list(3).start()
        back = time.monotonic()
        self.wait(lambda: self.call(carrier) == "TN-Validation-Passed", 8)
        self.assertLess(time.monotonic() - back, 5)
        self.assertEqual(self.call(carrier, "rogue"), "TN-Validation-Failed")

    def test_a_restart_without_the_PA(self):
        self.pa.list(1).crl(1, ["b"]).start()
        carrier = self.carrier()
        self.wait(lambda: carrier.metric("sidetone_revoked_certificates") == 1 and self.ready(carrier))
        self.pa.stop()
        carrier.stop()
        carrier.start()
        self.assertTrue(self.ready(carrier))
        self.assertEqual(self.call(carrier), "TN-Validation-Passed")
        self.assertEqual(self.call(carrier, "b"), "TN-Validation-Failed")
        self.pa.list(0).start()  # and the mark has survived as well
        self.wait(lambda: carrier.metric(ROLLED_BACK) >= 1)

    def test_J9_sources_change_with_a_reload(self):
        self.pa.list(1).start()
        carrier = self.carrier("", roots='"unlisted-root.pem"')
        self.assertEqual(self.call(carrier), "TN-Validation-Failed")
        self.assertEqual(self.call(carrier, "rogue"), "TN-Validation-Passed")
        carrier.blocks["sources"] = self.pa.list_block(anchor='"nobody.pem"')
        carrier.reload(good=False)
        self.assertEqual(self.call(carrier), "TN-Validation-Failed")
        carrier.blocks["sources"] = self.pa.list_block()
        carrier.reload()
        self.wait(lambda: self.call(carrier) == "TN-Validation-Passed")
        self.assertEqual(self.call(carrier, "rogue"), "TN-Validation-Passed")
        carrier.blocks["roots"] = ""
        carrier.reload()  # the list is there from the folder, before anything is fetched
        self.assertEqual(self.call(carrier), "TN-Validation-Passed")
        self.assertEqual(self.call(carrier, "rogue"), "TN-Validation-Failed")

    def test_two_processes_cannot_share_a_folder(self):
        self.pa.list(1).start()
        self.carrier(self.pa.list_block())
        second = Carrier(self.folder, "second", start=False, roots="", trust=f'state = "{self.folder("state")}"',
                         sources=self.pa.list_block())
        done = subprocess.run([SIDETONE, "serve", second.config], capture_output=True, text=True, check=False,
                              timeout=10)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("trust.state: ", done.stderr)
        self.assertIn("another process has it", done.stderr)

    def test_config_check_names_the_line(self):
        carrier = self.carrier(self.pa.list_block(anchor='"nobody.pem"'), start=False)
        done = subprocess.run([SIDETONE, "config", "check", carrier.write()], capture_output=True, text=True,
                              check=False)
        self.assertRegex(done.stderr, r"carrier\.conf:\d+: list\.anchor: .*nobody\.pem: No such file")
        self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    world.main()
