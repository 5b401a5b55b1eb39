"""Keeps what the programs here print under TensorFlow 1.15.5, which the Python that runs this has."""

import glob
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

for path in sorted(glob.glob(os.path.join(HERE, "*.py"))):
    name = os.path.splitext(os.path.basename(path))[0]
    if name != "print_all":
        output = subprocess.check_output(
            [sys.executable, "-W", "ignore", path],
            cwd=tempfile.mkdtemp(),
            env=dict(os.environ, CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3"),
            stderr=subprocess.DEVNULL,
        )
        with open(os.path.join(HERE, "printed", name + ".txt"), "wb") as file:
            file.write(output)
