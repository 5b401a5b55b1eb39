"""Event files written by PyFlow and read by TensorBoard and TensorFlow, and the other way round."""

from __future__ import annotations

import os

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import pyflow

RNG = np.random.default_rng(0)
NUMBERS = RNG.standard_normal(200).astype(np.float32)
PIXELS = RNG.integers(0, 256, [2, 5, 4, 3], np.uint8)
SOUND = RNG.uniform(-0.9, 0.9, [1, 100, 2]).astype(np.float32)
STEPS = 4


def write(tf, folder):
    """A file with a summary of every kind at every step, the graph and a run's metadata; gives its path."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None], name="x")
        with tf.name_scope("model"):
            tf.summary.scalar("largest", tf.reduce_max(x))
        tf.summary.histogram("numbers", x)
        tf.summary.image("pixels", tf.constant(PIXELS))
        tf.summary.audio("sound", tf.constant(SOUND), 8000, max_outputs=1)
        tf.summary.text("notes", tf.constant(["*one*", "two"]))
        tf.summary.tensor_summary("raw", tf.constant([[1, 2]]))
        merged = tf.summary.merge_all()
        with tf.Session() as sess, tf.summary.FileWriter(folder, graph) as writer:
            for step in range(STEPS):
                writer.add_summary(sess.run(merged, {x: NUMBERS[: 50 * (step + 1)]}), step)
            metadata = tf.RunMetadata()
            metadata.step_stats.dev_stats.add(device="/cpu:0")
            writer.add_run_metadata(metadata, "last step", STEPS)
    (name,) = os.listdir(folder)
    return os.path.join(folder, name)


@pytest.fixture
def written(tmp_path):
    return write(pyflow, str(tmp_path / "pyflow"))


def test_tensorboard_shows_what_was_written(written):
    board = EventAccumulator(os.path.dirname(written), size_guidance={})
    board.Reload()
    tags = board.Tags()
    assert tags["scalars"] == ["model/largest"] and tags["histograms"] == ["numbers"]
    assert tags["images"] == ["pixels/image/0", "pixels/image/1"] and tags["audio"] == ["sound/audio"]
    assert sorted(tags["tensors"]) == ["notes", "raw"] and tags["run_metadata"] == ["last step"]
    assert tags["graph"] and tags["meta_graph"]
    scalars = board.Scalars("model/largest")
    assert [s.step for s in scalars] == list(range(STEPS))
    assert [s.value for s in scalars] == [NUMBERS[: 50 * n].max() for n in range(1, STEPS + 1)]
    counts = board.Histograms("numbers")[-1].histogram_value
    assert counts.num == sum(counts.bucket) == 200 and counts.max == NUMBERS.max()
    assert board.PluginTagToContent("text") == {"notes": b""}
    assert {node.name for node in board.Graph().node} >= {"x", "model/largest", "Merge/MergeSummary"}
    assert board.RunMetadata("last step").step_stats.dev_stats[0].device == "/cpu:0"


def test_tensorflow_decodes_the_images_and_sounds(written, tensorflow):
    board = EventAccumulator(written, size_guidance={})
    board.Reload()
    with tensorflow.Graph().as_default(), tensorflow.Session() as sess:
        for i, image in enumerate(PIXELS):
            encoded = board.Images(f"pixels/image/{i}")[0].encoded_image_string
            np.testing.assert_array_equal(sess.run(tensorflow.image.decode_png(encoded)), image)
        sound, rate = sess.run(tensorflow.audio.decode_wav(board.Audio("sound/audio")[0].encoded_audio_string))
    assert rate == 8000
    np.testing.assert_allclose(sound, SOUND[0], atol=1 / 32768)


def summaries_in(events):
    """(step, values) of the summaries, the images without their compressed bytes."""
    found = []
    for event in events:
        for value in event.summary.value:
            if value.HasField("image"):
                value.image.encoded_image_string = b""
        if event.summary.value:
            found.append((event.step, [v.SerializeToString() for v in event.summary.value]))
    return found


def test_each_reads_what_the_other_wrote(written, tmp_path, tensorflow):
    other = write(tensorflow, str(tmp_path / "tensorflow"))
    events = [[read.train.summary_iterator(path) for path in (written, other)] for read in (pyflow, tensorflow)]
    (ours, theirs), (ours_there, theirs_there) = [[summaries_in(e) for e in row] for row in events]
    assert len(ours) == STEPS and ours == theirs == ours_there == theirs_there
