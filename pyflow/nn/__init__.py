"""tf.nn: recurrent cells and what runs them over time. (The other functions of tf.nn stand with their ops.)"""
