"""tf.keras.Model: training, evaluation, prediction and saving."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.tensor import Tensor
from pyflow.keras.compiled_model import CompiledModel
from pyflow.keras.data_sources import (
    batches_of_sequence,
    dataset_iterator,
    dataset_steps,
    is_dataset,
    is_generator,
    is_iterator,
    parts_of_batch,
    print_samples,
)
from pyflow.keras.training_data import sliced
from pyflow.keras.training_loop import Arrays, Steps, run_loop


@export("keras.Model", "keras.models.Model")
class Model(CompiledModel):
    """A layer made of layers, that trains itself.

    Either `Model(inputs, outputs)`, of what lies between tensors; or a subclass that makes layers in `__init__` and
    calls them in `call`.

    Args:
      inputs, outputs: a tensor or a list of such; inputs come from `tf.keras.Input`.
      name: by default made from the class's name.
    """

    history: Any = None
    stop_training = False

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: Any = None,
        epochs: int = 1,
        verbose: int = 1,
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: Any = None,
        validation_steps: Any = None,
        validation_freq: Any = 1,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Trains the model, for a number of epochs.

        Args:
          x: arrays (one, a list, or a dict by the inputs' names), tensors, a dataset or iterator, a generator of
            batches or a `Sequence`.
          y: the targets, where x has none.
          batch_size: of arrays; 32 by default.
          verbose: 0 for nothing, 1 for a progress bar, 2 for a line for every epoch.
          validation_split: the part of the examples, from the end, that the model is not trained on but evaluated.
          validation_data: (x, y) or (x, y, weights), or a dataset, to be evaluated after every epoch.
          shuffle: whether the order of the examples is another in every epoch; "batch" for that of batches.
          class_weight: dict from classes to how much their examples count.
          sample_weight: how much each example counts.
          steps_per_epoch, validation_steps: the number of batches of what has no length.

        Returns:
          A `History`.
        """
        epochs = kwargs.pop("nb_epoch", epochs)
        if kwargs:
            raise TypeError("Unrecognized keyword arguments: " + str(kwargs))
        self._assert_compiled()
        if is_generator(x):
            if y is not None:
                raise ValueError("`y` argument is not supported when using python generator as input.")
            return self.fit_generator(
                x, steps_per_epoch, epochs, verbose, callbacks, validation_data, validation_steps, validation_freq,
                class_weight, max_queue_size, workers, use_multiprocessing, shuffle, initial_epoch,
            )  # fmt: skip
        batch_size = self._batch_size(batch_size, steps_per_epoch, x)
        values, source = self._source(
            x, y, sample_weight, class_weight, batch_size, steps_per_epoch, "steps_per_epoch", shuffle, epochs
        )
        held_out = None
        if validation_data is None and validation_split and 0.0 < validation_split < 1.0:
            if not isinstance(source, Arrays):
                raise ValueError("`validation_split` is only supported when training on arrays")
            at = int(source.size * (1.0 - validation_split))
            held_out = Arrays(sliced(values, slice(at, None)), batch_size, False)
            source = Arrays(sliced(values, slice(0, at)), batch_size, shuffle)
        elif validation_data is not None:
            held_out = self._validation_source(validation_data, batch_size, validation_steps, epochs)
        if verbose:
            print_samples(source, held_out, is_dataset(x))
        return self._run_fit(
            source, held_out, epochs, verbose, callbacks, validation_freq, initial_epoch, batch_size, is_dataset(x)
        )

    def _run_fit(
        self, source: Any, held_out: Any, epochs: int, verbose: int, callbacks: Any, validation_freq: Any,
        initial_epoch: int, batch_size: Any, of_dataset: bool,
    ) -> Any:  # fmt: skip
        def validate(running: Any) -> Any:
            found = run_loop(self, "test", held_out, callbacks=running)
            if isinstance(held_out, Steps) and held_out.restart is not None:
                held_out.restart()
            return found

        return run_loop(
            self, "train", source, epochs, verbose, callbacks, validate if held_out is not None else None,
            validation_freq, initial_epoch, batch_size, "steps_per_epoch", of_dataset,
        )  # fmt: skip

    def _batch_size(self, batch_size: Any, steps: Any, x: Any) -> Any:
        if batch_size is not None and is_dataset(x):
            raise ValueError(
                "The `batch_size` argument must not be specified for the given input type. Received input: "
                f"{x}, batch_size: {batch_size}"
            )
        fixed = self.inputs[0].shape.as_list()[0] if self.inputs and self.inputs[0].shape.ndims else None
        if batch_size is not None and fixed is not None and batch_size != fixed:
            raise ValueError(
                f"The `batch_size` argument value {batch_size} is incompatible with the specified batch size of your "
                f"Input Layer: {fixed}"
            )
        if batch_size is None and steps is None:
            return fixed or 32
        return batch_size

    def _source(
        self, x: Any, y: Any, sample_weight: Any, class_weight: Any, batch_size: Any, steps: Any, steps_name: str,
        shuffle: Any = False, epochs: int = 1, with_targets: bool = True,
    ) -> tuple[list, Any]:  # fmt: skip
        """The values of what is fed, and where they come from."""
        restart = None
        if is_dataset(x) or is_iterator(x):
            if y is not None:
                raise ValueError(
                    f"You passed a dataset or dataset iterator ({x}) as input `x` to your model. In that case, you "
                    "should not specify a target (`y`) argument, since the dataset or dataset iterator generates both "
                    f"input data and target data. Received: {y}"
                )
            if is_dataset(x) and steps is None:
                steps = dataset_steps(x, epochs, steps_name)
                x, restart = dataset_iterator(x, True)
            elif is_dataset(x):
                x, restart = dataset_iterator(x, steps_name == "validation_steps")
            elif steps is None:
                raise ValueError(
                    f"When using data tensors as input to a model, you should specify the `{steps_name}` argument."
                )
            x, y, sample_weight = parts_of_batch(x.get_next())
            values = self._standardized(x, y, sample_weight, class_weight, None, with_targets)
            return values, Steps(lambda: values, steps, restart)
        values = self._standardized(x, y, sample_weight, class_weight, batch_size, with_targets)
        has_tensors = any(isinstance(v, Tensor) for v in values) or not values
        if steps is None and has_tensors:
            raise ValueError(f"If your data is in the form of symbolic tensors, you should specify the `{steps_name}` "
                             "argument (instead of the `batch_size` argument, because symbolic tensors are expected to "
                             "produce batches of input data).")  # fmt: skip
        if steps is not None:
            return values, Steps(lambda: values, steps)
        return values, Arrays(values, batch_size, shuffle)

    def _validation_source(self, data: Any, batch_size: Any, steps: Any, epochs: int) -> Any:
        if is_dataset(data) or is_iterator(data):
            return self._source(data, None, None, None, None, steps, "validation_steps", epochs=epochs)[1]
        if not isinstance(data, (list, tuple)) or len(data) not in (2, 3):
            raise ValueError(
                "When passing a `validation_data` argument, it must contain either 2 items (x_val, y_val), or 3 items "
                "(x_val, y_val, val_sample_weights), or alternatively it could be a dataset or a dataset or a dataset "
                f"iterator. However we received `validation_data={data}`"
            )
        x, y, weights = (*data, None)[:3]
        return self._source(x, y, weights, None, batch_size or 32, steps, "validation_steps")[1]

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: Any = None,
        verbose: int = 1,
        sample_weight: Any = None,
        steps: Any = None,
        callbacks: Any = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
    ) -> Any:
        """The loss and the metrics for data: a number, or a list in the order of `metrics_names`."""
        self._assert_compiled()
        if is_generator(x):
            return self.evaluate_generator(x, steps, callbacks, max_queue_size, workers, use_multiprocessing, verbose)
        batch_size = self._batch_size(batch_size, steps, x)
        _, source = self._source(x, y, sample_weight, None, batch_size, steps, "steps")
        found = run_loop(self, "test", source, 1, verbose, callbacks, batch_size=batch_size, is_dataset=is_dataset(x))
        return found[0] if len(found) == 1 else found

    def predict(
        self,
        x: Any,
        batch_size: Any = None,
        verbose: int = 0,
        steps: Any = None,
        callbacks: Any = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
    ) -> Any:
        """The outputs for data: an array, or a list of them."""
        if is_generator(x):
            return self.predict_generator(x, steps, callbacks, max_queue_size, workers, use_multiprocessing, verbose)
        batch_size = self._batch_size(batch_size, steps, x)
        _, source = self._source(x, None, None, None, batch_size, steps, "steps", with_targets=False)
        found = run_loop(
            self, "predict", source, 1, verbose, callbacks, batch_size=batch_size, is_dataset=is_dataset(x)
        )
        return found[0] if len(found) == 1 else found

    # ---------------------------------------------------------------- single batches

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, reset_metrics: bool = True
    ) -> Any:
        """Takes one step; gives the loss, and the metrics."""
        self._assert_compiled()
        return self._on_batch("train", x, y, sample_weight, class_weight, reset_metrics)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, reset_metrics: bool = True) -> Any:
        """The loss and the metrics for one batch."""
        self._assert_compiled()
        return self._on_batch("test", x, y, sample_weight, None, reset_metrics)

    def _on_batch(self, mode: str, x: Any, y: Any, sample_weight: Any, class_weight: Any, reset_metrics: bool) -> Any:
        if is_dataset(x) or is_iterator(x):
            x, y, sample_weight = parts_of_batch((dataset_iterator(x, False)[0] if is_dataset(x) else x).get_next())
        values = self._standardized(x, y, sample_weight, class_weight)
        outs = getattr(self, f"_make_{mode}_function")()(values)
        if reset_metrics:
            self.reset_metrics()
        return outs[0] if len(outs) == 1 else outs

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch."""
        if is_dataset(x) or is_iterator(x):
            x = parts_of_batch((dataset_iterator(x, False)[0] if is_dataset(x) else x).get_next())[0]
        values = self._standardized(x, with_targets=False)
        outs = self._make_predict_function()(values)
        return outs[0] if len(outs) == 1 else outs

    # ---------------------------------------------------------------- generators

    def fit_generator(
        self,
        generator: Any,
        steps_per_epoch: Any = None,
        epochs: int = 1,
        verbose: int = 1,
        callbacks: Any = None,
        validation_data: Any = None,
        validation_steps: Any = None,
        validation_freq: Any = 1,
        class_weight: Any = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        shuffle: bool = True,
        initial_epoch: int = 0,
    ) -> Any:
        """Trains the model on batches (x, y) or (x, y, weights) from a generator or a `Sequence`; see `fit`."""
        self._assert_compiled()
        source = self._generated(generator, steps_per_epoch, "steps_per_epoch", class_weight, shuffle)
        held_out: Any = None
        if is_generator(validation_data):
            held_out = self._generated(validation_data, validation_steps, "validation_steps")
        elif validation_data is not None:
            held_out = self._validation_source(validation_data, None, validation_steps, epochs)
        return self._run_fit(source, held_out, epochs, verbose, callbacks, validation_freq, initial_epoch, None, False)

    def _generated(
        self, generator: Any, steps: Any, steps_name: str, class_weight: Any = None, shuffle: bool = False,
        with_targets: bool = True,
    ) -> Steps:  # fmt: skip
        if is_dataset(generator) or is_iterator(generator):
            return self._source(
                generator, None, None, class_weight, None, steps, steps_name, with_targets=with_targets
            )[1]
        if steps is None and not hasattr(generator, "__len__"):
            raise ValueError(
                f"`{steps_name}=None` is only valid for a generator based on the `keras.utils.Sequence` class. Please "
                f"specify `{steps_name}` or use the `keras.utils.Sequence` class."
            )
        items = batches_of_sequence(generator, shuffle) if hasattr(generator, "__getitem__") else iter(generator)

        def values() -> list:
            x, y, weights = parts_of_batch(next(items), with_targets)
            return self._standardized(x, y, weights, class_weight, None, with_targets)

        first = values()  # which makes what the model still needs
        ahead = [first]
        return Steps(lambda: ahead.pop() if ahead else values(), len(generator) if steps is None else steps)

    def evaluate_generator(
        self,
        generator: Any,
        steps: Any = None,
        callbacks: Any = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        verbose: int = 0,
    ) -> Any:
        """The loss and the metrics for batches from a generator or a `Sequence`."""
        self._assert_compiled()
        found = run_loop(self, "test", self._generated(generator, steps, "steps"), 1, verbose, callbacks)
        return found[0] if len(found) == 1 else found

    def predict_generator(
        self,
        generator: Any,
        steps: Any = None,
        callbacks: Any = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        verbose: int = 0,
    ) -> Any:
        """The outputs for batches from a generator or a `Sequence`."""
        source = self._generated(generator, steps, "steps", with_targets=False)
        found = run_loop(self, "predict", source, 1, verbose, callbacks)
        return found[0] if len(found) == 1 else found
