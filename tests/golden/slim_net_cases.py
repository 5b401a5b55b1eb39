"""The networks of tf.contrib.slim.nets under TensorFlow 1.15.5: variables, end points, nodes; kept in slim_nets.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import functools
import hashlib
import importlib

from state_cases import error

NETS = {
    "alexnet_v2": ("alexnet", 224, {}),
    "vgg_a": ("vgg", 224, {"spatial_squeeze": False}),
    "vgg_16": ("vgg", 224, {}),
    "vgg_19": ("vgg", 224, {}),
    "overfeat": ("overfeat", 231, {}),
    "inception_v1": ("inception", 224, {}),
    "inception_v2": ("inception", 224, {"depth_multiplier": 0.5}),
    "inception_v3": ("inception", 299, {"num_classes": 1001}),
    "resnet_v1_50": ("resnet_v1", 224, {"num_classes": 10}),
    "resnet_v1_101": ("resnet_v1", 225, {"global_pool": False, "output_stride": 8}),
    "resnet_v2_50": ("resnet_v2", 224, {"num_classes": 10, "scope": "mine"}),
    "resnet_v2_152": ("resnet_v2", 224, {"num_classes": 7, "is_training": False}),
}


def nets(tf, name):
    assert tf.contrib.slim  # its modules are there once it has been loaded
    if tf.__name__ == "pyflow":
        return getattr(tf.contrib.slim.nets, name)
    return importlib.import_module("tensorflow.contrib.slim.python.slim.nets." + name)


def arg_scope_of(module, name):
    for candidate in (name + "_arg_scope", name.split("_")[0] + "_arg_scope"):
        if hasattr(module, candidate):
            return getattr(module, candidate)()


def digest(lines):
    return [len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()]


def built(tf, name):
    """The whole graph, as digests; the end points."""
    place, size, arguments = NETS[name]
    module = nets(tf, place)
    with tf.contrib.slim.arg_scope(arg_scope_of(module, name)):
        logits, end_points = getattr(module, name)(tf.placeholder(tf.float32, [2, size, size, 3]), **arguments)
    variables = [v.op.name + str(v.shape) for v in tf.global_variables()]
    penalties = [x.name for x in tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)]
    updates = [x.name for x in tf.get_collection(tf.GraphKeys.UPDATE_OPS)]
    graph = [o.name + " " + o.type for o in tf.get_default_graph().get_operations()]
    # Of TensorFlow's operators, addition became another op with another kind of name in between.
    graph = [line.replace("AddV2", "Add") for line in graph]
    return [
        logits.name,
        str(logits.shape),
        [[key, value.name, str(value.shape)] for key, value in sorted(end_points.items())],
        variables[:6] + variables[-3:],
        digest(variables),
        digest(penalties),
        digest(updates),
        digest(graph),
        list(tf.contrib.slim.model_analyzer.analyze_vars(tf.trainable_variables())),
    ]


def case_errors(tf):
    x = tf.placeholder(tf.float32, [1, 224, 224, 3])
    inception, resnet = nets(tf, "inception"), nets(tf, "resnet_v1")
    return [
        error(inception.inception_v3_base, x, final_endpoint="Mixed_9"),
        error(inception.inception_v2_base, x, depth_multiplier=0),
        error(resnet.resnet_v1_50, x, output_stride=6),
        error(resnet.resnet_v1_50, x, output_stride=64),
        inception.inception_v3.default_image_size,
        str(inception.inception_v3_base(x, "MaxPool_3a_3x3", scope="cut")[0].shape),
    ]


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
for _name in NETS:
    CASES[_name] = functools.partial(built, name=_name)
