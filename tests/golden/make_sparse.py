"""Writes sparse.json and sets.json: what the cases of sparse_cases.py and set_cases.py give.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_sparse.py
"""

import json
import os

import set_cases
import sparse_cases
import tensorflow as tf


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    for name, cases in (("sparse", sparse_cases.CASES), ("sets", set_cases.CASES)):
        lines = [json.dumps(case) + ": " + json.dumps(function(tf)) for case, function in sorted(cases.items())]
        with open(os.path.join(folder, name + ".json"), "w") as f:
            f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
