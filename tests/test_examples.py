"""Every program in examples/ runs as its user would run it, and prints what it promises."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"

pytestmark = pytest.mark.native


def mnist_folder() -> str:
    """Where the Makefile puts MNIST, so that it is downloaded once."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(os.environ.get("PYFLOW_CACHE") or os.path.join(cache, "pyflow"), "mnist")


def accuracy_in(output: str) -> float:
    return float(re.findall(r"test accuracy (\d\.\d+)", output)[-1])


def timed(output: str) -> bool:
    """Whether both directions were timed, and the whole took longer than half of it."""
    forward, both = (float(x) for x in re.findall(r"steps, (\d\.\d+) \+/- \d\.\d+ s", output))
    return 0 < forward < both


def has(*lines: str) -> Callable[[str], bool]:
    """Whether the lines stand in the output, in this order."""
    return lambda output: bool(re.search(".*".join(map(re.escape, lines)), output, re.DOTALL))


def loss_fell(output: str) -> bool:
    before, after = (float(x) for x in re.findall(r"loss \w+: (\d+\.\d+)", output))
    return has("l1: 5.0", "l2: 7.5")(output) and after < before / 100


def perplexities_fell(output: str) -> bool:
    first, *_, last = ([float(x) for x in pair] for pair in re.findall(r"perplexity (\S+) in .*, (\S+) on", output))
    return first[0] > 50 and last[0] < 5 and last[1] < 45 and "the mill" in output


MNIST = f"--data_dir={mnist_folder()}"
SMALL = ["--batch=2", "--size=96", "--width=0.125", "--classes=10", "--steps=3"]
# A program, with one of its arguments if it's run with several; more arguments; what has to be in the output: pieces of
# text, or a test of it.
PROGRAMS: dict[str, tuple[list[str], list[str] | Callable[[str], bool]]] = {
    "convnet_timing.py": (
        SMALL,
        lambda output: timed(output) and has("pool5: [2, 2, 32]", "fc7", ": [512]", "386626 parameters")(output),
    ),
    "convnet_timing.py --network=vgg16": (
        SMALL,
        lambda output: timed(output) and has("conv5/conv5_3/Relu: [6, 6, 64]", "793778 parameters")(output),
    ),
    "custom_loss.py": ([], ["[[1.0193471]", "[1.0428091]]"]),
    "datasets.py": (
        [],
        [
            "squares: 1 4 9 25 64",
            "lines: / to be / or not",
            "pairs: 00 01 02 10 11 12",
            "batch of 4\nbatch of 2\nbatch of 4\nbatch of 2\neach of 6 twice: True",
        ],
    ),
    "dataset_pipeline.py": (
        [],
        lambda output: has("steps in all: 60", "tested: 40")(output) and float(output.split()[-1]) > 0.9,
    ),
    "device_trace.py": ([], ["MatMul: (MatMul): /job:localhost/replica:0/task:0/device:", "µs  MatMul"]),
    "exclusive_or.py": ([], ["linear:       [0.5 0.5 0.5 0.5]", "hidden layer: [0. 1. 1. 0.]"]),
    "forward_pass.py": ([], ["[[0.11600002]]", "[2.2322333 0.9048362 1.9336841]", "twice: True"]),
    "graphs.py": ([], ["zeros [0.]", "ones [1.]", "/device:CPU:0 ['total:0']"]),
    "inception_v3.py": (
        [],
        ["[35, 35, 192]", "[17, 17, 768]", "[8, 8, 2048]", "27143152 parameters, 23817352 without", "likeliest: class"],
    ),
    "image_pipeline.py": ([], lambda output: float(output.split()[-1]) > 0.9),
    "images.py": (
        [],
        [
            "decoded: (60, 80, 3) uint8",
            "written again: (80, 60)",
            "area: (30, 30, 3)",
            "cropped: (40, 50, 3)",
            "flipped: True True",
            "turned by chance: True",
            "changed and clipped: True",
            "standardized: mean 0.00, deviation 1.00",
            "yellow and blue: [1.0, 1.0, 0.0] [0.0, 0.0, 1.0]",
            "distorted: (29, 29, 3) differs: True",
        ],
    ),
    "input_queues.py": (
        [],
        ["-00000-of-00002', 'data", "batch: [0, 0, 1] [0, 1, 0]", "batch: [1, 0, 0] [1, 0, 1]", "shuffled: (3,) True"],
    ),
    "language_model.py": (["--epochs=12"], perplexities_fell),
    "lenet5.py": (
        [MNIST, "--steps=40", "--test_images=500"],
        lambda output: has("pool1: [14, 14, 32]", "fc1: [512], 1606144")(output) and accuracy_in(output) > 0.8,
    ),
    "mnist_batches.py": ([MNIST], ["training: 55000 images", "test: 10000 images", "(100, 784) (100, 10)"]),
    "mnist_records.py": (
        [MNIST],
        ["image 0 (784,) digit 7 of 784 pixels: True", "image 2", "the next (100, 784) are right: True"],
    ),
    "mnist_two_layers.py": ([MNIST, "--steps=2000"], lambda output: accuracy_in(output) >= 0.975),
    "monitored_training.py": (
        ["model"],
        ["loss = 3.75", "newest: model/model.ckpt-100", "runs of this session: 50", "slope 3.00, offset -1.00"],
    ),
    "moving_average.py": ([], ["step 0: 5 4.5", "step 10000: 100 5.454999", "step 10001: 100 6.400448"]),
    "queues.py": ([], ["0\n10\n1\n11\n2\n", "workers at work: 0", "drawn and different: 3"]),
    "regularization.py": ([], ["l1: 5.0", "l2: 7.5"]),
    "save_and_restore.py": (
        [],
        ["model.ckpt.index", "result: [3.]", "renamed: [3.]", "{'v/Exponential", "restored: 0.0999999", "v []: 10"],
    ),
    "sessions.py": ([], ["interactive: 3", "soft placement: 9"]),
    "sine_rnn.py": (["--steps=2001"], lambda output: float(output.split()[-1]) < 0.03),
    "summaries.py": (["events"], ["events read back: 23", "loss at first: 7.4199", "loss at last: 0.003"]),
    "tensors.py": ([], ['Tensor("add:0", shape=(2,), dtype=int32)', "its value: [3 5]"]),
    "transfer_learning.py": (
        [],
        [
            "apart: daisy, rose, tulip",
            "72 images, 72 bottlenecks",
            "step 0: test accuracy 0.3333",
            "300: test accuracy 1.0",
        ],
    ),
    "variable_scopes.py": ([], ["Variable layer1/weights already exists, disallowed.", "one network: True"]),
}


THREE_FILES = EXAMPLES / "mnist_in_three_files"


def start(program, folder, *arguments):
    return subprocess.Popen(
        [sys.executable, "-W", "error", str(program), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_evaluator_follows_the_trainer_from_a_process_of_its_own(tmp_path):
    arguments = [MNIST, "--model_dir=model", "--steps=300"]
    evaluator = start(THREE_FILES / "mnist_eval.py", tmp_path, *arguments)
    trainer = start(THREE_FILES / "mnist_train.py", tmp_path, *arguments, "--save_every=100")
    said = trainer.communicate()[0]
    assert trainer.returncode == 0 and re.findall(r"step (\d+): loss", said) == ["100", "200", "300"], said
    said = evaluator.communicate()[0]
    seen = [(int(step), float(accuracy)) for step, accuracy in re.findall(r"step (\d+): accuracy .* (\S+)", said)]
    assert evaluator.returncode == 0 and seen == sorted(seen), said
    assert seen[-1][0] == 300 and seen[-1][1] > 0.9


def test_every_program_is_listed_here():
    assert {name.split()[0] for name in PROGRAMS} == {path.name for path in EXAMPLES.glob("*.py")}


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_prints_what_it_promises(name, tmp_path):
    arguments, promise = PROGRAMS[name]
    program, *more = name.split()
    result = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / program), *more, *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    if callable(promise):
        assert promise(result.stdout), result.stdout
    else:
        assert not [text for text in promise if text not in result.stdout + result.stderr], result.stdout
