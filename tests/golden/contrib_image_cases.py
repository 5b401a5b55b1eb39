"""tf.contrib.image under TensorFlow 1.15.5; the results are kept in contrib_images.json. Python 3.7 runs it too."""

import numpy as np
from state_cases import error

RNG = np.random.RandomState(3)
IMAGES = (RNG.rand(2, 5, 6, 3) * 255).round(2).astype(np.float32)
POINTS = np.array([[[1.0, 1], [1, 4], [3, 2], [4, 5]]] * 2, np.float32)


def digits(x):
    return np.round(np.asarray(x, np.float64), 3).ravel().tolist()


def run(tf, *tensors):
    with tf.Session() as session:
        return [[t.name, t.shape.as_list(), t.dtype.name, digits(session.run(t))] for t in tensors]


def case_rotate(tf):
    image = tf.contrib.image
    turned = [image.rotate(IMAGES, [0.5, -1.2]), image.rotate(IMAGES, 0.3, "BILINEAR"), image.rotate(IMAGES[0], 2.0)]
    turned.append(image.rotate(IMAGES[0, :, :, 0], np.pi / 2, interpolation="BILINEAR", name="own"))
    return run(tf, *turned, image.rotate(IMAGES.astype(np.uint8), 0.7, "BILINEAR"))


def case_translate(tf):
    image = tf.contrib.image
    moved = [image.translate(IMAGES, [1, -2]), image.translate(IMAGES, [[0.5, 0], [0, 1.5]], "BILINEAR")]
    return run(tf, *moved, image.translate(IMAGES, [[0.5, 0.5]]))


def case_transform(tf):
    image = tf.contrib.image
    flat = [1.1, 0.2, -1, 0.1, 0.9, 0.5, 0.01, -0.02]
    wide = image.transform(IMAGES, flat, "bilinear", output_shape=[3, 8])
    x = tf.constant(IMAGES)
    gradients = [tf.gradients(image.transform(x, flat, kind), x, tf.constant(IMAGES * 0.5))[0] for kind in
                 ("NEAREST", "BILINEAR")]
    composed = image.compose_transforms(flat, [1.0, 0, 2, 0, 1, -1, 0, 0])
    return run(tf, wide, image.transform(IMAGES, [flat, [0, 1, 0, 1, 0, 0, 0.2, -1]]), composed, *gradients)


def case_matching(tf):
    image = tf.contrib.image
    distances = np.round(RNG.rand(4, 3), 2).astype(np.float32)
    results = [image.bipartite_match(distances, [-1.0]), image.bipartite_match(distances, [2.0], top_k=1)]
    return [run(tf, *result) for result in results]


def case_components(tf):
    image = tf.contrib.image
    pixels = (np.random.RandomState(5).rand(2, 7, 6) * 3).astype(np.int32)
    return run(tf, image.connected_components(pixels), image.connected_components(pixels[0] > 0),
               image.connected_components(pixels + 1))


def case_warps(tf):
    image = tf.contrib.image
    flow = np.random.RandomState(7).randn(2, 5, 6, 2).astype(np.float32)
    x, f = tf.constant(IMAGES), tf.constant(flow)
    warped = image.dense_image_warp(x, f)
    sparse = image.sparse_image_warp(x, POINTS, POINTS + np.float32([0.5, -0.25]), num_boundary_points=2)
    plain = image.sparse_image_warp(x, POINTS, POINTS + 0.5, interpolation_order=3, regularization_weight=0.1)
    return run(tf, warped, *tf.gradients(warped, [x, f]), *sparse, *plain)


def case_splines(tf):
    queries = np.random.RandomState(8).rand(2, 3, 2).astype(np.float32) * 4
    values = POINTS[:, :, :1] * 2 + 1
    return run(tf, *[tf.contrib.image.interpolate_spline(POINTS, values, queries, order, 0.01) for order in
                     (1, 2, 3, 4, 6)])


def case_errors(tf):
    image = tf.contrib.image
    return [error(lambda: image.rotate(tf.placeholder(tf.float32), 1.0)), error(lambda: image.rotate([1.0], 1.0)),
            error(lambda: image.rotate(IMAGES, [[1.0]])), error(lambda: image.transform(IMAGES, [[[1.0]]])),
            error(lambda: image.translate(IMAGES, 1.0)),
            error(lambda: image.transform(IMAGES, [1.0] * 8, output_shape=[1, 2, 3]))]


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
