# SPDX-License-Identifier: Apache-2.0
"""Every fault that the project claims to survive has a test that carries its id in its name:
test_A7_signature_of_63_octets, or several ids in a row: test_D1_D2_urls_seen_in_real_calls."""
import os
import re
import unittest

SOURCE = os.environ.get("STI_SOURCE", ".")


def span(letter, first, last):
    return [f"{letter}{n}" for n in range(first, last + 1)]


# E17 (bind_spc) needs publishers that say who they are: none do yet on the public listener of the CPS.
CLAIMED = (span("A", 1, 19) + ["A21"] + span("B", 1, 10) + ["B12"] + span("C", 1, 8) + span("C", 10, 13) +
           span("D", 1, 21) + span("E", 1, 16) + span("E", 18, 23) + span("F", 1, 9) + span("I", 1, 7) +
           span("J", 1, 5) + ["J7", "J11", "L1", "L4", "L5", "L8"])


def tests_by_id():
    found = {}
    for folder, _, names in os.walk(os.path.join(SOURCE, "test")):
        for name in names:
            if not name.endswith((".c", ".py")):
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                for test in re.findall(r"\b(?:void|def) (test_\w+)\(", file.read()):
                    for fault in re.match(r"test_((?:[A-L]\d+_)*)", test)[1].split("_")[:-1]:
                        found.setdefault(fault, []).append(f"{os.path.relpath(folder, SOURCE)}/{name}: {test}")
    return found


class Rows(unittest.TestCase):
    def test_every_claimed_fault_has_a_test(self):
        found = tests_by_id()
        missing = [fault for fault in CLAIMED if fault not in found]
        print(f"faults with a test: {len(CLAIMED) - len(missing)} of {len(CLAIMED)}")
        self.assertEqual(missing, [], "no test carries these ids")


if __name__ == "__main__":
    unittest.main(verbosity=2)
