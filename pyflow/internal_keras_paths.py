"""Where tf.keras is imported from: each module below `tensorflow.python.keras` has the names of its public package.

A name that isn't public is looked for in all of PyFlow's modules of Keras, as "keras!" says.
"""

from __future__ import annotations

_MODULES = {
    "": """activations backend backend_config callbacks constraints initializers losses metrics models optimizers
        regularizers""",
    "applications": """densenet imagenet_utils inception_resnet_v2 inception_v3 mobilenet mobilenet_v2 nasnet resnet
        resnet50 resnet_v2 vgg16 vgg19 xception""",
    "datasets": "boston_housing cifar cifar10 cifar100 fashion_mnist imdb mnist reuters",
    "engine": """base_layer base_layer_utils input_layer input_spec network node saving sequential topology training
        training_arrays training_generator training_utils""",
    "estimator": "",
    "layers": """advanced_activations convolutional convolutional_recurrent core cudnn_recurrent dense_attention
        embeddings local merge noise normalization pooling recurrent recurrent_v2 serialization wrappers""",
    "optimizer_v2": """adadelta adagrad adam adamax ftrl gradient_descent learning_rate_schedule nadam optimizer_v2
        rmsprop""",
    "preprocessing": "image sequence text",
    "saving": "hdf5_format model_config save saving_utils",
    "utils": """conv_utils data_utils generic_utils io_utils layer_utils losses_utils metrics_utils np_utils tf_utils
        vis_utils""",
    "wrappers": "",
}
# Packages whose names are public elsewhere.
_PUBLIC = {
    "engine": ["@keras", "@keras.layers", "layers.layer"],
    "optimizer_v2": ["@keras.optimizers", "@keras.optimizers.schedules", "@keras.experimental"],
    "saving": ["@keras.models"],
}


def entries() -> dict[str, list[str]]:
    """The places of each path."""
    found = {"python.keras": ["@keras", "keras", "keras!"]}
    for package, modules in _MODULES.items():
        own = _PUBLIC.get(package, [f"@keras.{package}"])
        if package:
            found[f"python.keras.{package}"] = [*own, "keras!"]
        for module in modules.split():
            path = f"{package}.{module}" if package else module
            found[f"python.keras.{path}"] = [f"@keras.{path}", *(own if package else []), "keras!"]
    return found


def unified(path: str) -> str:
    """The path below `python.keras` for one by which `tf.contrib` had Keras; others as they are."""
    for prefix in ("contrib.keras.python.keras", "contrib.keras.api.keras", "contrib.keras"):
        if path == prefix or path.startswith(prefix + "."):
            return "python.keras" + path[len(prefix) :]
    return path
