"""tf.train.Coordinator and LooperThread: threads stop together, and errors reach whoever joins them."""

from __future__ import annotations

import sys
import threading
import time

import pytest

import pyflow as tf

native = pytest.mark.native


def started(target, *args):
    thread = threading.Thread(target=target, args=args, name="worker", daemon=True)
    thread.start()
    return thread


def failing(coord, error, as_tuple):
    try:
        raise error
    except type(error) as ex:
        coord.request_stop(sys.exc_info() if as_tuple else ex)


def test_stop_is_asked_for_and_taken_back():
    coord = tf.train.Coordinator()
    assert not coord.should_stop() and not coord.wait_for_stop(0.0)
    coord.request_stop()
    assert coord.should_stop() and coord.wait_for_stop()
    coord.join()
    assert coord.joined
    coord.clear_stop()
    assert not coord.should_stop() and not coord.joined


@native
def test_join_waits_for_threads_given_and_registered():
    coord = tf.train.Coordinator()
    threads = [started(coord.wait_for_stop) for _ in range(2)]
    coord.register_thread(threads[0])
    threading.Timer(0.02, coord.request_stop).start()
    coord.join(threads[1:])
    assert not any(thread.is_alive() for thread in threads)


@native
def test_join_returns_when_all_threads_ended_by_themselves():
    coord = tf.train.Coordinator()
    coord.join([started(time.sleep, 0.01)])
    assert not coord.should_stop()


@native
def test_threads_that_do_not_stop_are_named():
    coord, release = tf.train.Coordinator(), threading.Event()
    thread = started(release.wait)
    coord.request_stop()
    message = "Coordinator stopped with threads still running: worker"
    with pytest.raises(RuntimeError, match=message):
        coord.join([thread], stop_grace_period_secs=0.02)
    coord.join([thread], stop_grace_period_secs=0.02, ignore_live_threads=True)
    release.set()
    thread.join()


@pytest.mark.parametrize("as_tuple", [True, False])
def test_the_first_error_is_raised_by_join(as_tuple):
    coord = tf.train.Coordinator()
    failing(coord, RuntimeError("first"), as_tuple)
    failing(coord, RuntimeError("second"), as_tuple)
    with pytest.raises(RuntimeError, match="first"):
        coord.raise_requested_exception()
    with pytest.raises(RuntimeError, match="first"):
        coord.join()


def test_errors_after_a_stop_are_not_kept():
    coord = tf.train.Coordinator()
    coord.request_stop()
    failing(coord, RuntimeError("late"), False)
    coord.join()


@pytest.mark.parametrize("as_tuple", [True, False])
def test_errors_after_join_are_raised_at_once(as_tuple):
    coord = tf.train.Coordinator()
    coord.request_stop()
    coord.join()
    with pytest.raises(RuntimeError, match="late"):
        failing(coord, RuntimeError("late"), as_tuple)


def test_the_end_of_the_input_is_no_error():
    coord = tf.train.Coordinator()
    with coord.stop_on_exception():
        raise tf.errors.OutOfRangeError(None, None, "end")
    assert coord.should_stop()
    coord.join()


def test_clean_exceptions_can_be_chosen():
    coord = tf.train.Coordinator(clean_stop_exception_types=(ValueError,))
    with coord.stop_on_exception():
        raise ValueError
    coord.join()
    coord.clear_stop()
    with coord.stop_on_exception():
        raise tf.errors.OutOfRangeError(None, None, "end")
    with pytest.raises(tf.errors.OutOfRangeError):
        coord.join()


def test_an_exception_that_is_not_handled_is_no_reason():
    coord = tf.train.Coordinator()
    coord.request_stop(RuntimeError("never raised"))
    with pytest.raises(ValueError, match="ex must be a tuple or sys.exc_info must return the current exception"):
        coord.join()


@native
@pytest.mark.parametrize("interval", [None, 0.001])
def test_a_looper_runs_until_it_is_stopped(interval):
    coord, calls = tf.train.Coordinator(), []

    def work(limit):
        calls.append(limit)
        if len(calls) == limit:
            coord.request_stop()

    thread = tf.train.LooperThread.loop(coord, interval, work, args=(3,))
    coord.join()
    assert calls == [3, 3, 3] and not thread.is_alive()


@native
def test_a_looper_that_fails_stops_the_others():
    coord = tf.train.Coordinator()
    tf.train.LooperThread.loop(coord, 10, lambda: None)
    tf.train.LooperThread.loop(coord, 0, lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        coord.join()


def test_a_looper_needs_a_coordinator_and_a_target():
    with pytest.raises(ValueError, match="'coord' argument must be a Coordinator: None"):
        tf.train.LooperThread(None, 1)
    with pytest.raises(ValueError, match="'args' and 'kwargs' argument require that you also pass 'target'"):
        tf.train.LooperThread(tf.train.Coordinator(), 1, args=(1,))


def test_without_threads_loops_run_when_one_asks_whether_to_stop(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setattr(threading.Thread, "start", refuse)
    calls, coord = [], tf.train.Coordinator()
    loop = tf.train.LooperThread.loop(coord, 0, calls.append, args=("run",))
    loop.stop_loop = lambda: calls.append("stop")
    tf.train.LooperThread.loop(coord, 1000, calls.append, args=("seldom",))
    assert [coord.should_stop() for _ in range(2)] == [False, False]
    coord.request_stop()
    coord.join()
    assert calls == ["run", "seldom", "run", "stop"]
