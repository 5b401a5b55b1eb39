"""Models and weights in files: TensorFlow's checkpoints, and HDF5 where h5py is installed."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.keras.backend import batch_get_value, batch_set_value, get_session
from pyflow.keras.layer_serialization import deserialize_layer
from pyflow.keras.optimizer_lookup import deserialize_optimizer
from pyflow.keras.serialization import CustomObjectScope, plain_value, serialize_keras_object
from pyflow.platform import logging
from pyflow.protos.object_graph_pb2 import TrackableObjectGraph
from pyflow.train.checkpoint_management import update_checkpoint_state
from pyflow.train.checkpoint_reader import NewCheckpointReader
from pyflow.train.object_checkpoint import CheckpointLoadStatus, Description
from pyflow.train.object_graph import OBJECT_GRAPH, ObjectGraph
from pyflow.train.saveables import saveables_of
from pyflow.train.saver import Saver


def _h5py(what: str) -> Any:
    try:
        import h5py  # type: ignore[import-untyped]
    except ImportError:
        raise ImportError(f"`{what}` requires h5py.") from None
    return h5py


def is_hdf5_name(path: str) -> bool:
    return path.endswith((".h5", ".keras", ".hdf5"))


def checkpoint_children(model: Any) -> list[tuple[str, Any]]:
    """What a checkpoint has of a model: its layers by number, and its attributes."""
    found: list[tuple[str, Any]] = []
    if model._graph is not None or hasattr(model, "_stack"):
        with_weights = 0
        for i, layer in enumerate(model.layers):
            if layer.weights:
                found.append((f"layer_with_weights-{with_weights}", layer))
                with_weights += 1
            found.append((f"layer-{i}", layer))
    hidden = ("inputs", "outputs", "input_names", "output_names", "loss", "loss_weights", "sample_weight_mode")
    attributes = vars(model).items()
    return found + [(k, v) for k, v in attributes if not k.startswith("_") and k not in hidden and v is not None]


def save_checkpoint(model: Any, path: str) -> None:
    """Writes the variables by the names of attributes on the way to each."""
    session = get_session(model.weights)
    with session.graph.as_default():
        objects = ObjectGraph(model)
        saved: list[Any] = [Description(objects.proto.SerializeToString(deterministic=True))]
        for key, variable in objects.variables.items():
            saved += saveables_of(variable, key)
        saver = Saver(saved, max_to_keep=0, name="object_saver")
    saver.save(session, path, write_meta_graph=False, write_state=False, latest_filename="checkpoint")
    folder = os.path.dirname(path) or "."
    update_checkpoint_state(folder, path, all_model_checkpoint_paths=[path])


def load_checkpoint(model: Any, path: str) -> Any:
    """Gives the variables the values of a checkpoint, those that it has."""
    reader = NewCheckpointReader(path)
    if not reader.has_tensor(OBJECT_GRAPH):
        raise ValueError(
            f"Attempted to load weights from '{path}', which has no description of objects: it was not written by "
            "`save_weights` or `tf.train.Checkpoint`"
        )
    if not model.built:
        raise ValueError("Unable to load weights saved in HDF5 format into a subclassed Model which has not created "
                         "its variables yet. Call the Model first, then load the weights.")  # fmt: skip
    saved = TrackableObjectGraph.FromString(np.asarray(reader.get_tensor(OBJECT_GRAPH), object).item())
    status = CheckpointLoadStatus(model, path, saved)
    session = get_session(model.weights)
    with session.graph.as_default():
        status.run_restore_ops(session)
    return status


# ---------------------------------------------------------------- HDF5


def _named(weights: list) -> list[tuple[str, Any]]:
    return list(zip((w.name for w in weights), batch_get_value(weights)))


def save_weights_to_group(group: Any, layers: list) -> None:
    """Writes the weights of layers, each in a group of its name."""
    group.attrs["layer_names"] = [layer.name.encode() for layer in layers]
    group.attrs["backend"] = b"tensorflow"
    group.attrs["keras_version"] = b"2.2.4-tf"
    for layer in layers:
        own = group.create_group(layer.name)
        named = _named(legacy_weights(layer))
        own.attrs["weight_names"] = [name.encode() for name, _ in named]
        for name, value in named:
            own.create_dataset(name, data=value)


def legacy_weights(layer: Any) -> list:
    """The weights of a layer, those that are trained first."""
    trained = layer.trainable_weights
    return [*trained, *(w for w in layer.weights if not any(w is t for t in trained))]


def _texts(values: Any) -> list[str]:
    return [v.decode() if isinstance(v, bytes) else str(v) for v in values]


def load_weights_from_group(group: Any, layers: list, by_name: bool = False, skip_mismatch: bool = False) -> None:
    """Sets the weights of layers to those that were written, in the same order or by the layers' names.

    Raises:
      ValueError: there is another number of layers or weights.
    """
    names = _texts(group.attrs["layer_names"])
    values = {n: [np.asarray(group[n][w]) for w in _texts(group[n].attrs["weight_names"])] for n in names}
    pairs = []
    if by_name:
        chosen = [(layer, name) for name in names for layer in layers if layer.name == name]
    else:
        with_weights = [layer for layer in layers if layer.weights]
        names = [name for name in names if values[name]]
        if len(names) != len(with_weights):
            raise ValueError(
                f"You are trying to load a weight file containing {len(names)} layers into a model with "
                f"{len(with_weights)} layers."
            )
        chosen = list(zip(with_weights, names))
    for k, (layer, name) in enumerate(chosen):
        weights = legacy_weights(layer)
        if len(weights) != len(values[name]):
            if skip_mismatch:
                continue
            raise ValueError(
                f'Layer #{k} (named "{layer.name}" in the current model) was found to correspond to layer {name} in '
                f"the save file. However the new layer {layer.name} expects {len(weights)} weights, but the saved "
                f"weights have {len(values[name])} elements."
            )
        pairs += list(zip(weights, values[name]))
    for w, value in pairs:
        if tuple(w.shape.as_list()) != value.shape:
            if skip_mismatch:
                pairs = [(a, b) for a, b in pairs if a is not w]
                continue
            raise ValueError(f"Shapes {tuple(w.shape.as_list())} and {value.shape} are incompatible")
    batch_set_value(pairs)


def save_weights_to_hdf5(model: Any, path: str) -> None:
    with _h5py("save_weights").File(path, "w") as file:
        save_weights_to_group(file, model.layers)


def load_weights_from_hdf5(model: Any, path: str, by_name: bool) -> None:
    with _h5py("load_weights").File(path, "r") as file:
        group = file["model_weights"] if "layer_names" not in file.attrs and "model_weights" in file else file
        load_weights_from_group(group, model.layers, by_name)


@export("keras.models.save_model")
def save_model(
    model: Any, filepath: Any, overwrite: bool = True, include_optimizer: bool = True, save_format: Any = None,
    signatures: Any = None,
) -> None:  # fmt: skip
    """Writes a model to an HDF5 file: its config, its weights, and its optimizer with their state.

    Raises:
      ImportError: h5py is not installed.
      NotImplementedError: the SavedModel format is asked for, or it is a subclassed model.
    """
    path = os.fspath(filepath) if not hasattr(filepath, "attrs") else filepath
    if save_format == "tf":
        raise NotImplementedError("Model.save(save_format='tf'): Keras models as SavedModels")
    if model._graph is None and not hasattr(model, "_stack"):
        raise NotImplementedError(
            "Saving the model to HDF5 format requires the model to be a Functional model or a Sequential model. It "
            "does not work for subclassed models, because such models are defined via the body of a Python method, "
            "which isn't safely serializable. Consider saving to the Tensorflow SavedModel format (by setting "
            'save_format="tf") or using `save_weights`.'
        )
    h5py = _h5py("save_model")
    if isinstance(path, str) and not overwrite and os.path.exists(path):
        return
    file = h5py.File(path, "w") if isinstance(path, str) else path
    try:
        config = model._model_config()
        file.attrs["keras_version"], file.attrs["backend"] = b"2.2.4-tf", b"tensorflow"
        described = {k: config[k] for k in ("class_name", "config")}
        file.attrs["model_config"] = json.dumps(described, default=plain_value).encode()
        save_weights_to_group(file.create_group("model_weights"), model.layers)
        optimizer = model.optimizer
        if include_optimizer and optimizer is not None and hasattr(optimizer, "get_config"):
            training = {"optimizer_config": serialize_keras_object(optimizer), "loss": model.loss,
                        "metrics": model._compile_metrics, "weighted_metrics": model._compile_weighted_metrics,
                        "sample_weight_mode": model.sample_weight_mode, "loss_weights": model.loss_weights}  # fmt: skip
            file.attrs["training_config"] = json.dumps(training, default=plain_value).encode()
            if getattr(optimizer, "weights", None):
                group = file.create_group("optimizer_weights")
                named = _named(optimizer.weights)
                group.attrs["weight_names"] = [name.encode() for name, _ in named]
                for name, value in named:
                    group.create_dataset(name, data=value)
    finally:
        if isinstance(path, str):
            file.close()


@export("keras.models.load_model")
def load_model(filepath: Any, custom_objects: Any = None, compile: bool = True) -> Any:
    """The model that `save_model` wrote, compiled as it was.

    Raises:
      ImportError: h5py is not installed.
      OSError: there is no such file.
      ValueError: the file has no model.
    """
    is_path = not hasattr(filepath, "attrs")
    if is_path and os.path.isdir(filepath):
        raise NotImplementedError("load_model of a SavedModel")
    h5py = _h5py("load_model")
    if is_path and not os.path.exists(filepath):
        raise OSError(f"SavedModel file does not exist at: {filepath}/{{saved_model.pbtxt|saved_model.pb}}")
    file = h5py.File(os.fspath(filepath), "r") if is_path else filepath
    try:
        if file.attrs.get("model_config") is None:
            raise ValueError("No model found in config file.")
        model = model_from_config(json.loads(file.attrs["model_config"]), custom_objects)
        load_weights_from_group(file["model_weights"], model.layers)
        training = file.attrs.get("training_config")
        if compile and training is not None:
            _compile_again(model, json.loads(training), file, custom_objects)
        elif compile:
            logging.warning("No training configuration found in save file: the model was *not* compiled. Compile it "
                            "manually.")  # fmt: skip
        return model
    finally:
        if is_path:
            file.close()


def _compile_again(model: Any, config: dict[str, Any], file: Any, custom_objects: Any) -> None:
    with CustomObjectScope(custom_objects or {}):
        model.compile(
            deserialize_optimizer(config["optimizer_config"], custom_objects), config["loss"], config["metrics"],
            config["loss_weights"], config["sample_weight_mode"], config["weighted_metrics"],
        )  # fmt: skip
    if "optimizer_weights" in file:
        model._make_train_function()
        group = file["optimizer_weights"]
        try:
            model.optimizer.set_weights([np.asarray(group[n]) for n in _texts(group.attrs["weight_names"])])
        except ValueError:
            logging.warning("Error in loading the saved optimizer state. As a result, your model is starting with a "
                            "freshly initialized optimizer.")  # fmt: skip


@export("keras.models.model_from_config")
def model_from_config(config: Any, custom_objects: Any = None) -> Any:
    """The model of a config with a class."""
    if isinstance(config, list):
        raise TypeError("`model_from_config` expects a dictionary, not a list. Maybe you meant to use "
                        "`Sequential.from_config(config)`?")  # fmt: skip
    return deserialize_layer(config, custom_objects)


@export("keras.models.model_from_json")
def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """The model that `Model.to_json` described."""
    return model_from_config(json.loads(json_string), custom_objects)


@export("keras.models.model_from_yaml")
def model_from_yaml(yaml_string: str, custom_objects: Any = None) -> Any:
    """The model that `Model.to_yaml` described.

    Raises:
      ImportError: PyYAML is not installed.
    """
    try:
        import yaml  # type: ignore[import-untyped]
    except ImportError:
        raise ImportError("Requires yaml module installed (`pip install pyyaml`).") from None
    return model_from_config(yaml.safe_load(yaml_string), custom_objects)


@export("keras.models.clone_model")
def clone_model(model: Any, input_tensors: Any = None, clone_function: Any = None) -> Any:
    """A model of the same layers with weights of its own, which begin anew."""
    if input_tensors is not None or clone_function is not None:
        raise NotImplementedError("keras.models.clone_model(input_tensors, clone_function)")
    return type(model).from_config(model.get_config())
