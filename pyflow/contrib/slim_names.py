"""The names that tf.contrib.slim has for what is in tf.contrib.layers, tf.contrib.framework and tf.contrib.metrics."""

from __future__ import annotations

from pyflow.contrib import (  # noqa: F401  (they define what gets a second name)
    arg_scope,
    assign_from_checkpoint,
    batch_norm_layer,
    convolution_layers,
    dense_layers,
    divisive_normalization,
    embedding_layers,
    framework,
    image_layers,
    initializers,
    layer_collections,
    layer_norms,
    layer_parts,
    layer_summaries,
    metrics,
    metrics_streams,
    metrics_thresholds,
    optimize_loss,
    plain_layers,
    pooling_layers,
    regularizers,
    separable_layers,
    variables,
)
from pyflow.core.api import PUBLIC, export

_FRAMEWORK = """VariableDeviceChooser add_arg_scope add_model_variable arg_scope arg_scoped_arguments
assert_global_step assert_or_get_global_step assign_from_checkpoint assign_from_checkpoint_fn assign_from_values
assign_from_values_fn create_global_step current_arg_scope filter_variables get_global_step get_local_variables
get_model_variables get_or_create_global_step get_trainable_variables get_unique_variable get_variable_full_name
get_variables get_variables_by_name get_variables_by_suffix get_variables_to_restore global_variable has_arg_scope
local_variable model_variable variable""".split()

for _name, _thing in list(PUBLIC.items()):
    if _name.startswith("contrib.layers.") and not _name.startswith("contrib.layers.python."):
        _own = _name.removeprefix("contrib.layers.")
        export(f"contrib.slim.layers.{_own}")(_thing)
        if "." not in _own:
            export(f"contrib.slim.{_own}")(_thing)
    elif _name.startswith("contrib.metrics."):
        export(f"contrib.slim.{_name.removeprefix('contrib.')}")(_thing)
for _name in _FRAMEWORK:
    if f"contrib.framework.{_name}" in PUBLIC:
        export(f"contrib.slim.{_name}")(PUBLIC[f"contrib.framework.{_name}"])
export("contrib.slim.arg_scope_func_key")(arg_scope.arg_scope_func_key)
