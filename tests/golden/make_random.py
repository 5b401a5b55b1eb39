"""Writes random.json: summaries of the outputs of random_cases.py. Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_random.py
"""

import json
import os

import random_cases
import tensorflow as tf


def main():
    fetches = {}
    with tf.Graph().as_default() as graph:
        for name, op, inputs, attrs in random_cases.cases():
            attrs = {k: tf.as_dtype(v) if k.endswith("dtype") else v for k, v in attrs.items()}
            inputs = {k: tf.constant(v) for k, v in inputs.items()}
            outputs = getattr(tf.raw_ops, op)(**inputs, **attrs)
            fetches[name] = list(outputs) if isinstance(outputs, tuple) else [outputs]
    # One thread: the kernels of Multinomial and ParameterizedTruncatedNormal give other numbers with more.
    config = tf.ConfigProto(intra_op_parallelism_threads=1)
    with tf.Session(graph=graph, config=config) as session:
        runs = [session.run(fetches) for _ in range(random_cases.RUNS)]
    lines = []
    for name in sorted(fetches):
        outputs = zip(*(run[name] for run in runs))
        lines.append(json.dumps(name) + ": " + json.dumps([random_cases.summary(o) for o in outputs]))
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "random.json")
    with open(path, "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
