"""Assertions about the order of things and the ends of strings, and files for the time of a test."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import unittest

    _Base = unittest.TestCase
else:
    _Base = object


class _TemporaryFile:
    """A file that is removed after the test; `full_path` says where it is."""

    def __init__(self, path: str, content: Any, mode: str, encoding: str, errors: str):
        self.full_path = path
        if content is None:
            with open(path, "ab"):
                pass
        elif isinstance(content, bytes):
            self.write_bytes(content)
        else:
            self.write_text(content, mode, encoding, errors)

    def read_text(self, encoding: str = "utf8", errors: str = "strict") -> str:
        with open(self.full_path, encoding=encoding, errors=errors) as file:
            return file.read()

    def write_text(self, text: str, mode: str = "w", encoding: str = "utf8", errors: str = "strict") -> None:
        with open(self.full_path, mode, encoding=encoding, errors=errors) as file:
            file.write(text)

    def read_bytes(self) -> bytes:
        with open(self.full_path, "rb") as file:
            return file.read()

    def write_bytes(self, data: bytes, mode: str = "wb") -> None:
        with open(self.full_path, mode) as file:
            file.write(data)

    def __fspath__(self) -> str:
        return self.full_path


class _TemporaryDirectory:
    """A directory that is removed after the test; `full_path` says where it is."""

    def __init__(self, path: str):
        self.full_path = path

    def create_file(
        self,
        file_path: str | None = None,
        content: Any = None,
        mode: str = "w",
        encoding: str = "utf8",
        errors: str = "strict",
    ) -> _TemporaryFile:
        path = os.path.join(self.full_path, file_path) if file_path else tempfile.mkstemp(dir=self.full_path)[1]
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return _TemporaryFile(path, content, mode, encoding, errors)

    def mkdir(self, dir_path: str | None = None) -> _TemporaryDirectory:
        path = os.path.join(self.full_path, dir_path) if dir_path else tempfile.mkdtemp(dir=self.full_path)
        os.makedirs(path, exist_ok=True)
        return _TemporaryDirectory(path)

    def __fspath__(self) -> str:
        return self.full_path


class SequenceAssertions(_Base):
    """More of what absl's test case adds to `unittest`'s."""

    def create_tempdir(self, name: str | None = None, cleanup: Any = None) -> _TemporaryDirectory:
        root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, root, ignore_errors=True)
        return _TemporaryDirectory(root).mkdir(name)

    def create_tempfile(
        self,
        file_path: str | None = None,
        content: Any = None,
        mode: str = "w",
        encoding: str = "utf8",
        errors: str = "strict",
        cleanup: Any = None,
    ) -> _TemporaryFile:
        return self.create_tempdir().create_file(file_path, content, mode, encoding, errors)

    def assertNotStartsWith(self, actual: str, unexpected_start: str, msg: Any = None) -> None:
        if actual.startswith(unexpected_start):
            self.fail(self._formatMessage(msg, f"{actual!r} does start with {unexpected_start!r}"))

    def assertNotEndsWith(self, actual: str, unexpected_end: str, msg: Any = None) -> None:
        if actual.endswith(unexpected_end):
            self.fail(self._formatMessage(msg, f"{actual!r} does end with {unexpected_end!r}"))

    def assertContainsSubsequence(self, container: Any, subsequence: Any, msg: Any = None) -> None:
        """Fails unless the elements come in this order, with others between them or not."""
        rest = iter(container)
        found = list(itertools.takewhile(lambda wanted: wanted in rest, subsequence))
        if len(found) < len(subsequence):
            other = f"First non-matching element: {subsequence[len(found)]}"
            self.fail(self._formatMessage(msg, f"{subsequence} not a subsequence of {container}. {other}"))

    def assertContainsExactSubsequence(self, container: Any, subsequence: Any, msg: Any = None) -> None:
        """Fails unless the elements come in this order, one right after the other."""
        container, subsequence = list(container), list(subsequence)
        longest = 0
        for start in range(len(container) - len(subsequence) + 1):
            length = sum(1 for _ in itertools.takewhile(lambda p: p[0] == p[1], zip(container[start:], subsequence)))
            if length == len(subsequence):
                return
            longest = max(longest, length)
        prefix = f"Longest matching prefix: {subsequence[:longest]}"
        self.fail(self._formatMessage(msg, f"{subsequence} not an exact subsequence of {container}. {prefix}"))

    def assertTotallyOrdered(self, *groups: Any, **kwargs: Any) -> None:
        """Fails unless elements of one group are equal, and smaller than those of the groups after it.

        Args:
          groups: lists of objects.
          msg: for the failure.
        """
        msg = kwargs.get("msg")
        for i, group in enumerate(groups):
            for element in group:
                for same in group:
                    self.assertEqual(element, same, msg)
                    self.assertTrue(element <= same and element >= same, msg)
                for larger in itertools.chain.from_iterable(groups[i + 1 :]):
                    self.assertLess(element, larger, msg)
                    self.assertGreater(larger, element, msg)
                    self.assertNotEqual(element, larger, msg)
