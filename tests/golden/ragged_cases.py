"""What ragged tensors give under TensorFlow 1.15.5; the results are kept in ragged.json.

Runs under Python 3.7 as well.
"""

ROWS = [[1, 2], [], [3]]
DEEP = [[[1, 2], [3]], [], [[4], [], [5, 6]]]
WORDS = [["a", "b", "c"], [], ["d"]]


def _cases(tf):
    ragged, R = tf.ragged, tf.RaggedTensor
    rows, deep, words = ragged.constant(ROWS), ragged.constant(DEEP), ragged.constant(WORDS)
    floats = ragged.constant([[1.0, 2.5], [], [3.0]])
    flat = ragged.constant([[[1, 2]], [], [[3, 4], [5, 6]]], ragged_rank=1)
    flags = ragged.constant([[True, False], [], [True]])
    sparse = tf.SparseTensor([[0, 0], [0, 1], [2, 0]], [1, 2, 3], [4, 2])
    dense = tf.constant([[1, 0, 0], [2, 3, 0]])
    several = [0, 1, 0]
    pair = ragged.constant([[10, 20]])
    full = ragged.constant([["a", "b", "c"], ["d"]])
    return {
        "constants": [
            lambda: rows, lambda: deep, lambda: words, lambda: flat, lambda: ragged.constant([]),
            lambda: ragged.constant([[], []]), lambda: ragged.constant([[[]], []]), lambda: ragged.constant(3),
            lambda: ragged.constant([1, 2]), lambda: ragged.constant([[1], 2]),
            lambda: ragged.constant([[1]], ragged_rank=3), lambda: ragged.constant([[1, 2]], ragged_rank=0),
            lambda: ragged.constant([[[1, 2]], []], inner_shape=(2,)),
            lambda: ragged.constant([[[1, 2], [3]]], ragged_rank=1), lambda: ragged.constant([[1]], ragged_rank=-1),
            lambda: ragged.constant(ROWS, dtype=tf.float32, row_splits_dtype=tf.int32),
            lambda: ragged.constant([[1, 2]], inner_shape=(2,), ragged_rank=3), lambda: ragged.constant(rows),
        ],
        "parts": [
            lambda: R.from_row_splits([1, 2, 3], [0, 2, 2, 3]), lambda: R.from_row_lengths([1, 2, 3], [2, 0, 1]),
            lambda: R.from_value_rowids([1, 2, 3], [0, 0, 2]), lambda: R.from_row_starts([1, 2, 3], [0, 2]),
            lambda: R.from_row_limits([1, 2, 3], [0, 3]), lambda: R.from_value_rowids([1], [0], 3),
            lambda: R.from_value_rowids([1], [2], 1), lambda: R.from_value_rowids([1], [2], -1),
            lambda: R.from_nested_row_splits([1, 2, 3], [[0, 1, 2], [0, 2, 3]]),
            lambda: R.from_nested_row_lengths([1, 2, 3], [[1, 1], [2, 1]]),
            lambda: R.from_nested_value_rowids([1, 2, 3], [[0, 1], [0, 0, 1]]),
            lambda: R.from_row_splits([1, 2], []), lambda: R.from_row_splits([1, 2], [0.0, 2.0]), lambda: R(1, 2),
            lambda: R.from_row_splits([1], [0, 1], validate=1), lambda: [rows.nrows(), rows.value_rowids()],
            lambda: [rows.row_starts(), rows.row_limits(), rows.row_lengths(), deep.bounding_shape()],
            lambda: deep.row_lengths(2), lambda: flat.row_lengths(2), lambda: list(deep.nested_row_lengths()),
            lambda: list(deep.nested_value_rowids()), lambda: rows.with_values(tf.constant([7, 8, 9])),
            lambda: deep.with_flat_values(tf.range(6)), lambda: rows.with_row_splits_dtype(tf.int32),
            lambda: rows.with_row_splits_dtype(tf.float32), lambda: rows.to_list(), lambda: bool(rows),
            lambda: rows.bounding_shape(axis=1), lambda: rows.bounding_shape(axis=[1, 0]), lambda: len(rows),
        ],
        "conversion": [
            lambda: rows.to_tensor(), lambda: rows.to_tensor(9), lambda: deep.to_tensor(), lambda: flat.to_tensor(),
            lambda: flat.to_tensor([7, 8]), lambda: words.to_tensor(), lambda: rows.to_sparse(),
            lambda: deep.to_sparse(),
            lambda: flat.to_sparse(), lambda: R.from_sparse(sparse), lambda: R.from_sparse(dense),
            lambda: R.from_sparse(tf.SparseTensor([[0, 1]], [1], [1, 2])), lambda: R.from_tensor(dense),
            lambda: R.from_tensor(dense, padding=0), lambda: R.from_tensor(dense, lengths=[1, 2]),
            lambda: R.from_tensor(dense, lengths=[1, 9], padding=0), lambda: R.from_tensor(dense, ragged_rank=0),
            lambda: R.from_tensor([[[1, 2], [3, 0]]], ragged_rank=2),
            lambda: R.from_tensor([[[1, 2], [3, 0]]], padding=[3, 0]),
            lambda: R.from_tensor([[[1, 2], [3, 0]]], lengths=([2], [1, 1])),
            lambda: ragged.row_splits_to_segment_ids([0, 2, 2, 3]),
            lambda: ragged.segment_ids_to_row_splits([0, 0, 2]),
            lambda: ragged.segment_ids_to_row_splits([0, 0, 2], 5), lambda: tf.convert_to_tensor(rows),
        ],
        "elementwise": [
            lambda: rows + 1, lambda: 1 - rows, lambda: rows * rows, lambda: -floats, lambda: abs(-floats),
            lambda: rows + tf.constant([[10], [20], [30]]), lambda: rows * tf.constant([[2, 3]]),
            lambda: flat + [10, 20], lambda: deep + 1, lambda: deep + tf.constant([[[10]], [[20]], [[30]]]),
            lambda: floats / 2.0, lambda: rows // 2, lambda: rows % 2, lambda: floats**2.0, lambda: rows > 1,
            lambda: tf.equal(rows, 2), lambda: flags & flags, lambda: ~flags, lambda: tf.cast(rows, tf.float32),
            lambda: tf.square(rows), lambda: tf.exp(floats * 0.0), lambda: tf.zeros_like(rows),
            lambda: tf.clip_by_value(rows, 1, 2), lambda: tf.add_n([rows, rows]), lambda: tf.strings.length(words),
            lambda: tf.strings.join([words, words], separator="-"), lambda: tf.as_string(rows),
            lambda: tf.maximum(rows, 2), lambda: tf.identity(rows), lambda: ragged.map_flat_values(tf.square, rows),
            lambda: ragged.map_flat_values(tf.add, rows, 5), lambda: ragged.map_flat_values(tf.add, x=rows, y=rows),
        ],
        "broadcasting": [
            lambda: rows + ragged.constant(ROWS), lambda: rows + ragged.constant([[1], [2, 3], [4]]),
            lambda: pair + ragged.constant([[1, 2], [3, 4], [5, 6]]),
            lambda: ragged.constant([[1, 2], [3, 4], [5, 6]]) - pair, lambda: rows + pair,
            lambda: rows * ragged.constant([[[1, 2], []], [[3]]]),
            lambda: (pair * ragged.constant([[[1, 2], [3, 4]]])).flat_values,
            lambda: (pair * ragged.constant([[[1, 2], [3, 4]], [[5, 6]]])).flat_values,
            lambda: flat * ragged.constant([[[1, 2]]]),
            lambda: ragged.constant([[[1]], [[2], [3]]], inner_shape=(1,)) + ragged.constant([[[1, 2]], [[], [3]]]),
            lambda: ragged.constant([[[1, 2], [3]], [[4]]]) - ragged.constant([[[1]], [[2]]], inner_shape=(1,)),
            lambda: ragged.constant([[[1, 2], [3, 4]], [[5, 6]]], inner_shape=(2,)) * pair,
            lambda: ragged.constant([[1, 2], [3, 4]]) + [[10, 20], [30, 40]],
            lambda: ragged.constant([[1, 2], [3, 4]]) + tf.constant([[[10]], [[20]]]), lambda: pair + [[[1]], [[2]]],
            lambda: pair + [[1], [2]], lambda: pair + [5], lambda: pair + [5, 6], lambda: deep + ragged.constant([[7]]),
            lambda: tf.less(pair, ragged.constant([[1, 2], [10, 40]])), lambda: tf.pow(pair, ragged.constant([[2, 1]])),
            lambda: rows + ragged.constant(ROWS, row_splits_dtype=tf.int32), lambda: rows + [[1], [2]],
        ],
        "reductions": [
            lambda: tf.reduce_sum(rows), lambda: tf.reduce_sum(rows, 0), lambda: tf.reduce_sum(rows, axis=1),
            lambda: tf.reduce_sum(rows, -1), lambda: tf.reduce_mean(floats, 1), lambda: tf.reduce_mean(floats, 0),
            lambda: tf.reduce_max(rows, 0), lambda: tf.reduce_min(deep, 2), lambda: tf.reduce_prod(deep, 1),
            lambda: tf.reduce_sum(deep, 0), lambda: tf.reduce_sum(deep, [1, 2]),
            lambda: tf.reduce_sum(deep, [0, 1, 2]),
            lambda: tf.reduce_sum(flat, 2), lambda: tf.reduce_sum(flat, 1), lambda: tf.reduce_any(flags, 1),
            lambda: tf.reduce_all(flags, 1), lambda: tf.reduce_sum(rows, 1, keepdims=True),
            lambda: tf.math.unsorted_segment_sum(rows, several, 2), lambda: tf.strings.reduce_join(words, 1),
            lambda: tf.math.unsorted_segment_sum(rows, ragged.constant([[0, 1], [], [1]]), 2),
            lambda: tf.math.unsorted_segment_mean(floats, several, 2), lambda: tf.reduce_sum(rows, 5),
            lambda: tf.math.unsorted_segment_max(rows, several, 2),
        ],
        "joining": [
            lambda: tf.concat([rows, rows], 0), lambda: tf.concat([rows, rows], 1), lambda: tf.concat([deep, deep], 2),
            lambda: tf.concat([rows, [[9], [8], [7]]], 1), lambda: tf.stack([rows, rows], 0),
            lambda: tf.stack([rows, rows], 1), lambda: ragged.stack([rows, rows], 2),
            lambda: ragged.stack([[1, 2], [3]]),
            lambda: ragged.stack([[1, 2], [3, 4]]), lambda: ragged.stack([rows, [[7], [8], [9]]]),
            lambda: ragged.stack([rows]), lambda: tf.concat([rows], 0), lambda: tf.concat([rows, deep], 0),
            lambda: tf.tile(rows, [1, 2]), lambda: tf.tile(rows, [2, 1]), lambda: tf.tile(deep, [1, 2, 2]),
            lambda: tf.expand_dims(rows, 0), lambda: tf.expand_dims(rows, 1), lambda: tf.expand_dims(rows, -1),
            lambda: tf.squeeze(ragged.constant([[[1], [2]], []], ragged_rank=1), 2), lambda: tf.squeeze(rows[:1], 0),
            lambda: tf.squeeze(rows), lambda: tf.size(rows), lambda: tf.rank(deep), lambda: tf.one_hot(rows, 4),
        ],
        "selection": [
            lambda: tf.gather(rows, [2, 0]), lambda: tf.gather([10, 20, 30, 40], rows),
            lambda: tf.gather(rows, [[2, 0]]),
            lambda: tf.gather(rows, [3]), lambda: tf.gather(rows, rows, axis=1),
            lambda: tf.gather_nd(rows, [[0, 1], [2, 0]]),
            lambda: tf.gather_nd(deep, [[0, 1], [2, 0]]), lambda: tf.gather_nd(rows, rows),
            lambda: tf.batch_gather(rows, ragged.constant([[1, 0], [], [0]])),
            lambda: ragged.boolean_mask(rows, flags), lambda: ragged.boolean_mask(rows, [True, False, True]),
            lambda: ragged.boolean_mask([[1, 2], [3, 4]], [[True, False], [True, True]]),
            lambda: ragged.boolean_mask(rows, True), lambda: tf.where(flags), lambda: tf.where(flags, rows, rows),
            lambda: tf.where([True, False, True], rows, rows + 1), lambda: tf.where(flags, rows),
            lambda: ragged.range([2, 0, 3]), lambda: ragged.range([0, 5], [3.0, 3.0], [1, -1]),
            lambda: ragged.range([1], [2], 0), lambda: ragged.stack_dynamic_partitions(["a", "b", "c"], [2, 0, 2], 4),
            lambda: tf.dynamic_partition(rows, [1, 0, 1], 2),
        ],
        "subscripts": [
            lambda: rows[0], lambda: rows[-1], lambda: rows[1:], lambda: rows[::2], lambda: rows[::-1],
            lambda: rows[:, :1],
            lambda: rows[:, 1:], lambda: rows[:, -1:], lambda: rows[:, :-1], lambda: rows[:, ::-1],
            lambda: rows[:, ::2],
            lambda: rows[0, 1], lambda: rows[1:1], lambda: rows[...], lambda: rows[..., :1], lambda: rows[tf.newaxis],
            lambda: rows[:, tf.newaxis], lambda: rows[:, 0], lambda: rows[5], lambda: rows[:2, :1], lambda: deep[0],
            lambda: deep[0, 1], lambda: deep[2, 2, 1], lambda: deep[:, :1], lambda: deep[:, :, :1],
            lambda: deep[..., 1:],
            lambda: deep[1:, 1:], lambda: deep[..., tf.newaxis], lambda: flat[:, :, 0], lambda: flat[:, :, ::-1],
            lambda: rows["a"], lambda: rows[0, 0, 0], lambda: rows[:, 5:], lambda: rows[:, -9:1],
        ],
        "strings": [
            lambda: tf.strings.split(["a b", "", "c"], result_type="RaggedTensor"),
            lambda: tf.strings.split([["a b"], ["c"]], result_type="RaggedTensor"),
            lambda: tf.strings.split("a b", result_type="RaggedTensor"),
            lambda: tf.strings.split(["a"], result_type="x"),
            lambda: tf.string_split(["a b", "c"], result_type="RaggedTensor"),
            lambda: tf.strings.bytes_split(["ab", "c"]),
            lambda: tf.strings.bytes_split("ab"), lambda: tf.strings.bytes_split([["ab"], ["c"]]),
            lambda: tf.strings.unicode_decode(["ab", "c"], "UTF-8"), lambda: tf.strings.unicode_split(["ab"], "UTF-8"),
            lambda: list(tf.strings.unicode_decode_with_offsets([["ab"]], "UTF-8")),
            lambda: tf.strings.unicode_encode(ragged.constant([[97, 98], [99]]), "UTF-8"),
            lambda: tf.strings.ngrams(words, 2), lambda: tf.strings.ngrams(full, 2, pad_values="*"),
            lambda: tf.strings.ngrams(["a", "b", "c"], (1, 2), pad_values=("<", ">")),
            lambda: tf.strings.ngrams(full, 3, pad_values="*", padding_width=1),
            lambda: tf.strings.ngrams(words, 4, preserve_short_sequences=True),
            lambda: tf.strings.ngrams(words, 4, pad_values="*", padding_width=1, preserve_short_sequences=True),
            lambda: tf.strings.ngrams([["a", "b"], ["c", "d"]], 2), lambda: tf.strings.ngrams("a", 2),
            lambda: tf.strings.ngrams(words, 0), lambda: tf.strings.ngrams(words, 2, pad_values=3),
            lambda: tf.strings.ngrams(words, 2, padding_width=1),
            lambda: tf.strings.ngrams(words, 2, "", ("x", "y"), 0),
        ],
    }  # fmt: skip


def _plain(value):
    if hasattr(value, "row_splits"):
        return {"ragged": [s.tolist() for s in value.nested_row_splits], "values": _plain(value.flat_values)}
    if hasattr(value, "dense_shape"):
        return [_plain(part) for part in value]
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return [str(value.dtype), _text(value.tolist())]


def _text(value):
    if isinstance(value, list):
        return [_text(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, (bool, int)) else repr(value)


def _outcome(tf, group, i):
    with tf.Graph().as_default():
        try:
            tensors = _cases(tf)[group][i]()
            if not isinstance(tensors, (list, tf.Tensor, tf.SparseTensor, tf.RaggedTensor)):
                return repr(tensors)
            with tf.Session() as session:
                shown = "" if isinstance(tensors, (list, tf.SparseTensor)) else str(tensors.shape)
                return [_plain(session.run(tensors)), shown]
        except Exception as error:
            return [type(error).__name__]


def case(group):
    def results(tf):
        with tf.Graph().as_default():
            count = len(_cases(tf)[group])
        return [_outcome(tf, group, i) for i in range(count)]

    return results


GROUPS = (
    "broadcasting", "constants", "parts", "conversion", "elementwise", "reductions", "joining", "selection",
    "subscripts", "strings",
)  # fmt: skip
CASES = {group: case(group) for group in GROUPS}
