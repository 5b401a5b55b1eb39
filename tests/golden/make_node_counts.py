"""Writes node_counts.json: what the programs of node_count_cases.py give.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_node_counts.py
"""

import json
import os

import node_count_cases
import tensorflow as tf


def main():
    names = sorted(node_count_cases.CASES)
    lines = [json.dumps(name) + ": " + json.dumps(node_count_cases.run(tf, name)) for name in names]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "node_counts.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
