"""tf.keras.preprocessing.sequence and .text."""

from __future__ import annotations

import collections
import hashlib
import json
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.keras.data_sources import Sequence

_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


@export("keras.preprocessing.sequence.pad_sequences")
def pad_sequences(
    sequences: Any, maxlen: Any = None, dtype: Any = "int32", padding: str = "pre", truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:  # fmt: skip
    """Sequences as one array [number, maxlen, ...], cut or filled up before or behind ("pre", "post").

    Raises:
      ValueError: they are no sequences, or a word is none of these.
    """
    if not hasattr(sequences, "__len__"):
        raise ValueError("`sequences` must be iterable.")
    for x in sequences:
        if not hasattr(x, "__len__"):
            raise ValueError("`sequences` must be a list of iterables. Found non-iterable: " + str(x))
    maxlen = max((len(x) for x in sequences), default=0) if maxlen is None else maxlen
    sample = next((np.asarray(x).shape[1:] for x in sequences if len(x)), ())
    if isinstance(value, str) and dtype is not object and not str(dtype).startswith(("U", "S", "str")):
        raise ValueError(f"`dtype` {dtype} is not compatible with `value`'s type: {type(value)}\nYou should set "
                         "`dtype=object` for variable length strings.")  # fmt: skip
    found = np.full((len(sequences), maxlen, *sample), value, dtype=dtype)
    for row, x in zip(found, sequences):
        if not len(x):
            continue
        if truncating not in ("pre", "post"):
            raise ValueError(f'Truncating type "{truncating}" not understood')
        kept = np.asarray((x[-maxlen:] if maxlen else x[:0]) if truncating == "pre" else x[:maxlen], dtype=dtype)
        if kept.shape[1:] != sample:
            raise ValueError(f"Shape of sample {kept.shape[1:]} of sequence is different from expected shape {sample}")
        if padding == "post":
            row[: len(kept)] = kept
        elif padding == "pre":
            row[maxlen - len(kept) :] = kept
        else:
            raise ValueError(f'Padding type "{padding}" not understood')
    return found


@export("keras.preprocessing.sequence.make_sampling_table")
def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> np.ndarray:
    """How probably the word of each rank is taken, where common ones are taken less often."""
    rank = np.arange(size)
    rank[0] = 1
    inverse = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    f = sampling_factor * inverse
    return np.minimum(1.0, f / np.sqrt(f))


@export("keras.preprocessing.sequence.skipgrams")
def skipgrams(
    sequence: Any, vocabulary_size: int, window_size: int = 4, negative_samples: float = 1.0, shuffle: bool = True,
    categorical: bool = False, sampling_table: Any = None, seed: Any = None,
) -> tuple[list, list]:  # fmt: skip
    """Pairs of words, and whether the second is near the first in the sequence or a random one."""
    couples, labels = [], []
    for i, word in enumerate(sequence):
        if not word or sampling_table is not None and sampling_table[word] < random.random():
            continue
        for j in range(max(0, i - window_size), min(len(sequence), i + window_size + 1)):
            if j != i and sequence[j]:
                couples.append([word, sequence[j]])
                labels.append([0, 1] if categorical else 1)
    if negative_samples > 0:
        count = int(len(labels) * negative_samples)
        words = [c[0] for c in couples]
        random.shuffle(words)
        couples += [[words[i % len(words)], random.randint(1, vocabulary_size - 1)] for i in range(count)]
        labels += [[1, 0] if categorical else 0] * count
    if shuffle:
        seed = random.randint(0, 10000000) if seed is None else seed
        for values in (couples, labels):
            random.seed(seed)
            random.shuffle(values)
    return couples, labels


@export("keras.preprocessing.sequence.TimeseriesGenerator")
class TimeseriesGenerator(Sequence):
    """Batches of windows of a series, with the targets that follow them.

    Args:
      length: of the windows, of which every `sampling_rate`-th element is taken; they begin `stride` apart.
    """

    def __init__(
        self, data: Any, targets: Any, length: int, sampling_rate: int = 1, stride: int = 1, start_index: int = 0,
        end_index: Any = None, shuffle: bool = False, reverse: bool = False, batch_size: int = 128,
    ):  # fmt: skip
        if len(data) != len(targets):
            raise ValueError(
                f"Data and targets have to be of same length. Data length is {len(data)} while target length is "
                f"{len(targets)}"
            )
        self.data, self.targets, self.length, self.sampling_rate, self.stride = (
            data,
            targets,
            length,
            sampling_rate,
            stride,
        )
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle, self.reverse, self.batch_size = shuffle, reverse, batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                f"`start_index+length={self.start_index} > end_index={self.end_index}` is disallowed, as no part of "
                "the sequence would be left to be used as current step."
            )

    def __len__(self) -> int:
        return (self.end_index - self.start_index + self.batch_size * self.stride) // (self.batch_size * self.stride)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if self.shuffle:
            rows = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            i = self.start_index + self.batch_size * self.stride * index
            rows = np.arange(i, min(i + self.batch_size * self.stride, self.end_index + 1), self.stride)
        samples = np.array([self.data[row - self.length : row : self.sampling_rate] for row in rows])
        targets = np.array([self.targets[row] for row in rows])
        return (samples[:, ::-1, ...] if self.reverse else samples), targets


# ---------------------------------------------------------------- text


@export("keras.preprocessing.text.text_to_word_sequence")
def text_to_word_sequence(text: str, filters: str = _FILTERS, lower: bool = True, split: str = " ") -> list[str]:
    """The words of a text; the letters of `filters` part them too."""
    text = text.lower() if lower else text
    return [word for word in text.translate(str.maketrans(dict.fromkeys(filters, split))).split(split) if word]


@export("keras.preprocessing.text.hashing_trick")
def hashing_trick(
    text: str, n: int, hash_function: Any = None, filters: str = _FILTERS, lower: bool = True, split: str = " "
) -> list[int]:
    """A number from 1 to n - 1 for each word: its hash, Python's own, "md5", or a function's."""
    if hash_function is None:
        hash_function = hash
    elif hash_function == "md5":
        hash_function = _md5
    return [hash_function(w) % (n - 1) + 1 for w in text_to_word_sequence(text, filters, lower, split)]


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode()).hexdigest(), 16)


@export("keras.preprocessing.text.one_hot")
def one_hot_text(text: str, n: int, filters: str = _FILTERS, lower: bool = True, split: str = " ") -> list[int]:
    """A number from 1 to n - 1 for each word, its hash."""
    return hashing_trick(text, n, hash_function=hash, filters=filters, lower=lower, split=split)


@export("keras.preprocessing.text.Tokenizer")
class Tokenizer:
    """Numbers for words, 1 for the commonest.

    Args:
      num_words: only the commonest num_words - 1 are kept.
      filters: letters that part words.
      char_level: letters in the place of words.
      oov_token: stands for words that aren't known; it gets the number 1.
    """

    def __init__(
        self, num_words: Any = None, filters: str = _FILTERS, lower: bool = True, split: str = " ",
        char_level: bool = False, oov_token: Any = None, document_count: int = 0, **kwargs: Any,
    ):  # fmt: skip
        num_words = kwargs.pop("nb_words", num_words)
        if kwargs:
            raise TypeError("Unrecognized keyword arguments: " + str(kwargs))
        self.word_counts: collections.OrderedDict = collections.OrderedDict()
        self.word_docs: collections.defaultdict = collections.defaultdict(int)
        self.index_docs: collections.defaultdict = collections.defaultdict(int)
        self.filters, self.split, self.lower, self.char_level = filters, split, lower, char_level
        self.num_words, self.document_count, self.oov_token = num_words, document_count, oov_token
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def _words(self, text: Any) -> Any:
        if self.char_level or isinstance(text, list):
            if self.lower:
                return [w.lower() for w in text] if isinstance(text, list) else text.lower()
            return text
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts: Any) -> None:
        """Counts the words of texts, and numbers them."""
        for text in texts:
            self.document_count += 1
            words = self._words(text)
            for w in words:
                self.word_counts[w] = self.word_counts.get(w, 0) + 1
            for w in set(words):
                self.word_docs[w] += 1
        ranked = sorted(self.word_counts.items(), key=lambda item: item[1], reverse=True)
        names = ([] if self.oov_token is None else [self.oov_token]) + [w for w, _ in ranked]
        self.word_index = dict(zip(names, range(1, len(names) + 1)))
        self.index_word = {i: w for w, i in self.word_index.items()}
        for w, count in self.word_docs.items():
            self.index_docs[self.word_index[w]] = count

    def fit_on_sequences(self, sequences: Any) -> None:
        """Counts in how many sequences each number is."""
        self.document_count += len(sequences)
        for x in sequences:
            for i in set(x):
                self.index_docs[i] += 1

    def texts_to_sequences(self, texts: Any) -> list:
        """The numbers of the words of texts."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Any) -> Iterator[list[int]]:
        unknown = self.word_index.get(self.oov_token)
        for text in texts:
            found = []
            for w in self._words(text):
                i = self.word_index.get(w)
                if i is None or self.num_words and i >= self.num_words:
                    i = unknown
                if i is not None:
                    found.append(i)
            yield found

    def sequences_to_texts(self, sequences: Any) -> list[str]:
        """The words of numbers, with spaces between."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Any) -> Iterator[str]:
        unknown = self.word_index.get(self.oov_token)
        for x in sequences:
            words = []
            for i in x:
                w = self.index_word.get(i)
                if w is None or self.num_words and i >= self.num_words:
                    w = self.index_word.get(unknown) if unknown is not None else None
                if w is not None:
                    words.append(w)
            yield " ".join(words)

    def texts_to_matrix(self, texts: Any, mode: str = "binary") -> np.ndarray:
        """As `sequences_to_matrix`, for texts."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode=mode)

    def sequences_to_matrix(self, sequences: Any, mode: str = "binary") -> np.ndarray:
        """A row for each sequence: which words it has ("binary"), how many ("count", "freq"), or tf-idf ("tfidf").

        Raises:
          ValueError: the mode is none of these, or the words have not been counted.
        """
        if not self.num_words and not self.word_index:
            raise ValueError("Specify a dimension (`num_words` argument), or fit on some text data first.")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Fit the Tokenizer on some data before using tfidf mode.")
        size = self.num_words or len(self.word_index) + 1
        found = np.zeros((len(sequences), size))
        for row, x in zip(found, sequences):
            for i, count in collections.Counter(i for i in x if i < size).items():
                if mode == "count":
                    row[i] = count
                elif mode == "freq":
                    row[i] = count / len(x)
                elif mode == "binary":
                    row[i] = 1
                elif mode == "tfidf":
                    row[i] = (1 + np.log(count)) * np.log(1 + self.document_count / (1 + self.index_docs.get(i, 0)))
                else:
                    raise ValueError("Unknown vectorization mode:", mode)
        return found

    def get_config(self) -> dict[str, Any]:
        """The arguments and what has been counted, as JSON."""
        own = ("num_words", "filters", "lower", "split", "char_level", "oov_token", "document_count")
        counted = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        return {n: getattr(self, n) for n in own} | {n: json.dumps(getattr(self, n)) for n in counted}

    def to_json(self, **kwargs: Any) -> str:
        """Class and config as JSON."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)


@export("keras.preprocessing.text.tokenizer_from_json")
def tokenizer_from_json(json_string: str) -> Tokenizer:
    """The tokenizer that `Tokenizer.to_json` described."""
    config = json.loads(json_string)["config"]
    names = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
    counted = {n: json.loads(config.pop(n)) for n in names}
    made = Tokenizer(**config)
    for n in ("index_docs", "index_word"):
        counted[n] = {int(k): v for k, v in counted[n].items()}
    for n, value in counted.items():
        setattr(made, n, value)
    return made
