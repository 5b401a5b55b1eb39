"""Random ops give TensorFlow 2.21's numbers, bit for bit, run after run; seeds select them alike.

What an op without a seed takes from the graph is 1.15's here, another number there: see tests/ops/test_random.py.
"""

from __future__ import annotations

import collections
from typing import Any

import numpy as np
import pytest

import pyflow
from pyflow.core.registry import OPS
from tests.golden.random_cases import RUNS, cases
from tests.interop.test_ops import default_attrs

CASES: dict[str, list[tuple]] = collections.defaultdict(list)
for _case in cases():
    CASES[_case[1]].append(_case)


def last_bit_may_differ(name: str, output: int) -> bool:
    """Probabilities come out of exp and log, whose last bit depends on the library that TensorFlow was built with."""
    return ("CandidateSampler" in name and output > 0) or name.startswith("RandomGamma_float64")


def run_all(tf: Any, fetches: Any) -> list:
    # One thread: the kernels of Multinomial and ParameterizedTruncatedNormal give other numbers with more.
    with tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads=1)) as session:
        return [session.run(fetches) for _ in range(RUNS)]


def flat(result: Any) -> list:
    return list(result) if isinstance(result, (tuple, list)) else [result]


def run_there(tf: Any, op: str) -> list:
    from tensorflow.python.framework import op_def_library

    fetches = {}
    for name, _, inputs, attrs in CASES[op]:
        tensors = {key: tf.constant(value) for key, value in inputs.items()}
        given = {key: tf.as_dtype(value) if key.endswith("dtype") else value for key, value in attrs.items()}
        fetches[name] = flat(op_def_library.apply_op(op, **tensors, **{**default_attrs(op), **given}))
    return run_all(tf, fetches)


def run_here(op: str) -> list:
    fetches = {
        name: flat(OPS[op](**{key: pyflow.constant(value) for key, value in inputs.items()}, **attrs))
        for name, _, inputs, attrs in CASES[op]
    }
    return run_all(pyflow, fetches)


@pytest.mark.parametrize("op", sorted(CASES))
def test_numbers_are_those_of_tensorflow(op, tf1):
    different = []
    for ours, theirs in zip(run_here(op), run_there(tf1, op)):
        for name, *_ in CASES[op]:
            for i, (a, b) in enumerate(zip(ours[name], theirs[name])):
                tolerance = 4 * np.finfo(b.dtype).eps if last_bit_may_differ(name, i) else 0.0
                if a.dtype != b.dtype or not np.allclose(a, b, rtol=tolerance, atol=0.0):
                    different.append((name, np.asarray(a).ravel()[:3], np.asarray(b).ravel()[:3]))
    assert not different


# Public functions, by the seeds that they are given.
PROGRAMS = {
    "both": lambda tf: tf.random_normal([3], seed=5),
    "integers": lambda tf: tf.random_uniform([4], 0, 100, tf.int32, seed=7),
    "shuffled": lambda tf: tf.random_shuffle(tf.range(10), seed=3),
    "classes": lambda tf: tf.multinomial([[0.1, 0.7, 0.2]], 5, seed=2),
    "gamma": lambda tf: tf.random_gamma([3], [0.5, 2.0], seed=4),
    "poisson": lambda tf: tf.random_poisson([0.5, 30.0], [3], seed=4),
    "crop": lambda tf: tf.random_crop(tf.reshape(tf.range(16), [4, 4]), [2, 2], seed=1),
    "dropped": lambda tf: tf.nn.dropout(tf.ones([8]), rate=0.5, seed=9),
    "stateless": lambda tf: tf.random.stateless_normal([3], seed=[1, 2]),
    "glorot": lambda tf: tf.glorot_uniform_initializer(seed=3)([2, 3]),
    "candidates": lambda tf: tf.nn.log_uniform_candidate_sampler([[1, 2]], 2, 4, True, 50, seed=6).sampled_candidates,
}


@pytest.mark.parametrize("seed", [None, 0, 1, 2**31 - 1])
@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_public_functions_take_seeds_alike(name, seed, tf1):
    results = []
    for tf in (pyflow, tf1):
        with tf.Graph().as_default():
            tf.set_random_seed(seed)
            results.append(run_all(tf, PROGRAMS[name](tf)))
    ours, theirs = results
    for a, b in zip(ours, theirs):
        np.testing.assert_array_equal(a, b)
