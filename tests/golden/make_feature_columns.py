"""Writes feature_columns.json: what the cases give.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_feature_columns.py
"""

import importlib
import json
import os

import tensorflow as tf

FILES = (
    ("feature_columns", "feature_column_cases"),
    ("sequence_columns", "sequence_column_cases"),
    ("contrib_columns", "contrib_column_cases"),
)


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    for name, module in FILES:
        lines = []
        for case, function in sorted(importlib.import_module(module).CASES.items()):
            tf.reset_default_graph()
            lines.append(json.dumps(case) + ": " + json.dumps(function(tf)))
        with open(os.path.join(folder, name + ".json"), "w") as f:
            f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
