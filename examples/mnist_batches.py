"""Section 5.1: the images of MNIST, and batches of them in a new order each time through.

python examples/mnist_batches.py --data_dir=/tmp/mnist
"""

import pyflow as tf
from pyflow.examples.tutorials.mnist import input_data

tf.flags.DEFINE_string("data_dir", "/tmp/mnist", "Where the four files of MNIST are, or are put.")


def main(_):
    mnist = input_data.read_data_sets(tf.flags.FLAGS.data_dir, one_hot=True)
    for name, part in [("training", mnist.train), ("validation", mnist.validation), ("test", mnist.test)]:
        print(f"{name}: {part.num_examples} images")
    images, labels = mnist.train.next_batch(100)
    print("a batch:", images.shape, labels.shape)
    print("\n".join("".join(" .:#"[int(p * 3.99)] for p in row) for row in images[0].reshape(28, 28)[::2]))
    print("the digit", labels[0].argmax())


if __name__ == "__main__":
    tf.app.run()
