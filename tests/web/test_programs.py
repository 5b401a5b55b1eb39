"""The playground's Python, outside of a tab: programs one after another, their graphs, files and profiles."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.native

# In a process of its own, because it makes `tensorflow` PyFlow's name.
DRIVER = """
import json, sys
import playground
from playground import programs
programs.FOLDER, programs.FILES = sys.argv[1] + "/programs", sys.argv[1] + "/files"
programs.EXAMPLES = sys.argv[2]
import playground.files
playground.files.FILES = programs.FILES
printed = []
playground.connect(lambda event, payload: printed.append([event, json.loads(payload)]))
for line in sys.stdin:
    name, arguments = json.loads(line)
    print(json.dumps([json.loads(playground.answer(name, json.dumps(arguments))), printed]), flush=True)
    printed.clear()
"""


class Tab:
    """What the page would get of each call."""

    def __init__(self, folder: Path):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "web" / "python"), str(ROOT)])}
        self.files = str(folder / "files")
        self._process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(folder), str(ROOT / "examples")],
            env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.events: list = []

    def __call__(self, name: str, *arguments):
        process = self._process
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps([name, arguments]) + "\n")
        process.stdin.flush()
        answer, self.events = json.loads(process.stdout.readline())
        return answer.get("value", answer.get("error"))

    def run(self, program: str, profiled: bool = False) -> dict:
        return self("programs.run", "program.py", program, "CPU", profiled)

    @property
    def printed(self) -> str:
        return "".join(text for event, pieces in self.events if event == "output" for _, text in pieces)

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    tab = Tab(tmp_path_factory.mktemp("tab"))
    yield tab
    tab.close()


def test_a_program_prints_and_ends(tab):
    assert tab.run("import tensorflow as tf\nprint(tf.Session().run(tf.constant(2) + 3))")["status"] == "done"
    assert tab.printed == "5\n"


def test_programs_see_nothing_of_each_other(tab):
    program = """import tensorflow as tf
tf.flags.DEFINE_integer("n", 3, "")
assert tf.get_default_session() is None
print(tf.flags.FLAGS.n, len(tf.get_default_graph().get_operations()))
tf.InteractiveSession().run(tf.zeros([2]))"""
    for _ in range(2):
        assert tab.run(program)["status"] == "done"
        assert tab.printed == "3 0\n"


@pytest.mark.parametrize(
    "program, message, line",
    [
        ("x = 1\ny = x / 0", "ZeroDivisionError: division by zero", 2),
        ("x = (1", "SyntaxError: '(' was never closed", 1),
        ("import tensorflow as tf\ntf.nn.no_such", "AttributeError: 'tf.nn.no_such' is not supported by PyFlow.", 2),
        ("import sys\nsys.exit(3)", "The program ended with 3", None),
    ],
)
def test_a_failure_says_what_and_where(tab, program, message, line):
    ending = tab.run(program)
    assert ending["status"] == "failed"
    assert ending["message"].startswith(message)
    assert ending.get("line") == line


def test_an_error_is_told_with_what_it_came_from_and_with_the_lines_of_modules(tab):
    program = """open("own_part.py", "w").write("def half(x):\\n    return x / 0")
import own_part
try:
    own_part.half(1)
except ZeroDivisionError as error:
    raise ValueError("no half") from error"""
    assert tab.run(program)["line"] == 6
    assert f'File "{tab.files}/own_part.py", line 2, in half' in tab.printed
    assert "direct cause" in tab.printed and tab.printed.endswith("ValueError: no half\n")
    assert "playground/programs.py" not in tab.printed


def test_lines_are_told_at_once_and_in_order(tab):
    tab.run("import sys\nprint('a')\nsys.stderr.write('b\\n')\nprint('c')")
    pieces = [piece for event, pieces in tab.events if event == "output" for piece in pieces]
    assert pieces == [["out", "a\n"], ["err", "b\n"], ["out", "c\n"]]


def test_the_profile_says_where_the_time_went(tab):
    program = """import tensorflow as tf
x = tf.placeholder(tf.float32, [50, 50])
with tf.Session() as sess:
    for _ in range(3):
        sess.run(tf.matmul(x, x), {x: [[1.0] * 50] * 50})"""
    profile = tab.run(program, profiled=True)["profile"]
    assert profile["runs"] == 3
    assert [row[:3] for row in profile["rows"]] == [["MatMul", "CPU", 3]]


def test_the_graph_of_the_last_program_can_be_asked_for(tab):
    program = """import tensorflow as tf
with tf.Graph().as_default():
    with tf.name_scope("layer"):
        x = tf.placeholder(tf.float32, [None, 3], name="x")
    with tf.control_dependencies([x]):
        y = tf.add(x, 1.0, name="y")
    tf.Session()"""
    tab.run(program)
    graph = tab("graphs.nodes")
    assert graph["names"] == ["layer/x", "y/y", "y"]
    assert graph["inputs"] == [[], [-1], [0, 1]]
    assert tab("graphs.node", "y")["attrs"] == {"T": "float32"}
    assert tab("graphs.node", "none") == "There is no node none"


def test_the_graph_tells_where_nodes_ran(tab):
    tab.run(
        "import tensorflow as tf\n"
        "with tf.device('/gpu:0'): x = tf.placeholder(tf.float32, [2, 2], name='x')\n"
        "y = tf.nn.relu(tf.matmul(x, x, name='product'), name='y')\n"
        "tf.negative(y, name='unused')\n"
        "tf.Session(config=tf.ConfigProto(allow_soft_placement=True)).run(y, {x: [[1, 2], [3, 4]]})\n"
    )
    graph = tab("graphs.nodes")
    assert graph["ran"] and dict(zip(graph["names"], graph["devices"])) == {
        "x": "", "product": "CPU", "y": "CPU", "unused": ""
    }  # fmt: skip
    assert tab("graphs.node", "product")["ran"] == "CPU"
    assert tab("graphs.node", "unused")["ran"] == "not"


def test_the_graph_of_a_program_that_ran_nothing_tells_what_is_asked_for(tab):
    tab.run("import tensorflow as tf\nwith tf.device('/gpu:0'): tf.zeros([2], name='x')\ntf.zeros([2], name='y')\n")
    graph = tab("graphs.nodes")
    assert not graph["ran"] and dict(zip(graph["names"], graph["devices"])) == {"x": "GPU:0", "y": ""}


def test_written_files_are_listed_inspected_and_packed(tab):
    program = """import tensorflow as tf
v = tf.Variable(tf.linspace(0.0, 1.0, 100), name="v")
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    tf.train.Saver().save(sess, "./model.ckpt")
open("<b>.csv", "w").write("a,b\\n1,2\\n")"""
    written = tab.run(program)["files"]
    names = ["<b>.csv", "checkpoint", "model.ckpt.data-00000-of-00001", "model.ckpt.index", "model.ckpt.meta"]
    assert written == [f"{tab.files}/{name}" for name in names]
    assert tab("contents.inspect", f"{tab.files}/<b>.csv")["rows"] == [["a", "b"], ["1", "2"]]
    index = f"{tab.files}/model.ckpt.index"
    assert tab("contents.inspect", index)["tensors"] == [{"name": "v", "dtype": "float32", "shape": [100]}]
    facts = tab("contents.tensor", index, "v")
    assert sum(facts["bars"]) == 100 and dict(map(tuple, facts["statistics"]))["max"] == "1"
    assert tab("contents.inspect", f"{tab.files}/none").startswith("There is no file or checkpoint")
    assert os.path.getsize(tab("files.pack", written)) > 300


def test_examples_find_what_lies_beside_them(tab):
    program = (ROOT / "examples" / "mnist_in_three_files" / "mnist_eval.py").read_text().partition("\ntf.")[0]
    assert "import mnist_inference" in program
    assert tab("programs.run", "mnist_in_three_files/mnist_eval.py", program, "CPU", False)["status"] == "done"


def test_scalars_are_told_as_they_are_written(tab):
    program = """import tensorflow as tf
with tf.summary.FileWriter("logs/train") as writer:
    writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag="loss", simple_value=0.5)]), 7)"""
    tab.run(program)
    assert ["scalars", {"run": "train", "step": 7, "values": [["loss", 0.5]]}] in tab.events
