"""Writes graph_defs.json: the GraphDefs, in base 64, of the programs of graph_def_cases.py.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_graph_defs.py
"""

import base64
import json
import os

import graph_def_cases
import tensorflow as tf


def main():
    lines = []
    for program in graph_def_cases.PROGRAMS:
        with tf.Graph().as_default() as graph:
            program(tf)
            data = graph.as_graph_def(add_shapes=True).SerializeToString(deterministic=True)
        lines.append(json.dumps(program.__name__) + ": " + json.dumps(base64.b64encode(data).decode()))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "graph_defs.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
