"""Training by towers on several devices: shared variables, averaged gradients, a queue of inputs, soft placement."""

import re

import numpy as np
import tensorflow as tf

NUM_GPUS, BATCH, CLASSES = 2, 8, 3
TOWER_NAME = "tower"


def _variable_on_cpu(name, shape, initializer):
    with tf.device("/cpu:0"):
        return tf.get_variable(name, shape, initializer=initializer, dtype=tf.float32)


def _variable_with_weight_decay(name, shape, stddev, wd):
    var = _variable_on_cpu(name, shape, tf.truncated_normal_initializer(stddev=stddev, dtype=tf.float32))
    if wd is not None:
        tf.add_to_collection("losses", tf.multiply(tf.nn.l2_loss(var), wd, name="weight_loss"))
    return var


def _activation_summary(x):
    tensor_name = re.sub("%s_[0-9]*/" % TOWER_NAME, "", x.op.name)
    tf.summary.histogram(tensor_name + "/activations", x)
    tf.summary.scalar(tensor_name + "/sparsity", tf.nn.zero_fraction(x))


def inference(images):
    with tf.variable_scope("conv1") as scope:
        kernel = _variable_with_weight_decay("weights", [3, 3, 1, 4], 5e-2, None)
        biases = _variable_on_cpu("biases", [4], tf.constant_initializer(0.1))
        pre_activation = tf.nn.bias_add(tf.nn.conv2d(images, kernel, [1, 1, 1, 1], padding="SAME"), biases)
        conv1 = tf.nn.relu(pre_activation, name=scope.name)
        _activation_summary(conv1)
    pool1 = tf.nn.max_pool(conv1, ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1], padding="SAME", name="pool1")
    norm1 = tf.nn.lrn(pool1, 4, bias=1.0, alpha=0.001 / 9.0, beta=0.75, name="norm1")
    with tf.variable_scope("local") as scope:
        reshape = tf.reshape(norm1, [BATCH, -1])
        dim = reshape.get_shape()[1].value
        weights = _variable_with_weight_decay("weights", [dim, 6], 0.1, 0.004)
        biases = _variable_on_cpu("biases", [6], tf.constant_initializer(0.1))
        local = tf.nn.relu(tf.matmul(reshape, weights) + biases, name=scope.name)
        _activation_summary(local)
    with tf.variable_scope("softmax_linear") as scope:
        weights = _variable_with_weight_decay("weights", [6, CLASSES], 1 / 6.0, None)
        biases = _variable_on_cpu("biases", [CLASSES], tf.constant_initializer(0.0))
        return tf.add(tf.matmul(local, weights), biases, name=scope.name)


def tower_loss(scope, images, labels):
    logits = inference(images)
    cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=tf.cast(labels, tf.int64), logits=logits, name="cross_entropy_per_example"
    )
    tf.add_to_collection("losses", tf.reduce_mean(cross_entropy, name="cross_entropy"))
    losses = tf.get_collection("losses", scope)
    total_loss = tf.add_n(losses, name="total_loss")
    for l in losses + [total_loss]:
        tf.summary.scalar(re.sub("%s_[0-9]*/" % TOWER_NAME, "", l.op.name), l)
    return total_loss


def average_gradients(tower_grads):
    average_grads = []
    for grad_and_vars in zip(*tower_grads):
        grads = [tf.expand_dims(g, 0) for g, _ in grad_and_vars]
        grad = tf.reduce_mean(tf.concat(axis=0, values=grads), 0)
        average_grads.append((grad, grad_and_vars[0][1]))
    return average_grads


rng = np.random.RandomState(53)
labels_np = np.arange(48) % CLASSES
images_np = rng.randn(48, 6, 6, 1).astype(np.float32) * 0.2
for i, label in enumerate(labels_np):
    images_np[i, :, label * 2 : label * 2 + 2] += 1.0
with tf.Graph().as_default(), tf.device("/cpu:0"):
    tf.set_random_seed(53)
    global_step = tf.get_variable("global_step", [], initializer=tf.constant_initializer(0), trainable=False)
    lr = tf.train.exponential_decay(0.1, global_step, 5, 0.5, staircase=True)
    opt = tf.train.GradientDescentOptimizer(lr)
    queue = tf.FIFOQueue(capacity=20, dtypes=[tf.float32, tf.int32], shapes=[[BATCH, 6, 6, 1], [BATCH]])
    image_feed, label_feed = tf.placeholder(tf.float32, [BATCH, 6, 6, 1]), tf.placeholder(tf.int32, [BATCH])
    enqueue = queue.enqueue([image_feed, label_feed])
    tower_grads, loss = [], None
    with tf.variable_scope(tf.get_variable_scope()):
        for i in range(NUM_GPUS):
            with tf.device("/gpu:%d" % i):
                with tf.name_scope("%s_%d" % (TOWER_NAME, i)) as scope:
                    with tf.control_dependencies([loss] if i else []):
                        image_batch, label_batch = queue.dequeue()
                    loss = tower_loss(scope, image_batch, label_batch)
                    tf.get_variable_scope().reuse_variables()
                    summaries = tf.get_collection(tf.GraphKeys.SUMMARIES, scope)
                    tower_grads.append(opt.compute_gradients(loss))
    grads = average_gradients(tower_grads)
    summaries.append(tf.summary.scalar("learning_rate", lr))
    for grad, var in grads:
        if grad is not None:
            summaries.append(tf.summary.histogram(var.op.name + "/gradients", grad))
    apply_gradient_op = opt.apply_gradients(grads, global_step=global_step)
    variable_averages = tf.train.ExponentialMovingAverage(0.9999, global_step)
    variables_averages_op = variable_averages.apply(tf.trainable_variables())
    train_op = tf.group(apply_gradient_op, variables_averages_op)
    saver = tf.train.Saver(tf.global_variables())
    summary_op = tf.summary.merge(summaries)
    init = tf.global_variables_initializer()
    restored = variable_averages.variables_to_restore()
    sess = tf.Session(config=tf.ConfigProto(allow_soft_placement=True, log_device_placement=False))
    sess.run(init)
    for step in range(12):
        for tower in range(NUM_GPUS):
            chosen = (np.arange(BATCH) * 5 + step * 7 + tower * 3) % 48
            sess.run(enqueue, {image_feed: images_np[chosen], label_feed: labels_np[chosen]})
        _, loss_value = sess.run([train_op, loss])
        assert not np.isnan(loss_value), "Model diverged with loss = NaN"
        if step % 4 == 0:
            print("step %d, loss = %.4f, rate %.4f" % (step, loss_value, sess.run(lr)))
    for tower in range(NUM_GPUS):
        sess.run(enqueue, {image_feed: images_np[:BATCH], label_feed: labels_np[:BATCH]})
    values = tf.Summary.FromString(sess.run(summary_op)).value
    print(sorted(v.tag for v in values))
    print(sorted(restored)[:4], sess.run(queue.size()))
    print([v.op.name for v in tf.trainable_variables()], [v.device for v in tf.trainable_variables()][:2])
    print(loss.device, sess.run(global_step))
