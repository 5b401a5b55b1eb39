"""Checkpoints of version 2: every dtype, slices, merging; damage is a DataLossError, never another value."""

from __future__ import annotations

import os

import numpy as np
import pytest

import pyflow as tf
from pyflow.core import dtypes
from pyflow.io.tensor_bundle import BundleReader, BundleWriter, merge_bundles
from pyflow.io.tensor_slices import parse_shape_and_slice, parse_slice, slice_key

STRINGS = np.array([[b"", b"a"], [b"\x00\xff", b"long " * 300]], object)
NUMERIC = [d for d in dtypes.ANY if d.is_numpy_compatible and d is not dtypes.string]


def save(prefix, **tensors):
    with BundleWriter(str(prefix)) as writer:
        for name, value in tensors.items():
            writer.add(name.encode(), value, dtypes.as_dtype(value.dtype))


def contents(prefix):
    reader = BundleReader(str(prefix))
    return {name.decode(): reader.read(name) for name in reader.names()}


@pytest.mark.parametrize("dtype", NUMERIC, ids=lambda d: d.name)
@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3, 4)])
def test_numbers_come_back_bit_for_bit(tmp_path, dtype, shape):
    size = np.dtype(dtype.as_numpy_dtype).itemsize
    count = int(np.prod(shape))
    bits = np.random.default_rng(0).integers(0, 2 if dtype is dtypes.bool else 256, count * size, np.uint8)
    value = bits.view(dtype.as_numpy_dtype).reshape(shape)
    save(tmp_path / "m", v=value)
    back = contents(tmp_path / "m")["v"]
    assert back.dtype == value.dtype and back.shape == shape and back.tobytes() == value.tobytes()
    assert BundleReader(str(tmp_path / "m")).describe(b"v") == (dtype, shape)


@pytest.mark.parametrize("value", [STRINGS, np.array(b"one", object), np.empty((0, 2), object)])
def test_strings_come_back(tmp_path, value):
    save(tmp_path / "m", s=value)
    back = contents(tmp_path / "m")["s"]
    assert back.shape == value.shape and back.tolist() == value.tolist()


def test_slices_make_a_tensor(tmp_path):
    whole = np.arange(24, dtype=np.float32).reshape(4, 6)
    specs = ["4 6 0,1:-", "4 6 1,3:0,2", "4 6 1,3:2,4"]
    with BundleWriter(str(tmp_path / "m")) as writer:
        for spec in specs:
            full, part = parse_shape_and_slice(spec)
            writer.add_slice(b"w", full, part, whole[part.index()], dtypes.float32)
    reader = BundleReader(str(tmp_path / "m"))
    assert reader.names() == [b"w"] and reader.describe(b"w") == (dtypes.float32, (4, 6))
    np.testing.assert_array_equal(reader.read(b"w"), whole)
    np.testing.assert_array_equal(reader.read_slice(b"w", parse_slice("1,3:0,2")), whole[1:4, 0:2])
    np.testing.assert_array_equal(reader.read_slice(b"w", parse_slice("-:5,1")), whole[:, 5:])


def test_slices_that_leave_a_gap_or_overlap_are_not_a_tensor(tmp_path):
    for specs in (["4 1 0,2:-"], ["4 1 0,2:-", "4 1 1,2:-"]):
        with BundleWriter(str(tmp_path / "m")) as writer:
            for spec in specs:
                full, part = parse_shape_and_slice(spec)
                writer.add_slice(b"w", full, part, np.ones((2, 1), np.float32), dtypes.float32)
        with pytest.raises(tf.errors.DataLossError, match="not the whole tensor"):
            BundleReader(str(tmp_path / "m")).read(b"w")


def test_keys_of_slices_sort_as_slices_do():
    starts = [0, 1, 63, 64, 127, 8191, 8192, 1 << 20, 1 << 40]
    keys = [slice_key(b"v", parse_slice(f"{start},1")) for start in starts]
    assert keys == sorted(keys)
    # As TensorFlow 1.15 writes it.
    assert slice_key(b"v", parse_slice("2,2:-")) == b"\x00v\x00\x01\x01\x02\x82\x82\x80\x7f"


@pytest.mark.parametrize("spec", ["", "4", "4 0,5", "4 x", "4 -1,2", "4 0,0", "-4 0,1", "4 4 0,1", "٤ 0,1"])
def test_wrong_specs_are_refused(spec):
    with pytest.raises(tf.errors.InvalidArgumentError):
        parse_shape_and_slice(spec)


def test_several_become_one(tmp_path):
    save(tmp_path / "parts" / "a", x=np.arange(3), s=STRINGS)
    save(tmp_path / "parts" / "b", y=np.ones(2, np.float32))
    merge_bundles([str(tmp_path / "parts" / name) for name in "ab"], str(tmp_path / "m"))
    assert sorted(os.listdir(tmp_path)) == ["m.data-00000-of-00002", "m.data-00001-of-00002", "m.index", "parts"]
    assert os.listdir(tmp_path / "parts") == []
    whole = contents(tmp_path / "m")
    assert (
        whole["x"].tolist() == [0, 1, 2] and whole["y"].tolist() == [1, 1] and whole["s"].tolist() == STRINGS.tolist()
    )


def test_merging_the_same_tensor_twice_is_refused(tmp_path):
    save(tmp_path / "a", x=np.arange(3))
    save(tmp_path / "b", x=np.arange(3))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Duplicate tensor"):
        merge_bundles([str(tmp_path / "a"), str(tmp_path / "b")], str(tmp_path / "m"))
    assert contents(tmp_path / "a")["x"].tolist() == [0, 1, 2]


def test_failed_saving_leaves_the_last_checkpoint_and_nothing_else(tmp_path):
    save(tmp_path / "m", x=np.arange(3))
    with pytest.raises(ZeroDivisionError), BundleWriter(str(tmp_path / "m")) as writer:
        writer.add(b"x", np.zeros(5), dtypes.float64)
        raise ZeroDivisionError
    assert sorted(os.listdir(tmp_path)) == ["m.data-00000-of-00001", "m.index"]
    assert contents(tmp_path / "m")["x"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("ending", ["index", "data-00000-of-00001"])
def test_damage_is_data_loss(tmp_path, ending):
    save(tmp_path / "m", a=np.arange(40.0), b=np.array([b"text", b"more"], object), c=np.array(True))
    path = tmp_path / f"m.{ending}"
    data = path.read_bytes()
    damaged = [data[:size] for size in range(0, len(data), 5)]
    for position in range(len(data)):
        flipped = bytearray(data)
        flipped[position] ^= 1 << position % 8
        damaged.append(bytes(flipped))
    for each in damaged:
        path.write_bytes(each)
        with pytest.raises(tf.errors.DataLossError):
            contents(tmp_path / "m")


def test_what_is_missing_is_not_found(tmp_path):
    with pytest.raises(tf.errors.NotFoundError):
        BundleReader(str(tmp_path / "none"))
    save(tmp_path / "m", x=np.arange(3))
    with pytest.raises(tf.errors.NotFoundError, match="Key y not found in checkpoint"):
        BundleReader(str(tmp_path / "m")).read(b"y")
    os.remove(tmp_path / "m.data-00000-of-00001")
    with pytest.raises(tf.errors.NotFoundError):
        BundleReader(str(tmp_path / "m")).read(b"x")
