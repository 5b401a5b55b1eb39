"""Section 3.1: a program first builds a graph of operations, which has its own variables, devices and collections."""

import pyflow as tf


def one_graph_per_model():
    """Two graphs with a variable of the same name, which holds 0 in one and 1 in the other."""
    graphs = {}
    for name, initializer in [("zeros", tf.zeros_initializer()), ("ones", tf.ones_initializer())]:
        graphs[name] = tf.Graph()
        with graphs[name].as_default():
            tf.get_variable("v", shape=[1], initializer=initializer)
    for name, graph in graphs.items():
        with tf.Session(graph=graph) as sess:
            tf.global_variables_initializer().run()
            with tf.variable_scope("", reuse=True):
                print(name, sess.run(tf.get_variable("v")))


def devices_and_collections():
    """Where an operation is to run is part of the graph; so are named collections of what a program wants to find."""
    with tf.Graph().as_default() as graph:
        with graph.device("/cpu:0"):
            total = tf.add(1.0, 2.0, name="total")
        tf.add_to_collection("results", total)
        print(total.device, [tensor.name for tensor in tf.get_collection("results")])


if __name__ == "__main__":
    print("a constant lives in the default graph:", tf.constant([1, 2], name="a").graph is tf.get_default_graph())
    one_graph_per_model()
    devices_and_collections()
