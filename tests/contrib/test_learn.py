"""tf.contrib.learn's preprocessing and data sets, and the projector's configuration, as in TensorFlow 1.15.5."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf

TEXTS = ["the cat sat on the mat, HTTPServer it's", "un-known dog", "the dog", "", "na\u00efve cats"]
preprocessing = tf.contrib.learn.preprocessing


def rows(iterator):
    return np.array(list(iterator)).tolist()


def test_words_become_ids_in_the_order_in_which_they_come():
    processor = preprocessing.VocabularyProcessor(6)
    expected = [[1, 2, 3, 4, 1, 5], [9, 10, 0, 0, 0, 0], [1, 10, 0, 0, 0, 0], [0] * 6, [11, 12, 0, 0, 0, 0]]
    assert rows(processor.fit_transform(TEXTS)) == expected
    assert processor.vocabulary_._mapping["HTTP"] == 6 and processor.vocabulary_._mapping["it's"] == 8
    assert rows(processor.transform(["the bird the"])) == [[1, 0, 1, 0, 0, 0]]
    assert list(processor.reverse([[1, 2, 0]])) == ["the cat <UNK>"]


def test_rare_words_are_unknown():
    processor = preprocessing.VocabularyProcessor(4, min_frequency=1)
    assert rows(processor.fit_transform(TEXTS)) == [[1, 0, 0, 0], [0, 2, 0, 0], [1, 2, 0, 0], [0] * 4, [0] * 4]
    assert processor.vocabulary_._mapping == {"<UNK>": 0, "the": 1, "dog": 2}


def test_a_vocabulary_is_saved_and_restored(tmp_path):
    processor = preprocessing.VocabularyProcessor(3).fit(TEXTS)
    processor.save(str(tmp_path / "vocabulary"))
    restored = preprocessing.VocabularyProcessor.restore(str(tmp_path / "vocabulary"))
    assert rows(restored.transform(["na\u00efve bird cat"])) == [[11, 0, 2]]
    (tmp_path / "damaged").write_bytes(b"\x80\x03no")
    with pytest.raises(tf.errors.DataLossError, match="no vocabulary"):
        preprocessing.VocabularyProcessor.restore(str(tmp_path / "damaged"))


def test_bytes_and_categories():
    processor = preprocessing.ByteProcessor(5)
    codes = np.array(list(processor.transform(["abcdefg", "\u00e9"])))
    assert codes.tolist() == [[97, 98, 99, 100, 101], [195, 169, 0, 0, 0]] and codes.dtype == np.uint8
    assert list(processor.reverse(codes)) == ["abcde", "\u00e9"]
    table = [["a", 1], ["b", 2], ["a", float("nan")]]
    assert rows(preprocessing.CategoricalProcessor().fit_transform(table)) == [[1, 1], [2, 2], [1, 0]]


def test_tables_of_csv_files(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("2,3,a,b\n1,2,3,0\n4,5,6,1\n")
    data, target = tf.contrib.learn.datasets.base.load_csv_with_header(str(path), np.int64, np.float32)
    assert data.tolist() == [[1, 2, 3], [4, 5, 6]] and target.tolist() == [0, 1] and data.dtype == np.float32
    path.write_text("0,1,2\n1,4,5\n")
    data, target = tf.contrib.learn.datasets.base.load_csv_without_header(str(path), np.int64, np.float32, 0)
    assert data.tolist() == [[1, 2], [4, 5]] and target.tolist() == [0, 1]


def test_what_is_there_is_not_downloaded(tmp_path):
    (tmp_path / "there").write_text("text")
    maybe_download = tf.contrib.learn.datasets.base.maybe_download
    assert maybe_download("there", str(tmp_path), "http://127.0.0.1:9/") == str(tmp_path / "there")


def test_the_projector_finds_its_configuration(tmp_path):
    projector = tf.contrib.tensorboard.plugins.projector
    config = projector.ProjectorConfig()
    embedding = config.embeddings.add()
    embedding.tensor_name = "embedding:0"
    embedding.sprite.single_image_dim.extend([28, 28])
    with tf.summary.FileWriter(str(tmp_path)) as writer:
        projector.visualize_embeddings(writer, config)
    assert (tmp_path / "projector_config.pbtxt").read_text() == (
        'embeddings {\n  tensor_name: "embedding:0"\n  sprite {\n    single_image_dim: 28\n    single_image_dim: 28\n'
        "  }\n}\n"
    )
