"""A process dies while it saves, wherever that may be: the old checkpoint or the new one is there, whole."""

from __future__ import annotations

import errno
import os
import shutil

import pytest

import pyflow as tf
from tests.faults.dying_process import Death, DyingProcess

OLD, NEW, LATER = 1, 2, 3

# Who has saved, who saves, and whether the new checkpoint has the name of the old one.
SAVES = {
    "in the place of another": ("plain", "plain", True),
    "beside another": ("plain", "plain", False),
    "in shards": ("sharded", "sharded", True),
    "in shards, beside another": ("sharded", "sharded", False),
    "in shards, after one without": ("plain", "sharded", True),
    "without shards, after one in shards": ("sharded", "plain", True),
    "in the first version": ("first version", "first version", True),
    "the first one": (None, "plain", True),
    "the first one, in shards": (None, "sharded", True),
}


@pytest.fixture(autouse=True)
def disk_that_keeps_up(monkeypatch):
    """What was synced is never lost here, so nothing has to wait for the disk."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


class Scene:
    """A folder with an old checkpoint, and the saving of a new one."""

    def __init__(self, model, folder, before, saver, same_name):
        self.model, self.saver, self.before = model, model.savers[saver], before
        self.folder = os.path.join(folder, "now")
        self.template = os.path.join(folder, "template")
        os.mkdir(self.template)
        self.step = None if same_name else 5
        self.with_graph = saver == "plain" and not same_name
        if before is not None:
            model.fill(OLD)
            self.path = os.path.join(self.folder, "m")
            os.mkdir(self.folder)
            model.savers[before].set_last_checkpoints([])
            self.first = model.savers[before].save(model.session, self.path)
            shutil.rmtree(self.template)
            os.rename(self.folder, self.template)
        self.first = os.path.join(self.folder, "m")

    def reset(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.template, self.folder)
        self.saver.set_last_checkpoints([self.first] if self.before else [])

    def save(self, number):
        self.model.fill(number)
        self.saver.save(self.model.session, self.first, global_step=self.step, write_meta_graph=self.with_graph)

    def check(self):
        """The number of the checkpoint that is there: None for none."""
        latest = tf.train.latest_checkpoint(self.folder)
        if latest is None:
            assert self.before is None
            return None
        return self.model.saved_number(latest)


@pytest.mark.parametrize("name", SAVES)
def test_death_at_any_call_leaves_a_whole_checkpoint(model, memory_folder, name):
    scene = Scene(model, memory_folder, *SAVES[name])
    scene.reset()
    whole = DyingProcess()
    with whole.running():
        scene.save(NEW)
    assert scene.check() == NEW
    assert {"write", "fsync", "replace"} <= set(whole.kinds) and whole.calls >= 10
    found = set()
    for call in range(whole.calls):
        for torn in (False, True):
            if torn and whole.kinds[call] != "write":
                continue
            scene.reset()
            process = DyingProcess(call, torn)
            with process.running():
                scene.save(NEW)
            assert process.died
            process.lose_power(scene.folder)
            found.add(scene.check())
            if call % 4 == 0 and not torn:  # what the dead process has left behind is in nobody's way
                scene.saver.set_last_checkpoints([scene.first] if scene.before else [])
                scene.save(LATER)
                assert scene.check() == LATER
    assert found == {OLD if scene.before else None, NEW}


@pytest.mark.parametrize("name", SAVES)
def test_full_disk_leaves_the_last_checkpoint(model, memory_folder, name):
    scene = Scene(model, memory_folder, *SAVES[name])
    scene.reset()
    whole = DyingProcess()
    with whole.running():
        scene.save(NEW)
    for call in range(whole.calls):
        scene.reset()
        process = DyingProcess(call, error=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        try:
            with process.running():
                scene.save(NEW)
        except tf.errors.ResourceExhaustedError as error:
            assert "No space left on device" in str(error)
        assert scene.check() in (OLD if scene.before else None, NEW)
        leftovers = [name for name in os.listdir(scene.folder) if "tempstate" in name or ".tmp" in name]
        assert not leftovers


def test_enough_points_are_tried(model, memory_folder):
    total = 0
    for i, options in enumerate(SAVES.values()):
        folder = os.path.join(memory_folder, str(i))
        os.mkdir(folder)
        scene = Scene(model, folder, *options)
        scene.reset()
        process = DyingProcess()
        with process.running():
            scene.save(NEW)
        total += process.calls + process.kinds.count("write")
    assert total >= 200


def test_the_dead_do_nothing(tmp_path):
    process = DyingProcess(1)
    with process.running():
        try:
            with open(tmp_path / "a", "wb") as file:
                file.write(b"text")
        except BaseException:
            try:
                os.remove(tmp_path / "a")
            except Death:
                pass
            raise
    assert process.died and (tmp_path / "a").read_bytes() == b""
