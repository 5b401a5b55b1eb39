"""Writes branches_and_loops.json: what the cases of branch_and_loop_cases.py give.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_branches_and_loops.py
"""

import json
import os

import branch_and_loop_cases
import tensorflow as tf


def main():
    cases = sorted(branch_and_loop_cases.CASES.items())
    lines = [json.dumps(name) + ": " + json.dumps(case(tf)) for name, case in cases]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "branches_and_loops.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
