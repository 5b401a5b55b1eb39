"""tf.contrib.predictor: calling a SavedModel as a function of arrays."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.graph import Graph
from pyflow.runtime.session import Session
from pyflow.train import saved_model_names as names
from pyflow.train.saved_model_loader import load
from pyflow.train.signature_defs import get_tensor_from_tensor_info


@export("contrib.predictor.Predictor")
class Predictor:
    """Runs one signature: `predictor({"x": array})` gives a dict of arrays.

    Attributes:
      graph, session: where it runs.
      feed_tensors, fetch_tensors: inputs and outputs by their names in the signature.
    """

    graph: Graph
    session: Any
    feed_tensors: dict[str, Any]
    fetch_tensors: dict[str, Any]

    def __call__(self, input_dict: dict[str, Any]) -> dict[str, Any]:
        """The outputs for some inputs.

        Raises:
          ValueError: an input has a name that the signature doesn't have.
        """
        unexpected = set(input_dict) - set(self.feed_tensors)
        if unexpected:
            raise ValueError(f"Got unexpected keys in input_dict: {unexpected}\nexpected: {set(self.feed_tensors)}")
        feed = {self.feed_tensors[key]: value for key, value in input_dict.items()}
        return self.session.run(fetches=self.fetch_tensors, feed_dict=feed)


class SavedModelPredictor(Predictor):
    """A predictor with a graph and a session of its own."""

    def __init__(
        self,
        export_dir: str,
        signature_def_key: str | None = None,
        signature_def: Any = None,
        input_names: dict[str, str] | None = None,
        output_names: dict[str, str] | None = None,
        tags: str | None = None,
        graph: Graph | None = None,
        config: Any = None,
    ):
        if signature_def_key is not None and signature_def is not None:
            raise ValueError("Only one of signature_def_key and signature_def may be specified.")
        self.graph = graph or Graph()
        with self.graph.as_default():
            self.session = Session(config=config)
            chosen = (tags or names.SERVING).split(",")
            definition = load(self.session, chosen, export_dir)
            if input_names is not None and output_names is not None:
                self.feed_tensors = {key: self.graph.get_tensor_by_name(name) for key, name in input_names.items()}
                self.fetch_tensors = {key: self.graph.get_tensor_by_name(name) for key, name in output_names.items()}
                return
            if signature_def is None:
                key = signature_def_key or names.DEFAULT_SERVING_SIGNATURE_DEF_KEY
                if key not in definition.signature_def:
                    raise ValueError(
                        f'Got signature_def_key "{key}". Available signatures are {sorted(definition.signature_def)}.'
                    )
                signature_def = definition.signature_def[key]
            self.feed_tensors = {
                key: get_tensor_from_tensor_info(info, self.graph) for key, info in signature_def.inputs.items()
            }
            self.fetch_tensors = {
                key: get_tensor_from_tensor_info(info, self.graph) for key, info in signature_def.outputs.items()
            }


@export("contrib.predictor.from_saved_model")
def from_saved_model(
    export_dir: str,
    signature_def_key: str | None = None,
    signature_def: Any = None,
    input_names: dict[str, str] | None = None,
    output_names: dict[str, str] | None = None,
    tags: str | None = None,
    graph: Graph | None = None,
    config: Any = None,
) -> Predictor:
    """A predictor of a SavedModel.

    Args:
      signature_def_key: which signature; None takes "serving_default".
      signature_def: a signature instead.
      input_names, output_names: names of tensors by the names they are to have, instead of a signature.
      tags: the tags of the graph, with commas between; None takes "serve".

    Raises:
      ValueError: there is no such signature.
    """
    return SavedModelPredictor(
        export_dir, signature_def_key, signature_def, input_names, output_names, tags, graph, config
    )
