"""tf.contrib.cudnn_rnn: parameters of a network as a vector, as cuDNN's matrices, and as TensorFlow's cells have them.

The vector has the matrices of all layers, those of a layer's directions one after the other, then all biases. A layer
has a matrix for the input and one for the state for each gate, and as many biases.
"""

from __future__ import annotations

import math
from typing import Any

from pyflow.core.api import export
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape, transpose
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat
from pyflow.ops.array_splitting import split
from pyflow.ops.saveable_object import SaveableObject, SaveSpec
from pyflow.ops.state import assign

_SPACE = "contrib.cudnn_rnn."
UNIDIRECTIONAL, BIDIRECTIONAL = "unidirectional", "bidirectional"
INPUT_MODES = ("linear_input", "skip_input", "auto_select")


def check_direction(direction: str) -> None:
    if direction not in (UNIDIRECTIONAL, BIDIRECTIONAL):
        raise ValueError(f"Invalid direction: {direction}, expecting {UNIDIRECTIONAL} or {BIDIRECTIONAL}")


def check_input_mode(input_mode: str) -> None:
    if input_mode not in INPUT_MODES:
        raise ValueError(f"Invalid input_mode: {input_mode}, expect one of ({', '.join(INPUT_MODES)})")
    if input_mode == "skip_input":
        raise NotImplementedError("contrib.cudnn_rnn: input_mode='skip_input'")


class CudnnParamsFormatConverter:
    """Brings parameters from one form to another; see the module.

    Args:
      num_layers, num_units: of the network.
      input_size: of the first layer's input.
    """

    _num_params_per_layer = 2

    def __init__(
        self,
        num_layers: int,
        num_units: int,
        input_size: int,
        num_proj: int | None = None,
        input_mode: str = "linear_input",
        direction: str = UNIDIRECTIONAL,
    ):
        if num_proj:
            raise NotImplementedError("contrib.cudnn_rnn: num_proj")
        check_direction(direction)
        self._num_layers, self._num_units, self._input_size = num_layers, num_units, input_size
        self._num_dirs = 1 if direction == UNIDIRECTIONAL else 2

    def _input_width(self, layer: int) -> int:
        return self._input_size if layer == 0 else self._num_units * self._num_dirs

    def weight_shapes(self) -> list[tuple[int, int]]:
        """The shapes of cuDNN's matrices, in order."""
        gates, units = self._num_params_per_layer // 2, self._num_units
        shapes = []
        for layer in range(self._num_layers):
            one = [(units, self._input_width(layer))] * gates + [(units, units)] * gates
            shapes += one * self._num_dirs
        return shapes

    def bias_shapes(self) -> list[list[int]]:
        return [[self._num_units]] * (self._num_params_per_layer * self._num_layers * self._num_dirs)

    def cu_canonical_to_opaque(self, weights: Any, biases: Any) -> Tensor:
        """The vector of cuDNN's matrices and biases."""
        return concat([reshape(x, [-1]) for x in (*weights, *biases)], 0)

    def opaque_to_cu_canonical(self, opaque_param: Any) -> tuple[list[Tensor], list[Tensor]]:
        """cuDNN's matrices and biases, of the vector."""
        shapes = [*self.weight_shapes(), *self.bias_shapes()]
        parts = split(opaque_param, [math.prod(s) for s in shapes], 0)
        shaped = [reshape(part, s) for part, s in zip(parts, shapes)]
        count = len(self.weight_shapes())
        return shaped[:count], shaped[count:]

    def tf_canonical_to_opaque(self, tf_canonicals: Any, weights_proj: Any = None) -> Tensor:
        """The vector, of TensorFlow's kernels of all layers and then their biases."""
        if weights_proj is not None:
            raise NotImplementedError("contrib.cudnn_rnn: weights_proj")
        half, cells = len(tf_canonicals) // 2, self._num_layers * self._num_dirs
        each = half // cells
        weights: list[Tensor] = []
        biases: list[Tensor] = []
        for i in range(cells):
            kernels = tf_canonicals[i * each : (i + 1) * each]
            weights += self._tf_to_cudnn_weights(i // self._num_dirs, *kernels)
            biases += self._tf_to_cudnn_biases(*tf_canonicals[half + i * each : half + (i + 1) * each])
        return self.cu_canonical_to_opaque(weights, biases)

    def opaque_to_tf_canonical(self, opaque_param: Any) -> tuple[list[Tensor], list[Tensor]]:
        """TensorFlow's kernels of all layers, and their biases."""
        weights, biases = self.opaque_to_cu_canonical(opaque_param)
        each = self._num_params_per_layer
        tf_weights: list[Tensor] = []
        tf_biases: list[Tensor] = []
        for i in range(self._num_layers * self._num_dirs):
            tf_weights += self._cudnn_to_tf_weights(*weights[i * each : (i + 1) * each])
            tf_biases += self._cudnn_to_tf_biases(*biases[i * each : (i + 1) * each])
        return tf_weights, tf_biases

    # ---------------------------------------------------------------- one layer

    # The gates of a kernel by their places among cuDNN's.
    _order: tuple[int, ...] = (0,)

    def _cudnn_to_tf_weights(self, *weights: Tensor) -> list[Tensor]:
        gates = self._num_params_per_layer // 2
        joined = [concat([weights[i], weights[gates + i]], axis=1) for i in self._order]
        return [transpose(concat(joined, axis=0))]

    def _tf_to_cudnn_weights(self, layer: int, *kernels: Tensor) -> list[Tensor]:
        parts = split(transpose(kernels[0]), len(self._order), axis=0)
        pairs = [split(part, [self._input_width(layer), self._num_units], axis=1) for part in parts]
        ordered = [pairs[self._order.index(i)] for i in range(len(self._order))]
        return [pair[0] for pair in ordered] + [pair[1] for pair in ordered]

    def _cudnn_to_tf_biases(self, *biases: Tensor) -> list[Tensor]:
        gates = self._num_params_per_layer // 2
        return [concat([biases[i] + biases[gates + i] for i in self._order], axis=0)]

    def _tf_to_cudnn_biases(self, *biases: Tensor) -> list[Tensor]:
        parts = split(biases[0], len(self._order), axis=0)
        halves = [parts[self._order.index(i)] * 0.5 for i in range(len(self._order))]
        return halves + halves


@export(_SPACE + "CudnnParamsFormatConverterLSTM")
class CudnnParamsFormatConverterLSTM(CudnnParamsFormatConverter):
    """For networks of `CudnnCompatibleLSTMCell`s, whose gates are input, new, forget, output."""

    _num_params_per_layer = 8
    _order = (0, 2, 1, 3)


@export(_SPACE + "CudnnParamsFormatConverterGRU")
class CudnnParamsFormatConverterGRU(CudnnParamsFormatConverter):
    """For networks of `CudnnCompatibleGRUCell`s."""

    _num_params_per_layer = 6
    _order = (0, 1)

    def _cudnn_to_tf_weights(self, *weights: Tensor) -> list[Tensor]:
        w_first, w_second, w_new, r_first, r_second, r_new = weights
        gates = [concat([w_first, r_first], axis=1), concat([w_second, r_second], axis=1)]
        return [transpose(concat(gates, axis=0)), transpose(w_new), transpose(r_new)]

    def _tf_to_cudnn_weights(self, layer: int, *kernels: Tensor) -> list[Tensor]:
        w_first, w_second, r_first, r_second = super()._tf_to_cudnn_weights(layer, kernels[0])
        return [w_first, w_second, transpose(kernels[1]), r_first, r_second, transpose(kernels[2])]

    def _cudnn_to_tf_biases(self, *biases: Tensor) -> list[Tensor]:
        first, second, new, r_first, r_second, r_new = biases
        return [concat([first, second], axis=0) + concat([r_first, r_second], axis=0), new, r_new]

    def _tf_to_cudnn_biases(self, *biases: Tensor) -> list[Tensor]:
        first, second, _, _ = super()._tf_to_cudnn_biases(biases[0])
        return [first, second, biases[1], first, second, biases[2]]


@export(_SPACE + "CudnnParamsFormatConverterTanh")
class CudnnParamsFormatConverterTanh(CudnnParamsFormatConverter):
    """For networks of `BasicRNNCell`s."""


@export(_SPACE + "CudnnParamsFormatConverterRelu")
class CudnnParamsFormatConverterRelu(CudnnParamsFormatConverter):
    """For networks of `BasicRNNCell`s with relu."""


class CudnnOpaqueParamsSaveable(SaveableObject):
    """Has a saver save a vector of parameters as TensorFlow's cells have them, under the names of these.

    Args:
      opaque_params: the variable.
      scope: before the names.
    """

    _format_converter_cls: type[CudnnParamsFormatConverter] = CudnnParamsFormatConverter
    _rnn_cell_name = "basic_rnn_cell"
    _parts: tuple[str, ...] = ("",)

    def __init__(
        self,
        opaque_params: Any,
        num_layers: int,
        num_units: int,
        input_size: int,
        input_mode: str = "linear_input",
        direction: str = UNIDIRECTIONAL,
        scope: Any = None,
        name: str = "cudnn_rnn_saveable",
    ):
        self._variables, self._num_layers, self._direction = opaque_params, num_layers, direction
        self._format_converter = self._format_converter_cls(
            num_layers, num_units, input_size, input_mode=input_mode, direction=direction
        )
        prefix = scope if isinstance(scope, str) or scope is None else scope.name
        weights, biases = self._format_converter.opaque_to_tf_canonical(opaque_params)
        names = [
            f"{cell}{part}/{kind}" for kind in ("kernel", "bias") for cell in self._cells() for part in self._parts
        ]
        names = [f"{prefix}/{n}" if prefix else n for n in names]
        specs = [SaveSpec(tensor, "", n) for tensor, n in zip(weights + biases, names)]
        super().__init__(identity(opaque_params), specs, name)

    format_converter = property(lambda self: self._format_converter)

    def _cells(self) -> list[str]:
        """The names of the cells, layer by layer."""
        if self._direction == UNIDIRECTIONAL:
            return [f"rnn/multi_rnn_cell/cell_{i}/{self._rnn_cell_name}" for i in range(self._num_layers)]
        return [
            f"stack_bidirectional_rnn/cell_{i}/bidirectional_rnn/{way}/{self._rnn_cell_name}"
            for i in range(self._num_layers)
            for way in ("fw", "bw")
        ]

    def restore(self, restored_tensors: Any, restored_shapes: Any) -> Any:
        opaque = self._format_converter.tf_canonical_to_opaque(restored_tensors)
        return assign(self._variables, opaque, validate_shape=False)


@export(_SPACE + "CudnnLSTMSaveable")
class CudnnLSTMSaveable(CudnnOpaqueParamsSaveable):
    """Of a `CudnnLSTM`."""

    _format_converter_cls = CudnnParamsFormatConverterLSTM
    _rnn_cell_name = "cudnn_compatible_lstm_cell"


@export(_SPACE + "CudnnGRUSaveable")
class CudnnGRUSaveable(CudnnOpaqueParamsSaveable):
    """Of a `CudnnGRU`."""

    _format_converter_cls = CudnnParamsFormatConverterGRU
    _rnn_cell_name = "cudnn_compatible_gru_cell"
    _parts = ("/gates", "/candidate/input_projection", "/candidate/hidden_projection")


@export(_SPACE + "CudnnRNNTanhSaveable")
class CudnnRNNTanhSaveable(CudnnOpaqueParamsSaveable):
    """Of a `CudnnRNNTanh`."""

    _format_converter_cls = CudnnParamsFormatConverterTanh


@export(_SPACE + "CudnnRNNReluSaveable")
class CudnnRNNReluSaveable(CudnnOpaqueParamsSaveable):
    """Of a `CudnnRNNRelu`."""

    _format_converter_cls = CudnnParamsFormatConverterRelu
