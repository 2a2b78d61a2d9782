# SPDX-License-Identifier: Apache-2.0
"""The rules of the house hold for this tree and this build."""
import os
import pathlib
import subprocess
import sys

source = pathlib.Path(os.environ.get("STI_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
command = [sys.executable, source / "tools/check-house", "--source", source]
if "STI_BUILD" in os.environ:
    command += ["--build", os.environ["STI_BUILD"]]
sys.exit(subprocess.run(command).returncode)
