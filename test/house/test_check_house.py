# SPDX-License-Identifier: Apache-2.0
"""tools/check-house finds each fault that it is there for, and nothing in a clean tree."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("STI_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"
CLEAN = {
    "src/ROOMS": "base:\njson: base\nrole: base json\nnet: base\n",
    "src/base/span.c": SPDX + "#include <sti/span.h>\n#include \"base/span_part.h\"\nint sti_span(void)\n{\n\treturn 1;\n}\n",
    "src/base/span_part.h": SPDX,
    "src/json/reader.c": SPDX + "#include <sti/span.h>\n#include \"base/span_part.h\"\n",
    "src/role/judge.c": SPDX + "/* never strcpy( */\nconst char *judge = \"strcpy(\";\n",
    "src/cmd/main.c": SPDX,
    "include/sti/span.h": SPDX + "int sti_span(void);\n",
    "test/base/test_span.c": SPDX,
    "test/json/test_reader.c": SPDX,
    "test/role/test_judge.c": SPDX,
}
CLEAN["src/ROOMS"] += "cmd: base\n"


class CheckHouse(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        for name, text in CLEAN.items():
            self.put(name, text)

    def put(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def archive(self, name, text):
        """build/NAME from one object of this text."""
        self.put("build/one.c", text)
        build = self.root / "build"
        subprocess.run(["gcc", "-w", "-fPIC", "-c", "one.c"], cwd=build, check=True)
        if name.endswith(".so"):
            subprocess.run(["gcc", "-shared", "-o", name, "one.o"], cwd=build, check=True)
        else:
            subprocess.run(["ar", "rc", name, "one.o"], cwd=build, check=True)

    def check(self):
        command = [sys.executable, SOURCE / "tools/check-house", "--source", self.root]
        if (self.root / "build").exists():
            command += ["--build", self.root / "build"]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode, done.stdout

    def assert_found(self, *parts):
        status, output = self.check()
        self.assertEqual(status, 1, output)
        for part in parts:
            self.assertIn(part, output)

    def test_clean_tree(self):
        status, output = self.check()
        self.assertEqual(status, 0, output)

    def test_include_of_a_room_below(self):
        self.put("src/json/reader.c", SPDX + '#include "role/judge.h"\n')
        self.assert_found("src/json/reader.c:2:", "room json may not include role")

    def test_public_header_of_a_room_that_is_not_allowed(self):
        self.put("include/sti/judge.h", SPDX)
        self.put("src/net/url.c", SPDX + "#include <sti/judge.h>\n")
        self.put("test/net/test_url.c", SPDX)
        self.assert_found("src/net/url.c:2:", "room net may not include role")

    def test_public_header_that_is_not_there(self):
        self.put("src/json/reader.c", SPDX + "#include <sti/nothing.h>\n")
        self.assert_found("src/json/reader.c:2:", "there is no include/sti/nothing.h")

    def test_include_without_a_room(self):
        self.put("src/json/reader.c", SPDX + '#include "reader.h"\n')
        self.assert_found("src/json/reader.c:2:", "names no room")

    def test_rooms_in_a_circle(self):
        self.put("src/ROOMS", CLEAN["src/ROOMS"].replace("base:\n", "base: json\n"))
        self.assert_found("src/ROOMS:1:", "does not stand above it")

    def test_room_that_is_not_listed(self):
        self.put("src/attic/old.c", SPDX)
        self.assert_found("src/attic/old.c:1:", "does not stand in src/ROOMS")

    def test_internal_header_in_a_public_one(self):
        self.put("include/sti/span.h", SPDX + '#include "base/span_part.h"\n')
        self.assert_found("include/sti/span.h:2:")

    def test_source_without_a_test(self):
        self.put("src/json/writer.c", SPDX)
        self.assert_found("src/json/writer.c:1: has no test/json/test_writer.c")

    def test_no_licence_line(self):
        self.put("fuzz/fuzz_url.c", "int x;\n")
        self.assert_found("fuzz/fuzz_url.c:1: no SPDX")

    def test_banned_call(self):
        self.put("src/json/reader.c", SPDX + "\n\nvoid f(char *a)\n{\n\tstrcpy (a, a);\n}\n")
        self.assert_found("src/json/reader.c:6: strcpy is banned")

    def test_long_public_header(self):
        self.put("include/sti/span.h", SPDX + "\n" * 149)
        self.assert_found("include/sti/span.h:150:", "under 150 lines")

    def test_unfinished_work(self):
        self.put("src/json/reader.c", SPDX + "/* TO" + "DO: more */\n")
        self.assert_found("src/json/reader.c:2:", "finish it")

    def test_long_function(self):
        self.put("src/json/reader.c", SPDX + "int f(int x)\n{\n" + "\tx++;\n" * 47 + "\treturn x;\n}\n" +
                 "int g(int x)\n{\n" + "\tx++;\n" * 46 + "\treturn x;\n}\n")
        status, output = self.check()
        if "no ctags" in output:
            self.skipTest("no ctags")
        self.assertIn("src/json/reader.c:2: f has 51 lines", output)
        self.assertNotIn(": g has", output)

    def test_work_that_is_put_off(self):
        for word in ["for" + " now", "a st" + "ub", "Place" + "holder", "not" + " yet"]:
            with self.subTest(word):
                self.put("src/json/reader.c", SPDX + f"/* {word} */\n")
                self.assert_found("src/json/reader.c:2:", "finish it")

    def test_certificate_that_is_not_valid_so_far(self):
        self.put("src/json/reader.c", SPDX + '/* "not' + ' yet valid", stubborn */\n')
        status, output = self.check()
        self.assertNotIn("not" + " yet", output)

    def test_noun_in_two_rooms(self):
        self.put("src/json/place.h", SPDX)
        self.put("src/role/place.c", SPDX)
        self.put("test/role/test_place.c", SPDX)
        self.assert_found("src/role/place.c:1: the noun place is taken by src/json/place.h")

    def test_noun_of_a_public_header_in_another_room(self):
        self.put("src/role/span.h", SPDX)
        self.assert_found("src/role/span.h:1: the noun span is taken by include/sti/span.h")

    def test_public_header_that_needs_another_first(self):
        self.put("include/sti/span.h", SPDX + "size_t sti_span(void);\n")
        self.assert_found("include/sti/span.h:1: does not compile alone")

    def test_export_outside_the_name_space(self):
        self.archive("libsti.so", "int span_find(void) { return 0; }")
        self.assert_found("libsti.so:0: exports span_find")

    def test_export_that_no_header_declares(self):
        self.archive("libsti.so", "int sti_hidden(void) { return 0; }")
        self.assert_found("libsti.so:0: exports sti_hidden, which no header")

    def test_A2_hmac_behind_a_signature_check(self):
        self.archive("libroom_role.a", "void *HMAC(void); void *f(void) { return HMAC(); }")
        self.assert_found("libroom_role.a(one.o):0: needs HMAC")

    def test_clock_in_a_pure_room(self):
        self.archive("libroom_json.a", "long time(void *); long f(void) { return time(0); }")
        self.assert_found("libroom_json.a(one.o):0: calls time")

    def test_global_state_in_a_pure_room(self):
        self.archive("libroom_json.a", "static int count; int f(void) { return ++count; }\nconst char *const name[] = {\"a\"};")
        self.assert_found("libroom_json.a(one.o):0: count is writable data")

    def test_constant_tables_are_no_state(self):
        self.archive("libroom_json.a", "const char *const name[] = {\"a\"};")
        status, output = self.check()
        self.assertNotIn("libroom_json.a", output)

    def test_build_without_a_room(self):
        self.archive("libroom_json.a", "int x(void) { return 0; }")
        self.assert_found("libroom_base.a:0: is not in the build", "libsti.so:0: is not in the build")


if __name__ == "__main__":
    unittest.main()
