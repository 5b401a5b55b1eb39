import numpy as np
import tensorflow as tf

slim = tf.contrib.slim
tf.set_random_seed(11)


def arg_scope(is_training, wd=0.0005):
    bn = {
        "decay": 0.9,
        "epsilon": 1e-5,
        "scale": True,
        "is_training": is_training,
        "updates_collections": tf.GraphKeys.UPDATE_OPS,
    }
    with slim.arg_scope(
        [slim.conv2d],
        weights_regularizer=slim.l2_regularizer(wd),
        weights_initializer=slim.variance_scaling_initializer(),
        activation_fn=tf.nn.relu,
        normalizer_fn=slim.batch_norm,
        normalizer_params=bn,
    ):
        with slim.arg_scope([slim.batch_norm], **bn):
            with slim.arg_scope([slim.max_pool2d], padding="SAME") as sc:
                return sc


def block(x, depth, stride, scope):
    with tf.variable_scope(scope, "block", [x]) as sc:
        shortcut = slim.conv2d(x, depth, [1, 1], stride=stride, activation_fn=None, scope="shortcut")
        r = slim.conv2d(x, depth // 2, 1, scope="conv1")
        r = slim.conv2d(r, depth // 2, 3, stride, scope="conv2")
        r = slim.conv2d(r, depth, [1, 1], normalizer_fn=None, activation_fn=None, scope="conv3")
        out = tf.nn.relu(shortcut + r)
        return slim.utils.collect_named_outputs("endp", sc.name, out)


def net(images, n, is_training=True, reuse=None):
    with tf.variable_scope("net", reuse=reuse) as sc, slim.arg_scope(arg_scope(is_training)):
        x = slim.conv2d(images, 8, [3, 3], scope="conv0")
        x = slim.max_pool2d(x, [2, 2], scope="pool0")
        x = block(x, 16, 1, "b1")
        x = block(x, 16, 2, "b2")
        x = slim.repeat(x, 2, slim.conv2d, 8, [3, 3], scope="rep")
        x = slim.avg_pool2d(x, x.get_shape()[1:3], padding="VALID", scope="gap")
        x = slim.dropout(x, 0.9, is_training=False)
        x = slim.conv2d(x, n, 1, activation_fn=None, normalizer_fn=None, scope="logits")
        return tf.squeeze(x, [1, 2], name="SpatialSqueeze")


r = np.random.RandomState(2)
X = r.rand(24, 12, 12, 3).astype("f")
L = r.randint(0, 3, 24)
logits = net(tf.constant(X), 3)
test = net(tf.constant(X), 3, is_training=False, reuse=True)
onehot = slim.one_hot_encoding(L, 3)
slim.losses.softmax_cross_entropy(logits, onehot)
total = slim.losses.get_total_loss()
opt = tf.train.RMSPropOptimizer(0.002)
train = slim.learning.create_train_op(total, opt, clip_gradient_norm=4.0)
print(slim.utils.convert_collection_to_dict("endp").keys())
for v in slim.get_model_variables():
    print(v.op.name)
print(
    len(slim.get_variables_to_restore(exclude=["net/logits"])),
    len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)),
    slim.get_variables_by_suffix("biases"),
)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for i in range(6):
        print(i, sess.run(train))
    print(sess.run(test)[:2])
    print(sess.run(slim.get_unique_variable("net/conv0/BatchNorm/moving_variance")))
