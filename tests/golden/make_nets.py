"""Writes nets.json: the networks of net_cases.py as checkpoints, in base 64, and what they give.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_nets.py
"""

import base64
import json
import os
import tempfile

import net_cases
import tensorflow as tf


def coded(path):
    with open(path, "rb") as f:
        return base64.b64encode(f.read()).decode()


def trained(name):
    prefix = os.path.join(tempfile.mkdtemp(), "m")
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        net_cases.NETS[name](tf, tf.constant(net_cases.IMAGES), True)
        nodes = net_cases.digest(net_cases.nodes(tf))
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(1)
        fetches = net_cases.build(tf, name)
        sess.run(tf.global_variables_initializer())
        net_cases.learn(sess, fetches, 3)
        tf.train.Saver().save(sess, prefix, write_meta_graph=False)
        outputs = sess.run(fetches["outputs"]).tolist()
        return {
            "index": coded(prefix + ".index"),
            "data": coded(prefix + ".data-00000-of-00001"),
            "outputs": outputs,
            "losses": net_cases.learn(sess, fetches, 3),
            "variables": net_cases.digest(net_cases.variables(tf)),
            "nodes": nodes,
        }


def main():
    lines = [json.dumps(name) + ": " + json.dumps(trained(name)) for name in sorted(net_cases.NETS)]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "nets.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
