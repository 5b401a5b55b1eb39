"""tf.linalg.LinearOperator under TensorFlow 1.15.5; the results are kept in linear_operators.json. Python 3.7 runs it
too."""

import functools

import numpy as np


def numbers(*shape):
    return np.cos(np.arange(np.prod(shape)) * 1.3).reshape(shape)


def described(tf, operator):
    rows = operator.range_dimension.value
    columns = operator.domain_dimension.value
    x, v, y = numbers(columns, 2), numbers(columns), numbers(rows, 2)
    hints = [operator.is_non_singular, operator.is_self_adjoint, operator.is_positive_definite, operator.is_square]
    tensors = [
        operator.to_dense(),
        operator.diag_part(),
        operator.shape_tensor(),
        operator.batch_shape_tensor(),
        operator.domain_dimension_tensor(),
        operator.range_dimension_tensor(),
        operator.add_to_tensor(tf.ones(operator.shape.as_list(), tf.float64)),
    ]
    if operator.shape[:-2] == []:
        tensors += [operator.matmul(x), operator.matmul(y, adjoint=True), operator.matmul(x.T, adjoint_arg=True)]
        tensors += [operator.matvec(v), operator.adjoint().to_dense(), operator.adjoint().matmul(y)]
    if operator.is_square:
        tensors += [operator.trace(), operator.determinant(), operator.log_abs_determinant()]
    if operator.is_square and operator.is_non_singular is not False and operator.shape[:-2] == []:
        tensors += [
            operator.solve(y),
            operator.solve(y, adjoint=True),
            operator.solvevec(v),
            operator.solve(y.T, adjoint_arg=True),
        ]
        tensors += [operator.inverse().matmul(y), operator.inverse().determinant()]
    with tf.Session() as session:
        values = session.run(tensors)
    return [operator.name, operator.shape.as_list(), hints, [value.tolist() for value in values]]


def case_full(tf):
    spd = numbers(3, 3).dot(numbers(3, 3).T) + 2 * np.eye(3)
    return [
        described(tf, tf.linalg.LinearOperatorFullMatrix(numbers(3, 3) + 2 * np.eye(3))),
        described(tf, tf.linalg.LinearOperatorFullMatrix(numbers(2, 3))),
        described(tf, tf.linalg.LinearOperatorFullMatrix(numbers(2, 3, 3) + 2 * np.eye(3), name="batch")),
        described(
            tf, tf.linalg.LinearOperatorFullMatrix(spd, is_self_adjoint=True, is_positive_definite=True).cholesky()
        ),
    ]


def case_triangular(tf):
    return [
        described(tf, tf.linalg.LinearOperatorLowerTriangular(numbers(3, 3) + 2 * np.eye(3))),
        described(tf, tf.linalg.LinearOperatorLowerTriangular(numbers(2, 3, 3) + 2 * np.eye(3), is_non_singular=True)),
    ]


def case_diagonal(tf):
    return [
        described(tf, tf.linalg.LinearOperatorDiag(numbers(3) + 2)),
        described(tf, tf.linalg.LinearOperatorDiag(numbers(2, 3) + 2, is_positive_definite=True)),
        described(tf, tf.linalg.LinearOperatorIdentity(3, dtype=tf.float64)),
        described(tf, tf.linalg.LinearOperatorIdentity(2, batch_shape=[3], dtype=tf.float64)),
        described(tf, tf.linalg.LinearOperatorScaledIdentity(3, tf.constant(2.5, tf.float64))),
        described(tf, tf.linalg.LinearOperatorZeros(3, dtype=tf.float64)),
    ]


def case_products(tf):
    a = tf.linalg.LinearOperatorFullMatrix(numbers(3, 3) + 2 * np.eye(3), is_non_singular=True, name="a")
    b = tf.linalg.LinearOperatorDiag(numbers(3) + 2, is_non_singular=True, name="b")
    c = tf.linalg.LinearOperatorFullMatrix(numbers(3, 2), name="c")
    return [
        described(tf, tf.linalg.LinearOperatorComposition([a, b])),
        described(tf, tf.linalg.LinearOperatorComposition([a, c])),
        described(tf, tf.linalg.LinearOperatorAdjoint(a)),
        described(tf, tf.linalg.LinearOperatorInversion(a)),
    ]


def refused(function):
    try:
        function()
    except Exception as error:
        return [type(error).__name__, str(error).split("\n")[0]]
    return None


def case_refused(tf):
    full = tf.linalg.LinearOperatorFullMatrix
    matrix = np.eye(2)
    return [
        refused(lambda: full(matrix, is_positive_definite=True, is_non_singular=False)),
        refused(lambda: full(matrix, is_non_singular=True, is_square=False)),
        refused(lambda: full(matrix, is_self_adjoint=True, is_square=False)),
        refused(lambda: full(matrix, is_square=False).is_square),
        refused(lambda: full(numbers(2, 3)).determinant()),
        refused(lambda: full(numbers(2, 3)).solve(np.ones([2, 1]))),
        refused(lambda: full(matrix, is_non_singular=False).solve(np.ones([2, 1]))),
        refused(lambda: full(matrix).cholesky()),
        refused(lambda: tf.linalg.LinearOperatorDiag([1.0], is_self_adjoint=False)),
        refused(lambda: tf.linalg.LinearOperatorIdentity(2, is_square=False)),
        refused(lambda: tf.linalg.LinearOperatorZeros(2, is_non_singular=True)),
        refused(lambda: tf.linalg.LinearOperatorComposition([])),
        refused(lambda: full(matrix).matmul(np.ones([3, 1])))[0],
    ]


def simple_operators(tf):
    kinds = tf.linalg
    positive = {"is_self_adjoint": True, "is_positive_definite": True}
    matrix = [[4.0, 1.0], [1.0, 3.0]]
    return [
        kinds.LinearOperatorDiag([1.0, 2.0], is_positive_definite=True),
        kinds.LinearOperatorDiag([1.0, 2.0], is_non_singular=False),
        kinds.LinearOperatorFullMatrix(matrix, **positive),
        kinds.LinearOperatorFullMatrix(matrix),
        kinds.LinearOperatorLowerTriangular([[4.0, 0.0], [1.0, 1.0]]),
        kinds.LinearOperatorIdentity(2),
        kinds.LinearOperatorScaledIdentity(2, 4.0, is_positive_definite=True),
        kinds.LinearOperatorZeros(2),
        kinds.LinearOperatorAdjoint(kinds.LinearOperatorLowerTriangular([[4.0, 0.0], [1.0, 1.0]])),
        kinds.LinearOperatorInversion(kinds.LinearOperatorFullMatrix(matrix)),
        kinds.LinearOperatorComposition([kinds.LinearOperatorDiag([1.0, 2.0]), kinds.LinearOperatorDiag([2.0, 1.0])]),
    ]


def kind(make):
    """What sort of operator comes out: its class, promises and name; or the error."""
    try:
        made = make()
    except Exception as error:
        return [type(error).__name__, str(error)]
    hints = [made.is_non_singular, made.is_self_adjoint, made.is_positive_definite, made.is_square]
    return [type(made).__name__, hints, made.name]


def case_kinds(tf):
    operators = simple_operators(tf)
    result = [[kind(x.inverse), kind(x.adjoint), kind(x.cholesky)] for x in operators]
    for x in operators:
        for y in operators:
            both = [kind(functools.partial(f, y)) for f in (x.matmul, x.solve)]
            result.append([*both, kind(functools.partial(x.matmul, y, True, True))])
    complex_one = tf.linalg.LinearOperatorDiag(tf.constant([1j, 2.0], tf.complex64))
    wide = tf.linalg.LinearOperatorZeros(2, 3, is_square=False, is_self_adjoint=False)
    result += [kind(complex_one.adjoint), kind(complex_one.inverse), kind(lambda: operators[0].matmul(wide))]
    result += [kind(lambda: operators[0].solve(tf.linalg.LinearOperatorIdentity(3)))]
    return result


def case_simple(tf):
    dense = []
    for x in simple_operators(tf):
        for y in simple_operators(tf):
            dense.append(x.matmul(y).to_dense())
            if x.is_non_singular is not False:
                dense.append(x.solve(y).to_dense())
    dense.append(tf.linalg.LinearOperatorDiag([4.0, 9.0], is_positive_definite=True).cholesky().to_dense())
    with tf.Session() as session:
        return [["simple", len(dense), [], [value.tolist() for value in session.run(dense)]]]


CASES = {name[5:]: function for name, function in list(globals().items()) if name.startswith("case_")}
