"""Writes graph_util.json: the results of graph_util_cases.py.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_graph_util.py
"""

import json
import os

import graph_util_cases
import tensorflow as tf


def main():
    lines = []
    for name, case in sorted(graph_util_cases.CASES.items()):
        with tf.Graph().as_default():
            lines.append(json.dumps(name) + ": " + json.dumps(case(tf)))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "graph_util.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
