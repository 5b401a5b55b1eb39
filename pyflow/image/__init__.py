"""tf.image: files as pixels and back, sizes, flips, colours, boxes, and how alike two images are."""
