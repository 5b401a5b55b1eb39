"""Section 6.4: Inception-v3 whole, 299 x 299 pixels to 1000 classes, built with slim.

    python examples/inception_v3.py
    python examples/inception_v3.py --checkpoint=inception_v3.ckpt --image=photo.jpg --classes=1001

Its layers don't stand in a row: several kinds of windows look at the same input side by side, and what they find is put
together along the channels. slim makes that short: a convolution with its weights, batch normalization, activation and
regularizer is one line, and `arg_scope` says once what holds for all of them. It prints the shape after each part, the
number of parameters (23.8 million, 27.2 with the second classifier that helps in training) and what it makes of an
image: nothing sensible, unless you give it a checkpoint of slim's own Inception-v3, which has the same names.
"""

import numpy as np

import pyflow as tf

slim = tf.contrib.slim

tf.flags.DEFINE_integer("classes", 1000, "How many things the network tells apart; slim's own checkpoints have 1001.")
tf.flags.DEFINE_integer("size", 299, "Height and width of the image.")
tf.flags.DEFINE_string("image", None, "A picture, which needs pillow to be read; noise if there is none.")
tf.flags.DEFINE_string("checkpoint", None, "Where trained variables come from; they are random if there is none.")
FLAGS = tf.flags.FLAGS


def arg_scope(training, weight_decay=0.00004):
    """What holds for all layers: batch normalization after each convolution, and weights that are held small."""
    with slim.arg_scope([slim.batch_norm], is_training=training, decay=0.9997, epsilon=0.001):
        with slim.arg_scope(
            [slim.conv2d],
            weights_initializer=slim.variance_scaling_initializer(),
            weights_regularizer=slim.l2_regularizer(weight_decay),
            normalizer_fn=slim.batch_norm,
        ) as scope:
            return scope


def convolutions(net, *layers, **settings):
    """One after the other; each is given by channels, window and name."""
    for channels, window, name in layers:
        net = slim.conv2d(net, channels, window, scope=name, **settings)
    return net


def side_by_side(name, *branches):
    """An Inception module: the branches' outputs, put together along the channels."""
    outputs = []
    with tf.variable_scope(name):
        for i, branch in enumerate(branches):
            with tf.variable_scope(f"Branch_{i}"):
                outputs.append(branch())
        return tf.concat(outputs, axis=3)


def pooled(net, channels):
    """A branch: the mean of each 3 x 3, then a convolution."""
    net = slim.avg_pool2d(net, [3, 3], scope="AvgPool_0a_3x3")
    return slim.conv2d(net, channels, [1, 1], scope="Conv2d_0b_1x1")


def stem(net):
    """[299, 299, 3] to [35, 35, 192], in a row like older networks."""
    with slim.arg_scope([slim.conv2d, slim.max_pool2d], padding="VALID"):
        net = slim.conv2d(net, 32, [3, 3], stride=2, scope="Conv2d_1a_3x3")
        net = slim.conv2d(net, 32, [3, 3], scope="Conv2d_2a_3x3")
        net = slim.conv2d(net, 64, [3, 3], padding="SAME", scope="Conv2d_2b_3x3")
        net = slim.max_pool2d(net, [3, 3], stride=2, scope="MaxPool_3a_3x3")
        net = slim.conv2d(net, 80, [1, 1], scope="Conv2d_3b_1x1")
        net = slim.conv2d(net, 192, [3, 3], scope="Conv2d_4a_3x3")
        return slim.max_pool2d(net, [3, 3], stride=2, scope="MaxPool_5a_3x3")


def module_5(name, net, last):
    """Windows of 1 x 1, 5 x 5, and twice 3 x 3, which sees as much as 5 x 5 with fewer weights."""
    # The names are those of slim's checkpoints, in which Mixed_5c was misspelt once and has been so ever since.
    names = ["Conv2d_0b_1x1", "Conv_1_0c_5x5"] if name == "Mixed_5c" else ["Conv2d_0a_1x1", "Conv2d_0b_5x5"]
    return side_by_side(
        name,
        lambda: slim.conv2d(net, 64, [1, 1], scope="Conv2d_0a_1x1"),
        lambda: convolutions(net, (48, [1, 1], names[0]), (64, [5, 5], names[1])),
        lambda: convolutions(
            net, (64, [1, 1], "Conv2d_0a_1x1"), (96, [3, 3], "Conv2d_0b_3x3"), (96, [3, 3], "Conv2d_0c_3x3")
        ),
        lambda: pooled(net, last),
    )


def module_6a(net):
    """[35, 35, 288] to [17, 17, 768]: convolutions and pooling make the image smaller side by side."""
    before = [(64, [1, 1], "Conv2d_0a_1x1"), (96, [3, 3], "Conv2d_0b_3x3")]
    shrink = {"stride": 2, "padding": "VALID"}
    return side_by_side(
        "Mixed_6a",
        lambda: slim.conv2d(net, 384, [3, 3], scope="Conv2d_1a_1x1", **shrink),
        lambda: slim.conv2d(convolutions(net, *before), 96, [3, 3], scope="Conv2d_1a_1x1", **shrink),
        lambda: slim.max_pool2d(net, [3, 3], scope="MaxPool_1a_3x3", **shrink),
    )


def module_6(name, net, n):
    """Windows of 7 x 7, each as one of 1 x 7 and one of 7 x 1: a seventh of the work, twice."""
    return side_by_side(
        name,
        lambda: slim.conv2d(net, 192, [1, 1], scope="Conv2d_0a_1x1"),
        lambda: convolutions(
            net, (n, [1, 1], "Conv2d_0a_1x1"), (n, [1, 7], "Conv2d_0b_1x7"), (192, [7, 1], "Conv2d_0c_7x1")
        ),
        lambda: convolutions(
            net,
            (n, [1, 1], "Conv2d_0a_1x1"),
            (n, [7, 1], "Conv2d_0b_7x1"),
            (n, [1, 7], "Conv2d_0c_1x7"),
            (n, [7, 1], "Conv2d_0d_7x1"),
            (192, [1, 7], "Conv2d_0e_1x7"),
        ),
        lambda: pooled(net, 192),
    )


def module_7a(net):
    """[17, 17, 768] to [8, 8, 1280]."""
    before = [(192, [1, 1], "Conv2d_0a_1x1"), (192, [1, 7], "Conv2d_0b_1x7"), (192, [7, 1], "Conv2d_0c_7x1")]
    shrink = {"stride": 2, "padding": "VALID", "scope": "Conv2d_1a_3x3"}
    return side_by_side(
        "Mixed_7a",
        lambda: slim.conv2d(slim.conv2d(net, 192, [1, 1], scope="Conv2d_0a_1x1"), 320, [3, 3], **shrink),
        lambda: slim.conv2d(convolutions(net, *before), 192, [3, 3], **shrink),
        lambda: slim.max_pool2d(net, [3, 3], stride=2, padding="VALID", scope="MaxPool_1a_3x3"),
    )


def module_7(name, net):
    """The branches branch: 1 x 3 and 3 x 1 look at the same and are put together again."""

    def both(net, *names):
        windows = zip([[1, 3], [3, 1]], names)
        return tf.concat([slim.conv2d(net, 384, window, scope=scope) for window, scope in windows], axis=3)

    return side_by_side(
        name,
        lambda: slim.conv2d(net, 320, [1, 1], scope="Conv2d_0a_1x1"),
        lambda: both(
            slim.conv2d(net, 384, [1, 1], scope="Conv2d_0a_1x1"),
            "Conv2d_0b_1x3",
            "Conv2d_0b_3x1" if name == "Mixed_7b" else "Conv2d_0c_3x1",
        ),
        lambda: both(
            convolutions(net, (448, [1, 1], "Conv2d_0a_1x1"), (384, [3, 3], "Conv2d_0b_3x3")),
            "Conv2d_0c_1x3",
            "Conv2d_0d_3x1",
        ),
        lambda: pooled(net, 192),
    )


def classifier(net, classes, name, **settings):
    """A convolution over all there is gives each class its score: [batch, classes]."""
    net = slim.conv2d(net, classes, [1, 1], activation_fn=None, normalizer_fn=None, scope=name, **settings)
    return tf.squeeze(net, [1, 2], name="SpatialSqueeze")


def inception_v3(images, classes, training):
    """The scores [batch, classes] of both classifiers, and the output of each part by name."""
    parts = {}
    with slim.arg_scope(arg_scope(training)), tf.variable_scope("InceptionV3"):
        with slim.arg_scope([slim.conv2d, slim.max_pool2d, slim.avg_pool2d], stride=1, padding="SAME"):
            net = parts["stem"] = stem(images)
            for name, last in [("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)]:
                net = parts[name] = module_5(name, net, last)
            net = parts["Mixed_6a"] = module_6a(net)
            for name, n in [("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)]:
                net = parts[name] = module_6(name, net, n)
            net = parts["Mixed_7a"] = module_7a(net)
            for name in ["Mixed_7b", "Mixed_7c"]:
                net = parts[name] = module_7(name, net)

            # Half-way up a second classifier gives the lower layers gradients of their own; only training needs it.
            with tf.variable_scope("AuxLogits"):
                small = tf.truncated_normal_initializer(stddev=0.01)
                aux = slim.avg_pool2d(parts["Mixed_6e"], [5, 5], stride=3, padding="VALID", scope="AvgPool_1a_5x5")
                aux = slim.conv2d(aux, 128, [1, 1], scope="Conv2d_1b_1x1")
                window = aux.shape.as_list()[1:3]  # 5 x 5
                aux = slim.conv2d(aux, 768, window, weights_initializer=small, padding="VALID", scope="Conv2d_2a_5x5")
                parts["AuxLogits"] = classifier(
                    aux, classes, "Conv2d_2b_1x1", weights_initializer=tf.truncated_normal_initializer(stddev=0.001)
                )
            with tf.variable_scope("Logits"):
                net = slim.avg_pool2d(net, net.shape.as_list()[1:3], padding="VALID", scope="AvgPool_1a_8x8")
                net = parts["PreLogits"] = slim.dropout(net, keep_prob=0.8, is_training=training, scope="Dropout_1b")
                parts["Logits"] = classifier(net, classes, "Conv2d_1c_1x1")
    return parts["Logits"], parts["AuxLogits"], parts


def read_image():
    """One image [1, size, size, 3] of numbers between -1 and 1."""
    if FLAGS.image is None:
        return np.random.RandomState(1).uniform(-1, 1, [1, FLAGS.size, FLAGS.size, 3])
    from PIL import Image

    image = Image.open(FLAGS.image).convert("RGB").resize((FLAGS.size, FLAGS.size))
    return np.asarray(image)[np.newaxis] / 127.5 - 1


def count(variables):
    return sum(np.prod(v.shape.as_list()) for v in variables)


def main(_):
    tf.set_random_seed(1)
    images = tf.placeholder(tf.float32, [1, FLAGS.size, FLAGS.size, 3], name="images")
    scores, _, parts = inception_v3(images, FLAGS.classes, training=False)
    for name, tensor in parts.items():
        print(f"{name}: {tensor.shape.as_list()[1:]}")
    learned = tf.trainable_variables()
    print(f"{count(learned)} parameters, {count(v for v in learned if 'AuxLogits' not in v.op.name)} without AuxLogits")
    likeliest = tf.nn.top_k(tf.nn.softmax(scores), k=5)
    with tf.Session() as sess:
        if FLAGS.checkpoint is None:
            sess.run(tf.global_variables_initializer())
        else:
            tf.train.Saver(slim.get_model_variables()).restore(sess, FLAGS.checkpoint)
        probabilities, classes = sess.run(likeliest, {images: read_image()})
        print("likeliest:", ", ".join(f"class {c} ({p:.4f})" for c, p in zip(classes[0], probabilities[0])))


if __name__ == "__main__":
    tf.app.run()
