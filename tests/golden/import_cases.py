"""GraphDefs to import, and what TensorFlow 1.15.5 makes of each: kept in imports.json.

A case gives the graph after the import with what was returned, or the error. Python 3.7 runs them too.
"""

import collections
import re

from google.protobuf import text_format

A = "node{name:'a' op:'Placeholder' attr{key:'dtype' value{type:DT_FLOAT}}} "
T = " attr{key:'T' value{type:DT_FLOAT}}} "
N = "node{name:'n' op:'Neg' input:'a'" + T
BESIDE_A = " attr{key:'_class' value{list{s:'loc:@a'}}}"
BESIDE_MISSING = " attr{key:'_class' value{list{s:'loc:@zz'}}}"
MISSING = "node{name:'n' op:'Neg' input:'zz'"
V = "node{name:'v' op:'VariableV2' attr{key:'dtype' value{type:DT_FLOAT}} attr{key:'shape' value{shape{}}}} "
SET = "node{name:'s' op:'Assign' input:'v' input:'a'" + T
TWO = " attr{key:'shape' value{shape{dim{size:2}}}}"
MATRIX = A[:-2] + " attr{key:'shape' value{shape{dim{size:2} dim{size:3}}}}} "
TEXT = "node{name:'t' op:'Placeholder' attr{key:'dtype' value{type:DT_STRING}}} "
RATE = " attr{key:'sample_rate' value{f:0.5}}"
SHAPES = " attr{key:'_output_shapes' value{list{shape{dim{size:3}}}}}"


def neg(*attrs):
    return "node{name:'n' op:'Neg' input:'a'" + "".join(attrs) + T


def placeholder(*attrs):
    return "node{name:'a' op:'Placeholder' attr{key:'dtype' value{type:DT_FLOAT}}" + "".join(attrs) + "} "


def op(op_type, *inputs, **rest):
    name, more = rest.get("name", "n"), rest.get("more", "")
    lines = "".join(f" input:'{one}'" for one in inputs)
    return f"node{{name:'{name}' op:'{op_type}'{lines}{more}}} "


def constant(tf):
    return tf.constant(1.5, name="k")


# Each: the GraphDef's text, and a function that gives the further arguments.
PROGRAMS = {
    "plain": (A + N, None),
    "without_scope": (A + N, lambda tf: {"name": ""}),
    "scope_as_it_is": (A + N, lambda tf: {"name": "x/"}),
    "scope_in_use": (A + N, lambda tf: [tf.no_op("x/a"), {"name": "x"}][1]),
    "name_in_use": (A + N, lambda tf: [tf.no_op("a"), {"name": ""}][1]),
    "name_in_use_inside_scope": (A + N, lambda tf: [tf.no_op("x/a"), {"name": "x/"}][1]),
    "name_is_a_scope": (A + N, lambda tf: [tf.no_op("a/b"), {"name": ""}][1]),
    "bad_scope": (A + N, lambda tf: {"name": "a b"}),
    "input_missing": (MISSING + T, None),
    "second_output_missing": ("node{name:'n' op:'Neg' input:'zz:1'" + T, None),
    "control_input_missing": (op("NoOp", "^zz"), None),
    "output_too_many": (A + "node{name:'n' op:'Neg' input:'a:1'" + T, None),
    "unknown_op": (op("Foo"), None),
    "twice": (A + A, None),
    "cycle": ("node{name:'a' op:'Neg' input:'n'" + T + N, None),
    "cycle_of_one": ("node{name:'a' op:'Neg' input:'a'" + T, None),
    "cycle_that_a_map_opens": (
        "node{name:'a' op:'Neg' input:'n'" + T + N,
        lambda tf: {"input_map": {"a:0": constant(tf)}},
    ),
    "input_of_another_type": (A + op("Neg", "a", more=" attr{key:'T' value{type:DT_INT32}}"), None),
    "attr_missing": (A + op("Neg", "a"), None),
    "attr_unknown": (A + neg(" attr{key:'zork' value{i:1}}"), None),
    "attr_unknown_of_the_runtime": (A + neg(" attr{key:'_zork' value{i:1}}"), None),
    "attr_of_another_kind": (A + op("Neg", "a", more=" attr{key:'T' value{i:3}}"), None),
    "type_not_allowed": (A + op("Neg", "a", more=" attr{key:'T' value{type:DT_STRING}}"), None),
    "too_many_inputs": (A + op("Neg", "a", "a", more=T[:-2]), None),
    "too_few_inputs": (A + op("Neg", more=T[:-2]), None),
    "too_few_of_a_list": (op("Pack", more=" attr{key:'N' value{i:0}}" + T[:-2]), None),
    "control_input_first": (A + "node{name:'n' op:'Neg' input:'^a' input:'a'" + T, None),
    "no_name": (op("NoOp", name=""), None),
    "bad_name": (op("NoOp", name="a b"), None),
    "bad_name_behind_scope": (op("NoOp", name="_a"), None),
    "bad_name_without_scope": (op("NoOp", name="_a"), lambda tf: {"name": ""}),
    "backwards": (N + A, None),
    "references": (V + A + SET, None),
    "reference_wanted": (V + A + SET, lambda tf: {"input_map": {"v:0": constant(tf)}}),
    "map": (A + N, lambda tf: {"input_map": {"a:0": constant(tf)}, "return_elements": ["n:0", "n"]}),
    "map_by_node": (A + N, lambda tf: {"input_map": {"a": constant(tf)}, "return_elements": ["a", "a:0"]}),
    "map_by_bytes": (A + N, lambda tf: {"input_map": {b"a": constant(tf)}, "return_elements": [b"n"]}),
    "map_of_nothing": (A + N, lambda tf: {"input_map": {"b": constant(tf), "a:1": tf.constant(2.0)}}),
    "map_unused": (A + N, lambda tf: {"input_map": {"n": constant(tf)}}),
    "map_to_another_type": (A + N, lambda tf: {"input_map": {"a": tf.constant(1)}}),
    "map_to_a_number": (A + N, lambda tf: {"input_map": {"a": 1.5}}),
    "map_to_a_number_without_scope": (A + N, lambda tf: {"input_map": {"a": 1.5}, "name": ""}),
    "map_to_a_name": (A + N, lambda tf: [constant(tf), {"input_map": {"a": "k:0"}}][1]),
    "map_to_an_operation": (A + N, lambda tf: {"input_map": {"a": tf.no_op("k")}}),
    "map_is_a_list": (A + N, lambda tf: {"input_map": [1]}),
    "map_from_a_number": (A + N, lambda tf: {"input_map": {1: constant(tf)}}),
    "map_of_control_input": (A + op("NoOp", "^a"), lambda tf: {"input_map": {"^a": constant(tf)}}),
    "map_leaves_control_input": (A + op("NoOp", "^a"), lambda tf: {"input_map": {"a": constant(tf)}}),
    "map_of_missing_control_input": (A + N, lambda tf: {"input_map": {"^zz": constant(tf)}}),
    "return_missing": (A + N, lambda tf: {"return_elements": ["zz"]}),
    "return_missing_tensor": (A + N, lambda tf: {"return_elements": ["zz:0"]}),
    "return_output_too_many": (A + N, lambda tf: {"return_elements": ["n:3"]}),
    "return_bad_index": (A + N, lambda tf: {"return_elements": ["n:x"]}),
    "return_text": (A + N, lambda tf: {"return_elements": "na"}),
    "return_number": (A + N, lambda tf: {"return_elements": [1]}),
    "colocated": (A + neg(BESIDE_A), None),
    "colocated_with_nothing": (A + neg(BESIDE_MISSING), None),
    "colocated_with_nothing_without_scope": (A + neg(BESIDE_MISSING), lambda tf: {"name": ""}),
    "colocated_with_mapped": (A + neg(BESIDE_A), lambda tf: {"input_map": {"a": constant(tf)}}),
    "colocated_on_device": (
        "node{name:'a' op:'Placeholder' device:'/job:foo' attr{key:'dtype' value{type:DT_FLOAT}}} " + neg(BESIDE_A),
        None,
    ),
    "shapes": (placeholder(SHAPES) + N, None),
    "shapes_contradict": (placeholder(TWO, SHAPES), None),
    "shapes_too_many": (placeholder(" attr{key:'_output_shapes' value{list{shape{dim{size:3}} shape{}}}}"), None),
    "shapes_that_do_not_fit": (MATRIX + op("MatMul", "a", "a", more=T[:-2]), None),
    "defaults": (A + op("MatMul", "a", "a", more=T[:-2]), None),
    "version_too_new": (A + "versions{producer:900 min_consumer:500}", None),
    "version_new": (A + "versions{producer:900}", None),
    "version_refused": (A + "versions{producer:26 bad_consumers:134}", None),
    "op_removed": (A + op("BatchCholesky", "a", more=T[:-2]) + "versions{producer:13}", None),
    "op_not_yet_removed": (TEXT + A + op("AudioSummary", "t", "a", more=RATE) + "versions{producer:14}", None),
    "scalar_placeholder_before_22": (placeholder(" attr{key:'shape' value{shape{}}}") + "versions{producer:21}", None),
    "scalar_placeholder": (placeholder(" attr{key:'shape' value{shape{}}}") + "versions{producer:22}", None),
    "no_graph": (None, None),
}


def names(things):
    return [thing.name for thing in things]


def shown(op):
    attrs = collections.OrderedDict(sorted((key, str(op.node_def.attr[key])) for key in op.node_def.attr))
    shapes = [str(output.shape) for output in op.outputs]
    return [op.name, op.type, op.device, names(op.inputs), names(op.control_inputs), shapes, attrs]


def described(tf, given):
    graph = tf.get_default_graph()
    versions = graph.as_graph_def().versions
    returned = None if given is None else names(given)
    return [returned, [shown(op) for op in graph.get_operations()], [versions.producer, versions.min_consumer]]


def case(text, arguments):
    def run(tf):
        graph_def = "no graph" if text is None else text_format.Parse(text, tf.GraphDef())
        try:
            keywords = {} if arguments is None else arguments(tf)
            return described(tf, tf.import_graph_def(graph_def, **keywords))
        except Exception as error:
            message = getattr(error, "message", None) or str(error)
            return [type(error).__name__, re.sub(r"running on \S+\.", "running on HOST.", message)]

    return run


CASES = {name: case(text, arguments) for name, (text, arguments) in PROGRAMS.items()}


def scopes_around(tf):
    """Device, control-dependency and name scopes in which a graph is imported."""
    text = op("NoOp", name="a", more=" device:'/job:foo'") + op("NoOp", "^a", name="b") + A.replace("'a'", "'c'")
    graph_def = text_format.Parse(text + neg().replace("'a'", "'c'"), tf.GraphDef())
    with tf.name_scope("s"), tf.device("/device:GPU:1"), tf.control_dependencies([tf.no_op("k")]):
        tf.import_graph_def(graph_def)
        tf.import_graph_def(graph_def, name="import")
        return described(tf, tf.import_graph_def(graph_def, name="", return_elements=["a"]))


CASES["scopes_around"] = scopes_around
