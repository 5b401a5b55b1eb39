"""What tf.image gives under TensorFlow 1.15.5: nodes, shapes, values, errors; the results are kept in images.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import os
import zlib

import numpy as np
from state_cases import error, nodes, plain, unknown

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def picture(height, width, channels=3, dtype=np.uint8, seed=0):
    """Random pixels."""
    pixels = np.random.RandomState(seed).randint(0, 256, (height, width, channels))
    return pixels.astype(np.uint8) if dtype == np.uint8 else (pixels / 255).astype(dtype)


def pictures(count, *size, **kwargs):
    """A batch of random pixels."""
    return np.stack([picture(*size, seed=i, **kwargs) for i in range(count)])


def results(tf, builds):
    """For each function: the nodes that it adds, and the shapes and values of what it returns; or its error."""
    return [result(tf, build) for build in builds]


def result(tf, build):
    with tf.Graph().as_default():
        try:
            made = build()
            tensors = list(made) if isinstance(made, (list, tuple)) else [made]
            shapes = [str(t.shape) for t in tensors]
            built = nodes(tf)
            with tf.Session() as session:
                return [built, shapes, plain(session.run(tensors))]
        except Exception as exception:
            return [type(exception).__name__, str(exception).split("\n")[0]]


def digests(tf, builds):
    """As `values`, with checksums of the pixels; to be used where there can be no rounding."""
    found = values(tf, builds)
    summed = [f[1] if len(f) == 2 and isinstance(f[0], list) else [] for f in found]
    return [[f[0], [[v[0], zlib.crc32(str(v[1]).encode())] for v in s]] if s else f for f, s in zip(found, summed)]


def values(tf, builds):
    """As `results`, without the nodes."""
    return [found if isinstance(found[0], str) else found[1:] for found in results(tf, builds)]


@case
def resizing(tf):
    image, batch = picture(7, 5), pictures(2, 4, 6, dtype=np.float32)
    builds = []
    for method in range(4):
        for size in ([3, 2], [9, 11], [7, 5], [1, 1], [7, 3]):
            for align in (False, True):
                builds.append(lambda m=method, s=size, a=align: tf.image.resize_images(image, s, m, align_corners=a))
        builds.append(lambda m=method: tf.image.resize_images(batch, [8, 3], m))
        builds.append(lambda m=method: tf.image.resize_images(unknown(tf, batch), [8, 3], m))
        builds.append(lambda m=method: tf.image.resize(batch.astype(np.float64), tf.constant([2, 5]), m))
    builds += [
        lambda: tf.image.resize_images(image, [6, 6], "area", preserve_aspect_ratio=True),
        lambda: tf.image.resize_images(image, [20, 10], preserve_aspect_ratio=True),
        lambda: tf.image.resize_images(image, [6, 6], 7),
        lambda: tf.image.resize_images(image, [6, 6, 6]),
        lambda: tf.image.resize_images(image, [1.5, 2.0]),
        lambda: tf.image.resize_images(image[0], [6, 6]),
        lambda: tf.image.resize_images(image, [0, 6]),
        lambda: tf.image.resize_images(image, [7, 5], 1, name="named"),
    ]
    return results(tf, builds)


@case
def half_pixels(tf):
    image = picture(7, 5)[None]
    builds = []
    for size in ([3, 2], [9, 11], [14, 10], [1, 1]):
        for function in (tf.image.resize_bilinear, tf.image.resize_nearest_neighbor, tf.image.resize_bicubic):
            builds.append(lambda f=function, s=size: f(image, s, half_pixel_centers=True))
    for dtype in (np.int8, np.uint16, np.int32, np.int64, np.float16, np.float64):
        for method in range(4):
            builds.append(lambda m=method, d=dtype: tf.image.resize_images((image // 2).astype(d), [3, 8], m))
    return values(tf, builds)


@case
def resizing_wrongly(tf):
    image = picture(4, 4)[None].astype(np.float32)
    wrong = [(image[0], [2, 2]), (image, [2, 2, 2]), (image, 2), (image, [0, 2]), (image[:, :0], [2, 2])]
    builds = []
    for name in ("bilinear", "nearest_neighbor", "bicubic", "area"):
        f = getattr(tf.image, "resize_" + name)
        for images, size in wrong:
            builds.append(lambda f=f, i=images, s=size: f(i, s))
            builds.append(lambda f=f, i=images, s=size: f(unknown(tf, i), unknown(tf, s, np.int32)))
    return values(tf, builds)


@case
def gradients_of_resizing(tf):
    image, found = pictures(1, 4, 5, 2, dtype=np.float32), []

    def build(function, **kwargs):
        x = tf.constant(image)
        y = function(x, kwargs.pop("size", [7, 3]), **kwargs)
        weights = np.arange(np.prod(y.shape.as_list()), dtype=np.float32).reshape(y.shape.as_list())
        return tf.gradients(y * weights, x)

    for f in (tf.image.resize_bilinear, tf.image.resize_nearest_neighbor, tf.image.resize_bicubic):
        for kwargs in ({}, {"align_corners": True}, {"half_pixel_centers": True}, {"size": [2, 9]}):
            found.append(lambda f=f, k=kwargs: build(f, **k))
    found.append(lambda: build(tf.image.resize_area))
    return results(tf, found)


@case
def orientation(tf):
    image, batch = picture(2, 3), pictures(2, 3, 2, 1, dtype=np.float32)
    functions = [tf.image.flip_left_right, tf.image.flip_up_down, tf.image.transpose_image]
    inputs = [image, batch, image[0], image[:0], image[None, None]]
    builds = [lambda f=f, x=x: f(x) for f in functions for x in inputs]
    builds += [lambda f=f: f(unknown(tf, image, np.uint8)) for f in functions]
    return results(tf, builds)


@case
def orientation_by_conditions(tf):
    image, batch = picture(2, 3), pictures(2, 3, 2, 1, dtype=np.float32)
    functions = [
        tf.image.rot90,
        lambda x: tf.image.rot90(x, 2),
        lambda x: tf.image.rot90(x, 3, name="turned"),
        lambda x: tf.image.rot90(x, -2),
        lambda x: tf.image.random_flip_left_right(x, seed=3),
        lambda x: tf.image.random_flip_up_down(x, seed=5),
    ]
    inputs = [image, batch, image[0], image[:0], image[None, None]]
    builds = [lambda f=f, x=x: f(x) for f in functions for x in inputs]
    builds += [lambda f=f: f(unknown(tf, image, np.uint8)) for f in functions]
    builds.append(lambda: tf.image.rot90(image, [1]))
    return values(tf, builds)


@case
def regions(tf):
    image, batch = picture(4, 6), pictures(2, 5, 3, 1, dtype=np.float32)
    image_module = tf.image
    functions = [
        lambda x: image_module.central_crop(x, 0.5),
        lambda x: image_module.central_crop(x, 0.3),
        lambda x: image_module.central_crop(x, 1.0),
        lambda x: image_module.pad_to_bounding_box(x, 1, 2, 6, 9),
        lambda x: image_module.crop_to_bounding_box(x, 1, 0, 2, 3),
        lambda x: image_module.resize_image_with_crop_or_pad(x, 3, 7),
        lambda x: image_module.resize_image_with_crop_or_pad(x, 6, 2),
        lambda x: image_module.resize_with_crop_or_pad(x, tf.constant(5), tf.constant(4)),
        lambda x: image_module.resize_image_with_pad(x, 6, 6),
        lambda x: image_module.resize_image_with_pad(x, 3, 8, 1, True),
    ]
    inputs = [image, batch, image[0], image[:0], image[None, None]]
    builds = [lambda f=f, x=x: f(x) for f in functions for x in inputs]
    builds += [lambda f=f: f(unknown(tf, image, np.uint8)) for f in functions]
    builds += [
        lambda: image_module.central_crop(tf.placeholder_with_default(image, [None, None, 3]), 0.5),
        lambda: image_module.central_crop(image, 0.0),
        lambda: image_module.pad_to_bounding_box(image, -1, 0, 9, 9),
        lambda: image_module.pad_to_bounding_box(image, 0, -1, 9, 9),
        lambda: image_module.pad_to_bounding_box(image, 3, 0, 6, 9),
        lambda: image_module.pad_to_bounding_box(image, 0, 4, 6, 9),
        lambda: image_module.pad_to_bounding_box(image, tf.constant(3), 0, 6, 9),
        lambda: image_module.crop_to_bounding_box(image, -1, 0, 2, 2),
        lambda: image_module.crop_to_bounding_box(image, 0, -1, 2, 2),
        lambda: image_module.crop_to_bounding_box(image, 0, 0, 0, 2),
        lambda: image_module.crop_to_bounding_box(image, 0, 0, 2, 0),
        lambda: image_module.crop_to_bounding_box(image, 2, 0, 3, 2),
        lambda: image_module.crop_to_bounding_box(image, 0, 5, 2, 2),
        lambda: image_module.crop_to_bounding_box(unknown(tf, image), 0, 5, 2, 2),
        lambda: image_module.resize_image_with_crop_or_pad(image, 0, 5),
        lambda: image_module.resize_image_with_pad(image, 5, 0),
    ]
    return results(tf, builds)


@case
def pixel_types(tf):
    types = [tf.uint8, tf.int8, tf.uint16, tf.int16, tf.int32, tf.int64, tf.float16, tf.float32, tf.float64]
    pixels = np.array([0, 1, 3, 100, 127])
    builds = []
    for source in types:
        for target in types:
            if source.is_integer:
                given = pixels.astype(source.as_numpy_dtype)
            else:
                given = np.array([0, 0.2, 0.25, 0.7, 0.99], source.as_numpy_dtype)
            # What float16 cannot hold, and numbers that integers cannot, overflow in ways that the machine chooses.
            wide = source is tf.float16 and target in (tf.uint16, tf.int32, tf.int64)
            if not wide and not (source is tf.float32 and target in (tf.int32, tf.int64)):
                builds.append(lambda g=given, t=target: tf.image.convert_image_dtype(g, t))
            if not wide:
                builds.append(lambda g=given, t=target: tf.image.convert_image_dtype(g, t, saturate=True, name="c"))
    builds += [
        lambda: tf.image.convert_image_dtype(np.float32([-1, 0.5, 2]), tf.uint8, saturate=True),
        lambda: tf.image.convert_image_dtype(np.float32([1]), tf.string),
    ]
    return results(tf, builds)




PICTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pictures")


def files(kind=""):
    """Names and contents of the image files; Pillow made them."""
    found = []
    for name in sorted(os.listdir(PICTURES)):
        if name.startswith(kind):
            with open(os.path.join(PICTURES, name), "rb") as f:
                found.append((name, f.read()))
    return found


@case
def decoding(tf):
    """TensorFlow 1.15 may crash on a part without smooth upscaling, or of a smaller image."""
    builds = []
    accurate = {"dct_method": "INTEGER_ACCURATE"}
    for name, data in files():
        if name.startswith("jpeg"):
            for channels in (0, 1, 3, 4):
                builds.append(lambda d=data, c=channels: tf.io.decode_jpeg(d, c))
                builds.append(lambda d=data, c=channels: tf.io.decode_jpeg(d, c, **accurate))
            for ratio in (2, 3, 4, 8):
                builds.append(lambda d=data, r=ratio: tf.io.decode_jpeg(d, ratio=r))
            builds.append(lambda d=data: tf.io.decode_jpeg(d, fancy_upscaling=False))
            if "422" in name or "440" in name:
                continue
            builds.append(lambda d=data: tf.io.decode_jpeg(d, fancy_upscaling=False, **accurate))
            builds.append(lambda d=data: tf.io.extract_jpeg_shape(d))
            for window in ([1, 2, 3, 4], [0, 0, 3, 14], [0, 0, 0, 1], [-1, 0, 2, 2], [1, 1, 100, 100], [1, 1]):
                builds.append(lambda d=data, w=window: tf.io.decode_and_crop_jpeg(d, w))
                builds.append(lambda d=data, w=window: tf.io.decode_and_crop_jpeg(d, w, **accurate))
            continue
        for channels in (0, 1, 2, 3, 4):
            decode = tf.io.decode_bmp if name.startswith("bmp") else tf.io.decode_png
            builds.append(lambda d=data, c=channels, f=decode: f(d, c))
            builds.append(lambda d=data, c=channels: tf.io.decode_image(d, c))
        if name.startswith("png"):
            builds += [lambda d=data, c=c: tf.image.decode_png(d, c, tf.uint16) for c in (0, 1, 3, 4)]
            builds.append(lambda d=data: tf.io.decode_image(d, 3, tf.float32))
        builds += [lambda d=data: tf.image.decode_gif(d), lambda d=data: tf.image.is_jpeg(d)]
    data = dict(files())["gif_3.gif"]
    builds.append(lambda: tf.io.decode_image(data, expand_animations=False))
    return digests(tf, builds)


@case
def decoding_accurately_without_mixing_colors(tf):
    """What only libjpeg itself does, of files that keep a color for two pixels."""
    found, given = [], dict(files())
    for name in ("jpeg_422.jpg", "jpeg_440.jpg"):
        for channels in (0, 1):
            options = {"channels": channels, "fancy_upscaling": False, "dct_method": "INTEGER_ACCURATE"}
            found.append(lambda d=given[name], o=options: tf.io.decode_jpeg(d, **o))
    return digests(tf, found)


@case
def decoding_wrongly(tf):
    functions = ["decode_jpeg", "decode_png", "decode_gif", "decode_bmp", "decode_image", "extract_jpeg_shape"]
    data = [b"", b"a'\n\\\x00\xff", b"BM", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM" + b"\0" * 60]
    builds = [lambda n=n, d=d: getattr(tf.image, n)(d) for n in functions for d in data]
    builds += [lambda n=n: getattr(tf.image, n)([b"a", b"b"]) for n in functions[:4]]
    builds += [lambda n=n: getattr(tf.image, n)(tf.placeholder_with_default([b"a", b"b"], None)) for n in functions[:4]]
    builds.append(lambda: tf.image.decode_jpeg(b"a", dct_method="x"))
    return values(tf, builds)


@case
def encoding(tf):
    deep = picture(5, 4, 4, np.float32)
    image, found = picture(16, 16), []
    for pixels in (image, image[..., :1], image[..., :2], picture(3, 7, 4), (deep * 65535).astype(np.uint16)):
        for compression in (-1, 0, 9):
            found.append(
                lambda p=pixels, c=compression: tf.image.decode_png(
                    tf.image.encode_png(p, c), dtype=tf.as_dtype(p.dtype)
                )
            )
    found += [
        lambda: tf.image.encode_png(image, 10),
        lambda: tf.image.encode_png(image[..., 0]),
        lambda: tf.image.encode_png(np.zeros((2, 2, 5), np.uint8)),
        lambda: tf.image.encode_jpeg(image[..., :2]),
        lambda: tf.image.encode_jpeg(image[..., 0]),
        lambda: tf.image.encode_jpeg(image, "grayscale"),
        lambda: tf.image.encode_jpeg(image[..., :1], "rgb"),
        lambda: tf.image.encode_jpeg(image, "x"),
        lambda: tf.image.encode_jpeg(image, quality=101),
        lambda: tf.image.encode_jpeg(unknown(tf, image[..., 0], np.uint8)),
        lambda: tf.image.encode_jpeg(image, density_unit="x"),
        lambda: tf.image.encode_jpeg(image[:0]),
        lambda: tf.image.random_jpeg_quality(image, 50, 101),
        lambda: tf.image.random_jpeg_quality(image, 50, 50),
    ]
    for kwargs in ({}, {"quality": 30}, {"chroma_downsampling": False}, {"progressive": True}, {"optimize_size": True}):
        for pixels in (image, image[..., :1]):
            found.append(lambda p=pixels, k=kwargs: tf.image.decode_jpeg(tf.image.encode_jpeg(p, **k)))
    return digests(tf, found)


@case
def colors(tf):
    image, batch = picture(3, 4), pictures(2, 2, 3, dtype=np.float32)
    half = batch.astype(np.float16)
    module = tf.image
    functions = [
        lambda x: module.adjust_brightness(x, 0.2),
        lambda x: module.adjust_brightness(x, -0.5),
        lambda x: module.adjust_contrast(x, 1.7),
        lambda x: module.adjust_gamma(x, 0.5, 1.2),
        lambda x: module.adjust_hue(x, 0.1),
        lambda x: module.adjust_hue(x, -0.7, name="turned"),
        lambda x: module.adjust_saturation(x, 0.5),
        lambda x: module.adjust_saturation(x, 4.0),
        lambda x: module.random_brightness(x, 0.4, seed=1),
        lambda x: module.random_contrast(x, 0.2, 1.8, seed=2),
        lambda x: module.random_hue(x, 0.3, seed=3),
        lambda x: module.random_saturation(x, 0.5, 1.5, seed=4),
        lambda x: module.rgb_to_grayscale(x, name="gray"),
        lambda x: module.grayscale_to_rgb(tf.constant(x[..., :1])),
    ]
    floats = [
        module.rgb_to_hsv,
        module.hsv_to_rgb,
        module.rgb_to_yiq,
        module.yiq_to_rgb,
        module.rgb_to_yuv,
        module.yuv_to_rgb,
    ]
    builds = [lambda f=f, x=x: f(x) for f in functions for x in (image, batch)]
    builds += [lambda f=f: f(batch) for f in floats]
    builds += [lambda f=f: f(batch.astype(np.float64)) for f in floats]
    builds += [lambda f=f: f(half) for f in functions[:2]]
    builds += [
        lambda: module.adjust_gamma(image, -1),
        lambda: module.adjust_gamma(image, tf.constant(2.0)),
        lambda: module.random_brightness(image, -1),
        lambda: module.random_contrast(image, 2, 1),
        lambda: module.random_contrast(image, -1, 1),
        lambda: module.random_saturation(image, -1, 1),
        lambda: module.random_hue(image, 0.6),
        lambda: module.random_hue(image, -0.1),
        lambda: module.grayscale_to_rgb(tf.constant(image)),
        lambda: module.grayscale_to_rgb(unknown(tf, image, np.uint8)),
        lambda: module.rgb_to_hsv(batch[..., :2]),
        lambda: module.adjust_hue(batch[..., :2], 0.1),
        lambda: module.adjust_hue(batch[0, 0], 0.1),
        lambda: module.adjust_contrast(unknown(tf, batch[0, 0]), 0.1),
    ]
    return results(tf, builds)


@case
def standardization(tf):
    image, batch = picture(3, 4), pictures(2, 2, 3, dtype=np.float32)
    builds = [lambda x=x: tf.image.per_image_standardization(x) for x in (image, batch, np.ones((2, 2, 1), np.float32))]
    builds.append(lambda: tf.image.per_image_standardization(unknown(tf, batch)))
    builds.append(lambda: tf.image.per_image_standardization(batch[0, 0]))
    return results(tf, builds)


@case
def drawn_boxes(tf):
    image = np.zeros((2, 8, 10, 3), np.float32)
    boxes = np.float32([[[0.1, 0.2, 0.6, 0.7], [-0.3, 0.5, 0.5, 1.4]], [[0, 0, 1, 1], [0.5, 0.5, 0.2, 0.9]]])
    builds = [
        lambda: tf.image.draw_bounding_boxes(image, boxes, name="drawn"),
        lambda: tf.image.draw_bounding_boxes(image[..., :1], boxes * 0.9),
        lambda: tf.image.draw_bounding_boxes(np.ones((2, 5, 5, 4), np.float16), np.tile(boxes, [1, 6, 1]) * 1.1 - 0.05),
        lambda: tf.image.draw_bounding_boxes(image[..., :2], boxes),
        lambda: tf.image.draw_bounding_boxes(image[0], boxes),
        lambda: tf.image.draw_bounding_boxes(image, boxes[:1]),
        lambda: tf.image.draw_bounding_boxes(image, boxes[0]),
    ]
    return results(tf, builds)


@case
def random_boxes(tf):
    boxes = np.float32([[[0.1, 0.2, 0.6, 0.7], [0.4, 0.5, 0.9, 0.8]]])

    def drawn(size, given=boxes, count=6, **kwargs):
        with tf.Graph().as_default():
            found = tf.image.sample_distorted_bounding_box(size, given, seed=7, seed2=3, **kwargs)
            with tf.Session() as session:
                return [plain(session.run(list(found))) for _ in range(count)]

    found = [
        drawn([100, 150, 3]),
        drawn(np.int64([37, 53, 1]), min_object_covered=0.9),
        drawn([64, 64, 3], aspect_ratio_range=[0.5, 2.0], area_range=[0.3, 0.6], max_attempts=5),
        drawn([40, 30, 3], min_object_covered=1.0, area_range=[0.05, 0.1], max_attempts=20),
        drawn([40, 30, 3], np.zeros((1, 0, 4), np.float32), use_image_if_no_bounding_boxes=True),
    ]
    wrong = [
        lambda: drawn([40, 30, 3], np.zeros((1, 0, 4), np.float32)),
        lambda: drawn([40, 30]),
        lambda: drawn([40, 30, 3], boxes * 2),
        lambda: drawn([40, 30, 3], min_object_covered=-1.0),
        lambda: drawn([40, 30, 3], area_range=[0.0, 1.0]),
        lambda: drawn([40, 30, 3], aspect_ratio_range=[-1.0, 1.0]),
        lambda: drawn([40, 30, 3], max_attempts=0),
    ]
    built = results(tf, [lambda: tf.image.sample_distorted_bounding_box([9, 9, 3], boxes, 1, 2)])
    return [*found, *[error(w) for w in wrong], built]


@case
def crops(tf):
    images = pictures(2, 5, 7, 2, dtype=np.float32)
    boxes = np.float32([[0.1, 0.2, 0.7, 0.9], [0.8, 0.6, 0.1, 0.3], [-0.2, 0.1, 1.3, 0.9]])
    crop = tf.image.crop_and_resize

    def gradients(method):
        x, b = tf.constant(images), tf.constant(boxes)
        y = crop(x, b, [0, 1, 0], [3, 4], method)
        weights = np.arange(72, dtype=np.float32).reshape(3, 3, 4, 2)
        return [g for g in tf.gradients(y * weights, [x, b]) if g is not None]

    builds = [
        lambda: crop(images, boxes, [0, 1, 1], [4, 3]),
        lambda: crop(images, boxes, box_indices=[0, 1, 1], crop_size=[1, 1], extrapolation_value=0.5),
        lambda: crop(images, boxes, [0, 1, 1], [4, 6], "nearest", name="cut"),
        lambda: crop(picture(5, 7)[None], boxes, [0, 0, 0], [2, 2]),
        lambda: gradients("bilinear"),
        lambda: crop(images, boxes, [0, 1, 2], [4, 3]),
        lambda: crop(images, boxes, [0, 1], [4, 3]),
        lambda: crop(images, boxes[:, :3], [0, 1, 1], [4, 3]),
        lambda: crop(images, boxes, [0, 1, 1], [4]),
        lambda: crop(images, boxes, [0, 1, 1], [4, 0]),
        lambda: crop(unknown(tf, images), unknown(tf, boxes), unknown(tf, [0, 1], np.int32), [4, 3]),
        lambda: crop(unknown(tf, images[0]), unknown(tf, boxes), unknown(tf, [0, 1, 1], np.int32), [4, 3]),
    ]
    return values(tf, builds)


@case
def suppression(tf):
    random = np.random.RandomState(0)
    corners = random.uniform(0, 1, (30, 2))
    boxes = np.float32(np.hstack([corners, corners + random.uniform(-0.4, 0.4, (30, 2))]))
    scores = np.float32(random.uniform(0, 1, 30))
    common = np.float32(np.eye(30) + 0.3 * (boxes > 0.5).all(1))
    module = tf.image
    builds = [lambda t=t: module.non_max_suppression(boxes, scores, 12, t) for t in (0.0, 0.2, 0.5, 1.0)]
    builds += [
        lambda: module.non_max_suppression(boxes, scores, tf.constant(30), 0.3, 0.5, name="kept"),
        lambda: module.non_max_suppression_padded(boxes, scores, 20, 0.1, 0.3, pad_to_max_output_size=True),
        lambda: module.non_max_suppression_padded(boxes, scores, 20, 0.1, 0.3),
        lambda: module.non_max_suppression_with_scores(boxes, scores, 20, 0.9, 0.1, soft_nms_sigma=0.5),
        lambda: module.non_max_suppression_with_scores(boxes, scores, 9, 0.4),
        lambda: module.non_max_suppression_overlaps(common, scores, 9, 0.35),
        lambda: module.non_max_suppression(boxes, scores, 3, 1.5),
        lambda: module.non_max_suppression(boxes, scores[:5], 3),
        lambda: module.non_max_suppression(boxes[:, :3], scores, 3),
        lambda: module.non_max_suppression(boxes[0], scores, 3),
        lambda: module.non_max_suppression(boxes, scores, [3]),
    ]
    return results(tf, builds)


@case
def likeness(tf):
    one, two = (tf.constant, tf.constant)
    first = pictures(2, 14, 13, 2)
    second = first // 2 + pictures(3, 14, 13, 2)[1:] // 4
    large = [np.repeat(np.repeat(p, 14, 1), 14, 2) for p in (first, second)]
    single = [(p / 255).astype(np.float32) for p in (first, second)]
    module = tf.image
    builds = [
        lambda: module.psnr(one(first), two(second), 255),
        lambda: module.psnr(one(single[0]), two(single[1]), 1.0, name="p"),
        lambda: module.ssim(one(first), two(second), 255),
        lambda: module.ssim(one(single[0]), two(single[1]), 1.0, 5, 1.0, 0.02, 0.05),
        lambda: module.ssim_multiscale(one(large[0]), two(large[1]), 255, filter_size=9),
        lambda: module.ssim(one(first[:, :8]), two(second[:, :8]), 255),
        lambda: module.psnr(one(first), two(second[:, :8]), 255),
        lambda: module.total_variation(one(single[0])),
        lambda: module.total_variation(one(single[0][0])),
        lambda: module.total_variation(one(single[0][0, 0])),
        lambda: module.image_gradients(one(single[0][:, :3, :3])),
        lambda: module.image_gradients(one(single[0][0])),
        lambda: module.sobel_edges(one(single[0][:, :4, :3])),
    ]
    return values(tf, builds)


@case
def suppression_by_class(tf):
    random = np.random.RandomState(1)
    boxes = random.rand(2, 9, 3, 4).astype(np.float32)
    boxes[..., 2:] = boxes[..., :2] + 0.4
    scores = random.rand(2, 9, 3).astype(np.float32)
    module, shared = tf.image, boxes[:, :, :1]
    builds = [
        lambda: module.combined_non_max_suppression(boxes, scores, 3, 5, 0.3, 0.2, name="best"),
        lambda: module.combined_non_max_suppression(shared, scores, 2, 20, 0.2, pad_per_class=True),
        lambda: module.combined_non_max_suppression(shared, scores, tf.constant(2), 4, clip_boxes=False),
        lambda: module.combined_non_max_suppression(boxes, scores, 0, 4),
        lambda: module.combined_non_max_suppression(boxes[0], scores, 1, 4),
        lambda: module.combined_non_max_suppression(boxes[:, :, :2], scores, 1, 4),
        lambda: module.non_max_suppression_with_scores(shared[0, :, 0], scores[0, :, 0], 9, 0.0, 0.1, 0.5),
    ]
    return results(tf, builds)


@case
def glimpses(tf):
    images = pictures(2, 10, 9, dtype=np.float32)
    places = np.array([[0.3, -0.2], [0.1, 0.05]], np.float32)
    module = tf.image
    builds = [
        lambda: module.extract_glimpse(images, [3, 4], places, name="part"),
        lambda: module.extract_glimpse(images, [3, 4], places * 5, normalized=False),
        lambda: module.extract_glimpse(images, [2, 2], places + 0.4, centered=False),
        lambda: module.extract_glimpse(images, [4, 1], places * 3 + 4, centered=False, normalized=False),
        lambda: module.extract_glimpse(images * 0 + 1, [12, 12], places),
        lambda: module.extract_glimpse(unknown(tf, images), [3, 0], places),
        lambda: module.extract_glimpse(images, [3, 3], places[:1]),
        lambda: module.extract_glimpse(images[0], [3, 3], places),
    ]
    return results(tf, builds)


@case
def hsv_gradients(tf):
    """Of random colors, and of some with equal and with missing channels; with 1 added for what is nearly 0."""
    levels = np.array([0.0, 0.5, 0.7], np.float32)
    grid = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(-1, 3)
    colors = tf.constant(np.concatenate([grid, picture(4, 5, dtype=np.float32).reshape(-1, 3)]))
    hsv = tf.image.rgb_to_hsv(colors)
    slopes = [tf.gradients(hsv[:, i], colors)[0] + 1.0 for i in range(3)]
    with tf.Session() as session:
        return plain(session.run(slopes))
