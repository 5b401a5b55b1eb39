"""tf.einsum, beside numpy's; and the op Einsum."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from tests.numeric_gradient import gradient_error

SIZES = dict(zip("abcdefghijklmJK", (2, 3, 4, 1, 2, 3, 2, 2, 3, 4, 2, 3, 2, 3, 4)))
EQUATIONS = [
    "ij,jk->ik",
    "ijk,jklm->il",
    "ij,jk,kl->il",
    "ijk->i",
    "ijk->kji",
    "ij->ji",
    "ij->",
    "i->",
    "i,i->",
    "i,j->ij",
    "i,i->i",
    "aij,ajk->aik",
    "bij,bkj->kbi",
    "ij,ij->",
    "ijk->kj",
    "abc,cba",
    "dba,ead,cad->bce",
    "aef,fbc,dca->bde",
    "iJ,Jk->ik",
    "iJ,Ki->JK",
    "iJk,Jklm->Jk",
    "ij, jk, kl -> il",
    "a, ab, abc -> abc",
    "ab, ab, cd, cd, ef, ef -> ",
    "abc, bac",
    # A label that is summed over more than two inputs.
    "i,i,i->",
    "ij,ij,ij->j",
    "ab,ab,ac,ad->bd",
]


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


def operands(equation):
    rng = np.random.default_rng(0)
    labels = equation.replace(" ", "").split("->")[0].split(",")
    return [rng.integers(-3, 4, [SIZES[a] for a in each]).astype(np.float64) for each in labels]


@pytest.mark.parametrize("equation", EQUATIONS)
def test_values_are_those_of_numpy(equation):
    arrays = operands(equation)
    result = tf.einsum(equation, *map(tf.constant, arrays))
    expected = np.einsum(equation.replace(" ", ""), *arrays)
    assert result.shape == expected.shape
    np.testing.assert_array_equal(run(result), expected)


@pytest.mark.parametrize("equation", EQUATIONS)
def test_sizes_may_become_known_in_the_run(equation):
    arrays = operands(equation)
    inputs = [tf.placeholder(tf.float64, [None] * a.ndim) for a in arrays]
    value = run(tf.einsum(equation, *inputs), dict(zip(inputs, arrays)))
    np.testing.assert_array_equal(value, np.einsum(equation.replace(" ", ""), *arrays))


@pytest.mark.parametrize("equation", ["ij,jk->ik", "bij,bkj->kbi", "ij,ij->", "i,j->ij", "ij,ij,ij->j", "ijk->kj"])
def test_gradient(equation):
    assert gradient_error(lambda *x: tf.einsum(equation, *x), *operands(equation)) < 1e-6


@pytest.mark.parametrize(
    "equation, shapes",
    [
        ("...ij,...jk->...ik", [(4, 2, 3), (4, 3, 5)]),
        ("...ij,...jk->...ik", [(2, 3), (3, 5)]),
        ("...ij,jk->...ik", [(4, 1, 2, 3), (3, 5)]),
        ("i...j,j->...i", [(2, 4, 5, 3), (3,)]),
        ("...i->...", [(4, 2, 3)]),
        ("...ij->...ji", [(4, 2, 3)]),
        ("...,...->...", [(2, 3), (2, 3)]),
        ("...ij,...jk", [(4, 2, 3), (4, 3, 5)]),
    ],
)
def test_dots_stand_for_further_axes(equation, shapes):
    rng = np.random.default_rng(0)
    arrays = [rng.integers(-3, 4, s).astype(np.float64) for s in shapes]
    np.testing.assert_array_equal(run(tf.einsum(equation, *map(tf.constant, arrays))), np.einsum(equation, *arrays))


def test_trace():
    x = np.arange(9.0).reshape(3, 3)
    assert run(tf.einsum("ii", tf.constant(x))) == 12


@pytest.mark.parametrize(
    "equation, shapes, words",
    [
        ("ij,jk->ik->il", [(2, 2), (2, 2)], "Indices have incorrect format: ij,jk->ik->il"),
        ("i+j", [(2, 2)], "Indices have incorrect format"),
        ("ij,jk->ik", [(2, 2)], 'Got 1 arguments for equation "ij,jk->ik", expecting 2'),
        ("ij,jk->ik", [(2, 3), (2, 3)], "Cannot reshape a tensor with 6 elements to shape"),
        ("ij,jk->ik", [(2, 3), (3,)], "Tensor t1 of rank 1 does not match einsum reduction of length 2"),
        ("ijj->i", [(2, 3, 3)], "Subscript not supported: an axis appears more than once: ijj"),
        ("ii->i", [(2, 2)], "Subscript not supported: an axis appears more than once: ii"),
        ("ij->ik", [(2, 2)], "Invalid equation: ij->ik"),
        ("...i...->i", [(2, 2)], "Unable to resolve ellipsis. Excess number found."),
        ("...ijk->i", [(2, 2)], "Ellipses lengths do not match."),
        (".i->i", [(2, 2)], 'period "." found outside of ellipsis'),
        ("i->.i", [(2,)], 'period "." found outside of ellipsis'),
        ("i,i,i->", [(2,), (2,), (3,)], "Dimension mismatch on axis: i"),
        (
            "i,ij,i->",
            [(2,), (2,), (2,)],
            r"Input 1 with axes ij has incorrect number of dimensions \(expected 2, got 1\)",
        ),
    ],
)
def test_equations_that_make_no_sense(equation, shapes, words):
    with pytest.raises(ValueError, match=words):
        tf.einsum(equation, *[tf.zeros(s) for s in shapes])


def test_keyword_arguments():
    assert tf.einsum("i->", tf.zeros([2]), name="total").name.startswith("total/")
    with pytest.raises(TypeError, match="invalid keyword arguments for this function: axis, other"):
        tf.einsum("i->", tf.zeros([2]), other=1, axis=2)


@pytest.mark.parametrize(
    "equation, shapes, expected",
    [
        ("ij,jk->ik", [(2, 3), (3, 2)], lambda a, b: a @ b),
        ("ij->", [(2, 3)], lambda a: a.sum()),
        ("ii->i", [(3, 3)], lambda a: np.diagonal(a)),
        ("i->ii", [(3,)], lambda a: np.diag(a)),
        ("ij->iij", [(2, 3)], lambda a: np.einsum("ij,ik->ikj", a, np.eye(2))),
        ("...ij,...jk->...ik", [(4, 2, 3), (3, 2)], lambda a, b: a @ b),
        ("ij...->...ji", [(2, 3, 4)], lambda a: np.transpose(a, (2, 1, 0))),
    ],
)
def test_op(equation, shapes, expected):
    rng = np.random.default_rng(0)
    arrays = [rng.integers(-3, 4, s).astype(np.float32) for s in shapes]
    result = raw.Einsum(list(map(tf.constant, arrays)), equation=equation)
    wanted = expected(*arrays)
    assert result.shape == np.shape(wanted)
    np.testing.assert_array_equal(run(result), wanted)


@pytest.mark.parametrize(
    "equation, words",
    [
        ("ij,jk", "Expecting exactly one '->' in einsum equation: ij,jk"),
        (
            "ij,jk->iq",
            "Einsum output subscripts for equation 'ij,jk->iq' has label 'q' which is not present in the input",
        ),
        ("i,j,k->ijk", "Expecting 1 or 2 input subscripts in equation 'i,j,k->ijk' but got: 3"),
        ("ij,kj->ik", "Dimensions must be equal, but are 3 and 2"),
        ("ijk,kj->ik", "Shape must be rank 3 but is rank 2"),
    ],
)
def test_op_refuses(equation, words):
    inputs = [tf.zeros([2, 3]), tf.zeros([3, 2]), tf.zeros([2])][: equation.count(",") + 1]
    with pytest.raises(ValueError, match=words):
        raw.Einsum(inputs, equation=equation)
