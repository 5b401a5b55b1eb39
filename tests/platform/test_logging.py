"""tf.logging: levels, the format of lines, and the functions that log only sometimes."""

from __future__ import annotations

import logging as python_logging
import subprocess
import sys
from pathlib import Path

import pytest

from pyflow.platform import logging

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def as_found():
    level = logging.get_logger().level
    yield
    logging.get_logger().setLevel(level)


def logged(caplog):
    return [(record.levelname, record.getMessage()) for record in caplog.records]


def test_only_warnings_and_worse_are_logged_at_first(caplog):
    assert logging.get_verbosity() == logging.WARN
    logging.debug("d")
    logging.info("i")
    logging.warn("w")
    logging.warning("%d %s", 1, "x")
    logging.error("e")
    logging.fatal("f")
    logging.TaskLevelStatusMessage("t")
    assert logged(caplog) == [
        ("WARNING", "w"),
        ("WARNING", "1 x"),
        ("ERROR", "e"),
        ("CRITICAL", "f"),
        ("ERROR", "t"),
    ]
    assert {record.name for record in caplog.records} == {"tensorflow"}


def test_set_verbosity(caplog):
    logging.set_verbosity(logging.INFO)
    assert logging.get_verbosity() == 20
    logging.info("step %d", 3)
    logging.log(logging.DEBUG, "not this")
    logging.vlog(logging.INFO, "nor %s", "that")
    assert logged(caplog) == [("INFO", "step 3"), ("INFO", "nor that")]


def test_log_every_n(caplog):
    for i in range(5):
        logging.log_every_n(logging.ERROR, "call %d", 2, i)
    assert [message for _, message in logged(caplog)] == ["call 0", "call 2", "call 4"]


def test_log_first_n_counts_each_line_of_the_program_apart(caplog):
    for i in range(3):
        logging.log_first_n(logging.ERROR, "a%d", 2, i)
        logging.log_first_n(logging.ERROR, "b%d", 1, i)
    assert [message for _, message in logged(caplog)] == ["a0", "b0", "a1"]


def test_log_if(caplog):
    logging.log_if(logging.ERROR, "no", False)
    logging.log_if(logging.ERROR, "yes %d", True, 1)
    assert logged(caplog) == [("ERROR", "yes 1")]


def test_record_names_the_caller(caplog):
    logging.error("here")
    logging.log_if(logging.ERROR, "here too", True)
    assert [(record.filename, record.funcName) for record in caplog.records] == [
        ("test_logging.py", "test_record_names_the_caller")
    ] * 2


def test_handler_writes_to_the_stderr_of_the_moment(capsys):
    handler = logging._ConsoleHandler("stderr")
    handler.setFormatter(python_logging.Formatter(python_logging.BASIC_FORMAT))
    logging.get_logger().addHandler(handler)
    try:
        logging.error("seen")
        logging.flush()
    finally:
        logging.get_logger().removeHandler(handler)
    assert capsys.readouterr().err == "ERROR:tensorflow:seen\n"


@pytest.mark.native
@pytest.mark.parametrize(
    "before, out, err",
    [
        ("", "", "WARNING:tensorflow:w\n"),
        ("import sys; sys.ps1 = '>>> '", "INFO:tensorflow:i\nWARNING:tensorflow:w\n", ""),
        ("import logging as l; l.basicConfig(format='own %(message)s')", "", "own w\n"),
    ],
)
def test_where_messages_go(before, out, err):
    program = f"{before}\nfrom pyflow.platform import logging\nlogging.info('i')\nlogging.warn('w')\n"
    environment = {"PYTHONPATH": str(ROOT)}
    result = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert (result.stdout, result.stderr) == (out, err)
