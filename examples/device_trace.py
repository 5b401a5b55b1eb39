"""Where each operation runs, and how long it takes there.

    python examples/device_trace.py

The placement log names the device of each operation. The trace has the time of each operation, on a GPU of each
dispatch; with PYFLOW_TRACE=/tmp/trace.json all runs go into a file too, for chrome://tracing or ui.perfetto.dev. On a
machine without GPU a software adapter shows the same: PYFLOW_ADAPTER=llvmpipe python examples/device_trace.py
"""

import numpy as np

import pyflow as tf


def make_step(device):
    """An op that fits a layer of 256 units to what it is fed, and the placeholders."""
    with tf.device(device):
        x = tf.placeholder(tf.float32, [128, 512], name="x")
        y = tf.placeholder(tf.float32, [128, 256], name="y")
        weights = tf.get_variable("weights", [512, 256], initializer=tf.truncated_normal_initializer(stddev=0.05))
        error = tf.reduce_mean(tf.square(tf.nn.relu(tf.matmul(x, weights)) - y))
        return x, y, tf.train.MomentumOptimizer(0.1, 0.9).minimize(error)


def main(_):
    device = tf.test.gpu_device_name() or "/cpu:0"
    x, y, step = make_step(device)
    numbers = np.random.RandomState(1)
    feed = {x: numbers.rand(128, 512), y: numbers.rand(128, 256)}
    with tf.Session(config=tf.ConfigProto(allow_soft_placement=True, log_device_placement=True)) as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(step, feed)  # plans the step
        metadata = tf.RunMetadata()
        sess.run(step, feed, tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE), metadata)
    for stats in metadata.step_stats.dev_stats:
        print(stats.device)
        for node in stats.node_stats:
            print(f"  {node.all_end_rel_micros:8d} µs  {node.node_name}")


if __name__ == "__main__":
    tf.app.run()
