"""Random ops in a session: TensorFlow's numbers, run after run, and TensorFlow's names and errors."""

from __future__ import annotations

import json
import platform
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import OPS
from pyflow.ops.random import parameterized_truncated_normal
from tests.golden.random_cases import RUNS, cases, summary

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "random.json").read_text())
CASES = {op: list(group) for op, group in groupby(sorted(cases(), key=lambda case: case[1]), key=lambda case: case[1])}


def run_cases(op: str) -> dict[str, list[tuple]]:
    """name -> for each output, what it was in each run of one session"""
    fetches = {}
    for name, _, inputs, attrs in CASES[op]:
        outputs = OPS[op](**{k: tf.constant(v) for k, v in inputs.items()}, **attrs)
        fetches[name] = list(outputs) if isinstance(outputs, tuple) else [outputs]
    with tf.Session() as sess:
        runs = [sess.run(fetches) for _ in range(RUNS)]
    return {name: list(zip(*(run[name] for run in runs))) for name in fetches}


def last_bit_may_differ(name: str, output: int) -> bool:
    """Whether functions of the C library other than glibc's, or not correctly rounded, may show in the last bit."""
    if "CandidateSampler" in name:
        return output > 0 and "True" in name
    return "float64" in name and platform.libc_ver()[0] != "glibc"


@pytest.mark.parametrize("op", sorted(CASES))
def test_numbers_are_tensorflow_s(op):
    wrong = []
    for name, outputs in run_cases(op).items():
        for i, (output, (checksum, *ends)) in enumerate(zip(outputs, GOLDEN[name])):
            got_checksum, *got = summary(output)
            if last_bit_may_differ(name, i):
                np.testing.assert_allclose(got, ends, rtol=3e-7, err_msg=name)
            elif got_checksum != checksum:
                wrong.append((name, i, got, ends))
    assert not wrong


def test_every_kept_output_is_compared():
    assert set(GOLDEN) == {name for group in CASES.values() for name, *_ in group}


def nodes(*wanted_attrs: str) -> list[str]:
    listed = []
    for node in tf.get_default_graph().get_operations():
        attrs = "".join(f" {node.get_attr(a)}" for a in wanted_attrs if a in node.definition.attrs)
        listed.append(f"{node.name} {node.type}{attrs}")
    return listed


# what is made, and the nodes that TensorFlow makes of it, with both seeds; the graph's seed is 7
NAMES = [
    (
        lambda: tf.random_normal([2, 3], seed=1),
        "shape Const|mean Const|stddev Const|RandomStandardNormal RandomStandardNormal 7 1|mul Mul",
        "random_normal Add",
    ),
    (
        lambda: tf.random_normal((tf.Dimension(2), 3)),
        "shape Const|mean Const|stddev Const|RandomStandardNormal RandomStandardNormal 7 3|mul Mul",
        "random_normal Add",
    ),
    (
        lambda: tf.random_uniform([2], 1, 2.5),
        "shape Const|min Const|max Const|RandomUniform RandomUniform 7 3|sub Sub|mul Mul",
        "random_uniform Add",
    ),
    (
        lambda: tf.random_uniform([2], maxval=9, dtype=tf.int64),
        "shape Const|min Const|max Const",
        "random_uniform RandomUniformInt 7 3",
    ),
    (
        lambda: tf.truncated_normal([2]),
        "shape Const|mean Const|stddev Const|TruncatedNormal TruncatedNormal 7 3|mul Mul",
        "truncated_normal Add",
    ),
    (lambda: tf.random_shuffle([1, 2]), "value Const", "RandomShuffle RandomShuffle 7 0"),
    (
        lambda: tf.multinomial([[1.0, 2.0]], 3),
        "logits Const|Multinomial/num_samples Const|Multinomial Multinomial 7 1",
        "multinomial",
    ),
    (
        lambda: tf.random.categorical([[1.0, 2.0]], 3, dtype=tf.int32, name="q"),
        "logits Const|Multinomial/num_samples Const|Multinomial Multinomial 7 1",
        "q",
    ),
    (
        lambda: tf.random_gamma([2], [1.0, 2.0]),
        "shape Const|alpha Const|beta Const|zeros_like Const|add AddV2|RandomGamma RandomGamma 7 5|truediv RealDiv"
        "|Maximum/x Const|Maximum Maximum",
        "random_gamma",
    ),
    (
        lambda: tf.random_poisson([1.0, 2.0], [3]),
        "shape Const|RandomPoissonV2/rate Const|RandomPoissonV2 RandomPoissonV2 7 1",
        "random_poisson",
    ),
    (
        lambda: parameterized_truncated_normal([2]),
        "shape Const|means Const|stddevs Const|minvals Const|maxvals Const"
        "|ParameterizedTruncatedNormal ParameterizedTruncatedNormal 7 5",
        "parameterized_truncated_normal",
    ),
    (
        lambda: tf.random.stateless_uniform([2], [5, 6]),
        "shape Const|min Const|max Const|StatelessRandomUniform/seed Const|StatelessRandomUniform"
        " StatelessRandomUniform|sub Sub|mul Mul",
        "stateless_random_uniform Add",
    ),
    (
        lambda: tf.random.stateless_uniform([2], [5, 6], maxval=4, dtype=tf.int32),
        "shape Const|min Const|max Const|seed Const",
        "stateless_random_uniform StatelessRandomUniformInt",
    ),
    (
        lambda: tf.random.stateless_categorical([[1.0, 2.0]], 2, [5, 6]),
        "logits Const|StatelessMultinomial/num_samples Const|StatelessMultinomial/seed Const"
        "|StatelessMultinomial StatelessMultinomial",
        "stateless_categorical",
    ),
    (
        lambda: tf.nn.uniform_candidate_sampler([[1]], 1, 2, True, 5, seed=3),
        "true_classes Const",
        "UniformCandidateSampler UniformCandidateSampler 7 3",
    ),
    (
        lambda: tf.random_crop([1, 2, 3], [2], seed=4),
        "value Const|size Const|Shape Const|GreaterEqual GreaterEqual|Const Const|All All|Assert/Const Const"
        "|Assert/Assert/data_0 Const|Assert/Assert Assert|control_dependency Identity|sub Sub|add/y Const|add AddV2"
        "|Shape_1 Const|random_uniform/min Const|random_uniform/max Const|random_uniform RandomUniformInt 7 4"
        "|mod FloorMod",
        "random_crop Slice",
    ),
]


@pytest.mark.parametrize("make, inner, last", NAMES, ids=[last.split()[0] for _, _, last in NAMES])
def test_nodes_and_seeds_are_tensorflow_s(make, inner, last):
    tf.set_random_seed(7)
    make()
    scope, *op = last.split(" ", 1)
    expected = [f"{scope}/{node}" for node in inner.split("|")] + ([last] if op else [])
    assert nodes("seed", "seed2") == expected


# ---- streams ----


def test_a_node_goes_on_where_it_stopped_whatever_else_is_fetched():
    x = tf.random_uniform([3], seed=1)
    y = tf.random_uniform([3], seed=1)
    with tf.Session() as sess:
        first, second = sess.run(x), sess.run(x + 0)
        assert not np.array_equal(first, second)
        assert np.array_equal(sess.run(y), first)
        assert np.array_equal(sess.run([y, x])[0], second)


def test_a_new_session_starts_anew():
    x = tf.random_normal([5], seed=3)
    runs = []
    for _ in range(2):
        with tf.Session() as sess:
            runs.append([sess.run(x) for _ in range(3)])
    assert np.array_equal(runs[0], runs[1])


def test_without_seeds_sessions_differ():
    x = tf.random_uniform([5])
    runs = []
    for _ in range(2):
        with tf.Session() as sess:
            runs.append(sess.run(x))
    assert not np.array_equal(*runs)


def test_shapes_may_be_fed():
    sizes = tf.placeholder(tf.int32, [None])
    x = tf.random_normal(sizes, seed=1)
    with tf.Session() as sess:
        assert sess.run(x, {sizes: [2, 1]}).ravel().tolist() == [np.float32(-0.8113182), np.float32(1.4845988)]
        assert sess.run(x, {sizes: []}).shape == ()
        assert sess.run(x, {sizes: [3, 0]}).shape == (3, 0)


def test_partly_known_shapes_are_static():
    batch = tf.placeholder(tf.float32, [None, 4])
    assert tf.random_uniform(tf.shape(batch)).shape.as_list() == [None, 4]
    assert tf.random_gamma([2], tf.ones([3, 1]), tf.ones([5])).shape.as_list() == [2, 3, 5]
    assert tf.random_poisson(batch, [7]).shape.as_list() == [7, None, 4]
    assert tf.multinomial(batch, 6).shape.as_list() == [None, 6]


def test_bfloat16_is_rounded_from_float32():
    uniform = tf.random_uniform([1000], dtype=tf.bfloat16, seed=1)
    normal = tf.random_normal([4], dtype=tf.bfloat16, seed=1)
    with tf.Session() as sess:
        values = sess.run(tf.cast(uniform, tf.float32))
        assert np.all(values * 128 % 1 == 0) and len(np.unique(values)) > 100
        assert sess.run(tf.cast(normal, tf.float32))[:2].tolist() == [-0.8125, 1.484375]


def test_uniform_scales_and_shifts():
    x = tf.random_uniform([10_000], -3.0, 5.0, seed=2)
    with tf.Session() as sess:
        values = sess.run(x)
    assert -3 <= values.min() < -2.99 and 4.99 < values.max() < 5


def test_crop_comes_from_one_place():
    value = tf.constant(np.arange(60).reshape(5, 4, 3))
    crop = tf.random_crop(value, [2, 3, 3], seed=5)
    with tf.Session() as sess:
        corners = set()
        for _ in range(40):
            piece = sess.run(crop)
            corners.add(piece[0, 0, 0])
            assert np.array_equal(piece - piece[0, 0, 0], np.arange(60).reshape(5, 4, 3)[:2, :3])
        assert corners == {12 * row + 3 * column for row in range(4) for column in range(2)}
        with pytest.raises(tf.errors.InvalidArgumentError, match="Need value.shape >= size, got"):
            sess.run(tf.random_crop(value, [6, 3, 3]))


def test_gamma_gradients_are_tensorflow_s():
    tf.set_random_seed(3)
    alpha, beta = tf.constant([0.5, 2.0]), tf.constant(2.0)
    x = tf.random_gamma([3, 2], alpha, beta, seed=5)
    by_alpha, by_beta = tf.gradients(x, [alpha, beta])
    with tf.Session() as sess:
        values, slopes, slope = sess.run([x, by_alpha, by_beta])
    expected = [[0.39129338, 1.1186299], [0.20666479, 0.24698585], [0.4506652, 1.0444728]]
    np.testing.assert_allclose(values.reshape(6, 2)[:3], expected, rtol=1e-7)
    np.testing.assert_allclose(slopes, [3.4500384, 3.0309498], rtol=3e-6)
    assert slope == pytest.approx(-values.sum() / 2, rel=1e-5)


def test_gamma_grad_over_its_domain():
    alpha = [0.1, 1.0, 10.0, 100.0]
    sample = [[0.05, 0.9, 12.0, 90.0], [1e-8, 3.0, 1.0, 150.0]]
    expected = [[1.3672830, 1.1118044, 1.1123295, 0.94982493], [1.7996924e-06, 1.9379120, 0.25945851, 1.2184153]]
    with tf.Session() as sess:
        slopes = sess.run(OPS["RandomGammaGrad"](np.array(alpha), np.array(sample)))
    np.testing.assert_allclose(slopes, expected, rtol=2e-6)


# ---- errors ----

INT = tf.int32


def fed(value, dtype=np.int32):
    return tf.placeholder_with_default(np.array(value, dtype), None)


RUN_ERRORS = [
    (lambda: tf.random_uniform(fed(3)), r"shape must be a vector of \{int32,int64\}, got shape \[\]"),
    (lambda: tf.random_uniform([-1]), "Dimension -1 must be >= 0"),
    (lambda: tf.random_uniform(fed([-2])), "Dimension -2 must be >= 0"),
    (lambda: tf.random_uniform([2], 5, 5, dtype=INT), "Need minval < maxval, got 5 >= 5"),
    (lambda: tf.random_uniform([2], fed([1]), 5, dtype=INT), r"minval must be 0-D, got shape \[1\]"),
    (lambda: tf.random.stateless_uniform([2], [5, 6], 3, 2, INT), "Need minval < maxval, got 3 >= 2"),
    (lambda: tf.random.stateless_uniform([2], fed([1, 2, 3])), r"seed must have shape \[2\], not \[3\]"),
    (lambda: tf.multinomial(fed([1, 2], np.float32), 3), r"logits should be a matrix, got shape \[2\]"),
    (lambda: tf.multinomial([[1.0, 2.0]], fed([2])), r"num_samples should be a scalar, got shape \[1\]"),
    (lambda: tf.multinomial(np.zeros((2, 0), np.float32), 2), "num_classes should be positive, got 0"),
    (lambda: parameterized_truncated_normal([2], stddevs=-1.0), "Invalid parameters"),
    (lambda: parameterized_truncated_normal([2], minvals=2.0), "Invalid parameters"),
    (lambda: parameterized_truncated_normal([2], minvals=-np.inf, maxvals=np.inf), "Invalid parameters"),
    (
        lambda: parameterized_truncated_normal([2], means=[1.0, 2.0, 3.0]),
        r"Input means should have length 1 or shape\[0\], got shape: \[3\]",
    ),
    (
        lambda: tf.nn.uniform_candidate_sampler([[1], [2]], 2, 2, True, 5),
        "true_classes must have num_true columns, expected: 1 was: 2",
    ),
    (lambda: tf.nn.uniform_candidate_sampler([[1], [2]], 1, 9, True, 5), "Sampler's range is too small."),
    (lambda: tf.nn.learned_unigram_candidate_sampler([[9]], 1, 2, True, 5), r"out of range \[0, 5\), received 9"),
    (
        lambda: tf.nn.fixed_unigram_candidate_sampler([[1]], 1, 2, True, 3),
        "Must provide either vocab_file or unigrams.",
    ),
    (
        lambda: tf.nn.fixed_unigram_candidate_sampler([[1]], 1, 2, True, 3, "x", unigrams=[1.0]),
        "Must only provide one of vocab_file and unigrams.",
    ),
    (
        lambda: tf.nn.fixed_unigram_candidate_sampler([[1]], 1, 2, True, 4, unigrams=[1.0]),
        "range is 4 must be equal to weights size  1",
    ),
    (
        lambda: tf.nn.compute_accidental_hits(fed([[1, 3]], np.int64), [3], 1),
        r"true_candidates must be a batch_size \* num_true matrix",
    ),
]


@pytest.mark.parametrize("make, words", RUN_ERRORS, ids=[words[:40] for _, words in RUN_ERRORS])
def test_run_rejects(make, words):
    fetch = make()
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match=words):
        sess.run(fetch)


BUILD_ERRORS = [
    (lambda: tf.random_uniform([-2]), ValueError, "Invalid value in tensor used for shape: -2"),
    (lambda: tf.random_uniform([2.5]), TypeError, "DataType float32 not in list of allowed values: int32, int64"),
    (lambda: tf.random_uniform([2], dtype=INT), ValueError, "Must specify maxval for integer dtype tf.int32"),
    (lambda: tf.random_uniform([2], dtype=tf.int8), ValueError, "Invalid dtype tf.int8"),
    (lambda: tf.random_uniform([2], [1], [2], dtype=INT), ValueError, "Shape must be rank 0 but is rank 1"),
    (lambda: tf.multinomial([1.0, 2.0], 3), ValueError, "Shape must be rank 2 but is rank 1"),
    (lambda: tf.multinomial([[1.0]], -1), ValueError, "given by scalar input 1, must be non-negative but is -1"),
    (lambda: tf.random.stateless_uniform([2], [1, 2, 3]), ValueError, "Dimension must be 2 but is 3"),
    (lambda: tf.random.stateless_uniform([2], 5), ValueError, "Shape must be rank 1 but is rank 0"),
    (lambda: parameterized_truncated_normal([2], means=[[1.0]]), ValueError, "at most rank 1 but is rank 2"),
    (lambda: tf.nn.uniform_candidate_sampler([1], 1, 2, True, 5), ValueError, "Shape must be rank 2 but is rank 1"),
    (lambda: tf.nn.uniform_candidate_sampler([[1]], 0, 2, True, 5), ValueError, "passed 0 less than minimum 1"),
    (lambda: tf.nn.compute_accidental_hits([[1, 3]], [3], 1), ValueError, "Dimension must be 1 but is 2"),
]


@pytest.mark.parametrize("make, error, words", BUILD_ERRORS, ids=[words[:40] for _, _, words in BUILD_ERRORS])
def test_graph_building_rejects(make, error, words):
    with pytest.raises(error, match=words):
        make()


# ---- candidates ----


def test_accidental_hits_are_found_where_they_were_sampled_last():
    hits = tf.nn.compute_accidental_hits([[1, 3], [2, 9]], [3, 2, 3, 7], 2)
    none = tf.nn.compute_accidental_hits(np.zeros((2, 1), np.int64), np.zeros(0, np.int64), 1)
    with tf.Session() as sess:
        indices, ids, weights = sess.run(hits)
        assert [len(part) for part in sess.run(none)] == [0, 0, 0]
    assert indices.tolist() == [0, 1] and ids.tolist() == [2, 1]
    assert weights.tolist() == [np.finfo(np.float32).min] * 2
    assert (indices.dtype, ids.dtype, weights.dtype) == (np.int32, np.int64, np.float32)


def test_fixed_unigram_reads_the_last_column_of_a_file(tmp_path):
    file = tmp_path / "vocabulary"
    file.write_text("a,1\n\nb,x,2.5\n3\n")
    from_file = tf.nn.fixed_unigram_candidate_sampler([[1]], 1, 50, False, 3, str(file), seed=1)
    from_list = tf.nn.fixed_unigram_candidate_sampler([[1]], 1, 50, False, 3, unigrams=[1.0, 2.5, 3.0], seed=1)
    missing = tf.nn.fixed_unigram_candidate_sampler([[1]], 1, 2, True, 3, str(tmp_path / "none"))
    with tf.Session() as sess:
        for a, b in zip(*sess.run([from_file, from_list])):
            assert np.array_equal(a, b)
        file.write_text("a,1\nb,x\n")
        with tf.Session() as other, pytest.raises(tf.errors.InvalidArgumentError, match="format at line: b,x"):
            other.run(from_file)
        with pytest.raises(tf.errors.NotFoundError, match="none"):
            sess.run(missing)


def test_sampled_frequencies_follow_the_expected_counts():
    for sampler in (tf.nn.uniform_candidate_sampler, tf.nn.log_uniform_candidate_sampler):
        sampled, true_count, _ = sampler(np.arange(20)[:, None], 1, 5000, False, 20, seed=4)
        with tf.Session() as sess:
            classes, expected = sess.run([sampled, true_count])
        counts = np.bincount(classes, minlength=20)
        assert expected.sum() == pytest.approx(5000, rel=1e-5)
        assert ((counts - expected[:, 0]) ** 2 / expected[:, 0]).sum() < 60  # chi-squared, 19 degrees: 1e-5


def test_unique_samples_have_no_class_twice():
    sampled, _, counts = tf.nn.log_uniform_candidate_sampler([[0]], 1, 40, True, 40, seed=1)
    with tf.Session() as sess:
        classes, expected = sess.run([sampled, counts])
    assert sorted(classes) == list(range(40)) and expected.max() <= 1


def test_learned_unigram_learns():
    label = tf.placeholder(tf.int64, [1, 1])
    sampled, _, _ = tf.nn.learned_unigram_candidate_sampler(label, 1, 200, False, 10, seed=1)
    with tf.Session() as sess:
        before = (sess.run(sampled, {label: [[3]]}) == 3).sum()
        for _ in range(300):
            sess.run(sampled, {label: [[3]]})
        after = (sess.run(sampled, {label: [[3]]}) == 3).sum()
    assert before < 50 and after > 150
