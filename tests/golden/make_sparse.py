"""Writes sparse.json: what the cases of sparse_cases.py give.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_sparse.py
"""

import json
import os

import sparse_cases
import tensorflow as tf


def main():
    lines = [json.dumps(name) + ": " + json.dumps(case(tf)) for name, case in sorted(sparse_cases.CASES.items())]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "sparse.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
