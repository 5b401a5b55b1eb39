"""PyFlow of which a part is at hand: whatever a program asks for is found, and little of it is loaded without need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

from pyflow.core.api import PUBLIC
from pyflow.core.registry import OPS
from pyflow.namespaces import LAZY

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.native

# A process has one PyFlow. `content` is what web/compile.mjs would compile; `fetched` tells whether a tab would fetch.
DRIVER = """
import json, marshal, sys
sys.path[:0] = sys.argv[2:4]
import stages
from playground import imports
with open(sys.argv[1], "rb") as file:
    content = marshal.load(file)

def staged(first):
    global fetched
    fetched = []
    def get_rest():
        fetched.append(1)
        return [content]
    imports.put_first(imports.Modules({name: content[name] for name in first}, get_rest=get_rest))

def install():
    from pyflow import as_tensorflow
    as_tensorflow.install()
"""
FIRST_STEPS = """
install()
import numpy as np
import tensorflow as tf
x = tf.placeholder(tf.float32, [None, 2])
w = tf.get_variable("w", [2, 1])
loss = tf.reduce_mean(tf.square(tf.matmul(x, w) - 1.0))
learn = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    before, _ = sess.run([loss, learn], {x: np.ones([3, 2])})
    assert sess.run(loss, {x: np.ones([3, 2])}) < before
tf.contrib.layers.l2_regularizer(0.1)
"""


class Python:
    """Runs code where modules come from a file."""

    def __init__(self, content: Path):
        self._content = content

    def __call__(self, code: str) -> str:
        folders = [str(ROOT / "web" / "python"), str(ROOT / "web")]
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", DRIVER + code, str(self._content), *folders],
            cwd=self._content.parent, env={**os.environ, "PYTHONPATH": ""}, text=True, capture_output=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    import marshal

    entries = {}
    for path in (ROOT / "pyflow").rglob("*.py"):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        code = SourceFileLoader(name, str(path)).get_code(name)
        entries[name] = marshal.dumps(code), str(path), path.name == "__init__.py"
    content = tmp_path_factory.mktemp("stages") / "content.bin"
    content.write_bytes(marshal.dumps(entries))
    return Python(content)


@pytest.fixture(scope="module")
def first(python):
    """The modules that the first steps need."""
    everything = "lambda: [getattr(__import__('pyflow'), lazy) for lazy in ('contrib', 'examples')]"
    places = python(f"print(json.dumps(stages.record(content, {everything})))")
    (python._content.parent / "places.json").write_text(places)
    steps = f"steps = lambda: exec({FIRST_STEPS!r}, globals())\n"
    needed = "stages.needed(content, json.load(open('places.json')), steps)"
    return json.loads(python(f"{steps}print(json.dumps({needed}))"))


def test_first_steps_need_a_part_alone(python, first):
    assert python(f"staged({first!r})\n{FIRST_STEPS}\nprint(fetched)") == "[]\n"
    assert len(first) < 400


@pytest.mark.parametrize(
    "program",
    [
        "assert tf.nn.nce_loss.__name__ == 'nce_loss'",
        "assert tf.sparse.reorder and tf.sets.union",
        "assert 'nce_loss' in dir(tf.nn)",
        "names = {}\nexec('from pyflow import *', names)\nassert names['sparse'].reorder",
        "import pyflow.linalg as linalg\nassert linalg is tf.linalg and linalg.det",
        "from tensorflow.python.framework import graph_util\nassert graph_util.extract_sub_graph",
        "from tensorflow.python.ops import sparse_ops\nassert sparse_ops.sparse_reorder",
        "import tensorflow.contrib.slim as slim\nassert slim.conv2d and tf.contrib.rnn.LSTMBlockCell",
        "from pyflow.ops import ragged_tensor\nr = tf.RaggedTensor.from_row_splits([1, 2], [0, 2])\n"
        "assert isinstance(r, ragged_tensor.RaggedTensor) and tf.reduce_sum(r, 1).shape == [1]",
        "from pyflow.core import registry\nassert registry.raw.Betainc and 'Igamma' in registry.OPS",
        "g = tf.GraphDef()\nn = g.node.add(name='a', op='Const')\nn.attr['dtype'].type = 1\n"
        "n.attr['value'].tensor.CopyFrom(tf.make_tensor_proto(2.0))\n"
        "g.node.add(name='l', op='Lgamma', input=['a']).attr['T'].type = 1\n"
        "(l,) = tf.import_graph_def(g, return_elements=['l:0'])\nassert tf.Session().run(l) == 0",
        "q = tf.FIFOQueue(1, tf.int32)\ntf.train.add_queue_runner(tf.train.QueueRunner(q, [q.enqueue([1])]))\n"
        "assert tf.train.export_meta_graph().collection_def['queue_runners'].bytes_list.value",
        "try:\n    tf.nn.relo\nexcept AttributeError as e:\n    assert 'tf.nn.relu' in str(e)",
    ],
)
def test_what_is_not_there_is_loaded(python, first, program):
    start = f"staged({first!r})\ninstall()\nimport tensorflow as tf\nassert not fetched\n"
    assert python(f"{start}{program}\nprint(fetched)") == "[1]\n"


def test_functions_of_the_first_part_take_ragged_tensors_of_the_second(python, first):
    program = """
install()
from tensorflow import concat, square
import tensorflow as tf
assert not fetched
r = tf.ragged.constant([[1], [2, 3]])
with tf.Session() as sess:
    print(sess.run([concat([r, square(r)], 0), r + 1])[0].to_list())
"""
    assert python(f"staged({first!r})\n{program}") == "[[1], [2, 3], [1], [4, 9]]\n"


def test_in_the_end_everything_is_there(python, first):
    program = """
import pyflow as tf
from pyflow.core.api import PUBLIC
from pyflow.core.registry import OPS
from pyflow.namespaces import LAZY
def place(name):
    module = tf
    for part in name.split("."):
        module = getattr(module, part)
    return module
for name, thing in PUBLIC.items():
    assert name.partition(".")[0] in tf.namespaces.LAZY or place(name) is thing, name
print(json.dumps([len(OPS), sorted(name for name in PUBLIC if name.partition(".")[0] not in tf.namespaces.LAZY)]))
"""
    ops, names = json.loads(python(f"staged({first!r})\n{program}"))
    assert names == sorted(name for name in PUBLIC if name.partition(".")[0] not in LAZY)
    elsewhere = ("tests", *(f"pyflow.{lazy}" for lazy in LAZY))
    assert ops == sum(not op.__module__.startswith(elsewhere) for op in OPS.values())
