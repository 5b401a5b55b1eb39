"""Writes models.json: the models of model_cases.py as files, in base 64, and what they give.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_models.py
"""

import base64
import json
import os
import tempfile

import model_cases
import tensorflow as tf


def coded(data):
    return base64.b64encode(data).decode()


def trained(use_resource):
    folder = tempfile.mkdtemp()
    with tf.Graph().as_default(), tf.Session() as sess:
        model_cases.classifier(tf, use_resource)
        sess.run(tf.global_variables_initializer())
        model_cases.train(sess, 5)
        saver = tf.train.Saver()
        path = saver.save(sess, os.path.join(folder, "m"), write_meta_graph=False)
        # The contexts of conditions are written in another order every time.
        keys = [key for key in sess.graph.get_all_collection_keys() if key != "cond_context"]
        meta = saver.export_meta_graph(collection_list=keys).SerializeToString(deterministic=True)
        losses = model_cases.train(sess, 20)
    with open(path + ".index", "rb") as index, open(path + ".data-00000-of-00001", "rb") as data:
        return {"meta": coded(meta), "index": coded(index.read()), "data": coded(data.read()), "losses": losses}


def frozen():
    with tf.Graph().as_default(), tf.Session() as sess:
        model_cases.recurrent(tf)
        sess.run(tf.global_variables_initializer())
        graph_def = tf.graph_util.convert_variables_to_constants(sess, sess.graph.as_graph_def(add_shapes=True), ["y"])
        y = sess.run("y:0", {"sequences:0": model_cases.SEQUENCES, "images:0": model_cases.IMAGES})
    return {"graph": coded(graph_def.SerializeToString(deterministic=True)), "y": y.tolist()}


def main():
    results = {"references": trained(False), "resources": trained(True), "frozen": frozen()}
    lines = [json.dumps(name) + ": " + json.dumps(result) for name, result in sorted(results.items())]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "models.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
