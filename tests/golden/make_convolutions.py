"""Writes convolutions.json: what the programs of convolution_cases.py give.

Run it with TensorFlow 1.15.5 (Python 3.7), on the CPU:

python tests/golden/make_convolutions.py
"""

import json
import os

import convolution_cases
import tensorflow as tf


def main():
    lines = []
    for name, case in sorted(convolution_cases.CASES.items()):
        print(name, flush=True)
        lines.append(json.dumps(name) + ": " + json.dumps(case(tf)))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "convolutions.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
