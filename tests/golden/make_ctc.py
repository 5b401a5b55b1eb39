"""Writes ctc.json: what the cases give.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_ctc.py
"""

import json
import os

import ctc_cases
import tensorflow as tf


def main():
    lines = []
    for name, case in sorted(ctc_cases.CASES.items()):
        tf.reset_default_graph()
        lines.append(json.dumps(name) + ": " + json.dumps(case(tf)))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ctc.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
