"""slim's data sets: decoders of examples, and providers that read them by queues. The words are TensorFlow's."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf

slim = tf.contrib.slim
decoders = slim.tfexample_decoder


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def example(**features):
    kinds = {bytes: ("bytes_list", tf.train.BytesList), int: ("int64_list", tf.train.Int64List)}
    made = {}
    for name, values in features.items():
        field, kind = kinds.get(type(values[0]), ("float_list", tf.train.FloatList))
        made[name.replace("__", "/")] = tf.train.Feature(**{field: kind(value=values)})
    return tf.train.Example(features=tf.train.Features(feature=made)).SerializeToString()


def decoded(serialized, features, **handlers):
    names = sorted(handlers)
    results = decoders.TFExampleDecoder(features, handlers).decode(tf.constant(serialized), names)
    with tf.Session() as session:
        session.run(tf.tables_initializer())
        return dict(zip(names, session.run(results)))


class TestDecoder:
    def test_items(self):
        serialized = example(
            v=[1.0, 2.0, 3.0, 4.0], size=[2, 2], empty=[0], label=[3], words=[b"b", b"a"],
            ymin=[0.0, 0.1], xmin=[0.2, 0.3], ymax=[0.4, 0.5], xmax=[0.6, 0.7], indices=[0, 3], values=[5.0, 6.0],
        )  # fmt: skip
        sparse = ["v", "ymin", "xmin", "ymax", "indices", "values", "missing"]
        features = {name: tf.VarLenFeature(tf.float32) for name in sparse}
        features |= {"indices": tf.VarLenFeature(tf.int64), "words": tf.VarLenFeature(tf.string)}
        features |= {"xmax": tf.FixedLenFeature([2], tf.float32), "label": tf.FixedLenFeature([], tf.int64)}
        features["size"] = tf.FixedLenFeature([2], tf.int64)
        items = decoded(
            serialized,
            features,
            label=decoders.Tensor("label"),
            shaped=decoders.Tensor("v", shape_keys="size"),
            column=decoders.Tensor("v", shape=[4, 1]),
            boxes=decoders.BoundingBox(),
            dense=decoders.SparseTensor(shape=[5], densify=True),
            twice=decoders.ItemHandlerCallback(["label"], lambda tensors: tensors["label"] * 2),
            ids=decoders.LookupTensor("words", tf.contrib.lookup.index_table_from_tensor(["a", "b"])),
            backup=decoders.BackupHandler(decoders.Tensor("missing"), decoders.Tensor("values")),
        )
        assert (items["label"], items["twice"]) == (3, 6)
        assert items["shaped"].tolist() == [[1, 2], [3, 4]] and items["column"].shape == (4, 1)
        np.testing.assert_allclose(items["boxes"], [[0, 0.2, 0.4, 0.6], [0.1, 0.3, 0.5, 0.7]], rtol=1e-6)
        assert items["dense"].tolist() == [5, 0, 0, 6, 0] and items["ids"].tolist() == [1, 0]
        assert items["backup"].tolist() == [5, 6]

    @pytest.mark.parametrize("form", ["png", "raw"])
    def test_images(self, form):
        pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
        with tf.Session() as session:
            contents = pixels.tobytes() if form == "raw" else session.run(tf.image.encode_png(pixels))
        features = {
            "image/encoded": tf.FixedLenFeature((), tf.string),
            "image/format": tf.FixedLenFeature((), tf.string),
        }
        serialized = example(image__encoded=[contents], image__format=[form.encode()])
        assert (decoded(serialized, features, image=decoders.Image(shape=[2, 4, 3]))["image"] == pixels).all()

    @pytest.mark.parametrize(
        "make, words",
        [
            (lambda: decoders.Tensor("a", shape_keys="b", shape=[1]), "Cannot specify both shape_keys and shape"),
            (lambda: decoders.BoundingBox(["a"]), "BoundingBox expects 4 keys but got 1"),
            (lambda: decoders.BackupHandler(1, decoders.Tensor("a")), "Primary handler is of type <class 'int'>"),
            (lambda: decoders.BackupHandler(decoders.Tensor("a"), 1), "Backup handler is of type <class 'int'>"),
        ],
    )
    def test_errors(self, make, words):
        with pytest.raises(ValueError, match=words):
            make()


@pytest.fixture
def records(tmp_path):
    for number in range(2):
        with tf.python_io.TFRecordWriter(str(tmp_path / f"part-{number}")) as writer:
            for i in range(3):
                writer.write(example(label=[10 * number + i]))
    return str(tmp_path / "part-*")


@pytest.mark.native
class TestProvider:
    def provider(self, records, **options):
        decoder = decoders.TFExampleDecoder(
            {"label": tf.FixedLenFeature([], tf.int64)}, {"label": decoders.Tensor("label")}
        )
        data = slim.dataset.Dataset(records, tf.TFRecordReader, decoder, 6, {"label": "a number"}, num_classes=20)
        assert data.num_classes == 20
        return slim.dataset_data_provider.DatasetDataProvider(data, **options)

    def labels(self, provider):
        (label,) = provider.get(["label"])
        found = []
        with tf.Session() as session:
            session.run(tf.local_variables_initializer())
            coordinator = tf.train.Coordinator()
            threads = tf.train.start_queue_runners(session, coordinator)
            with pytest.raises(tf.errors.OutOfRangeError):
                while True:
                    found.append(int(session.run(label)))
            coordinator.request_stop()
            coordinator.join(threads)
        return found

    def test_in_order(self, records):
        provider = self.provider(records, shuffle=False, num_epochs=1)
        assert self.labels(provider) == [0, 1, 2, 10, 11, 12] and provider.num_samples() == 6

    def test_shuffled_by_many_readers(self, records):
        provider = self.provider(
            records, num_readers=2, num_epochs=2, seed=1, common_queue_capacity=8, common_queue_min=4
        )
        assert sorted(self.labels(provider)) == sorted([0, 1, 2, 10, 11, 12] * 2)

    def test_errors(self, records):
        provider = self.provider(records)
        with pytest.raises(ValueError, match=r"Item \[pixels\] is invalid. Valid entries include: .*'record_key'"):
            provider.get(["pixels"])
        with pytest.raises(ValueError, match="items must be a list or tuple"):
            provider.get("label")
        with pytest.raises(ValueError, match="The item name used for `record_key` cannot also be used"):
            self.provider(records, record_key="label")
        with pytest.raises(ValueError, match="No data files found in .*nothing"):
            slim.parallel_reader.get_data_files(records + "nothing")
        with pytest.raises(TypeError, match=r"common_queue.dtypes must be \[tf.string, tf.string\]"):
            slim.parallel_reader.ParallelReader(tf.TFRecordReader, tf.FIFOQueue(2, [tf.int32]))


def test_prefetch_queue_keeps_the_form():
    queue = slim.prefetch_queue.prefetch_queue({"b": tf.constant([1.0, 2.0]), "a": tf.constant(1)})
    assert queue.names == ["a", "b"] and queue.name == "prefetch_queue/fifo_queue"
    assert [s.op.name for s in tf.get_collection("summaries")] == ["prefetch_queue/fraction_of_8_full"]
    assert queue.dequeue()["b"].shape == [2] and len(tf.get_collection("queue_runners")) == 1
