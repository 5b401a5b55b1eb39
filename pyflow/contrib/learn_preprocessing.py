"""tf.contrib.learn.preprocessing: documents and categories as rows of ids."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Callable

import numpy as np

from pyflow.core import errors
from pyflow.core.api import export
from pyflow.platform import gfile

_FORMAT = "pyflow vocabulary 1"
# A word: capitals before a capitalised word (HTTPServer: HTTP, Server), or letters, digits, "_", "-" and "'".
_WORD = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z][a-z]+(?=[A-Z])|[\'\w\-]+", re.UNICODE)


@export("contrib.learn.preprocessing.tokenizer")
def tokenizer(iterator: Iterable[str]) -> Iterator[list[str]]:
    """The words of each text."""
    for text in iterator:
        yield _WORD.findall(text)


@export("contrib.learn.preprocessing.CategoricalVocabulary")
class CategoricalVocabulary:
    """Ids for categories, in the order in which they come; 0 is for the unknown.

    Args:
      unknown_token: what id 0 stands for.
      support_reverse: keep what `reverse` needs.
    """

    def __init__(self, unknown_token: str = "<UNK>", support_reverse: bool = True):
        self._unknown_token = unknown_token
        self._mapping: dict[Any, int] = {unknown_token: 0}
        self._support_reverse = support_reverse
        self._reverse_mapping: list[Any] = [unknown_token] if support_reverse else []
        self._freq: dict[Any, int] = {}
        self._freeze = False

    def __len__(self) -> int:
        """With the unknown one."""
        return len(self._mapping)

    def freeze(self, freeze: bool = True) -> None:
        """From now on a category that has no id is unknown (or, with False, gets one)."""
        self._freeze = freeze

    def get(self, category: Any) -> int:
        """The id of a category; unless frozen, a new one for a new category."""
        if category not in self._mapping:
            if self._freeze:
                return 0
            self._mapping[category] = len(self._mapping)
            if self._support_reverse:
                self._reverse_mapping.append(category)
        return self._mapping[category]

    def add(self, category: Any, count: int = 1) -> None:
        """Counts `count` occurrences of a category."""
        if self.get(category) > 0:
            self._freq[category] = self._freq.get(category, 0) + count

    def trim(self, min_frequency: int, max_frequency: int = -1) -> None:
        """Drops the categories that occurred at most `min_frequency` or (if that is positive) at least
        `max_frequency` times. The others get new ids: the most frequent first, those as frequent by alphabet."""
        ordered = sorted(self._freq.items(), key=lambda item: (isinstance(item[0], str), item[0]))
        ordered.sort(key=lambda item: item[1], reverse=True)
        kept = [c for c, n in ordered if n > min_frequency and not (0 < max_frequency <= n)]
        self._mapping = {self._unknown_token: 0} | {category: i for i, category in enumerate(kept, 1)}
        if self._support_reverse:
            self._reverse_mapping = [self._unknown_token, *kept]
        self._freq = dict(ordered[: len(kept)])

    def reverse(self, class_id: int) -> Any:
        """The category of an id.

        Raises:
          ValueError: made without `support_reverse`.
        """
        if not self._support_reverse:
            raise ValueError("This vocabulary wasn't initialized with support_reverse to support reverse() function.")
        return self._reverse_mapping[class_id]


@export("contrib.learn.preprocessing.ByteProcessor")
class ByteProcessor:
    """Texts as the bytes of their UTF-8, cut or filled with zeros to `max_document_length`."""

    def __init__(self, max_document_length: int):
        self.max_document_length = max_document_length

    def fit(self, x: Any) -> ByteProcessor:
        return self

    def fit_transform(self, x: Any) -> Iterator[np.ndarray]:
        return self.transform(x)

    def reverse(self, x: Iterable[np.ndarray]) -> Iterator[str]:
        """Back to texts; what is not UTF-8 becomes an empty one."""
        for data in x:
            document = np.trim_zeros(data.astype(np.int8), trim="b").tobytes()
            try:
                yield document.decode("utf-8")
            except UnicodeDecodeError:
                yield ""

    def transform(self, x: Iterable[str | bytes]) -> Iterator[np.ndarray]:
        """One row of uint8 [max_document_length] a text."""
        for document in x:
            encoded = document.encode("utf-8") if isinstance(document, str) else document
            row = np.frombuffer(encoded[: self.max_document_length], dtype=np.uint8)
            yield np.pad(row, (0, self.max_document_length - len(row)), "constant")


@export("contrib.learn.preprocessing.VocabularyProcessor")
class VocabularyProcessor:
    """Texts as rows of the ids of their words.

    Args:
      max_document_length: of a row; longer texts are cut, shorter ones filled with 0.
      min_frequency: words that occur no more often are unknown.
      vocabulary: a CategoricalVocabulary to use.
      tokenizer_fn: from an iterable of texts to one of lists of words.

    Attributes:
      vocabulary_: the CategoricalVocabulary.
    """

    def __init__(
        self,
        max_document_length: int,
        min_frequency: int = 0,
        vocabulary: CategoricalVocabulary | None = None,
        tokenizer_fn: Callable[[Any], Iterator[list[str]]] | None = None,
    ):
        self.max_document_length = max_document_length
        self.min_frequency = min_frequency
        self.vocabulary_ = vocabulary or CategoricalVocabulary()
        self._tokenizer = tokenizer_fn or tokenizer

    def fit(self, raw_documents: Iterable[str], unused_y: Any = None) -> VocabularyProcessor:
        """Learns the words of the texts; further words are unknown."""
        for tokens in self._tokenizer(raw_documents):
            for token in tokens:
                self.vocabulary_.add(token)
        if self.min_frequency > 0:
            self.vocabulary_.trim(self.min_frequency)
        self.vocabulary_.freeze()
        return self

    def fit_transform(self, raw_documents: Iterable[str], unused_y: Any = None) -> Iterator[np.ndarray]:
        self.fit(raw_documents)
        return self.transform(raw_documents)

    def transform(self, raw_documents: Iterable[str]) -> Iterator[np.ndarray]:
        """One row of int64 [max_document_length] a text."""
        for tokens in self._tokenizer(raw_documents):
            row = np.zeros(self.max_document_length, np.int64)
            for i, token in enumerate(tokens[: self.max_document_length]):
                row[i] = self.vocabulary_.get(token)
            yield row

    def reverse(self, documents: Iterable[Iterable[int]]) -> Iterator[str]:
        """The words of rows of ids, with spaces between."""
        for document in documents:
            yield " ".join(self.vocabulary_.reverse(class_id) for class_id in document)

    def save(self, filename: str) -> None:
        """Writes it as JSON (TensorFlow pickles it; a file read here can run no code).

        Raises:
          NotImplementedError: it has a `tokenizer_fn`, which a file cannot hold.
        """
        if self._tokenizer is not tokenizer:
            raise NotImplementedError("VocabularyProcessor.save with a tokenizer_fn")
        own = self.vocabulary_
        kept = {
            "format": _FORMAT,
            "max_document_length": self.max_document_length,
            "min_frequency": self.min_frequency,
            "unknown_token": own._unknown_token,
            "support_reverse": own._support_reverse,
            "frozen": own._freeze,
            "words": list(own._mapping),
            "counts": own._freq,
        }
        with gfile.Open(filename, "wb") as file:
            file.write(json.dumps(kept).encode("ascii"))

    @classmethod
    def restore(cls, filename: str) -> VocabularyProcessor:
        """What `save` wrote.

        Raises:
          DataLossError: the file holds something else.
        """
        with gfile.Open(filename, "rb") as file:
            content = file.read()
        try:
            kept = json.loads(content)
            if kept["format"] != _FORMAT:
                raise KeyError("format")
            vocabulary = CategoricalVocabulary(kept["unknown_token"], kept["support_reverse"])
            for word in kept["words"]:
                vocabulary.get(word)
            vocabulary._freq = dict(kept["counts"])
            vocabulary.freeze(kept["frozen"])
            return cls(kept["max_document_length"], kept["min_frequency"], vocabulary)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise errors.DataLossError(None, None, f"{filename} is no vocabulary saved by PyFlow") from error


@export("contrib.learn.preprocessing.CategoricalProcessor")
class CategoricalProcessor:
    """Rows of categories as rows of ids, each column with ids of its own.

    Args:
      min_frequency: categories that occur no more often are unknown.
      share: one vocabulary for all columns.
      vocabularies: a CategoricalVocabulary for each column.
    """

    def __init__(self, min_frequency: int = 0, share: bool = False, vocabularies: Any = None):
        self.min_frequency = min_frequency
        self.share = share
        self.vocabularies_: list[CategoricalVocabulary] = vocabularies

    def freeze(self, freeze: bool = True) -> None:
        for vocabulary in self.vocabularies_ or ():
            vocabulary.freeze(freeze)

    def fit(self, x: Iterable[Any], unused_y: Any = None) -> CategoricalProcessor:
        rows = _rows(x)
        if not self.vocabularies_ and rows:
            one = CategoricalVocabulary()
            self.vocabularies_ = [one if self.share else CategoricalVocabulary() for _ in rows[0]]
        for row in rows:
            for value, vocabulary in zip(row, self.vocabularies_):
                if not _is_nan(value):
                    vocabulary.add(value)
        if self.min_frequency > 0:
            for vocabulary in self.vocabularies_:
                vocabulary.trim(self.min_frequency)
        self.freeze()
        return self

    def fit_transform(self, x: Iterable[Any], unused_y: Any = None) -> Iterator[np.ndarray]:
        rows = _rows(x)
        self.fit(rows)
        return self.transform(rows)

    def transform(self, x: Iterable[Any]) -> Iterator[np.ndarray]:
        """int64 rows; not-a-number is unknown."""
        self.freeze()
        for row in _rows(x):
            ids = [0 if _is_nan(value) else v.get(value) for value, v in zip(row, self.vocabularies_)]
            yield np.array(ids, dtype=np.int64)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value


def _rows(x: Iterable[Any]) -> list[list[Any]]:
    return [list(row) if isinstance(row, (list, tuple, np.ndarray)) else [row] for row in x]
