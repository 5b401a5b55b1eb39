"""Section 7.2: an image file as pixels, resized, cropped, turned, with other colours, with boxes, and distorted."""

import os
import tempfile

import numpy as np
from PIL import Image

import pyflow as tf

# A picture to work on: 60 rows and 80 columns of smooth colours.
rows, columns = np.mgrid[:60, :80]
pixels = np.stack([rows * 4, columns * 3, 255 - rows * 2 - columns], axis=-1).astype(np.uint8)
folder = tempfile.mkdtemp()
with open(os.path.join(folder, "picture.jpg"), "wb") as f:
    Image.fromarray(pixels).save(f, "JPEG", quality=90)


def distort_color(image, order=0):
    """Brightness, saturation, hue and contrast by chance, in one of two orders."""
    if order == 0:
        image = tf.image.random_brightness(image, max_delta=32.0 / 255.0)
        image = tf.image.random_saturation(image, lower=0.5, upper=1.5)
        image = tf.image.random_hue(image, max_delta=0.2)
        image = tf.image.random_contrast(image, lower=0.5, upper=1.5)
    else:
        image = tf.image.random_saturation(image, lower=0.5, upper=1.5)
        image = tf.image.random_brightness(image, max_delta=32.0 / 255.0)
        image = tf.image.random_contrast(image, lower=0.5, upper=1.5)
        image = tf.image.random_hue(image, max_delta=0.2)
    return tf.clip_by_value(image, 0.0, 1.0)


def preprocess_for_train(image, height, width, bbox):
    """A random part of the image at a given size, flipped or not, with random colours."""
    if bbox is None:
        bbox = tf.constant([0.0, 0.0, 1.0, 1.0], dtype=tf.float32, shape=[1, 1, 4])
    if image.dtype != tf.float32:
        image = tf.image.convert_image_dtype(image, dtype=tf.float32)
    begin, size, _ = tf.image.sample_distorted_bounding_box(tf.shape(image), bounding_boxes=bbox)
    distorted = tf.slice(image, begin, size)
    distorted = tf.image.resize_images(distorted, [height, width], method=np.random.randint(4))
    distorted = tf.image.random_flip_left_right(distorted)
    return distort_color(distorted, np.random.randint(2))


image_raw_data = tf.gfile.FastGFile(os.path.join(folder, "picture.jpg"), "rb").read()
with tf.Session() as sess:
    img_data = tf.image.decode_jpeg(image_raw_data)
    print("decoded:", img_data.eval().shape, img_data.eval().dtype)
    with tf.gfile.GFile(os.path.join(folder, "again.jpg"), "wb") as f:
        f.write(tf.image.encode_jpeg(img_data).eval())
    with Image.open(os.path.join(folder, "again.jpg")) as again:
        print("written again:", again.size)

    img_data = tf.image.convert_image_dtype(img_data, dtype=tf.float32)
    for method, name in enumerate(["bilinear", "nearest neighbor", "bicubic", "area"]):
        resized = tf.image.resize_images(img_data, [30, 30], method=method).eval()
        print(f"{name}: {resized.shape}, mean {resized.mean():.2f}")

    print("cropped:", tf.image.resize_image_with_crop_or_pad(img_data, 40, 50).eval().shape)
    print("padded:", tf.image.resize_image_with_crop_or_pad(img_data, 100, 100).eval().shape)
    print("central:", tf.image.central_crop(img_data, 0.5).eval().shape)

    upside_down = tf.image.flip_up_down(img_data)
    mirrored = tf.image.flip_left_right(img_data)
    print("flipped:", np.array_equal(upside_down.eval(), img_data.eval()[::-1]), end=" ")
    print(np.array_equal(mirrored.eval(), img_data.eval()[:, ::-1]))

    turned = tf.image.random_flip_up_down(tf.image.random_flip_left_right(img_data)).eval()
    print("turned by chance:", any(np.array_equal(turned, x.eval()) for x in (
        img_data, upside_down, mirrored, tf.image.flip_up_down(mirrored))))  # fmt: skip

    darker = tf.clip_by_value(tf.image.adjust_brightness(img_data, -0.5), 0.0, 1.0)
    print("darker:", bool(darker.eval().mean() < img_data.eval().mean()))
    brightness = tf.image.adjust_brightness(tf.image.adjust_brightness(img_data, -0.5), 0.7)
    print("changed and clipped:", bool(tf.clip_by_value(brightness, 0.0, 1.0).eval().max() <= 1.0))
    standardized = tf.image.per_image_standardization(img_data).eval()
    print(f"standardized: mean {abs(standardized.mean()):.2f}, deviation {standardized.std():.2f}")

    small = tf.image.convert_image_dtype(tf.image.resize_images(img_data, [50, 50], method=1), dtype=tf.float32)
    boxes = tf.constant([[[0.1, 0.4, 0.9, 0.8], [0.1, 0.5, 0.36, 0.76]]])
    result = tf.image.draw_bounding_boxes(tf.expand_dims(small, 0), boxes)
    print("yellow and blue:", result[0].eval()[4, 20].tolist(), result[0].eval()[17, 25].tolist())

    distorted = preprocess_for_train(img_data, 29, 29, None)
    print("distorted:", distorted.eval().shape, "differs:", not np.array_equal(distorted.eval(), distorted.eval()))
