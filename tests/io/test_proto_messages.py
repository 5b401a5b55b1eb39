"""Protocol buffers in graphs: values, bytes and words of errors as TensorFlow 1.15.5 gave them."""

from __future__ import annotations

import numpy as np
import pytest
from google.protobuf import descriptor_pb2

import pyflow as tf

FIELD = descriptor_pb2.FieldDescriptorProto
NUMBERS = {"double": 1, "float": 2, "int64": 3, "uint64": 4, "int32": 5, "fixed64": 6, "fixed32": 7, "bool": 8}
TYPES = {**NUMBERS, "string": 9, "bytes": 12, "uint32": 13, "sfixed32": 15, "sfixed64": 16, "sint32": 17, "sint64": 18}


def described() -> bytes:
    """A message `t.M` with a field of each type, its number 10 more than the type's, and repeated ones."""
    files = descriptor_pb2.FileDescriptorSet()
    file = files.file.add(name="t.proto", package="t")
    fields = file.message_type.add(name="M").field
    for name, number in TYPES.items():
        fields.add(name=name, number=10 + number, type=number, label=FIELD.LABEL_OPTIONAL)
    fields.add(name="texts", number=1, type=9, label=FIELD.LABEL_REPEATED)
    fields.add(name="many", number=2, type=5, label=FIELD.LABEL_REPEATED)
    fields.add(name="packed", number=3, type=5, label=FIELD.LABEL_REPEATED).options.packed = True
    fields.add(name="seven", number=4, type=5, label=FIELD.LABEL_OPTIONAL, default_value="7")
    fields.add(name="inner", number=5, type=11, type_name=".t.M", label=FIELD.LABEL_OPTIONAL)
    return files.SerializeToString()


SOURCE = b"bytes://" + described()


def run(*tensors):
    with tf.Session() as session:
        return session.run(tensors)


def decoded(data, names, types, **options):
    found = tf.io.decode_proto(data, "t.M", names, types, descriptor_source=SOURCE, **options)
    sizes, *values = run(found.sizes, *found.values)
    return sizes.tolist(), [value.tolist() for value in values]


def encoded(sizes, values, names):
    return run(tf.io.encode_proto(sizes, values, names, "t.M", descriptor_source=SOURCE))[0].tolist()


WRITTEN = {
    ("double", "float64"): (1.5, b"\x59\x00\x00\x00\x00\x00\x00\xf8?"),
    ("float", "float32"): (1.5, b"\x65\x00\x00\xc0?"),
    ("float", "float64"): (1.5, b"\x65\x00\x00\xc0?"),
    ("int64", "int64"): (-1, b"\x68" + b"\xff" * 9 + b"\x01"),
    ("uint64", "uint64"): (2**64 - 1, b"\x70" + b"\xff" * 9 + b"\x01"),
    ("int32", "int32"): (-1, b"\x78" + b"\xff" * 9 + b"\x01"),
    ("int32", "int64"): (-1, b"\x78" + b"\xff" * 9 + b"\x01"),
    ("fixed64", "uint64"): (3, b"\x81\x01\x03" + bytes(7)),
    ("fixed32", "uint32"): (7, b"\x8d\x01\x07\x00\x00\x00"),
    ("bool", "bool"): (True, b"\x90\x01\x01"),
    ("string", "string"): (b"x", b"\x9a\x01\x01x"),
    ("bytes", "string"): (b"\xff", b"\xb2\x01\x01\xff"),
    ("uint32", "uint32"): (7, b"\xb8\x01\x07"),
    ("sfixed32", "int32"): (-3, b"\xcd\x01\xfd\xff\xff\xff"),
    ("sfixed64", "int64"): (-3, b"\xd1\x01\xfd" + b"\xff" * 7),
    ("sint32", "int32"): (-3, b"\xd8\x01\x05"),
    ("sint64", "int64"): (-3, b"\xe0\x01\x05"),
}


@pytest.mark.parametrize("name, dtype", WRITTEN)
def test_each_type_of_field_is_written_and_read(name, dtype):
    value, data = WRITTEN[name, dtype]
    assert encoded([[1]], [tf.constant([[value]], tf.as_dtype(dtype))], [name]) == [data]
    assert decoded([data], [name], [tf.as_dtype(dtype)]) == ([[1]], [[[value]]])


def test_shorter_lists_are_filled_up():
    data = np.array([[b"\x0a\x01a\x0a\x01b\x10\x05"], [b"\x10\x06\x10\x07\x20\x01"]], object)
    sizes, values = decoded(data, ["texts", "many", "seven"], [tf.string, tf.int32, tf.int64])
    assert sizes == [[[2, 1, 0]], [[0, 2, 1]]]
    assert values == [[[[b"a", b"b"]], [[b"", b""]]], [[[5, 0]], [[6, 7]]], [[[7]], [[1]]]]


def test_packed_numbers_and_others_are_the_same():
    assert decoded([b"\x1a\x02\x01\x02", b"\x18\x03"], ["packed"], [tf.int32]) == ([[2], [1]], [[[1, 2], [3, 0]]])
    assert decoded([b"\x12\x02\x01\x02"], ["many"], [tf.int32]) == ([[2]], [[[1, 2]]])
    assert encoded([[2]], [[[1, 2]]], ["packed"]) == [b"\x1a\x02\x01\x02"]


def test_other_fields_and_other_wire_types_are_passed_over():
    data = [b"\xa0\x06\x05\x25\x00\x00\x00\x00\x2a\x02\x10\x05"]
    expected = [[0, 1]], [[[7]], [[b"\x10\x05"]]]
    assert decoded(data, ["seven", "inner"], [tf.int32, tf.string]) == expected


def test_a_single_message_has_no_batch():
    assert decoded(b"\x10\x05", ["many"], [tf.int32]) == ([1], [[5]])


def test_fields_are_written_in_the_order_of_their_numbers():
    texts, numbers = [["a", "b"], ["", ""]], [[5], [6]]
    assert encoded([[1, 2], [1, 0]], [numbers, texts], ["many", "texts"]) == [b"\n\x01a\n\x01b\x10\x05", b"\x10\x06"]


def test_text_is_read():
    words = ['many: 5 texts: "q"']
    assert decoded(words, ["many", "texts"], [tf.int32, tf.string], message_format="text") == (
        [[1, 1]], [[[5]], [[b"q"]]],
    )  # fmt: skip
    assert decoded([b"\x10\x05"], ["many"], [tf.int32], sanitize=True) == ([[1]], [[[5]]])


def test_descriptors_come_from_files_and_from_the_process(tmp_path):
    path = tmp_path / "descriptors"
    path.write_bytes(described())
    found = tf.io.decode_proto([b"\x10\x05"], "t.M", ["many"], [tf.int32], descriptor_source=str(path))
    assert run(found.values[0])[0].tolist() == [[5]]
    message = tf.train.Int64List(value=[1, 2]).SerializeToString()
    found = tf.io.decode_proto(message, "tensorflow.Int64List", ["value"], [tf.int64])
    assert run(found.values[0])[0].tolist() == [1, 2]


def test_shapes_are_known_as_far_as_they_can_be():
    found = tf.io.decode_proto(tf.placeholder(tf.string, [None, 3]), "t.M", ["many"], [tf.int32])
    assert found.sizes.shape.as_list() == [None, 3, 1] and found.values[0].shape.as_list() == [None, 3, None]
    with pytest.raises(ValueError, match="Shape must be at least rank 2 but is rank 1"):
        tf.io.encode_proto([1], [[5]], ["many"], "t.M")


@pytest.mark.parametrize(
    "names, types, options, words",
    [
        (["none"], [tf.int32], {}, "Unknown field: none in message type t.M"),
        (["many"], [tf.string], {}, "Unexpected output type for t.M.many: 1 to 7"),
        (["many"], [tf.int32, tf.int32], {}, "field_names and output_types attributes must have the same length"),
        (["many"], [tf.int32], {"message_format": "json"}, "format must be one of binary or text"),
    ],
)
def test_wrong_requests_are_refused(names, types, options, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        decoded([b""], names, types, **options)


def test_wrong_messages_are_refused():
    with pytest.raises(tf.errors.DataLossError, match="CountFields: Failed to consume entire buffer"):
        decoded([b"\xff\xff"], ["many"], [tf.int32])
    with pytest.raises(tf.errors.DataLossError, match="Unable to parse text protobuf"):
        decoded(["many: z"], ["many"], [tf.int32], message_format="text")
    with pytest.raises(tf.errors.InvalidArgumentError, match="Bufs argument must contain at least one value"):
        decoded(np.zeros([0], "S"), ["many"], [tf.int32])


@pytest.mark.parametrize(
    "sizes, values, names, words",
    [
        ([[3]], [[[1, 2]]], ["packed"], "Size to write must not be larger than value tensor; but saw: 3 > 2 at "),
        ([[1], [1]], [[[1]]], ["packed"], r"sizes should be batch_size . \[len\(field_names\)\].  Saw: \[2,1\] but "),
        ([[1, 1]], [[[1]]], ["packed", "many"], "Length of inputs list must match field_names"),
        ([[1]], [[[1]]], ["int64"], "Incompatible type for field int64.  Saw dtype: int32 but field type is: int64"),
    ],
)
def test_wrong_values_are_refused(sizes, values, names, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        encoded(sizes, values, names)


@pytest.mark.parametrize("source", ["bytes://\xff\xff", "/no/such/file"])
def test_wrong_descriptors_are_refused(source):
    found = tf.io.decode_proto([b""], "t.M", ["many"], [tf.int32], descriptor_source=source)
    with pytest.raises(tf.errors.InvalidArgumentError, match="does not represent serialized file descriptor set proto"):
        run(found.sizes)
