"""tf.contrib.seq2seq: helpers, which choose a decoder's tokens and next inputs."""

from __future__ import annotations

import abc
from typing import Any, Callable

from pyflow.contrib.decoder_sampling import categorical_sample
from pyflow.core import dtypes, nest
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.nn.rnn_steps import _transpose_batch_time
from pyflow.ops.arg_extremes import argmax
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.array_shape import shape, size
from pyflow.ops.array_tiling import tile
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal
from pyflow.ops.cond import cond
from pyflow.ops.nn_embedding import embedding_lookup
from pyflow.ops.reduce_functions import reduce_all
from pyflow.ops.tensor_array import TensorArray


def unstacked(values: Tensor) -> TensorArray:
    """The rows of a tensor as an array."""
    array = TensorArray(values.dtype, size=shape(values)[0], element_shape=values.get_shape()[1:])
    return array.unstack(values)


def embedding_function(embedding: Any) -> Callable:
    """What gives the inputs for tokens: `embedding` itself if it is a function, else look-ups in it."""
    return embedding if callable(embedding) else lambda ids: embedding_lookup(embedding, ids)


@export("contrib.seq2seq.Helper")
class Helper(abc.ABC):
    """Chooses a token from the outputs of a step, and the inputs of the next one; used by a `BasicDecoder`."""

    @property
    @abc.abstractmethod
    def batch_size(self) -> Any:
        """The number of sequences, an int32 scalar."""
        raise NotImplementedError("batch_size has not been implemented")

    @property
    @abc.abstractmethod
    def sample_ids_shape(self) -> Any:
        """The shape of one sequence's token."""
        raise NotImplementedError("sample_ids_shape has not been implemented")

    @property
    @abc.abstractmethod
    def sample_ids_dtype(self) -> Any:
        """The tokens' dtype."""
        raise NotImplementedError("sample_ids_dtype has not been implemented")

    @abc.abstractmethod
    def initialize(self, name: str | None = None) -> tuple:
        """(finished, inputs) before the first step."""

    @abc.abstractmethod
    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """The tokens for a step's outputs."""

    @abc.abstractmethod
    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None) -> tuple:
        """(finished, next inputs, next state)."""


@export("contrib.seq2seq.CustomHelper")
class CustomHelper(Helper):
    """A helper made of functions.

    Args:
      initialize_fn: gives (finished, inputs).
      sample_fn: from `time`, `outputs` and `state` to tokens.
      next_inputs_fn: from `time`, `outputs`, `state` and `sample_ids` to (finished, next inputs, next state).
      sample_ids_shape: the shape of one token, () by default.
      sample_ids_dtype: int32 by default.
    """

    def __init__(
        self,
        initialize_fn: Callable,
        sample_fn: Callable,
        next_inputs_fn: Callable,
        sample_ids_shape: Any = None,
        sample_ids_dtype: Any = None,
    ):
        self._initialize_fn, self._sample_fn, self._next_inputs_fn = initialize_fn, sample_fn, next_inputs_fn
        self._batch_size: Any = None
        self._sample_ids_shape = TensorShape(sample_ids_shape or [])
        self._sample_ids_dtype = sample_ids_dtype or dtypes.int32

    @property
    def batch_size(self) -> Any:
        """Raises ValueError before `initialize` was called."""
        if self._batch_size is None:
            raise ValueError("batch_size accessed before initialize was called")
        return self._batch_size

    sample_ids_shape: Any = property(lambda self: self._sample_ids_shape)
    sample_ids_dtype: Any = property(lambda self: self._sample_ids_dtype)

    def initialize(self, name: str | None = None) -> tuple:
        with name_scope(name, f"{type(self).__name__}Initialize"):
            finished, inputs = self._initialize_fn()
            if self._batch_size is None:
                self._batch_size = size(finished)
        return finished, inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        with name_scope(name, f"{type(self).__name__}Sample", [time, outputs, state]):
            return self._sample_fn(time=time, outputs=outputs, state=state)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None) -> tuple:
        with name_scope(name, f"{type(self).__name__}NextInputs", [time, outputs, state]):
            return self._next_inputs_fn(time=time, outputs=outputs, state=state, sample_ids=sample_ids)


class _OfTokens(Helper):
    """A helper whose tokens are int32 scalars."""

    _batch_size: Any

    batch_size: Any = property(lambda self: self._batch_size, doc="The number of sequences, an int32 scalar.")
    sample_ids_shape: Any = property(lambda self: TensorShape([]), doc="The shape of one sequence's token: ().")
    sample_ids_dtype: Any = property(lambda self: dtypes.int32, doc="The tokens' dtype: int32.")


@export("contrib.seq2seq.TrainingHelper")
class TrainingHelper(_OfTokens):
    """The inputs are given, whatever the outputs are; tokens are the largest outputs.

    Args:
      inputs: [batch, time, ...], or a structure of such.
      sequence_length: int32 [batch].
      time_major: whether the inputs are [time, batch, ...].

    Raises:
      ValueError: `sequence_length` is no vector.
    """

    def __init__(self, inputs: Any, sequence_length: Any, time_major: bool = False, name: str | None = None):
        with name_scope(name, "TrainingHelper", [inputs, sequence_length]):
            self._inputs = inputs = convert_to_tensor(inputs, name="inputs")
            if not time_major:
                inputs = nest.map_structure(_transpose_batch_time, inputs)
            self._input_tas = nest.map_structure(unstacked, inputs)
            self._sequence_length = convert_to_tensor(sequence_length, name="sequence_length")
            if self._sequence_length.get_shape().ndims != 1:
                raise ValueError(
                    f"Expected sequence_length to be a vector, but received shape: {self._sequence_length.get_shape()}"
                )
            self._zero_inputs = nest.map_structure(lambda given: zeros_like(given[0, :]), inputs)
            self._batch_size = size(sequence_length)

    inputs: Any = property(lambda self: self._inputs)
    sequence_length: Any = property(lambda self: self._sequence_length)

    def _read(self, time: Any, all_finished: Tensor) -> Any:
        return cond(
            all_finished,
            lambda: self._zero_inputs,
            lambda: nest.map_structure(lambda array: array.read(time), self._input_tas),
        )

    def initialize(self, name: str | None = None) -> tuple:
        with name_scope(name, "TrainingHelperInitialize"):
            finished = equal(0, self._sequence_length)
            return finished, self._read(0, reduce_all(finished))

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None, **unused: Any) -> Any:
        with name_scope(name, "TrainingHelperSample", [time, outputs]):
            return cast(argmax(outputs, axis=-1), dtypes.int32)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any = None, name: str | None = None, **unused: Any
    ) -> tuple:
        with name_scope(name, "TrainingHelperNextInputs", [time, outputs, state]):
            next_time = time + 1
            finished = next_time >= self._sequence_length
            return finished, self._read(next_time, reduce_all(finished)), state


@export("contrib.seq2seq.GreedyEmbeddingHelper")
class GreedyEmbeddingHelper(_OfTokens):
    """The token is the largest output, and its embedding the next input.

    Args:
      embedding: a tensor or variable [tokens, size], or a function from tokens to inputs.
      start_tokens: int32 [batch].
      end_token: int32 scalar; a sequence ends with it.

    Raises:
      ValueError: the tokens are of other shapes.
    """

    def __init__(self, embedding: Any, start_tokens: Any, end_token: Any):
        self._embedding_fn = embedding_function(embedding)
        self._start_tokens = convert_to_tensor(start_tokens, dtype=dtypes.int32, name="start_tokens")
        self._end_token = convert_to_tensor(end_token, dtype=dtypes.int32, name="end_token")
        if self._start_tokens.get_shape().ndims != 1:
            raise ValueError("start_tokens must be a vector")
        self._batch_size = size(start_tokens)
        if self._end_token.get_shape().ndims != 0:
            raise ValueError("end_token must be a scalar")
        self._start_inputs = self._embedding_fn(self._start_tokens)

    def initialize(self, name: str | None = None) -> tuple:
        return tile([False], [self._batch_size]), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        return argmax(_one_tensor(outputs), axis=-1, output_type=dtypes.int32)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None) -> tuple:
        finished = equal(sample_ids, self._end_token)
        inputs = cond(reduce_all(finished), lambda: self._start_inputs, lambda: self._embedding_fn(sample_ids))
        return finished, inputs, state


def _one_tensor(outputs: Any) -> Tensor:
    if not isinstance(outputs, Tensor):
        raise TypeError(f"Expected outputs to be a single Tensor, got: {type(outputs)}")
    return outputs


@export("contrib.seq2seq.SampleEmbeddingHelper")
class SampleEmbeddingHelper(GreedyEmbeddingHelper):
    """As `GreedyEmbeddingHelper`, but the token is drawn with the probabilities that the outputs are logits of.

    Args:
      softmax_temperature: what to divide the logits by; above 1, draws become more alike in frequency.
      seed: of the draws.
    """

    def __init__(
        self,
        embedding: Any,
        start_tokens: Any,
        end_token: Any,
        softmax_temperature: Any = None,
        seed: int | None = None,
    ):
        super().__init__(embedding, start_tokens, end_token)
        self._softmax_temperature = softmax_temperature
        self._seed = seed

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        logits = _one_tensor(outputs)
        if self._softmax_temperature is not None:
            logits = logits / self._softmax_temperature
        return categorical_sample(logits, seed=self._seed)


@export("contrib.seq2seq.InferenceHelper")
class InferenceHelper(Helper):
    """A helper for outputs that are no tokens.

    Args:
      sample_fn: from outputs to samples.
      sample_shape, sample_dtype: of one sequence's sample.
      start_inputs: [batch, ...].
      end_fn: from samples to whether their sequences end, bool [batch].
      next_inputs_fn: from samples to next inputs; None stands for the samples themselves.
    """

    def __init__(
        self,
        sample_fn: Callable,
        sample_shape: Any,
        sample_dtype: Any,
        start_inputs: Any,
        end_fn: Callable,
        next_inputs_fn: Callable | None = None,
    ):
        self._sample_fn, self._end_fn, self._next_inputs_fn = sample_fn, end_fn, next_inputs_fn
        self._sample_shape, self._sample_dtype = TensorShape(sample_shape), sample_dtype
        self._batch_size = shape(start_inputs)[0]
        self._start_inputs = convert_to_tensor(start_inputs, name="start_inputs")

    batch_size: Any = property(lambda self: self._batch_size)
    sample_ids_shape: Any = property(lambda self: self._sample_shape)
    sample_ids_dtype: Any = property(lambda self: self._sample_dtype)

    def initialize(self, name: str | None = None) -> tuple:
        return tile([False], [self._batch_size]), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        return self._sample_fn(outputs)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None) -> tuple:
        inputs = sample_ids if self._next_inputs_fn is None else self._next_inputs_fn(sample_ids)
        return self._end_fn(sample_ids), inputs, state
