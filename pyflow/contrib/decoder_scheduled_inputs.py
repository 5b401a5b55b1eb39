"""tf.contrib.seq2seq: helpers for scheduled sampling (https://arxiv.org/abs/1506.03099), which now and then give a
decoder in training its own outputs."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.contrib.decoder_inputs import TrainingHelper, embedding_function, unstacked
from pyflow.contrib.decoder_sampling import bernoulli_sample, categorical_sample
from pyflow.core import dtypes, nest
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.nn.rnn_steps import _transpose_batch_time
from pyflow.ops.array_batches import gather_nd
from pyflow.ops.array_filling import fill
from pyflow.ops.array_joining import concat
from pyflow.ops.array_scatter import ScatterNd as scatter_nd
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.comparison import LogicalNot as logical_not
from pyflow.ops.comparison import LogicalOr as logical_or
from pyflow.ops.cond import cond
from pyflow.ops.reduce_functions import reduce_all, reduce_any


def _probability(sampling_probability: Any) -> Tensor:
    probability = convert_to_tensor(sampling_probability, name="sampling_probability")
    if probability.get_shape().ndims not in (0, 1):
        raise ValueError(
            f"sampling_probability must be either a scalar or a vector. saw shape: {probability.get_shape()}"
        )
    return probability


def _rows(condition: Tensor) -> Tensor:
    return cast(where(condition), dtypes.int32)


def _joined(sampled: Tensor, own_rows: Tensor, given: Tensor, other_rows: Tensor, like: Tensor) -> Tensor:
    """A tensor of the shape of `like`, whose rows come from one of two."""
    sizes = shape(like)
    return scatter_nd(own_rows, sampled, sizes) + scatter_nd(other_rows, given, sizes)


@export("contrib.seq2seq.ScheduledEmbeddingTrainingHelper")
class ScheduledEmbeddingTrainingHelper(TrainingHelper):
    """The next input is the given one, or with some probability the embedding of a token drawn from the outputs.

    Args:
      inputs, sequence_length, time_major: as for `TrainingHelper`.
      embedding: a tensor or variable [tokens, size], or a function from tokens to inputs.
      sampling_probability: a float32 scalar, or one for each sequence.
      seed: of the tokens drawn.
      scheduling_seed: of the choices.

    Raises:
      ValueError: the probability is neither scalar nor vector.
    """

    def __init__(
        self,
        inputs: Any,
        sequence_length: Any,
        embedding: Any,
        sampling_probability: Any,
        time_major: bool = False,
        seed: int | None = None,
        scheduling_seed: int | None = None,
        name: str | None = None,
    ):
        with name_scope(name, "ScheduledEmbeddingSamplingWrapper", [embedding, sampling_probability]):
            self._embedding_fn = embedding_function(embedding)
            self._sampling_probability = _probability(sampling_probability)
            self._seed, self._scheduling_seed = seed, scheduling_seed
            super().__init__(inputs, sequence_length, time_major, name)

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None, **unused: Any) -> Any:
        """The token drawn, -1 where the given input is to be taken."""
        with name_scope(name, "ScheduledEmbeddingTrainingHelperSample", [time, outputs, state]):
            drawn = bernoulli_sample(
                self._sampling_probability,
                dtype=dtypes.bool,
                sample_shape=self.batch_size,
                seed=self._scheduling_seed,
            )
            return where(drawn, categorical_sample(outputs, seed=self._seed), fill([self.batch_size], -1))

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any = None, name: str | None = None, **unused: Any
    ) -> tuple:
        with name_scope(name, "ScheduledEmbeddingTrainingHelperNextInputs", [time, outputs, state, sample_ids]):
            finished, given, state = super().next_inputs(time, outputs, state, sample_ids, name)

            def sampled() -> Tensor:
                own, others = _rows(sample_ids > -1), _rows(sample_ids <= -1)
                own_ids, other_inputs = gather_nd(sample_ids, own), gather_nd(given, others)
                return _joined(self._embedding_fn(own_ids), own, other_inputs, others, given)

            return finished, cond(reduce_all(finished), lambda: given, sampled), state


@export("contrib.seq2seq.ScheduledOutputTrainingHelper")
class ScheduledOutputTrainingHelper(TrainingHelper):
    """The next input is the given one, or with some probability made of the outputs.

    Args:
      inputs, sequence_length, time_major: as for `TrainingHelper`.
      sampling_probability: a float32 scalar, or one for each sequence.
      seed: of the choices.
      next_inputs_fn: from outputs to next inputs; None stands for the outputs themselves.
      auxiliary_inputs: further inputs, joined to either along the last dimension.

    Raises:
      ValueError: the probability is neither scalar nor vector.
    """

    def __init__(
        self,
        inputs: Any,
        sequence_length: Any,
        sampling_probability: Any,
        time_major: bool = False,
        seed: int | None = None,
        next_inputs_fn: Callable | None = None,
        auxiliary_inputs: Any = None,
        name: str | None = None,
    ):
        with name_scope(name, "ScheduledOutputTrainingHelper", [inputs, auxiliary_inputs, sampling_probability]):
            self._sampling_probability = _probability(sampling_probability)
            self._auxiliary_input_tas: Any = None
            if auxiliary_inputs is not None:
                inputs = convert_to_tensor(inputs, name="inputs")
                auxiliary_inputs = convert_to_tensor(auxiliary_inputs, name="auxiliary_inputs")
                inputs = nest.map_structure(lambda x, y: concat((x, y), -1), inputs, auxiliary_inputs)
                if not time_major:
                    auxiliary_inputs = nest.map_structure(_transpose_batch_time, auxiliary_inputs)
                self._auxiliary_input_tas = nest.map_structure(unstacked, auxiliary_inputs)
            self._seed = seed
            self._next_inputs_fn = next_inputs_fn
            super().__init__(inputs, sequence_length, time_major, name)

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None, **unused: Any) -> Any:
        """1 where the outputs are to be taken, else 0."""
        with name_scope(name, "ScheduledOutputTrainingHelperSample", [time, outputs, state]):
            return bernoulli_sample(self._sampling_probability, sample_shape=self.batch_size, seed=self._seed)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any = None, name: str | None = None, **unused: Any
    ) -> tuple:
        with name_scope(name, "ScheduledOutputTrainingHelperNextInputs", [time, outputs, state, sample_ids]):
            finished, given, state = super().next_inputs(time, outputs, state, sample_ids, name)
            drawn = cast(sample_ids, dtypes.bool)

            def sampled() -> Tensor:
                if self._next_inputs_fn is None:
                    return where(drawn, self._with_auxiliary(outputs, time), given)
                own, others = _rows(drawn), _rows(logical_not(drawn))
                own_outputs, other_inputs = gather_nd(outputs, own), gather_nd(given, others)
                own_inputs = self._with_auxiliary(self._next_inputs_fn(own_outputs), time, own)
                return _joined(own_inputs, own, other_inputs, others, given)

            all_finished = reduce_all(finished)
            nothing_drawn = logical_not(reduce_any(drawn))
            return finished, cond(logical_or(all_finished, nothing_drawn), lambda: given, sampled), state

    def _with_auxiliary(self, inputs: Any, time: Any, rows: Any = None) -> Any:
        """Inputs for the next step, joined with the auxiliary ones of their sequences."""
        if self._auxiliary_input_tas is None:
            return inputs
        next_time = time + 1
        auxiliary = nest.map_structure(lambda array: array.read(next_time), self._auxiliary_input_tas)
        if rows is not None:
            auxiliary = gather_nd(auxiliary, rows)
        return nest.map_structure(lambda x, y: concat((x, y), -1), inputs, auxiliary)
