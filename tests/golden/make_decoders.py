"""Writes decoders.json: what the cases of decoder_cases.py give.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_decoders.py
"""

import json
import os

import decoder_cases
import tensorflow as tf


def main():
    names = sorted(decoder_cases.CASES)
    lines = [json.dumps(name) + ": " + json.dumps(decoder_cases.run(tf, name)) for name in names]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "decoders.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
