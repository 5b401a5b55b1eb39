"""Handles of tensors that a session keeps."""

from __future__ import annotations

import pytest

import pyflow as tf

PLACE = "/job:localhost/replica:0/task:0/device:CPU:0"


@pytest.fixture
def session():
    with tf.Session() as session:
        yield session


def kept(session, value):
    return session.run(tf.get_session_handle(tf.constant(value)))


def test_a_handle_finds_its_tensor(session):
    first, second = kept(session, 50), kept(session, [1.0, 2.0])
    assert first.handle == f"GetSessionHandle;0;{PLACE}" and second.handle == f"GetSessionHandle_1;1;{PLACE}"
    assert first.eval() == 50 and second.eval().tolist() == [1, 2]


def test_a_handle_is_fed_as_its_tensor(session):
    x = tf.placeholder(tf.int32)
    assert session.run(x * 3, {x: kept(session, 5)}) == 15


def test_a_fed_handle_is_not_converted(session):
    x = tf.placeholder(tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="to be float32 but int32 is provided"):
        session.run(x, {x: kept(session, 5)})


def test_tensor_of_a_handle_by_name(session):
    handle = kept(session, 5).get_raw_handle()
    holder, tensor = tf.get_session_tensor(handle, tf.int32)
    assert (holder.device, tensor.device) == (PLACE, PLACE)
    assert session.run(tensor * 2, {holder: handle}) == 10
    holder, delete = tf.delete_session_tensor(handle)
    session.run(delete, {holder: handle})
    with pytest.raises(tf.errors.InvalidArgumentError, match="is not in the session store"):
        session.run(tensor, {tensor.op.inputs[0]: handle})
    with pytest.raises(tf.errors.InvalidArgumentError, match="Failed to delete a tensor with handle"):
        session.run(delete, {holder: handle})


def test_deleted_handle(session):
    handle = kept(session, 5)
    handle.delete()
    for use in (handle.eval, handle.delete):
        with pytest.raises(TypeError, match="may have already been deleted"):
            use()


def test_tensors_of_dropped_handles_go(session):
    for _ in range(12):
        kept(session, 5)
    remaining = kept(session, 6)
    assert len(remaining._kept.arrays) < 12 and remaining.eval() == 6


def test_signature_and_origin_of_an_operation():
    op = tf.constant(1.0).op
    assert op.op_def.name == "Const" and op.op_def.output_arg[0].type_attr == "dtype"
    assert [frame[:4] for frame in op.traceback_with_start_lines] == op.traceback
    assert all(frame[4] <= frame[1] for frame in op.traceback_with_start_lines)
