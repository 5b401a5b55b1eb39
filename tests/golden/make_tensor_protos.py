"""Writes tensor_protos.json: what make_tensor_proto makes of the arguments in tensor_proto_cases.py, in base 64,
or the class and the words of the error.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_tensor_protos.py
"""

import base64
import json
import os

import tensor_proto_cases
import tensorflow as tf


def outcome(case):
    try:
        proto = tensor_proto_cases.evaluate(case, tf, tf.make_tensor_proto)
    except (TypeError, ValueError, OverflowError) as error:
        return [type(error).__name__, str(error)]
    return base64.b64encode(proto.SerializeToString(deterministic=True)).decode()


def main():
    lines = [json.dumps(case) + ": " + json.dumps(outcome(case)) for case in tensor_proto_cases.CASES]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "tensor_protos.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
