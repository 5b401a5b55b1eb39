"""Writes string_numbers.json: what the cases of string_number_cases.py give.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_string_numbers.py
"""

import json
import os

import string_number_cases
import tensorflow as tf


def main():
    lines = []
    for name, case in sorted(string_number_cases.CASES.items()):
        with tf.Graph().as_default():
            lines.append(json.dumps(name) + ": " + json.dumps(case(tf)))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "string_numbers.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
