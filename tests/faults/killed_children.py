"""Run as a program: makes children that save, kills some of them, and looks at what they leave.

python killed_children.py FOLDER kill COUNT     COUNT children, one after the other, are killed while they save
python killed_children.py FOLDER together COUNT two children save COUNT times into one folder, under one name
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time

import pyflow as tf

NAMES = ("a", "b", "c")


def numbers_at(path: str) -> set[float]:
    reader = tf.train.NewCheckpointReader(path)
    return {float(x) for name in NAMES for x in reader.get_tensor(name).reshape(-1)[[0, -1]]}


class Trainer:
    """A model whose values all tell the number of the save."""

    def __init__(self) -> None:
        self.number = tf.placeholder(tf.float32, [])
        variables = [tf.get_variable(name, [20_000]) for name in NAMES]
        self.fill = [v.assign(tf.fill([20_000], self.number)) for v in variables]
        self.saver = tf.train.Saver(max_to_keep=2)
        self.session = tf.Session()

    def save(self, path: str, number: int, step: int | None) -> None:
        self.session.run(self.fill, {self.number: number})
        self.saver.save(self.session, path, global_step=step, write_meta_graph=False)

    def restored(self, path: str) -> set[float]:
        self.saver.restore(self.session, path)
        return {float(x) for v in self.session.run(tf.global_variables()) for x in v[[0, -1]]}


def kill(trainer: Trainer, folder: str, count: int) -> None:
    random.seed(0)
    path = os.path.join(folder, "m")
    trainer.save(path, 0, None)
    trainer.save(path, 0, 0)
    for round_ in range(count):
        child = os.fork()
        if child == 0:
            number = 0
            while True:
                number += 1
                trainer.save(path, number, None if round_ % 2 else number)
        time.sleep(random.uniform(0.0, 0.06))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        latest = tf.train.latest_checkpoint(folder)
        assert latest is not None
        assert len(numbers_at(latest)) == 1, round_


def together(trainer: Trainer, folder: str, count: int) -> None:
    path = os.path.join(folder, "m")
    trainer.save(path, 0, None)
    children = []
    for first in (1, 1001):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                for number in range(first, first + count):
                    trainer.save(path, number, None)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    looks = 0
    while children:
        assert len(trainer.restored(path)) == 1
        latest = tf.train.latest_checkpoint(folder)
        assert latest == path
        looks += 1
        for child in list(children):
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                assert status == 0
                children.remove(child)
    assert looks >= 3
    assert trainer.restored(path) <= {float(count), float(1000 + count)}
    assert sorted(os.listdir(folder)) == ["checkpoint", "m.data-00000-of-00001", "m.index"]


if __name__ == "__main__":
    {"kill": kill, "together": together}[sys.argv[2]](Trainer(), sys.argv[1], int(sys.argv[3]))
