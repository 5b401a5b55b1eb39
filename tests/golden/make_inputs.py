"""Writes parsing.json, strings.json and metrics.json: what the cases of parsing_cases.py ... give.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_inputs.py
"""

import importlib
import json
import os
import sys

import tensorflow as tf

FILES = {
    "parsing_cases": "parsing.json",
    "string_cases": "strings.json",
    "contrib_metric_cases": "contrib_metrics.json",
    "metric_cases": "metrics.json",
}


def main(modules):
    for module in modules or FILES:
        lines = []
        for name, case in sorted(importlib.import_module(module).CASES.items()):
            with tf.Graph().as_default():
                lines.append(json.dumps(name) + ": " + json.dumps(case(tf)))
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), FILES[module]), "w") as f:
            f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
