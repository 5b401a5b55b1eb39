"""Writes the results of the cases about layers and losses.

Run it with TensorFlow 1.15.5 (Python 3.7), with all files or some:

python tests/golden/make_layers.py [losses ...]
"""

import importlib
import json
import os
import sys

import tensorflow as tf

FILES = {
    "losses": "loss_cases",
    "layers": "layer_cases",
    "window_layers": "window_layer_cases",
    "contrib_layers": "contrib_layer_cases",
    "contrib_windows": "contrib_window_cases",
    "slim": "slim_cases",
    "slim_nets": "slim_net_cases",
}


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    for name in sys.argv[1:] or FILES:
        lines = []
        for case, function in sorted(importlib.import_module(FILES[name]).CASES.items()):
            tf.reset_default_graph()
            lines.append(json.dumps(case) + ": " + json.dumps(function(tf), separators=(",", ":")))
        with open(os.path.join(folder, name + ".json"), "w") as f:
            f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
