"""A residual network with batch normalisation, augmentation in tf.data, a stepped learning rate, a moving average."""

import numpy as np
import tensorflow as tf

BN_MOMENTUM, WEIGHT_DECAY = 0.9, 2e-4


def batch_norm(inputs, training):
    return tf.layers.batch_normalization(
        inputs=inputs,
        axis=3,
        momentum=BN_MOMENTUM,
        epsilon=1e-5,
        center=True,
        scale=True,
        training=training,
        fused=True,
    )


def fixed_padding(inputs, kernel_size):
    total = kernel_size - 1
    begin = total // 2
    return tf.pad(inputs, [[0, 0], [begin, total - begin], [begin, total - begin], [0, 0]])


def conv(inputs, filters, kernel_size, strides):
    if strides > 1:
        inputs = fixed_padding(inputs, kernel_size)
    return tf.layers.conv2d(
        inputs=inputs,
        filters=filters,
        kernel_size=kernel_size,
        strides=strides,
        padding="SAME" if strides == 1 else "VALID",
        use_bias=False,
        kernel_initializer=tf.variance_scaling_initializer(),
    )


def block(inputs, filters, training, projection, strides):
    shortcut = inputs
    inputs = tf.nn.relu(batch_norm(inputs, training))
    if projection is not None:
        shortcut = projection(inputs)
    inputs = conv(inputs, filters, 3, strides)
    inputs = tf.nn.relu(batch_norm(inputs, training))
    return conv(inputs, filters, 3, 1) + shortcut


def network(inputs, training):
    inputs = tf.identity(conv(inputs, 4, 3, 1), "initial_conv")
    for i, filters in enumerate([4, 8]):
        strides = 1 if i == 0 else 2
        inputs = block(inputs, filters, training, lambda x: conv(x, filters, 1, strides), strides)
        inputs = tf.identity(block(inputs, filters, training, None, 1), "block_layer%d" % (i + 1))
    inputs = tf.nn.relu(batch_norm(inputs, training))
    inputs = tf.reduce_mean(inputs, [1, 2], keepdims=True)
    inputs = tf.squeeze(tf.identity(inputs, "final_reduce_mean"), [1, 2])
    return tf.identity(tf.layers.dense(inputs=inputs, units=3), "final_dense")


def augment(image, label):
    image = tf.image.resize_image_with_crop_or_pad(image, 10, 10)
    image = tf.random_crop(image, [8, 8, 1], seed=1)
    image = tf.image.random_flip_left_right(image, seed=2)
    return tf.image.per_image_standardization(image), label


rng = np.random.RandomState(41)
labels = rng.randint(0, 3, 48).astype(np.int32)
images = rng.randn(48, 8, 8, 1).astype(np.float32) * 0.3
for n, label in enumerate(labels):
    images[n, label * 2 : label * 2 + 3] += 1.0
tf.set_random_seed(41)
dataset = tf.data.Dataset.from_tensor_slices((images, labels))
training_set = dataset.shuffle(48, seed=5).repeat().map(augment).batch(12).prefetch(2)
testing_set = dataset.map(lambda x, y: (tf.image.per_image_standardization(x), y)).batch(16)
iterator = tf.data.Iterator.from_structure(training_set.output_types, training_set.output_shapes)
start_training, start_testing = iterator.make_initializer(training_set), iterator.make_initializer(testing_set)
x, y = iterator.get_next()
training = tf.placeholder(tf.bool, name="training")
logits = network(x, training)
cross_entropy = tf.losses.sparse_softmax_cross_entropy(logits=logits, labels=y)
l2 = WEIGHT_DECAY * tf.add_n(
    [tf.nn.l2_loss(tf.cast(v, tf.float32)) for v in tf.trainable_variables() if "batch_normalization" not in v.name]
)
loss = cross_entropy + l2
global_step = tf.train.get_or_create_global_step()
rate = tf.train.piecewise_constant(global_step, [6, 12], [0.1, 0.05, 0.01])
optimizer = tf.train.MomentumOptimizer(learning_rate=rate, momentum=0.9)
grads_and_vars = optimizer.compute_gradients(loss)
minimize = optimizer.apply_gradients(grads_and_vars, global_step)
update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
average = tf.train.ExponentialMovingAverage(0.8, global_step)
with tf.control_dependencies([minimize] + update_ops):
    train = average.apply(tf.trainable_variables())
right = tf.reduce_sum(tf.cast(tf.nn.in_top_k(logits, y, 1), tf.int32))
print(len(update_ops), len(tf.trainable_variables()), rate.op.name)
print([v.op.name for v in tf.global_variables() if "moving" in v.op.name][:4])
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for epoch in range(3):
        sess.run(start_training)
        for _ in range(6):
            _, value, lr, step = sess.run([train, loss, rate, global_step], {training: True})
        print("epoch %d step %d loss %.3f rate %.4f" % (epoch, step, value, lr))
    sess.run(start_testing)
    total = 0
    try:
        while True:
            total += sess.run(right, {training: False})
    except tf.errors.OutOfRangeError:
        print("done", total > 16)
    kernel = tf.trainable_variables()[0]
    moving = [v for v in tf.global_variables() if v.op.name.endswith("moving_variance")]
    print(kernel.op.name, np.round(np.abs(sess.run(moving[0])).sum(), 2), average.average(kernel).op.name)
