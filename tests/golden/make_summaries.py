"""Writes summaries.json: what the cases of summary_cases.py give.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_summaries.py
"""

import json
import os

import summary_cases
import tensorflow as tf


def main():
    lines = [json.dumps(name) + ": " + json.dumps(case(tf)) for name, case in sorted(summary_cases.CASES.items())]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "summaries.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
