"""Writes ragged.json: what the cases of ragged_cases.py give.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_ragged.py
"""

import json
import os

import ragged_cases
import tensorflow as tf


def main():
    lines = []
    for name, case in sorted(ragged_cases.CASES.items()):
        with tf.Graph().as_default():
            lines.append(json.dumps(name) + ": " + json.dumps(case(tf)))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ragged.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
