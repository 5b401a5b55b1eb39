"""Section 6.5, transfer learning: a network that has learnt shapes tells flowers, from few pictures of them.

    python examples/transfer_learning.py --image_dir=flowers --model=shapes.pb --cache_dir=bottlenecks

What a trained network computes before its last layer, the bottleneck, says much about any image. So to tell new things
apart only a new last layer has to be learnt, and the bottlenecks of all images need to be computed but once: they are
kept in files, and a second run finds them there. Needs pillow, for reading images.

The network is a frozen graph: a GraphDef with constants for variables. Where `--model` isn't there the program makes a
small one itself, from a network that it teaches to tell drawn shapes; and where `--image_dir` isn't there, it draws
flowers: put folders with photos in it, one for each kind, to learn from those. It prints how many bottlenecks it had to
compute, and how many of the pictures that were held back are told right, before and after the last layer has learnt.
"""

import glob
import os

import numpy as np
from PIL import Image, ImageDraw

import pyflow as tf

SIZE = 48
BATCH = 32
INPUT = "images:0"
BOTTLENECK = "bottleneck:0"
SHAPES = ["disc", "ring", "square", "triangle", "bars"]
FLOWERS = ["daisy", "rose", "tulip"]

tf.flags.DEFINE_string("image_dir", "flowers", "A folder with a folder of pictures for each kind of thing.")
tf.flags.DEFINE_string("model", "shapes.pb", "The frozen graph.")
tf.flags.DEFINE_string("cache_dir", "bottlenecks", "Where the bottlenecks are kept.")
tf.flags.DEFINE_integer("steps", 300, "How many batches the last layer learns from.")
tf.flags.DEFINE_integer("seed", 1, "The same seed gives the same pictures and networks.")
FLAGS = tf.flags.FLAGS


# Drawing --------------------------------------------------------------------------------------------------------------


def draw(kind, random):
    """A picture of a shape or a flower: somewhere, of some size, in some colours."""

    def colour(low, high):
        return tuple(int(c) for c in random.randint(low, high))

    def box(r):
        return [x - r, y - r, x + r, y + r]

    image = Image.new("RGB", (SIZE, SIZE), colour([20, 60, 20], [100, 160, 100]))
    pen = ImageDraw.Draw(image)
    (x, y), r = random.randint(20, SIZE - 20, size=2), random.randint(10, 17)
    bright = colour([120] * 3, [256] * 3)
    if kind == "disc":
        pen.ellipse(box(r), bright)
    elif kind == "ring":
        pen.ellipse(box(r), outline=bright, width=4)
    elif kind == "square":
        pen.rectangle(box(r), bright)
    elif kind == "triangle":
        pen.polygon([(x, y - r), (x - r, y + r), (x + r, y + r)], bright)
    elif kind == "bars":
        for i in range(-r, r, 6):
            pen.rectangle([x + i, y - r, x + i + 2, y + r], bright)
    elif kind == "daisy":
        for angle in np.arange(0, 2 * np.pi, np.pi / 5):
            pen.line([x, y, x + r * np.cos(angle), y + r * np.sin(angle)], bright, width=3)
        pen.ellipse(box(r // 3), colour([200, 150, 0], [255, 220, 60]))
    elif kind == "rose":
        for i in range(r, 1, -4):
            pen.ellipse(box(i), bright, outline=colour([90, 0, 0], [140, 40, 40]))
    elif kind == "tulip":
        pen.line([x, y, x, SIZE], colour([0, 90, 0], [40, 130, 40]), width=3)
        pen.polygon([(x - r, y - r), (x - r // 2, y), (x, y - r), (x + r // 2, y), (x + r, y - r), (x, y + r)], bright)
    return image


def make_flowers(folder, count, random):
    for kind in FLOWERS:
        tf.gfile.MakeDirs(os.path.join(folder, kind))
        for i in range(count):
            draw(kind, random).save(os.path.join(folder, kind, f"{i}.jpg"))


def pixels(image):
    """An image as an array [SIZE, SIZE, 3] of numbers between -1 and 1."""
    return np.asarray(image.convert("RGB").resize((SIZE, SIZE)), np.float32) / 127.5 - 1


# A trained network, frozen --------------------------------------------------------------------------------------------


def make_model(path, random):
    """Teaches a network to tell shapes, and writes what leads to its bottleneck as a frozen graph."""
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.set_random_seed(FLAGS.seed)
        images = tf.placeholder(tf.float32, [None, SIZE, SIZE, 3], name="images")
        labels = tf.placeholder(tf.int32, [None], name="labels")
        net = images
        for channels in [16, 32, 64]:
            net = tf.layers.conv2d(net, channels, 5, strides=2, padding="same", activation=tf.nn.relu)
        bottleneck = tf.reduce_max(net, axis=[1, 2], name="bottleneck")
        scores = tf.layers.dense(bottleneck, len(SHAPES))
        loss = tf.losses.sparse_softmax_cross_entropy(labels, scores)
        learn = tf.train.AdamOptimizer(0.003).minimize(loss)
        sess.run(tf.global_variables_initializer())
        losses = []
        for _ in range(100):
            kinds = random.randint(len(SHAPES), size=BATCH)
            drawn = [pixels(draw(SHAPES[kind], random)) for kind in kinds]
            losses.append(sess.run([loss, learn], {images: drawn, labels: kinds})[0])
        print(f"shapes: loss {losses[0]:.3f} at first, {np.mean(losses[-10:]):.3f} at last")
        frozen = tf.graph_util.convert_variables_to_constants(sess, graph.as_graph_def(), ["bottleneck"])
    with tf.gfile.GFile(path, "wb") as f:
        f.write(frozen.SerializeToString())


def load_model(path):
    """Puts the frozen graph into the default one. Gives the tensors of its images and of their bottlenecks."""
    graph_def = tf.GraphDef()
    with tf.gfile.GFile(path, "rb") as f:
        graph_def.ParseFromString(f.read())
    return tf.import_graph_def(graph_def, return_elements=[INPUT, BOTTLENECK], name="frozen")


# Bottlenecks ----------------------------------------------------------------------------------------------------------


def find_images(folder):
    """Names of the kinds, and the paths and kinds of all images: every fifth image is for testing alone."""
    kinds = sorted(kind for kind in os.listdir(folder) if os.path.isdir(os.path.join(folder, kind)))
    training, test = [], []
    for number, kind in enumerate(kinds):
        for i, path in enumerate(sorted(glob.glob(os.path.join(folder, kind, "*.jp*g")))):
            (test if i % 5 == 0 else training).append((path, number))
    return kinds, training, test


def read_bottlenecks(sess, tensors, images):
    """Bottlenecks [count, features] and kinds [count] of images: from files, or computed and put there."""
    images_tensor, bottleneck_tensor = tensors
    bottlenecks, computed = [], 0
    for path, _ in images:
        kept = os.path.join(FLAGS.cache_dir, os.path.relpath(path, FLAGS.image_dir) + ".txt")
        if not tf.gfile.Exists(kept):
            values = sess.run(bottleneck_tensor, {images_tensor: [pixels(Image.open(path))]})[0]
            tf.gfile.MakeDirs(os.path.dirname(kept))
            with tf.gfile.GFile(kept, "w") as f:
                f.write(",".join(str(value) for value in values))
            computed += 1
        with tf.gfile.GFile(kept) as f:
            bottlenecks.append([float(text) for text in f.read().split(",")])
    print(f"{len(images)} images, {computed} bottlenecks computed")
    return np.array(bottlenecks, np.float32), np.array([kind for _, kind in images])


def main(_):
    random = np.random.RandomState(FLAGS.seed)
    if not tf.gfile.Exists(FLAGS.image_dir):
        make_flowers(FLAGS.image_dir, 30, random)
    if not tf.gfile.Exists(FLAGS.model):
        make_model(FLAGS.model, random)
    kinds, training, test = find_images(FLAGS.image_dir)
    print(f"to be told apart: {', '.join(kinds)}")

    tf.set_random_seed(FLAGS.seed)
    tensors = load_model(FLAGS.model)
    features = tensors[1].shape[-1].value
    # The new last layer has bottlenecks fed to it. What is before it stays as it is: constants can't learn.
    bottlenecks = tf.placeholder(tf.float32, [None, features], name="bottlenecks")
    labels = tf.placeholder(tf.int64, [None], name="labels")
    with tf.variable_scope("final"):
        weights = tf.get_variable(
            "weights", [features, len(kinds)], initializer=tf.truncated_normal_initializer(0, 0.01)
        )
        biases = tf.get_variable("biases", [len(kinds)], initializer=tf.zeros_initializer())
        scores = tf.matmul(bottlenecks, weights) + biases
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=scores))
    learn = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(scores, 1), labels), tf.float32))

    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values, answers = read_bottlenecks(sess, tensors, training)
        test_values, test_answers = read_bottlenecks(sess, tensors, test)
        for step in range(FLAGS.steps + 1):
            if step % 100 == 0:
                found = sess.run(accuracy, {bottlenecks: test_values, labels: test_answers})
                print(f"step {step}: test accuracy {found:.4f}", flush=True)
            chosen = random.randint(len(values), size=BATCH)
            sess.run(learn, {bottlenecks: values[chosen], labels: answers[chosen]})


if __name__ == "__main__":
    tf.app.run()
