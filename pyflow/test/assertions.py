"""Assertions about errors, protocol buffers, strings and containers."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, Iterator

from google.protobuf import text_format

from pyflow.core import device as pydev
from pyflow.core import errors

if TYPE_CHECKING:
    import unittest

    _Base = unittest.TestCase
else:
    _Base = object

GRAPH_DEF_VERSION = 134
GRAPH_DEF_VERSION_MIN_CONSUMER = 0


class GeneralAssertions(_Base):
    """What `tf.test.TestCase` offers beside comparisons of arrays, and what absl's test case adds to `unittest`'s."""

    def assertRaisesRegexp(self, *args: Any, **kwargs: Any) -> Any:
        """`assertRaisesRegex` under its older name."""
        return self.assertRaisesRegex(*args, **kwargs)

    def assertItemsEqual(self, *args: Any, **kwargs: Any) -> None:
        """`assertCountEqual` under its older name."""
        self.assertCountEqual(*args, **kwargs)

    @contextlib.contextmanager
    def assertRaisesWithPredicateMatch(self, exception_type: Any, expected_err_re_or_predicate: Any) -> Iterator[None]:
        """Fails unless the block raises an error of the type whose text the pattern (or predicate) accepts."""

        def matches(error: Any) -> Any:
            if callable(expected_err_re_or_predicate):
                return expected_err_re_or_predicate(error)
            text = error.message if isinstance(error, errors.OpError) else str(error)
            op = error.op if isinstance(error, errors.OpError) else None
            if op is not None:
                text += "\nCaused by: " + op.name
            return re.search(expected_err_re_or_predicate, text)

        try:
            yield
        except Exception as error:  # of any type: one of another type fails the test
            if not isinstance(error, exception_type) or not matches(error):
                raise AssertionError(f"Exception of type {type(error)}: {error}") from error
        else:
            self.fail(f"{getattr(exception_type, '__name__', exception_type)} not raised")

    def assertRaisesOpError(self, expected_err_re_or_predicate: Any) -> Any:
        return self.assertRaisesWithPredicateMatch(errors.OpError, expected_err_re_or_predicate)

    def assertProtoEquals(self, expected_message_maybe_ascii: Any, message: Any, msg: Any = None) -> None:
        """Fails unless a message equals another, or one given in text form."""
        expected = expected_message_maybe_ascii
        if isinstance(expected, str):
            expected = text_format.Merge(expected, type(message)())
        if type(expected) is not type(message):
            raise AssertionError(f"Can't compare protos of type {type(expected)} and {type(message)}. {msg or ''}")
        if expected != message:
            self.assertMultiLineEqual(
                text_format.MessageToString(expected), text_format.MessageToString(message), msg=msg
            )

    def assertProtoEqualsVersion(
        self,
        expected: str,
        actual: Any,
        producer: int = GRAPH_DEF_VERSION,
        min_consumer: int = GRAPH_DEF_VERSION_MIN_CONSUMER,
        msg: Any = None,
    ) -> None:
        versions = f"producer: {producer} min_consumer: {min_consumer}"
        self.assertProtoEquals(f"versions {{ {versions} }}\n{expected}", actual, msg=msg)

    def assertStartsWith(self, actual: str, expected_start: str, msg: Any = None) -> None:
        if not actual.startswith(expected_start):
            self.fail(f"{actual!r} does not start with {expected_start!r}" + (f" : {msg!r}" if msg else ""))

    def assertEndsWith(self, actual: str, expected_end: str, msg: Any = None) -> None:
        if not actual.endswith(expected_end):
            self.fail(f"{actual!r} does not end with {expected_end!r}" + (f" : {msg!r}" if msg else ""))

    def assertContainsInOrder(self, strings: Any, target: str, msg: Any = None) -> None:
        """Fails unless the strings occur in `target`, one after the other."""
        position = 0
        for string in [strings] if isinstance(strings, str) else strings:
            found = target.find(string, position)
            if found < 0:
                self.fail(f"Did not find {string!r} in {target[position:]!r}" + (f" : {msg}" if msg else ""))
            position = found + len(string)

    def assertContainsSubset(self, expected_subset: Any, actual_set: Any, msg: Any = None) -> None:
        missing = set(expected_subset) - set(actual_set)
        if missing:
            self.fail(f"Missing elements {missing}" + (f" : {msg}" if msg else ""))

    def assertNoCommonElements(self, expected_seq: Any, actual_seq: Any, msg: Any = None) -> None:
        common = set(expected_seq) & set(actual_seq)
        if common:
            self.fail(f"Common elements {common}" + (f" : {msg}" if msg else ""))

    def assertSequenceStartsWith(self, prefix: Any, whole: Any, msg: Any = None) -> None:
        prefix = [prefix] if isinstance(prefix, str) else list(prefix)
        self.assertEqual(prefix, list(whole)[: len(prefix)], msg)

    def assertRegexMatch(self, actual_str: str, regexes: Any, message: Any = None) -> None:
        """Fails unless one of the patterns is found."""
        patterns = [regexes] if isinstance(regexes, str) else list(regexes)
        if not any(re.search(pattern, actual_str) for pattern in patterns):
            self.fail(f"{actual_str!r} does not match any of {patterns}" + (f" : {message}" if message else ""))

    def assertDeviceEqual(self, device1: Any, device2: Any, msg: Any = None) -> None:
        device1, device2 = pydev.canonical_name(device1), pydev.canonical_name(device2)
        self.assertEqual(device1, device2, f"Devices {device1} and {device2} are not equal. {msg}")

    def assertEmpty(self, container: Any, msg: Any = None) -> None:
        if len(container):
            self.fail(f"{container!r} has length of {len(container)}." + (f" : {msg}" if msg else ""))

    def assertNotEmpty(self, container: Any, msg: Any = None) -> None:
        if not len(container):
            self.fail(f"{container!r} has length of 0." + (f" : {msg}" if msg else ""))

    def assertLen(self, container: Any, expected_len: int, msg: Any = None) -> None:
        if len(container) != expected_len:
            self.fail(
                f"{container!r} has length of {len(container)}, expected {expected_len}." + (f" : {msg}" if msg else "")
            )

    def assertBetween(self, value: Any, minv: Any, maxv: Any, msg: Any = None) -> None:
        if not minv <= value <= maxv:
            self.fail(self._formatMessage(msg, f'"{value}" unexpectedly not between "{minv}" and "{maxv}"'))

    def assertSameElements(self, expected_seq: Any, actual_seq: Any, msg: Any = None) -> None:
        missing = [x for x in expected_seq if x not in actual_seq]
        unexpected = [x for x in actual_seq if x not in expected_seq]
        if missing or unexpected:
            words = f"Expected, but missing:\n  {missing}\n" if missing else ""
            words += f"Unexpected, but present:\n  {unexpected}\n" if unexpected else ""
            self.fail(self._formatMessage(msg, words))

    def assertSequenceAlmostEqual(
        self, expected_seq: Any, actual_seq: Any, places: Any = None, msg: Any = None, delta: Any = None
    ) -> None:
        self.assertLen(actual_seq, len(expected_seq), msg)
        for expected, actual in zip(expected_seq, actual_seq):
            self.assertAlmostEqual(expected, actual, places=places, msg=msg, delta=delta)

    @contextlib.contextmanager
    def assertRaisesWithLiteralMatch(self, expected_exception: Any, expected_exception_message: str) -> Iterator[None]:
        try:
            yield
        except expected_exception as error:
            self.assertEqual(str(error), expected_exception_message)
        else:
            self.fail(f"{expected_exception} not raised")
