"""Writes imports.json: the results of the imports of import_cases.py.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_imports.py
"""

import json
import os

import import_cases
import tensorflow as tf


def main():
    lines = []
    for name, case in sorted(import_cases.CASES.items()):
        with tf.Graph().as_default():
            lines.append(json.dumps(name) + ": " + json.dumps(case(tf)))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "imports.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
