"""tf.DeviceSpec and the device functions behind tf.device."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pyflow.core import device
from pyflow.core.device import DeviceSpec, DeviceSpecV2

# as written, canonical, (job, replica, task, type, index)
NAMES = [
    ("", "", (None, None, None, None, None)),
    (None, "", (None, None, None, None, None)),
    ("/gpu:0", "/device:GPU:0", (None, None, None, "GPU", 0)),
    ("gpu:0", "/device:GPU:0", (None, None, None, "GPU", 0)),
    ("/GPU:3", "/device:GPU:3", (None, None, None, "GPU", 3)),
    ("/cpu", "/device:CPU:*", (None, None, None, "CPU", None)),
    ("/cpu:*", "/device:CPU:*", (None, None, None, "CPU", None)),
    ("/device:GPU:1", "/device:GPU:1", (None, None, None, "GPU", 1)),
    ("/device:gpu:1", "/device:GPU:1", (None, None, None, "GPU", 1)),
    ("/device:GPU:*", "/device:GPU:*", (None, None, None, "GPU", None)),
    ("/device:TPU:3", "/device:TPU:3", (None, None, None, "TPU", 3)),
    ("/device:XLA_GPU:0", "/device:XLA_GPU:0", (None, None, None, "XLA_GPU", 0)),
    ("/job:ps", "/job:ps", ("ps", None, None, None, None)),
    ("job:a/task:3", "/job:a/task:3", ("a", None, 3, None, None)),
    ("//job:a/", "/job:a", ("a", None, None, None, None)),
    ("/device:CPU:0/job:q", "/job:q/device:CPU:0", ("q", None, None, "CPU", 0)),
    (
        "/job:foo/replica:1/task:2/gpu:0",
        "/job:foo/replica:1/task:2/device:GPU:0",
        ("foo", 1, 2, "GPU", 0),
    ),
]


def parts(spec):
    return (spec.job, spec.replica, spec.task, spec.device_type, spec.device_index)


def node(name):
    return SimpleNamespace(device=name)


@pytest.mark.parametrize(("written", "canonical", "expected"), NAMES)
@pytest.mark.parametrize("kind", [DeviceSpec, DeviceSpecV2])
def test_names(written, canonical, expected, kind):
    spec = kind.from_string(written)
    assert type(spec) is kind
    assert parts(spec) == expected
    assert spec.to_string() == canonical
    assert kind.from_string(canonical) == spec
    assert kind(*expected) == spec
    assert hash(kind(*expected)) == hash(spec)
    assert device.canonical_name(written) == device.canonical_name(spec) == canonical
    device.check_valid(written)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/jib:x/task:0", "Unknown attribute: 'jib' in '/jib:x/task:0'"),
        ("/tpu:0", "Unknown attribute: 'tpu' in '/tpu:0'"),
        ("/device:GPU", "Unknown attribute: 'device' in '/device:GPU'"),
        ("/gpu:0:1", "Unknown attribute: 'gpu' in '/gpu:0:1'"),
        ("/job:muu/device:MOO:123/device:GPU:0", "Cannot specify multiple device types"),
        ("/cpu:0/gpu:0", "Cannot specify multiple device types: /cpu:0/gpu:0"),
        ("/gpu:x", "invalid literal for int"),
        ("/task:x", "invalid literal for int"),
    ],
)
def test_what_is_no_name(name, words):
    for ask in (DeviceSpec.from_string, DeviceSpec().parse_from_string, device.canonical_name, device.merge_device):
        with pytest.raises(ValueError, match=words):
            ask(name)
    with pytest.raises(ValueError, match=words):
        device.check_valid(name)


def test_parts_can_be_assigned_and_are_converted():
    spec = DeviceSpec()
    spec.job, spec.replica, spec.task, spec.device_type, spec.device_index = "w", "1", 2.0, "gpu", "3"
    assert parts(spec) == ("w", 1, 2, "GPU", 3)
    spec.device_index = None
    assert spec.to_string() == "/job:w/replica:1/task:2/device:GPU:*"
    spec.device_type = None
    assert spec.to_string() == "/job:w/replica:1/task:2"
    with pytest.raises(ValueError):
        spec.replica = "z"
    assert DeviceSpec(job=0).job == "0"
    assert DeviceSpec(device_type="tpu").device_type == "tpu"


def test_v2_specs_are_fixed():
    spec = DeviceSpecV2(job="a")
    with pytest.raises(AttributeError):
        spec.job = "b"
    assert spec.parse_from_string("/task:1").to_string() == "/task:1"
    assert spec.to_string() == "/job:a"


def test_parsing_replaces_all_parts():
    spec = DeviceSpec(job="a", device_index=1)
    assert spec.parse_from_string("/task:1") is spec
    assert spec.to_string() == "/task:1"


# outer, inner, merged: the inner one wins part by part
MERGES = [
    ("", "", ""),
    ("/gpu:0", "", "/device:GPU:0"),
    ("", "/gpu:0", "/device:GPU:0"),
    ("/gpu:0", "/job:worker", "/job:worker/device:GPU:0"),
    ("/job:worker/gpu:0", "/cpu:0", "/job:worker/device:CPU:0"),
    ("/job:a/task:1", "/job:b", "/job:b/task:1"),
    ("/gpu:2", "/cpu", "/device:CPU:2"),
    ("/job:worker/replica:1/task:2/gpu:0", "/job:ps/device:CPU:*", "/job:ps/replica:1/task:2/device:CPU:0"),
]


@pytest.mark.parametrize(("outer", "inner", "merged"), MERGES)
def test_merging(outer, inner, merged):
    spec, other = DeviceSpec.from_string(outer), DeviceSpec.from_string(inner)
    assert spec.make_merged_spec(other).to_string() == merged
    assert spec == DeviceSpec.from_string(outer)
    spec.merge_from(other)
    assert spec.to_string() == merged
    function = device.merge_device(outer)
    assert function(node(inner)).to_string() == merged
    assert function.shortcut_string_merge(node(inner)) == merged
    assert function.is_null_merge == (not outer)


def test_device_function_takes_a_spec_as_it_is_now():
    spec = DeviceSpec(job="a")
    function = device.merge_device(spec)
    spec.job = "b"
    assert function(node(None)).to_string() == "/job:a"
    assert device.merge_device(function) is function
    assert repr(function).endswith("(spec: /job:a)")


def test_replace():
    spec = DeviceSpec.from_string("/job:a/gpu:1")
    changed = spec.replace(job=None, device_index=4)
    assert (changed.to_string(), spec.to_string()) == ("/device:GPU:4", "/job:a/device:GPU:1")
    with pytest.raises(TypeError):
        spec.replace(devise="x")


def test_equality():
    assert DeviceSpec(job="a") == DeviceSpec(job="a")
    assert DeviceSpec(job="a") != DeviceSpec(job="b")
    assert DeviceSpec(job="a") != "/job:a"
    assert device.is_device_spec(DeviceSpec()) and not device.is_device_spec("/gpu:0")
