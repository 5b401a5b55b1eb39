"""tf.contrib.tensorboard.plugins.projector: what TensorBoard's projector is told of a program's embeddings."""

from __future__ import annotations

import os
from typing import Any

from google.protobuf import text_format

from pyflow.core.api import export
from pyflow.platform import gfile
from pyflow.protos import contrib_pb2

_CONFIG_FILE = "projector_config.pbtxt"

for _message in ("EmbeddingInfo", "ProjectorConfig", "SpriteMetadata"):
    export(f"contrib.tensorboard.plugins.projector.{_message}")(getattr(contrib_pb2, _message))


@export("contrib.tensorboard.plugins.projector.visualize_embeddings")
def visualize_embeddings(summary_writer: Any, config: Any) -> None:
    """Writes `config` (a ProjectorConfig) into the folder of the writer, where TensorBoard looks for it.

    Raises:
      ValueError: the writer has no folder.
    """
    logdir = summary_writer.get_logdir()
    if logdir is None:
        raise ValueError("Summary writer must have a logdir")
    with gfile.Open(os.path.join(logdir, _CONFIG_FILE), "w") as file:
        file.write(text_format.MessageToString(config))
