"""What tests of TensorFlow's style assert, and what they make for it."""

from __future__ import absolute_import, division, print_function

import os

import tensorflow as tf
from tensorflow.python.framework import test_util
from tensorflow.python.platform import test


class AssertionTest(test_util.TensorFlowTestCase):
    def _assertFails(self, words, assertion, *args, **kwargs):
        with self.assertRaises(AssertionError) as context:
            assertion(*args, **kwargs)
        self.assertIn(words, str(context.exception))

    def testSequences(self):
        self.assertContainsSubsequence([1, 2, 3], [1, 3])
        self._assertFails("First non-matching element: 4", self.assertContainsSubsequence, [1, 2, 3], [1, 4])
        self.assertContainsExactSubsequence([1, 2, 3], [2, 3])
        self._assertFails("Longest matching prefix: [1]", self.assertContainsExactSubsequence, [1, 2, 3], [1, 3])
        self.assertTotallyOrdered([1, 1], [2], [3])
        self._assertFails("2 not less than 1", self.assertTotallyOrdered, [2], [1])
        self._assertFails("does start with 'a'", self.assertNotStartsWith, "abc", "a")
        self._assertFails("does end with 'c'", self.assertNotEndsWith, "abc", "c")

    def testWordsOfFailures(self):
        self._assertFails('"1" unexpectedly not between "2" and "3"', self.assertBetween, 1, 2, 3)
        self._assertFails("Expected, but missing:\n  [1]\nUnexpected, but", self.assertSameElements, [1, 2], [2, 3])
        self._assertFails("offending elements:\n  [1] : 5.0", self.assertAllInRange, [1.0, 5.0], 1, 2)
        self._assertFails("  [0 1] : 3\n  [1 0] : 4", self.assertAllInRange, [[1, 3], [4, 1]], 1, 2)

    def testTemporaryFiles(self):
        directory = self.create_tempdir()
        file = directory.create_file("a/b.txt", content="text")
        self.assertEqual(file.full_path, os.path.join(directory.full_path, "a", "b.txt"))
        self.assertEqual(file.read_text(), "text")
        self.assertTrue(os.path.isdir(directory.mkdir("c").full_path))
        self.assertEqual(self.create_tempfile(content=b"bytes").read_bytes(), b"bytes")

    def testCombinations(self):
        cases = test_util.generate_combinations_with_testcase_name(a=[1, 2.5], b=["x y"])
        self.assertEqual([case["testcase_name"] for case in cases], ["_test_a_1_b_xy", "_test_a_25_b_xy"])
        self.assertEqual(cases[1]["a"], 2.5)

    @test_util.run_deprecated_v1
    def testLayouts(self):
        self.assertEqual(test_util.NHWCToNCHW_VECT_C([1, 2, 3, 8]), [1, 2, 2, 3, 4])
        self.assertEqual(test_util.NCHW_VECT_CToNHWC([1, 2, 2, 3, 4]), [1, 2, 3, 8])
        with self.assertRaisesRegexp(ValueError, "must be evenly divisible by 4"):
            test_util.NHWCToNCHW_VECT_C([1, 2, 3, 5])
        images = tf.reshape(tf.range(48), [1, 2, 3, 8])
        self.assertAllEqual(test_util.NCHW_VECT_CToNHWC(test_util.NHWCToNCHW_VECT_C(images)), images)
        self.assertEqual(test_util.NHWCToNCHW(tf.ones([1, 2, 3, 4, 5])).shape.as_list(), [1, 5, 2, 3, 4])

    def testGraphs(self):
        graph = tf.Graph()
        test_util.set_producer_version(graph, 12)
        self.assertEqual(graph.graph_def_versions.producer, 12)
        graphs = []
        for value in (1.0, 1.0, 2.0):
            with tf.Graph().as_default():
                tf.Variable(value, name="v")
                graphs.append(tf.train.export_meta_graph())
        test_util.assert_meta_graph_protos_equal(self, graphs[0], graphs[1])
        self._assertFails("", test_util.assert_meta_graph_protos_equal, self, graphs[0], graphs[2])


if __name__ == "__main__":
    test.main()
