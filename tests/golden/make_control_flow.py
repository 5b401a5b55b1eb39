"""Writes control_flow.json: the graphs of the programs of control_flow_cases.py (packed, in base 64) and their results.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_control_flow.py
"""

import base64
import json
import os
import zlib

import control_flow_cases
import numpy as np
import tensorflow as tf


def result_of(program):
    with tf.Graph().as_default() as graph:
        fetches, feeds = program(tf)
        tensors = [tensor for fetch in fetches for tensor in (fetch if isinstance(fetch, tuple) else [fetch])]
        init = tf.global_variables_initializer()
        with tf.Session() as sess:
            sess.run(init)
            values = sess.run(tensors, feeds)
        data = graph.as_graph_def().SerializeToString(deterministic=True)
    return {
        "graph": base64.b64encode(zlib.compress(data, 9)).decode(),
        "init": init.name,
        "fetches": [tensor.name for tensor in tensors],
        "values": [np.asarray(value).tolist() for value in values],
    }


def main():
    lines = [json.dumps(p.__name__) + ": " + json.dumps(result_of(p)) for p in control_flow_cases.PROGRAMS]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "control_flow.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
