"""Writes nodes.json: the nodes that the programs of node_cases.py make. Each text of attrs is kept once, and numbered.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_nodes.py
"""

import json
import os

import node_cases
import tensorflow as tf


def main():
    numbers = {}
    lines = []
    for name, case in sorted(node_cases.CASES.items()):
        tf.reset_default_graph()
        nodes = []
        for node in case(tf):
            head, _, attrs = node.partition("; ")
            number = numbers.setdefault(attrs, len(numbers))
            nodes.append(f"{head}; {number}")
        lines.append(json.dumps(name) + ": " + json.dumps(nodes))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "nodes.json"), "w") as f:
        f.write('{\n"": ' + json.dumps(list(numbers)) + ",\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
