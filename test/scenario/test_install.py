# SPDX-License-Identifier: Apache-2.0
"""What `cmake --install` puts down is enough to build against: headers, shared library, pkg-config file."""
import os
import subprocess
import tempfile
import unittest

BUILD = os.environ["STI_BUILD"]
SOURCE = os.environ["STI_SOURCE"]


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def is_sanitized():
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
        return any(line.startswith("STI_SANITIZE") and line.strip().split("=")[1] for line in file)


@unittest.skipIf(is_sanitized(), "a program of strangers is not built with our sanitizers")
class Install(unittest.TestCase):
    def test_an_example_builds_with_pkg_config_alone(self):
        with tempfile.TemporaryDirectory() as prefix:
            run("cmake", "--install", BUILD, "--prefix", prefix)
            found = [os.path.join(folder, "pkgconfig") for folder, names, _ in os.walk(prefix) if "pkgconfig" in names]
            environment = {**os.environ, "PKG_CONFIG_PATH": found[0], "PKG_CONFIG_SYSROOT_DIR": ""}
            flags = run("pkg-config", "--define-variable=prefix=" + prefix, "--cflags", "--libs", "libsti",
                        env=environment).split()
            for name in ("sign", "verify"):
                out = os.path.join(prefix, name)
                run("gcc", "-std=c11", "-Wall", "-Werror", os.path.join(SOURCE, "examples", name + ".c"), "-o", out, *flags)
                library = os.path.dirname(found[0])
                done = subprocess.run([out], capture_output=True, text=True, env={**os.environ, "LD_LIBRARY_PATH": library},
                                      check=False)
                self.assertNotEqual(done.returncode, 127, done.stderr)  # the loader found the library
                self.assertNotIn("error while loading", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
