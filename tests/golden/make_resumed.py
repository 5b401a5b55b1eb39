"""Writes resumed.json and resumed.zip: the models of resumed_cases.py after some training.

The one has the variables and the losses of the next 20 steps, the other the meta graphs, which differ in the order of
their nodes from run to run.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_resumed.py
"""

import json
import os
import tempfile
import zipfile

import resumed_cases
import tensorflow as tf

FOLDER = os.path.dirname(os.path.abspath(__file__))


def main():
    lines = []
    with zipfile.ZipFile(os.path.join(FOLDER, "resumed.zip"), "w", zipfile.ZIP_DEFLATED) as meta_graphs:
        for program in resumed_cases.PROGRAMS:
            prefix = os.path.join(tempfile.mkdtemp(), "model")
            variables = resumed_cases.start(tf, program, prefix)
            meta_graphs.write(prefix + ".meta", program.__name__ + ".meta")
            kept = {"variables": variables, "losses": resumed_cases.resume(tf, prefix)}
            lines.append(json.dumps(program.__name__) + ": " + json.dumps(kept, sort_keys=True))
    with open(os.path.join(FOLDER, "resumed.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
