"""Writes data.json, data_graphs.json and data_graph_def.json: what datasets give, their nodes, and an exported graph.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_data.py
"""

import base64
import importlib
import json
import os

import tensorflow as tf

FILES = (("data", "data_cases"), ("data_graphs", "data_graph_cases"), ("input_edges", "input_edge_cases"))


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    for name, module in FILES:
        lines = []
        for case, function in sorted(importlib.import_module(module).CASES.items()):
            tf.reset_default_graph()
            lines.append(json.dumps(case) + ": " + json.dumps(function(tf)))
        with open(os.path.join(folder, name + ".json"), "w") as f:
            f.write("{\n" + ",\n".join(lines) + "\n}\n")
    import data_graph_cases

    tf.reset_default_graph()
    graph_def = data_graph_cases.exported(tf)
    kept = {
        "graph": base64.b64encode(graph_def.SerializeToString()).decode(),
        "given": data_graph_cases.run_exported(tf, graph_def),
    }
    with open(os.path.join(folder, "data_graph_def.json"), "w") as f:
        f.write(json.dumps(kept) + "\n")


if __name__ == "__main__":
    main()
