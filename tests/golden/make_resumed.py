"""Writes resumed.json: the models of resumed_cases.py after some training, and the losses of the next 20 steps.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_resumed.py
"""

import base64
import json
import os
import tempfile
import zlib

import resumed_cases
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2


def main():
    kept = {}
    for program in resumed_cases.PROGRAMS:
        prefix = os.path.join(tempfile.mkdtemp(), "model")
        variables = resumed_cases.start(tf, program, prefix)
        message = meta_graph_pb2.MetaGraphDef()
        with open(prefix + ".meta", "rb") as f:
            message.ParseFromString(f.read())
        data = zlib.compress(message.SerializeToString(deterministic=True), 9)
        kept[program.__name__] = {
            "meta_graph": base64.b64encode(data).decode(),
            "variables": variables,
            "losses": resumed_cases.resume(tf, prefix),
        }
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "resumed.json"), "w") as f:
        json.dump(kept, f, indent=0, sort_keys=True)
        f.write("\n")


if __name__ == "__main__":
    main()
