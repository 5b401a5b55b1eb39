"""Writes graphs.json: the nodes that the programs of graph_cases.py make.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_graphs.py
"""

import json
import os

import graph_cases
import tensorflow as tf


def main():
    lines = []
    for name, case in sorted(graph_cases.CASES.items()):
        tf.reset_default_graph()
        lines.append(json.dumps(name) + ": " + json.dumps(case(tf)))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "graphs.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
