"""Writes images.json: what the cases of image_cases.py give.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_images.py
"""

import json
import os

import tensorflow as tf
from image_cases import CASES


def main():
    lines = []
    for name, case in sorted(CASES.items()):
        tf.reset_default_graph()
        lines.append(json.dumps(name) + ": " + json.dumps(case(tf)))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "images.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
