"""The part of the table of internal paths (`internal_paths.py`) about estimators."""

ESTIMATOR_PATHS = """
python.estimator
python.estimator.early_stopping estimator.early_stopping
python.estimator.estimator estimator.estimator estimator.estimator_checks estimator.warm_start_settings
 estimator.evaluation_results estimator.training_run estimator.model_fn @estimator @train
python.estimator.estimator_lib estimator.estimator estimator.run_config estimator.model_fn estimator.training
 estimator.exporter estimator.dnn estimator.linear estimator.dnn_linear_combined estimator.baseline
 estimator.mode_keys estimator.train_and_eval_specs estimator.warm_start_settings @estimator
python.estimator.exporter estimator.exporter
python.estimator.extenders estimator.extenders
python.estimator.gc estimator.export_versions
python.estimator.hooks
python.estimator.hooks.basic_session_run_hooks @estimator @train
python.estimator.hooks.hooks estimator.evaluator_hooks
python.estimator.hooks.session_run_hook @estimator @train
python.estimator.mode_keys estimator.mode_keys
python.estimator.model_fn estimator.model_fn estimator.mode_keys
python.estimator.run_config estimator.run_config estimator.cluster_settings
python.estimator.training estimator.training estimator.train_and_eval_specs estimator.training_evaluator
python.estimator.util estimator.input_results platform.code.callables
python.estimator.inputs estimator.numpy_input estimator.pandas_input
python.estimator.inputs.inputs estimator.numpy_input estimator.pandas_input
python.estimator.inputs.numpy_io estimator.numpy_input
python.estimator.inputs.pandas_io estimator.pandas_input
python.estimator.inputs.queues
python.estimator.inputs.queues.feeding_functions estimator.feeding
python.estimator.inputs.queues.feeding_queue_runner estimator.feeding
python.estimator.export
python.estimator.export.export estimator.input_receivers estimator.signature_maps
python.estimator.export.export_lib estimator.export_outputs estimator.input_receivers estimator.signature_maps
python.estimator.export.export_output estimator.export_outputs
python.saved_model.model_utils estimator.export_outputs estimator.signature_maps estimator.mode_keys
python.saved_model.model_utils.export_output estimator.export_outputs
python.saved_model.model_utils.export_utils estimator.signature_maps estimator.export_outputs
 estimator.input_receivers
python.saved_model.model_utils.mode_keys estimator.mode_keys
python.estimator.canned
python.estimator.canned.baseline estimator.baseline
python.estimator.canned.dnn estimator.dnn
python.estimator.canned.dnn_linear_combined estimator.dnn_linear_combined
python.estimator.canned.head estimator.head estimator.class_heads estimator.regression_heads estimator.head_keys
 estimator.head_checks
python.estimator.canned.linear estimator.linear
python.estimator.canned.metric_keys estimator.head_keys
python.estimator.canned.optimizers estimator.optimizers
python.estimator.canned.parsing_utils estimator.parsing_utils
python.estimator.canned.prediction_keys estimator.head_keys
python.estimator.tpu estimator.tpu_estimator estimator.tpu_config estimator.tpu_spec
python.estimator.tpu.tpu_config estimator.tpu_config
python.estimator.tpu.tpu_estimator estimator.tpu_estimator estimator.tpu_spec
python.estimator.tpu.util estimator.tpu_config
contrib.estimator.python ?contrib.estimator.multi_label_head
contrib.estimator.python.estimator ?contrib.estimator.multi_label_head @contrib.estimator
contrib.estimator.python.estimator.early_stopping ?contrib.estimator.multi_label_head @contrib.estimator
contrib.estimator.python.estimator.extenders ?contrib.estimator.multi_label_head @contrib.estimator
contrib.estimator.python.estimator.head ?contrib.estimator.multi_label_head contrib.estimator_heads
contrib.estimator.python.estimator.multi_head ?contrib.estimator.multi_label_head contrib.estimator_multi_head
contrib.estimator.python.estimator.hooks ?contrib.estimator.multi_label_head @contrib.estimator
contrib.tpu.python ?contrib.tpu.TPUEstimator
contrib.tpu.python.tpu ?contrib.tpu.TPUEstimator @contrib.tpu
contrib.tpu.python.tpu.tpu_config ?contrib.tpu.TPUEstimator estimator.tpu_config
contrib.tpu.python.tpu.tpu_estimator ?contrib.tpu.TPUEstimator estimator.tpu_estimator estimator.tpu_spec
contrib.tpu.python.tpu.tpu_optimizer train.cross_shard_optimizer
python.tpu
python.tpu.tpu_optimizer train.cross_shard_optimizer
contrib.learn.python.learn.basic_session_run_hooks ?contrib.learn.ModeKeys @train
contrib.learn.python.learn.estimators ?contrib.learn.ModeKeys @contrib.learn
contrib.learn.python.learn.estimators.constants ?contrib.learn.ModeKeys contrib.learn_model_fn
contrib.learn.python.learn.estimators.estimator ?contrib.learn.ModeKeys contrib.learn_models contrib.learn_estimator
 @contrib.learn
contrib.learn.python.learn.estimators.model_fn ?contrib.learn.ModeKeys contrib.learn_model_fn contrib.learn_datasets
contrib.learn.python.learn.estimators.run_config ?contrib.learn.ModeKeys contrib.learn_run_config
contrib.learn.python.learn.experiment ?contrib.learn.ModeKeys contrib.learn_experiment
contrib.learn.python.learn.learn_runner ?contrib.learn.ModeKeys contrib.learn_runner
contrib.learn.python.learn.metric_spec ?contrib.learn.ModeKeys contrib.learn_model_fn
contrib.learn.python.learn.monitors ?contrib.learn.ModeKeys contrib.learn_monitors
contrib.learn.python.learn.utils ?contrib.learn.ModeKeys
"""
