# SPDX-License-Identifier: Apache-2.0
"""`sidetone cert check`: every certificate of the public repositories against what OpenSSL and zlint say of
it, and what people meet: one line, an exit status, no key on the screen."""
import base64
import collections
import gzip
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
import unittest

from world import SIDETONE, SOURCE, VECTORS, Folder, keep, main, tearDownModule

CORPUS = os.path.join(VECTORS, "shaken-real-pki")
GOLDEN = os.path.join(SOURCE, "test", "scenario", "cert_profile.golden")
DOMAIN = os.path.join(SOURCE, "examples", "domain-us.json")
SECONDS = 60  # of the processor, for all of them

# zlint's newer names of rules that we have under the names of expected.json.
RENAMED = {
    "e_us_cp_subject_sn_shall": "e_us_cp_subject_sn",
    "e_atis_subject_cn_spc": "e_atis_subject_cn",
    "e_shaken_certificate_policies_id": "e_atis_certificate_policies",
    "e_shaken_certificate_policies_id_ca": "e_atis_ca_certificate_policies",
    "e_atis_ext_certificate_policies": "e_atis_certificate_policies",
    "e_atis_ext_certificate_policies_ca": "e_atis_ca_certificate_policies",
    "e_atis_serial_number_size": "e_atis_serial_number",
    "e_atis_serial_number_size_ca": "e_atis_ca_serial_number",
    "e_atis_ext_key_usage_ee": "e_atis_key_usage",
    "e_atis_ext_key_usage": "e_atis_key_usage",
    "e_atis_ext_crl_distribution": "e_atis_crl_distribution",
    "e_atis_ext_crl_distribution_ca": "e_atis_ca_crl_distribution",
    "e_atis_ext_not_specified": "e_atis_extension_unknown",
    "e_atis_subject_cn_ca": "e_atis_ca_subject_cn",
    "e_atis_subject_dn_ca": "e_atis_ca_subject",
    "e_atis_subject_o_required_ca": "e_atis_ca_subject",
    "e_atis_subject_public_key_ca": "e_atis_ca_subject_public_key",
    "e_atis_ext_basic_constraints": "e_atis_basic_constraints",
    "e_atis_ext_authority_key_identifier": "e_atis_authority_key_identifier",
    "e_atis_ext_authority_key_identifier_ca": "e_atis_ca_authority_key_identifier",
    "e_atis_signature_algorithm_ca": "e_atis_ca_signature_algorithm",
    "e_atis_subject_c_us_ca": "e_domain_subject_c",
    # a critical certificatePolicies is an error there since it got its new name, and a notice of ours
    "n_atis_certificate_policy_critical": "e_atis_certificate_policies",
    "n_atis_ca_certificate_policy_critical": "e_atis_ca_certificate_policies",
}
# What the zlint of the reports has no longer, or never had.
OURS_ALONE = {
    "e_atis_issuer_dn", "e_atis_ca_issuer_dn", "e_us_cp_ambiguous_identifier", "w_cp_1_3_subject_email",
    "e_us_cp_ca_key_usage_crl_sign", "e_cp_1_1_key_size", "e_cp_1_4_key_size", "n_domain_spc_length",
    "e_atis_crl_distribution_not_reachable", "e_atis_ca_crl_distribution_not_reachable",
    "e_subject_attribute_max_length", "e_subject_dn_not_printable_characters", "n_subject_dn_string_type",
    "e_serial_number_longer_than_20_octets",
}
# Of RFC 5280 and other profiles: not ours.
THEIRS_ALONE = {
    "e_incorrect_ku_encoding", "e_ext_authority_key_identifier_no_key_identifier",
    "e_ext_authority_key_identifier_missing", "w_ext_subject_key_identifier_missing_sub_cert",
}
# zlint asks for cRLIssuer only under CP 1.4; ATIS-1000080.v004 6.4.1 asks for it of all.
STRICTER = {"e_atis_ext_crl_distribution_struct", "e_atis_ext_crl_distribution_struct_ca"}


def pem_of(row):
    body = row["der_b64"]
    lines = [body[i:i + 64] for i in range(0, len(body), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


def renamed(names):
    return {RENAMED.get(name, name) for name in names}


def check(*arguments, **more):
    return subprocess.run([SIDETONE, "cert", "check", *map(str, arguments)], capture_output=True, text=True,
                          timeout=600, **more)


@unittest.skipUnless(os.path.isdir(CORPUS), "no vectors")
class Corpus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with gzip.open(os.path.join(CORPUS, "certs.jsonl.gz"), "rt") as file:
            cls.rows = [json.loads(line) for line in file]
        with open(os.path.join(CORPUS, "openssl_expected.json")) as file:
            cls.openssl = json.load(file)
        cls.folder = tempfile.mkdtemp(prefix="sidetone-test-", dir="/dev/shm")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for row in cls.rows:
            with open(os.path.join(cls.folder, row["sha256"]), "w") as file:
                file.write(pem_of(row))
        cls.options = []
        for name in sorted(os.listdir(os.path.join(CORPUS, "ca"))):
            option = "--root" if name.startswith("root_") else "--intermediate"
            cls.options += [option, os.path.join(CORPUS, "ca", name)]
        start = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        cls.done = cls.run_it("--no-time", "--domain", DOMAIN, *[row["sha256"] for row in cls.rows])
        cls.seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - start
        cls.found = [json.loads(line) for line in cls.done.stdout.splitlines()]

    @classmethod
    def run_it(cls, *arguments):
        return check("--json", *cls.options, *arguments, cwd=cls.folder)

    def ends(self):
        return [(row, found) for row, found in zip(self.rows, self.found) if not row["ca"]]

    def test_all_parse_within_a_minute(self):
        self.assertEqual(self.done.returncode, 1)
        self.assertEqual([found["file"] for found in self.found], [row["sha256"] for row in self.rows])
        self.assertTrue(all(found["parsed"] for found in self.found))
        print(f"parsed: {len(self.found)} of {len(self.rows)} in {self.seconds:.1f} s")
        self.assertLess(self.seconds, SECONDS)

    def test_E4_root_of_version_1_is_left_out_and_told(self):
        self.assertEqual(self.done.stderr, "sidetone: --root www.voicecarrier.com: left out, expected a self-signed "
                                           "CA (RFC 5280 6.1)\n")

    def test_E5_chain_as_openssl_has_it(self):
        refused = set(self.openssl["fail_no_check_time"])
        self.assertEqual(len(refused & {row["sha256"][:20] for row in self.rows}), 251)
        good = sum((found["chain"] == "ok") == (row["sha256"][:20] not in refused) for row, found in self.ends())
        print(f"chain: {good} of {len(self.ends())}")
        self.assertEqual(good, self.openssl["total_ee"])

    def test_chain_on_one_day_as_openssl_has_it(self):
        valid = set(self.openssl["ok_at_1755550000"])
        done = self.run_it("--at", 1755550000, *[row["sha256"] for row, _ in self.ends()])
        found = [json.loads(line) for line in done.stdout.splitlines()]
        chains = {one["file"][:20]: one["chain"] for one in found}
        self.assertEqual({name for name, chain in chains.items() if chain == "ok"}, valid)
        print(f"valid on that day: {len(valid)}; {collections.Counter(chains.values())}")
        self.assertEqual(len(valid), 536)

    def test_E13_E14_E16_tnauthlist_as_the_vectors_say(self):
        """accept; parse-ok: accepted with a finding; reject: malformed, and the profile refuses."""
        with open(os.path.join(VECTORS, "tnauthlist", "tnauthlist.json")) as file:
            expected = {row["der_hex"]: row["expected"].split(";")[0] for row in json.load(file)}
        good, seen = 0, collections.Counter()
        for row, found in zip(self.rows, self.found):
            verdict = expected.get(row["tnauthlist_hex"]) if not row["ca"] else None
            if verdict is None:
                continue
            seen[verdict] += 1
            odd = {one["lint"] for one in found["findings"]} & {"e_atis_tn_auth_list_spc_format", "n_domain_spc_length"}
            good += {"accept": found["profile"] == "ok" and len(found["spc"]) == 1,
                     "parse-ok": found["profile"] == "ok" and len(found["spc"]) == 1 and (bool(odd) or self.is_old(row)),
                     "reject": "TNAuthList" in found["profile"] and not found["spc"]}[verdict]
        print(f"tnauthlist: {good} of {sum(seen.values())} {dict(seen)}")
        self.assertEqual(good, sum(seen.values()))
        self.assertTrue(seen["accept"] and seen["parse-ok"] and seen["reject"])

    @staticmethod
    def is_old(row):
        """Issued before v005 asked for capitals."""
        return row["not_before"] < 1670803200 + 90 * 86400

    def counts(self):
        kinds = [("ca" if row["ca"] else "signer", found) for row, found in zip(self.rows, self.found)]
        lines = [f"profile {kind}: {found['profile']}" for kind, found in kinds]
        lines += [f"lint {kind}: {one['lint']}" for kind, found in kinds for one in found["findings"]]
        lines += ["zlint: equal"] * self.equal(set()) + ["zlint: equal but for cRLIssuer"] * self.equal(STRICTER)
        return "".join(f"{count} {line}\n" for line, count in sorted(collections.Counter(lines).items()))

    def equal(self, aside):
        total = 0
        for row, found in zip(self.rows, self.found):
            theirs = renamed(set(row["zlint"]) - THEIRS_ALONE)
            ours = renamed({one["lint"] for one in found["findings"]} - OURS_ALONE)
            if row["ca"]:
                theirs = {"e_atis_ca_key_usage" if name == "e_atis_key_usage" else name for name in theirs}
            total += theirs - aside == ours - aside
        return total

    def test_refusals_and_findings_are_those_of_the_golden_file(self):
        fresh = self.counts()
        print("\n".join(line for line in fresh.splitlines() if "zlint" in line or "profile" in line))
        with open(GOLDEN) as file:
            if file.read() != fresh:
                left = os.path.join(os.environ.get("STI_BUILD", "."), "cert_profile.golden")
                with open(left, "w") as beside:
                    beside.write(fresh)
                self.fail(f"{GOLDEN} is not what is found; compare {left}")


class Command(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = keep(Folder())

    def check(self, *arguments, root="roots.pem", **more):
        return check(*(["--root", self.folder(root)] if root else []), *arguments, **more)

    def assertComplaint(self, done, status, text):
        self.assertEqual((done.returncode, done.stdout), (status, ""), done)
        self.assertRegex(done.stderr, r"\A[^\n]+\n\Z")
        self.assertIn(text, done.stderr)

    def test_text_is_one_line_for_each_certificate_of_a_file(self):
        done = self.check(self.folder("a.pem"))
        lines = done.stdout.splitlines()
        self.assertEqual((done.returncode, done.stderr, len(lines)), (0, "", 2), done)
        self.assertTrue(lines[0].startswith(self.folder("a.pem") + ": chain ok; profile ok; SPC 709J; country US"))
        self.assertNotIn("SPC", lines[1])

    def test_nothing_of_a_stranger_moves_a_terminal_or_makes_a_line(self):
        spc = b"\x1b[2K\r/good.pem: chain ok\nX"
        der = spc
        for tag in (0x16, 0xa0, 0x30):
            der = bytes([tag, len(der)]) + der
        extension = "1.3.6.1.5.5.7.1.26=DER:" + ":".join(f"{c:02x}" for c in der)
        file = self.folder("stranger.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-keyout", "/dev/null", "-subj", "/CN=SHAKEN", "-addext", extension, "-out", file],
                       check=True, capture_output=True)
        done = check(file)
        self.assertIn("SPC \\x1b[2K\\x0d/good.pem: chain ok\\x0aX", done.stdout)
        self.assertEqual(done.stdout.count("\n"), 1)

    def test_json_is_one_object_on_each_line(self):
        done = self.check("--json", self.folder("a.pem"), self.folder("b.pem"))
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((done.returncode, done.stderr, len(found)), (0, "", 4))
        self.assertEqual(list(found[0]), ["file", "parsed", "chain", "profile", "spc", "country", "findings"])
        self.assertEqual(found[0] | {"findings": []},
                         {"file": self.folder("a.pem"), "parsed": True, "chain": "ok", "profile": "ok",
                          "spc": ["709J"], "country": "US", "findings": []})
        self.assertEqual([one["spc"] for one in found], [["709J"], [], ["1234"], []])
        for one in found:
            for finding in one["findings"]:
                self.assertEqual(list(finding), ["lint", "level", "clause"])

    def chain_of(self, name, *more, **options):
        done = self.check("--json", *more, self.folder(name), **options)
        return done.returncode, json.loads(done.stdout.splitlines()[0])["chain"]

    def test_chain_says_why_not(self):
        self.assertEqual(self.chain_of("expired.pem"), (1, "expired"))
        self.assertEqual(self.chain_of("future.pem"), (1, "not yet valid"))
        self.assertEqual(self.chain_of("expired.pem", "--no-time"), (0, "ok"))
        self.assertEqual(self.chain_of("future.pem", "--at", int(time.time()) + 2 * 86400), (0, "ok"))
        status, why = self.chain_of("rogue.pem")
        self.assertEqual((status, "listed" in why), (1, True))
        self.assertEqual(self.chain_of("a.pem", root=None), (1, "no root was given"))

    def split(self):
        """The signer alone and its CA alone."""
        with open(self.folder("a.pem")) as file:
            leaf, ca = file.read().split("-----END CERTIFICATE-----\n")[:2]
        return [self.folder.write(name, text + "-----END CERTIFICATE-----\n")
                for name, text in (("leaf.pem", leaf), ("ca.pem", ca))]

    def test_intermediates_come_from_the_option_or_the_file(self):
        leaf, ca = self.split()
        self.assertEqual(self.check(leaf).returncode, 1)
        self.assertEqual(self.check("--intermediate", ca, leaf).returncode, 0)
        self.assertEqual(self.check("--intermediate", leaf, ca).returncode, 0)

    def test_E11_root_in_the_file_is_no_anchor(self):
        with open(self.folder("rogue.pem")) as chain, open(self.folder("unlisted-root.pem")) as root:
            whole = self.folder.write("whole.pem", chain.read() + root.read())
        done = self.check("--json", whole)
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("ok", [json.loads(line)["chain"] for line in done.stdout.splitlines()])

    def test_der_and_text_around_blocks_are_read(self):
        leaf, ca = self.split()
        with open(leaf) as file:
            text = file.read()
        der = self.folder("leaf.der")
        with open(der, "wb") as file:
            file.write(base64.b64decode("".join(text.splitlines()[1:-1])))
        told = self.folder.write("told.pem", "Certificate:\n    Data:\n" + text.strip())
        done = self.check("--intermediate", ca, der, told)
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, 2), done)

    def test_unreadable_input_is_told_and_the_rest_goes_on(self):
        junk = self.folder.write("junk.pem", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")
        done = self.check("--json", junk, self.folder("a.pem"))
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((done.returncode, [one["parsed"] for one in found]), (2, [False, True, True]))
        self.assertIn("junk.pem", done.stderr)
        self.assertComplaint(self.check(junk), 2, "junk.pem")
        self.assertComplaint(self.check(self.folder.write("empty.pem", "")), 2, "empty.pem")
        self.assertComplaint(self.check(self.folder("missing.pem")), 2, "No such file")
        self.assertComplaint(self.check(self.folder.path), 2, self.folder.path)

    def test_L1_private_key_is_refused_and_not_shown(self):
        with open(self.folder("a.key")) as file:
            key = file.read()
        for option in ((), ("--root",), ("--intermediate",)):
            done = self.check(*option, self.folder("a.key"), *([self.folder("b.pem")] if option else []))
            self.assertComplaint(done, 2, "a.key")
            for line in key.splitlines():
                self.assertNotIn(line.strip("-"), done.stderr)

    def test_E18_revoked_by_the_administrators_crl(self):
        crl = ("--crl", self.folder("crl.pem"), "--crl-anchor", self.folder("pa-crl.pem"))
        done = self.check("--json", *crl, self.folder("b.pem"))
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((done.returncode, found[0]["chain"], found[0]["profile"]), (1, "ok", "revoked"), done)
        self.assertEqual(found[1]["profile"], "ok")
        self.assertEqual(self.check(*crl, self.folder("a.pem")).returncode, 0)

    def test_E19_crl_that_nobody_may_believe(self):
        crl, a = self.folder("crl.pem"), self.folder("a.pem")
        self.assertComplaint(self.check("--crl", crl, "--crl-anchor", self.folder("roots.pem"), a), 2, "crl.pem")
        self.assertComplaint(self.check("--crl", crl, a), 2, "--crl-anchor")
        self.assertComplaint(self.check("--crl-anchor", self.folder("pa-crl.pem"), a), 2, "--crl-anchor")
        self.assertComplaint(self.check("--crl", a, "--crl-anchor", self.folder("pa-crl.pem"), a), 2, "a.pem")

    def test_E19_crl_that_is_past_trusts_nobody(self):
        crl = ("--crl", self.folder("crl.pem"), "--crl-anchor", self.folder("pa-crl.pem"))
        later = self.check("--json", *crl, "--at", int(time.time()) + 40 * 86400, self.folder("a.pem"))
        self.assertEqual(later.returncode, 1)
        self.assertIn("CRL", json.loads(later.stdout.splitlines()[0])["profile"])
        self.assertEqual(self.check(*crl, "--no-time", self.folder("a.pem")).returncode, 0)

    def test_domain_adds_its_rules(self):
        lints = []
        for option in ((), ("--domain", DOMAIN)):
            found = json.loads(self.check("--json", *option, self.folder("a.pem")).stdout.splitlines()[1])
            lints.append({one["lint"] for one in found["findings"]})
        self.assertEqual(lints[1] - lints[0], {"e_us_cp_ca_key_usage_crl_sign"})
        wrong = self.folder.write("domain.json", '{"country":"USA"}')
        self.assertComplaint(self.check("--domain", wrong, self.folder("a.pem")), 2, "ISO 3166-1")

    def test_usage(self):
        self.assertComplaint(check(), 2, "files")
        self.assertComplaint(check("--at", "1", "--no-time", "x"), 2, "--no-time")
        self.assertComplaint(check("--nothing", "x"), 2, "sidetone help cert")
        self.assertComplaint(subprocess.run([SIDETONE, "cert", "chek"], capture_output=True, text=True), 2, "check")
        done = subprocess.run([SIDETONE, "help", "cert"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("--crl-anchor", done.stdout)

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_full_disk_is_the_systems_failure(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([SIDETONE, "cert", "check", self.folder("a.pem")], stdout=full,
                                  stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 3)


if __name__ == "__main__":
    main()
