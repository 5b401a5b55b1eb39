"""Writes savers.json: what the cases of saver_cases give.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_savers.py
"""

import json
import os

import saver_cases
import tensorflow as tf


def main():
    lines = []
    for case, function in sorted(saver_cases.CASES.items()):
        tf.reset_default_graph()
        lines.append(json.dumps(case) + ": " + json.dumps(function(tf)))
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "savers.json")
    with open(path, "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
