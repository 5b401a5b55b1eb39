"""tf.distributions under TensorFlow 1.15.5; the results are kept in distributions.json. Python 3.7 runs it too."""

import numpy as np


def plain(value):
    return [[str(v) if not np.isfinite(v) else v for v in np.ravel(value).tolist()], list(np.shape(value))]


def described(tf, make, values, statistics, seed=7, samples=3):
    d = make(tf.distributions)
    tensors = {"sample": d.sample(samples, seed=seed), "sample_shape": d.sample([2, 1], seed=seed)}
    for name in statistics:
        tensors[name] = getattr(d, name)()
    for name, value in values:
        tensors[name + str(value)] = getattr(d, name)(value)
    for name in ("batch_shape_tensor", "event_shape_tensor", "is_scalar_batch", "is_scalar_event"):
        tensors[name] = getattr(d, name)()
    keys = sorted(tensors)
    with tf.Session() as session:
        results = session.run([tensors[key] for key in keys])
    text = [
        repr(d),
        str(d),
        repr(d.reparameterization_type),
        tensors["sample"].name,
        tensors["sample_shape"].shape.as_list(),
    ]
    return [text, [[key, tensors[key].shape.as_list(), plain(value)] for key, value in zip(keys, results)]]


MOMENTS = ["mean", "mode", "stddev", "variance", "entropy"]


def of(values, *names):
    return [(name, values) for name in names]


def case_normal(tf):
    values = of([0.5, -30.0], "prob", "log_prob", "cdf", "log_cdf", "survival_function", "log_survival_function")
    return described(tf, lambda d: d.Normal([0.0, 1.0], 2.0), values, MOMENTS)


def case_normal_tails(tf):
    values = of([-60.0, -12.0, -1.0, 0.3, 6.0, 20.0], "cdf", "log_cdf", "log_survival_function")
    return described(tf, lambda d: d.Normal(tf.constant(0.0, tf.float64), tf.constant(1.0, tf.float64)), values, [])


def case_laplace(tf):
    values = of([0.5, -3.0], "prob", "log_prob", "cdf", "log_cdf", "log_survival_function")
    return described(tf, lambda d: d.Laplace([0.0, 1.0], 2.0), values, MOMENTS)


def case_student_t(tf):
    values = of([0.5, -3.0, 2.0], "prob", "log_prob", "cdf")
    return described(tf, lambda d: d.StudentT([0.5, 1.5, 4.0], 1.0, 2.0), values, MOMENTS)


def case_uniform(tf):
    values = of([[0.5], [3.0], [-1.0]], "prob", "cdf", "log_prob")
    return described(
        tf, lambda d: d.Uniform([0.0, -2.0], 3.0), values, ["mean", "stddev", "variance", "entropy", "range"]
    )


def case_gamma(tf):
    return described(tf, lambda d: d.Gamma([0.5, 2.0], 3.0), of([0.5, 2.0], "prob", "log_prob", "cdf"), MOMENTS)


def case_exponential(tf):
    return described(tf, lambda d: d.Exponential([0.5, 2.0]), of([0.5, 2.0], "prob", "log_prob", "cdf"), MOMENTS)


def case_beta(tf):
    return described(tf, lambda d: d.Beta([0.5, 2.0], 3.0), of([0.5, 0.2], "prob", "log_prob", "cdf"), MOMENTS)


def case_bernoulli(tf):
    values = of([[1.0, 0.0], [0.0, 1.0]], "prob", "log_prob")
    return described(tf, lambda d: d.Bernoulli(probs=[0.2, 0.9]), values, MOMENTS)


def case_bernoulli_of_logits(tf):
    return described(tf, lambda d: d.Bernoulli(logits=[0.2, -0.9]), of(1, "prob"), MOMENTS)


def case_categorical(tf):
    values = of([1, 2], "prob", "log_prob", "cdf")
    return described(tf, lambda d: d.Categorical(probs=[[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]), values, ["mode", "entropy"])


def case_multinomial(tf):
    values = of([1.0, 2.0, 1.0], "prob", "log_prob")
    return described(
        tf, lambda d: d.Multinomial(4.0, probs=[0.2, 0.5, 0.3]), values, ["mean", "variance", "stddev", "covariance"]
    )


def case_dirichlet(tf):
    values = of([0.2, 0.5, 0.3], "prob", "log_prob")
    return described(tf, lambda d: d.Dirichlet([1.5, 2.0, 3.0]), values, MOMENTS + ["covariance"])


def case_dirichlet_multinomial(tf):
    values = of([1.0, 2.0, 1.0], "prob", "log_prob")
    statistics = ["mean", "variance", "stddev", "covariance"]
    return described(tf, lambda d: d.DirichletMultinomial(4.0, [1.5, 2.0, 3.0]), values, statistics)


def case_divergences(tf):
    d = tf.distributions
    pairs = [
        (d.Normal(0.0, 1.0), d.Normal([1.0, 2.0], 3.0)),
        (d.Gamma(1.0, 2.0), d.Gamma([0.5, 2.0], 3.0)),
        (d.Beta(1.0, 2.0), d.Beta([0.5, 2.0], 3.0)),
        (d.Bernoulli(probs=0.3), d.Bernoulli(probs=[0.2, 0.9])),
        (d.Categorical(probs=[0.2, 0.8]), d.Categorical(probs=[0.5, 0.5])),
        (d.Dirichlet([1.0, 2.0]), d.Dirichlet([2.0, 0.5])),
        (d.Exponential(2.0), d.Exponential(1.0)),
    ]
    results = []
    with tf.Session() as session:
        for a, b in pairs:
            tensors = [d.kl_divergence(a, b), a.cross_entropy(b), a.kl_divergence(b)]
            results.append([plain(v) for v in session.run(tensors)])
    return results


def refused(function):
    try:
        function()
    except Exception as error:
        return [type(error).__name__, str(error).split("\n")[0]]
    return None


def case_refused(tf):
    d = tf.distributions
    register = d.RegisterKL(d.Normal, d.Normal)
    return [
        refused(lambda: d.kl_divergence(d.Normal(0.0, 1.0), d.Laplace(0.0, 1.0))),
        refused(lambda: d.Bernoulli()),
        refused(lambda: d.Categorical(logits=[1, 2])),
        refused(lambda: register(3)),
        refused(lambda: register(lambda a, b: a))[0],
        refused(lambda: d.Normal(0.0, 1.0).covariance()),
        refused(lambda: d.Normal(0.0, 1.0).sample([[1]])),
        sorted(d.Normal(0.0, 1.0).parameters),
        d.Normal(0.0, 1.0).copy(loc=[1.0, 2.0]).batch_shape.as_list(),
        [d.Normal.param_static_shapes([2])["loc"].as_list()],
    ]


CASES = {name[5:]: function for name, function in list(globals().items()) if name.startswith("case_")}
