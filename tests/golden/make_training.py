"""Writes the results of the cases about training: optimisers, averages, schedules, gradients, checks, messages.

Run it with TensorFlow 1.15.5 (Python 3.7), with all files or some:

python tests/golden/make_training.py [optimizers ...]
"""

import importlib
import json
import os
import sys

import tensorflow as tf

FILES = {
    "optimizers": "optimizer_cases",
    "averaging": "averaging_cases",
    "gradients": "gradient_cases",
    "checks": "check_cases",
    "messages": "message_cases",
    "scripts": "script_cases",
    "regularizers": "regularizer_cases",
    "contrib_optimizers": "contrib_optimizer_cases",
    "signal": "signal_cases",
    "linear_operators": "linear_operator_cases",
    "crf": "crf_cases",
    "distributions": "distribution_cases",
    "contrib_images": "contrib_image_cases",
    "resamplers": "resampler_cases",
    "graph_editors": "graph_editor_cases",
    "audio": "audio_cases",
    "contrib_losses": "contrib_loss_cases",
    "contrib_distributions": "contrib_distribution_cases",
    "contrib_wrappers": "contrib_wrapper_cases",
    "expressions": "expression_cases",
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
