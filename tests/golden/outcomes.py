"""What a piece of graph gives, as JSON can hold it: values and shapes, or the error. Runs under Python 3.7 too."""


def plain(value):
    """A fetched value with everything about it."""
    if isinstance(value, dict):
        return {str(key): plain(value[key]) for key in sorted(value)}
    if hasattr(value, "dense_shape"):
        return {"sparse": [plain(value.indices), plain(value.values), plain(value.dense_shape)]}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if hasattr(value, "dtype"):
        return [str(value.dtype), value.shape, _elements(value.tolist())]
    return value if value is None or isinstance(value, (bool, int, str)) else repr(value)


def _elements(value):
    if isinstance(value, list):
        return [_elements(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, (bool, int)) else repr(value)


def shapes(tensors):
    """Static shapes, as text."""
    if isinstance(tensors, dict):
        return {str(key): shapes(tensors[key]) for key in sorted(tensors)}
    if isinstance(tensors, (list, tuple)) and not hasattr(tensors, "dense_shape"):
        return [shapes(tensor) for tensor in tensors]
    if hasattr(tensors, "dense_shape"):
        return str(tensors.indices.shape)
    return str(tensors.shape)


def error(exception):
    return [type(exception).__name__, str(exception).split("\n")[0]]


def outcome(tf, build, initialize=False):
    """What `build(tf)` gives when it is run in a graph of its own, with its shapes; or the error that comes of it."""
    with tf.Graph().as_default():
        try:
            tensors = build(tf)
            with tf.Session() as session:
                if initialize:
                    session.run(tf.tables_initializer())
                return [plain(session.run(tensors)), shapes(tensors)]
        except Exception as exception:
            return error(exception)


def nodes(tf, build):
    """The nodes that `build(tf)` adds."""
    with tf.Graph().as_default() as graph:
        build(tf)
        return [[op.name, op.type, [x.name for x in op.inputs], shapes(op.outputs)] for op in graph.get_operations()]
