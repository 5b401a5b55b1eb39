"""Random ops whose outputs under TensorFlow 1.15.5 are kept in random.json (written by make_random.py).

A case is (name, op type, inputs, attributes): numpy arrays; values, with types as strings. Each runs
RUNS times in one session. Of each output a summary is kept: see `summary`.
"""

import zlib

import numpy as np

RUNS = 3
INFINITY = float("inf")


def summary(outputs):
    """A checksum of the bytes of an output over all runs, the first three elements of the first and the last one."""
    checksum = 0
    for output in outputs:
        checksum = zlib.crc32(np.ascontiguousarray(output).tobytes(), checksum)
    ends = outputs[0].reshape(-1)[:3].tolist() + outputs[-1].reshape(-1)[-1:].tolist()
    return [checksum] + ends


def cases():
    """All cases."""
    return _fills() + _choices() + _rejections() + _stateless() + _candidates()


def _shape(*sizes):
    return np.array(sizes, np.int32)


def _fills():
    result = []
    for dtype in ("float16", "float32", "float64"):
        for op in ("RandomUniform", "RandomStandardNormal", "TruncatedNormal"):
            for size in (1, 2, 3, 4, 5, 8, 255, 256, 257, 70001):
                attrs = {"dtype": dtype, "seed": 87654321, "seed2": size}
                result.append((f"{op}_{dtype}_{size}", op, {"shape": _shape(size)}, attrs))
    for op in ("RandomStandardNormal", "TruncatedNormal"):
        attrs = {"dtype": "float32", "seed": -3, "seed2": 2**40 + 5}
        result.append((op + "_large", op, {"shape": _shape(997, 1003)}, attrs))
    for dtype in ("int32", "int64"):
        for low, high in ((0, 7), (-5, 100), (-(2**31), 2**31 - 1), (3, 4)):
            for size in (1, 3, 5, 4097, 70001):
                inputs = {"shape": _shape(size), "minval": np.array(low, dtype), "maxval": np.array(high, dtype)}
                name = f"RandomUniformInt_{dtype}_{low}_{high}_{size}"
                result.append((name, "RandomUniformInt", inputs, {"seed": 11, "seed2": -size}))
    inputs = {"shape": _shape(50), "minval": np.array(-(2**63), np.int64), "maxval": np.array(2**63 - 1, np.int64)}
    result.append(("RandomUniformInt_widest", "RandomUniformInt", inputs, {"seed": -1, "seed2": 2**40}))
    return result


def _logits(batch, classes):
    values = np.arange(batch * classes) * 0.61803398875 % 1.0
    return (6.0 * values - 3.0).astype(np.float32).reshape(batch, classes)


def _choices():
    result = []
    for batch, classes, samples in ((1, 2, 1), (3, 5, 4), (7, 10, 5), (64, 10, 1), (2, 1, 3), (1, 1000, 50)):
        for dtype in ("float32", "float64"):
            logits = _logits(batch, classes).astype(dtype)
            if batch == 3:
                logits[1, 2], logits[2, 0], logits[0, 1] = INFINITY, -INFINITY, float("nan")
            inputs = {"logits": logits, "num_samples": np.array(samples, np.int32)}
            name = f"Multinomial_{dtype}_{batch}_{classes}_{samples}"
            result.append((name, "Multinomial", inputs, {"seed": 9, "seed2": samples, "output_dtype": "int32"}))
    for size in (1, 2, 3, 9, 100, 299, 300, 301, 5000):
        attrs = {"seed": 1, "seed2": size}
        value = np.arange(size, dtype=np.int32)
        result.append((f"RandomShuffle_{size}", "RandomShuffle", {"value": value}, attrs))
        value = np.stack([value, -value], axis=1)
        result.append((f"RandomShuffle_rows_{size}", "RandomShuffle", {"value": value}, attrs))
    return result


BOUNDS = (
    # mean, standard deviation, minimum, maximum
    (0.0, 1.0, -2.0, 2.0),
    (1.0, 2.0, -INFINITY, 1.5),
    (0.0, 1.0, 3.0, INFINITY),
    (0.0, 1.0, 0.5, 0.7),
    (0.0, 1.0, -1.0, 1.0),
    (5.0, 3.0, -4.0, 4.0),
    (0.0, 1.0, 5.0, 6.0),
    (0.0, 1.0, -12.0, -5.0),
)


def _rejections():
    result = []
    for dtype in ("float16", "float32", "float64"):
        for i, alpha in enumerate(([1.0], [0.3], [0.05, 1.0, 2.5], [10.0, 100.0, 0.9, 1.1], [1e-3, 1e3])):
            for size in (1, 40, 900):
                inputs = {"shape": _shape(size), "alpha": np.array(alpha, dtype)}
                attrs = {"seed": 3, "seed2": size}
                result.append((f"RandomGamma_{dtype}_{i}_{size}", "RandomGamma", inputs, attrs))
        for i, rate in enumerate(([1.0], [0.0, 5.0, 9.9], [10.0, 11.3, 50.0], [100.0, 1000.0])):
            for size in (1, 40, 900):
                inputs = {"shape": _shape(size), "rate": np.array(rate, dtype)}
                attrs = {"seed": 3, "seed2": size, "dtype": "int64" if dtype == "float64" else dtype}
                result.append((f"RandomPoissonV2_{dtype}_{i}_{size}", "RandomPoissonV2", inputs, attrs))
        columns = [np.array(column, dtype) for column in zip(*BOUNDS)]
        parameters = ("means", "stdevs", "minvals", "maxvals")
        for i in range(len(BOUNDS)):
            for size in (1, 3, 99, 101, 700):
                inputs = {name: column[i] for name, column in zip(parameters, columns)}
                inputs["shape"] = _shape(size)
                name = f"ParameterizedTruncatedNormal_{dtype}_{i}_{size}"
                result.append((name, "ParameterizedTruncatedNormal", inputs, {"seed": 5, "seed2": size}))
        for width in (1, 5, 33):
            inputs = dict(zip(parameters, columns))
            inputs["shape"] = _shape(len(BOUNDS), width)
            name = f"ParameterizedTruncatedNormal_rows_{dtype}_{width}"
            result.append((name, "ParameterizedTruncatedNormal", inputs, {"seed": 5, "seed2": width}))
    return result


def _stateless():
    result = []
    seed = np.array([-7, 123456789012345], np.int64)
    for dtype in ("float16", "float32", "float64"):
        for op in ("StatelessRandomUniform", "StatelessRandomNormal", "StatelessTruncatedNormal"):
            for size in (1, 5, 70001):
                inputs = {"shape": _shape(size), "seed": seed}
                result.append((f"{op}_{dtype}_{size}", op, inputs, {"dtype": dtype}))
    for dtype in ("int32", "int64"):
        low, high = np.array(-3, dtype), np.array(1000, dtype)
        inputs = {"shape": _shape(13), "seed": np.array([3, -4], np.int32), "minval": low, "maxval": high}
        result.append(("StatelessRandomUniformInt_" + dtype, "StatelessRandomUniformInt", inputs, {}))
    inputs = {"logits": _logits(3, 5), "num_samples": np.array(6, np.int32), "seed": seed}
    result.append(("StatelessMultinomial", "StatelessMultinomial", inputs, {"output_dtype": "int64"}))
    return result


TRUE_CLASSES = np.array([[0, 3], [5, 1], [9, 2]], np.int64)
UNIGRAMS = [3.0, 1.0, 0.5, 7.0, 2.0, 2.0, 9.0, 0.1, 4.0, 1.0]
MANY_UNIGRAMS = [float(x) for x in (np.arange(3000) * 0.61803398875 % 1.0).astype(np.float32) + np.float32(0.01)]


def _candidates():
    result = []

    def add(name, op, count, unique, **attrs):
        attrs.update(num_true=2, num_sampled=count, unique=unique, seed=7, seed2=count)
        result.append((f"{name}_{unique}_{count}", op, {"true_classes": TRUE_CLASSES}, attrs))

    for unique in (False, True):
        for count in (1, 5, 10, 200):
            for classes in (10, 64, 1000, 50000):
                if unique and count > classes:
                    continue
                for kind in ("Uniform", "LogUniform", "LearnedUnigram", "ThreadUnsafeUnigram"):
                    op = kind + "CandidateSampler"
                    add(f"{op}_{classes}", op, count, unique, range_max=classes)
            op = "FixedUnigramCandidateSampler"
            add(op + "_large", op, count, unique, range_max=3000, distortion=0.4, unigrams=MANY_UNIGRAMS)
            shards = {"num_reserved_ids": 5, "num_shards": 3, "shard": 1}
            add(op + "_shard", op, count, unique, range_max=1002, unigrams=MANY_UNIGRAMS, **shards)
            if count <= 10:
                add(op, op, count, unique, range_max=10, unigrams=UNIGRAMS)
                reserved = {"num_reserved_ids": 2, "distortion": 0.75}
                add(op + "_reserved", op, count, unique, range_max=12, unigrams=UNIGRAMS, **reserved)
    add("UniformCandidateSampler_skewed", "UniformCandidateSampler", 50, False, range_max=3 * 2**61)
    add("AllCandidateSampler", "AllCandidateSampler", 10, True)
    return result
