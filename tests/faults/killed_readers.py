"""Run as a program: makes children that go through records and save how far they are, and kills them.

python killed_readers.py FOLDER COUNT: the records of two files are summed up; children die until the sum is complete,
after COUNT deaths at least.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time

import pyflow as tf

RECORDS = 400
EPOCHS = 2


def write_files(folder: str) -> list[str]:
    paths = [os.path.join(folder, name) for name in ("even", "odd")]
    for first, path in enumerate(paths):
        with tf.python_io.TFRecordWriter(path, tf.python_io.TFRecordOptions("GZIP" if first else "")) as writer:
            for number in range(first, RECORDS, 2):
                writer.write(b"%d" % number)
    return paths


class Counter:
    """Counts how often each record has come, and saves that with the place in the files."""

    def __init__(self, even: str, odd: str):
        records = tf.data.TFRecordDataset(even).concatenate(tf.data.TFRecordDataset(odd, "GZIP"))
        numbers = records.map(lambda text: tf.string_to_number(text, tf.int32), num_parallel_calls=2)
        iterator = numbers.shuffle(50).repeat(EPOCHS).batch(5).prefetch(2).make_initializable_iterator()
        self.begin = iterator.initializer
        self.counts = tf.get_variable("counts", [RECORDS], tf.int32, tf.zeros_initializer())
        self.count = tf.scatter_add(self.counts, iterator.get_next(), tf.ones([5], tf.int32))
        self.clear = tf.global_variables_initializer()
        place = tf.data.experimental.make_saveable_from_iterator(iterator)
        tf.add_to_collection(tf.GraphKeys.SAVEABLE_OBJECTS, place)
        self.saver = tf.train.Saver(max_to_keep=2)

    def go_on(self, folder: str) -> None:
        """From the last checkpoint to the end, saving now and then."""
        random.seed(os.getpid())
        with tf.Session() as sess:
            sess.run([self.begin, self.clear])
            latest = tf.train.latest_checkpoint(folder)
            if latest is not None:
                self.saver.restore(sess, latest)
            step = int(sess.run(self.counts).sum())
            while True:
                try:
                    sess.run(self.count)
                except tf.errors.OutOfRangeError:
                    break
                step += 5
                if random.random() < 0.2:
                    self.saver.save(sess, os.path.join(folder, "m"), step, write_meta_graph=False)
                time.sleep(0.001)
            self.saver.save(sess, os.path.join(folder, "m"), step, write_meta_graph=False)

    def counted(self, folder: str) -> set[int]:
        latest = tf.train.latest_checkpoint(folder)
        assert latest is not None
        return set(tf.train.NewCheckpointReader(latest).get_tensor("counts").tolist())


def main(folder: str, count: int) -> None:
    random.seed(0)
    counter = Counter(*write_files(folder))
    deaths = 0
    while True:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                counter.go_on(folder)
                status = 0
            finally:
                os._exit(status)
        if deaths < count:
            time.sleep(random.uniform(0.0, 0.1))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if status == 0:
            break
        assert os.WIFSIGNALED(status), status
        deaths += 1
    assert deaths >= 3
    assert counter.counted(folder) == {EPOCHS}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
