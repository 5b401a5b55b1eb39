"""tf.keras.layers.DenseFeatures: a layer of columns in Keras's models."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import pyflow as tf


def test_dense_features_are_a_layer_of_a_model():
    ids = tf.feature_column.categorical_column_with_identity("b", 3)
    columns = [tf.feature_column.numeric_column("a"), tf.feature_column.embedding_column(ids, 2)]
    layer = tf.keras.layers.DenseFeatures(columns)
    inputs = {"a": tf.keras.Input([1], name="a"), "b": tf.keras.Input([1], name="b", dtype="int32")}
    model = tf.keras.Model(list(inputs.values()), tf.keras.layers.Dense(1)(layer(inputs)))
    assert [w.name for w in model.weights][0] == "dense_features/b_embedding/embedding_weights:0"
    model.compile("sgd", "mse")
    model.fit([np.ones([4, 1]), np.ones([4, 1], int)], np.zeros([4, 1]), epochs=1, verbose=0)
    assert model.predict([np.ones([4, 1]), np.ones([4, 1], int)]).shape == (4, 1)
    again = tf.keras.layers.DenseFeatures.from_config(layer.get_config())
    assert [column.name for column in again._feature_columns] == ["a", "b_embedding"]


@pytest.mark.native
@pytest.mark.parametrize(
    "first",
    [
        "tf.keras.layers.DenseFeatures",
        "from tensorflow.python.feature_column import feature_column_v2",
        "from tensorflow.python.feature_column.feature_column import _numeric_column",
    ],
)
def test_columns_are_there_whatever_is_used_first(first):
    code = "import pyflow.as_tensorflow; pyflow.as_tensorflow.install(); import tensorflow as tf\n"
    code += f"{first}\nprint(tf.feature_column.numeric_column('x').key)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ})
    assert done.stdout == "x\n", done.stderr
