"""tf.keras.preprocessing and tf.keras.utils give what TensorFlow 1.15.5's gave."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf


def test_tokenizer_numbers_words_by_how_common_they_are():
    tokenizer = tf.keras.preprocessing.text.Tokenizer(num_words=6, oov_token="?")
    tokenizer.fit_on_texts(["the cat sat, on the mat", "The dog!", "a cat"])
    assert list(tokenizer.word_index) == ["?", "the", "cat", "sat", "on", "mat", "dog", "a"]
    assert tokenizer.texts_to_sequences(["the dog sat zzz"]) == [[2, 1, 4, 1]]
    again = tf.keras.preprocessing.text.tokenizer_from_json(tokenizer.to_json())
    assert again.texts_to_sequences(["a cat"]) == tokenizer.texts_to_sequences(["a cat"])


def test_sequences_are_cut_and_filled_up_in_front_by_default():
    pad = tf.keras.preprocessing.sequence.pad_sequences
    assert pad([[1, 2, 3], [4]], 2).tolist() == [[2, 3], [0, 4]]
    assert pad([[1, 2, 3], [4]], padding="post", value=9).tolist() == [[1, 2, 3], [4, 9, 9]]
    with pytest.raises(ValueError, match="must be a list of iterables"):
        pad([1])


def test_pictures_are_brought_to_scale_and_split():
    x = np.arange(180, dtype="float32").reshape(2, 6, 5, 3)
    generator = tf.keras.preprocessing.image.ImageDataGenerator(
        rescale=1 / 255, featurewise_center=True, validation_split=0.5
    )
    generator.fit(x)
    images, labels = next(generator.flow(x, [0, 1], batch_size=2, shuffle=False))
    np.testing.assert_allclose(images.ravel()[:4], [-0.3471, -0.3471, -0.3471, -0.3353], atol=6e-5)
    assert labels.tolist() == [0, 1] and len(generator.flow(x, subset="training")) == 1


def test_picture_is_turned_around_its_middle():
    x = np.zeros((5, 5, 1))
    x[0, 2] = 1
    turned = tf.keras.preprocessing.image.apply_affine_transform(x, tx=1)
    np.testing.assert_allclose(turned[:, :, 0].sum(), 0)


def test_file_that_cannot_be_fetched_is_named(tmp_path):
    with pytest.raises(Exception, match="URL fetch failure on http://127.0.0.1:9/file"):
        tf.keras.utils.get_file("file", "http://127.0.0.1:9/file", cache_dir=str(tmp_path))


def test_mnist_is_read_from_the_folder_where_it_was_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".keras/datasets").mkdir(parents=True)
    arrays = {"x_train": np.zeros((2, 28, 28)), "y_train": np.ones(2), "x_test": np.zeros((1, 28, 28)), "y_test": [7]}
    np.savez(tmp_path / ".keras/datasets/mnist.npz", **arrays)
    from pyflow.keras import files

    monkeypatch.setattr(files, "has_hash", lambda *args: True)
    (x, y), (_, digits) = tf.keras.datasets.mnist.load_data()
    assert x.shape == (2, 28, 28) and y.tolist() == [1, 1] and digits.tolist() == [7]


def test_classes_as_vectors():
    assert tf.keras.utils.to_categorical([0, 2], 3).tolist() == [[1, 0, 0], [0, 0, 1]]
