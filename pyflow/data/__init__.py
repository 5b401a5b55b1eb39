"""tf.data: datasets, iterators, and what contrib and experimental add to them."""
