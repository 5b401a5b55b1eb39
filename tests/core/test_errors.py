"""tf.errors: one class per status code, and where the failing op was made."""

from __future__ import annotations

import os
import pickle

import pytest

from pyflow.core import errors

CODES = {
    1: errors.CancelledError,
    2: errors.UnknownError,
    3: errors.InvalidArgumentError,
    4: errors.DeadlineExceededError,
    5: errors.NotFoundError,
    6: errors.AlreadyExistsError,
    7: errors.PermissionDeniedError,
    8: errors.ResourceExhaustedError,
    9: errors.FailedPreconditionError,
    10: errors.AbortedError,
    11: errors.OutOfRangeError,
    12: errors.UnimplementedError,
    13: errors.InternalError,
    14: errors.UnavailableError,
    15: errors.DataLossError,
    16: errors.UnauthenticatedError,
}


class FakeOp:
    def __init__(self, name, traceback, original=None):
        self.name = name
        self.traceback = traceback
        self._original_op = original


@pytest.mark.parametrize(("code", "kind"), CODES.items())
def test_every_code_has_its_class(code, kind):
    assert errors.exception_type_from_error_code(code) is kind
    assert errors.error_code_from_exception_type(kind) == code
    error = kind(None, None, "what happened")
    assert isinstance(error, errors.OpError)
    assert (error.node_def, error.op, error.message, error.error_code) == (None, None, "what happened", code)
    assert type(errors._make_specific_exception(None, None, "", code)) is kind


def test_codes_have_names():
    assert (errors.OK, errors.INVALID_ARGUMENT, errors.OUT_OF_RANGE, errors.UNAUTHENTICATED) == (0, 3, 11, 16)


def test_unknown_code_becomes_unknown_error_with_a_warning():
    with pytest.warns(UserWarning, match="Unknown error code: 37"):
        error = errors._make_specific_exception(None, None, "odd", 37)
    assert isinstance(error, errors.UnknownError)
    assert error.error_code == 37


def test_class_without_a_code_is_unknown_with_a_warning():
    with pytest.warns(UserWarning, match="Unknown class exception"):
        assert errors.error_code_from_exception_type(errors.OpError) == errors.UNKNOWN


def test_text_without_op_is_the_message():
    assert str(errors.NotFoundError(None, None, "no such file")) == "no such file"


def test_text_with_op_tells_where_it_was_made():
    op = FakeOp("dense/MatMul", [("/home/me/train.py", 12, "<module>", "y = tf.matmul(x, w)")])
    assert str(errors.InvalidArgumentError(None, op, "Matrix size-incompatible")) == (
        "Matrix size-incompatible\n\n"
        "Original stack trace for 'dense/MatMul':\n"
        '  File "/home/me/train.py", line 12, in <module>\n'
        "    y = tf.matmul(x, w)\n"
    )


def test_text_leaves_out_the_calls_inside_the_package():
    inside = os.path.join(os.path.dirname(errors.__file__), "graph.py")
    op = FakeOp("a", [("/home/me/train.py", 3, "f", "a = tf.add(b, c)"), (inside, 99, "create_op", "x")])
    assert "train.py" in str(errors.InternalError(None, op, "m"))
    assert "create_op" not in str(errors.InternalError(None, op, "m"))
    only_inside = FakeOp("a", [(inside, 99, "create_op", "x")])
    assert "create_op" in str(errors.InternalError(None, only_inside, "m"))


def test_text_tells_of_the_op_that_a_gradient_belongs_to_and_elides_what_is_the_same():
    common = [(f"/m/{i}.py", i, "run", f"call{i}()") for i in range(1, 6)]
    forward = FakeOp("loss", [*common, ("/m/model.py", 7, "loss", "tf.log(x)")])
    backward = FakeOp("gradients/loss", [*common, ("/m/opt.py", 9, "step", "tf.gradients(l, x)")], forward)
    text = str(errors.InvalidArgumentError(None, backward, "m"))
    first, second = text.split("\n...which was originally created as op 'loss', defined at:\n")
    assert first.count("call") == 5
    assert "[elided 3 identical lines from previous traceback]" in second
    assert "call1()" in second and "call5()" in second and "call3()" not in second
    assert "tf.log(x)" in second


@pytest.mark.parametrize("kind", CODES.values())
def test_errors_survive_pickling(kind):
    op = FakeOp("a", [])
    copy = pickle.loads(pickle.dumps(kind("node", op, "m")))
    assert type(copy) is kind
    assert (copy.message, copy.error_code, copy.node_def) == ("m", kind(None, None, "").error_code, "node")
    assert pickle.loads(pickle.dumps(errors.UnknownError(None, None, "m", 44))).error_code == 44
