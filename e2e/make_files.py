"""Makes the files that the specs drop into the page, by TensorFlow where there is one: `python make_files.py FOLDER`.

With `--probabilities CHECKPOINT` it restores a checkpoint of the page and prints what the network says of a blank.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")

import numpy as np  # noqa: E402

try:
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
except ImportError:
    import pyflow as tf  # type: ignore[no-redef]

from tests.faults import damage  # noqa: E402

HIDDEN = 24


def network():
    """The network of the guided page, in TensorFlow's words; gives its input, blank by default, and its output."""
    image = tf.placeholder_with_default(tf.zeros([1, 784]), [1, 784])
    with tf.variable_scope("layer1"):
        inner = tf.nn.relu(tf.matmul(image, noise("weights", [784, HIDDEN])) + noise("biases", [HIDDEN]))
    with tf.variable_scope("layer2"):
        return image, tf.nn.softmax(tf.matmul(inner, noise("weights", [HIDDEN, 10])) + noise("biases", [10]))


def noise(name, shape):
    return tf.get_variable(name, shape, initializer=tf.random_normal_initializer(stddev=0.1, seed=1))


def make(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tf.Graph().as_default(), tf.Session() as sess:
        image, output = network()
        sess.run(tf.global_variables_initializer())
        said = sess.run(output)[0].tolist()
        tf.train.Saver().save(sess, str(folder / "native.ckpt"))
        tf.train.Saver(write_version=tf.train.SaverDef.V1).save(
            sess, str(folder / "first.ckpt"), write_meta_graph=False
        )
        (folder / "graph.pb").write_bytes(sess.graph.as_graph_def().SerializeToString())
        tf.saved_model.simple_save(sess, str(folder / "model"), {"image": image}, {"probabilities": output})
    with tf.io.TFRecordWriter(str(folder / "digits.tfrecord")) as writer:
        for i in range(3):
            feature = {"label": tf.train.Feature(int64_list=tf.train.Int64List(value=[i]))}
            writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
    with tf.Graph().as_default(), tf.summary.FileWriter(str(folder / "logs")) as writer:
        for step in range(5):
            value = tf.Summary.Value(tag="accuracy", simple_value=step / 5)
            writer.add_summary(tf.Summary(value=[value]), step)
    max((folder / "logs").iterdir()).rename(folder / "events.out.tfevents.1")
    with tf.Graph().as_default(), tf.Session() as sess:
        stripes = np.stack([np.arange(64).reshape(8, 8) * 4] * 3, axis=2).astype(np.uint8)
        (folder / "stripes.png").write_bytes(sess.run(tf.image.encode_png(stripes)))
    (folder / "table.csv").write_text("name,value\n<img src=x onerror=alert(1)>,2\n")
    (folder / "facts.json").write_text(json.dumps({"probabilities": said}))
    make_damaged(folder)


def make_damaged(folder: Path) -> None:
    """Files of every kind, damaged by chance; the same each time."""
    (folder / "damaged").mkdir(exist_ok=True)
    whole = [
        "native.ckpt.index",
        "native.ckpt.meta",
        "first.ckpt",
        "graph.pb",
        "digits.tfrecord",
        "events.out.tfevents.1",
    ]
    for name in whole:
        content = (folder / name).read_bytes()
        for number in range(8):
            damaged = damage.by_chance(random.Random(f"{name} {number}"), content)
            (folder / "damaged" / f"{number}-{name}").write_bytes(damaged)


def probabilities(checkpoint: str) -> list[float]:
    with tf.Graph().as_default(), tf.Session() as sess:
        _, output = network()
        tf.train.Saver().restore(sess, checkpoint)
        return np.round(sess.run(output)[0].astype(np.float64), 6).tolist()


if __name__ == "__main__":
    if sys.argv[1] == "--probabilities":
        print(json.dumps(probabilities(sys.argv[2])))
    else:
        make(Path(sys.argv[1]))
