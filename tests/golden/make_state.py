"""Writes state.json, variables.json, variable_scopes.json and initializers.json: what the cases give.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_state.py
"""

import json
import os

import initializer_cases
import state_cases
import tensorflow as tf
import variable_cases
import variable_scope_cases

FILES = (
    ("state", state_cases),
    ("variables", variable_cases),
    ("variable_scopes", variable_scope_cases),
    ("initializers", initializer_cases),
)


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    for name, module in FILES:
        lines = []
        for case, function in sorted(module.CASES.items()):
            tf.reset_default_graph()
            lines.append(json.dumps(case) + ": " + json.dumps(function(tf)))
        with open(os.path.join(folder, name + ".json"), "w") as f:
            f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
