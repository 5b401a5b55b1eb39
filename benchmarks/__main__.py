"""python -m benchmarks [CASE...]: times PyFlow beside TensorFlow's graph mode, taking turns in one process."""

from __future__ import annotations

import os

THREADS = 2
# Both libraries read these when they are loaded.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["PYFLOW_ADAPTER"] = "none"
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = str(THREADS)

import argparse  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from typing import Any  # noqa: E402

from benchmarks.cases import CASES, Case, Step  # noqa: E402

ROUNDS = 15
SECONDS_PER_TURN = 0.15


def load(library: str) -> Any:
    if library == "pyflow":
        import pyflow

        return pyflow
    import tensorflow.compat.v1 as tensorflow

    tensorflow.disable_v2_behavior()
    return tensorflow


def prepare(case: Case, tf: Any) -> Step:
    config = tf.ConfigProto(intra_op_parallelism_threads=THREADS, inter_op_parallelism_threads=THREADS)
    with tf.Graph().as_default():
        step = case.build(tf, config)
    for _ in range(2 if case.seconds_long else 20):  # plan, warm the caches
        step()
    return step


def seconds_per_step(step: Step, at_once: int) -> float:
    """The mean over one turn."""
    count, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < SECONDS_PER_TURN:
        for _ in range(at_once):
            step()
        count += at_once
    return elapsed / count


def compare(case: Case, ours: Any, theirs: Any) -> tuple[float, float, float]:
    """(PyFlow's seconds a step, TensorFlow's, their ratio): medians over the turns, the ratio of neighbouring ones."""
    steps = prepare(case, ours), prepare(case, theirs)
    rounds, at_once = (5, 1) if case.seconds_long else (ROUNDS, 5)
    turns = [[seconds_per_step(step, at_once) for step in steps] for _ in range(rounds)]
    first, second = zip(*turns)
    return statistics.median(first), statistics.median(second), statistics.median(a / b for a, b in turns)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("case", nargs="*", choices=[[], *CASES], help="all by default")
    names = parser.parse_args().case or list(CASES)
    ours, theirs = load("pyflow"), load("tensorflow")
    print(f"{THREADS} threads each, {ROUNDS} turns; TensorFlow {theirs.__version__}")
    print(f"{'case':14} {'PyFlow':>10} {'TensorFlow':>12} {'ratio':>7} {'goal':>6}")
    missed = 0
    for name in names:
        mine, peer, ratio = compare(CASES[name], ours, theirs)
        goal = CASES[name].goal
        verdict = "" if ratio <= goal else "  missed"
        print(f"{name:14} {mine * 1e6:7.1f} µs {peer * 1e6:9.1f} µs {ratio:7.3f} {goal:6.2f}{verdict}", flush=True)
        missed += ratio > goal
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
