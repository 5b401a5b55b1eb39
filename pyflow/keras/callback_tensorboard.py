"""Logs for TensorBoard."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.keras.backend import get_session
from pyflow.keras.callback_base import Callback
from pyflow.protos.event_pb2 import Summary
from pyflow.summary.functions import histogram, merge
from pyflow.summary.writer import FileWriter


@export("keras.callbacks.TensorBoard")
class TensorBoard(Callback):
    """Writes losses and metrics, and the graph, to event files in a folder.

    Args:
      log_dir: the folder.
      histogram_freq: every how many epochs histograms of the weights are written; 0 for never.
      write_graph: whether the graph is written.
      update_freq: "epoch", "batch", or every how many examples the values are written.
    """

    def __init__(
        self,
        log_dir: Any = "./logs",
        histogram_freq: int = 0,
        batch_size: int = 32,
        write_graph: bool = True,
        write_grads: bool = False,
        write_images: bool = False,
        embeddings_freq: int = 0,
        embeddings_layer_names: Any = None,
        embeddings_metadata: Any = None,
        embeddings_data: Any = None,
        update_freq: Any = "epoch",
        profile_batch: int = 2,
    ):
        super().__init__()
        if write_images or write_grads or embeddings_freq:
            raise NotImplementedError("keras.callbacks.TensorBoard(write_images, write_grads, embeddings_freq)")
        self.log_dir, self.histogram_freq, self.write_graph = os.fspath(log_dir), histogram_freq, write_graph
        self.update_freq: Any = 1 if update_freq == "batch" else update_freq
        self._samples_seen = self._samples_seen_at_last_write = 0
        self._total_batches_seen = 0
        self.writer: Any = None
        self._histograms: Any = None

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        session = get_session()
        self.writer = FileWriter(self.log_dir, session.graph if self.write_graph else None)
        if self.histogram_freq and self._histograms is None:
            made = [histogram(w.name.replace(":", "_"), w) for layer in model.layers for w in layer.weights]
            self._histograms = merge(made) if made else None

    def _write(self, logs: Any, step: int, prefix: str = "") -> None:
        for name, value in (logs or {}).items():
            if name not in ("batch", "size", "num_steps"):
                value = Summary.Value(tag=prefix + name, simple_value=float(np.asarray(value).item()))
                self.writer.add_summary(Summary(value=[value]), step)
        self.writer.flush()

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        logs = logs or {}
        self._samples_seen += logs.get("size", 1)
        since = self._samples_seen - self._samples_seen_at_last_write
        if self.update_freq != "epoch" and since >= self.update_freq:
            self._write(logs, self._total_batches_seen, "batch_")
            self._samples_seen_at_last_write = self._samples_seen
        self._total_batches_seen += 1

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        step = epoch if self.update_freq == "epoch" else self._samples_seen
        self._write({f"epoch_{name}": value for name, value in (logs or {}).items()}, step)
        if self._histograms is not None and epoch % self.histogram_freq == 0:
            self.writer.add_summary(get_session().run(self._histograms), epoch)

    def on_train_end(self, logs: Any = None) -> None:
        self.writer.close()
