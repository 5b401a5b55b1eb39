"""tf.contrib.distributions under TensorFlow 1.15.5; kept in contrib_distributions.json. Python 3.7 runs it too."""

import numpy as np
from state_cases import error

LOC = np.array([[1.0, -2.0], [0.5, 3.0]], np.float32)
TRIL = np.array([[1.5, 0.0], [0.5, 2.0]], np.float32)
X = np.array([[0.3, -1.0], [2.0, 2.5]], np.float32)


def digits(x):
    return [float(f"{v:.5g}") if np.isfinite(v) else str(v) for v in np.asarray(x, np.float64).ravel()]


def run(tf, tensors):
    keys = sorted(tensors)
    with tf.Session() as session:
        values = session.run([tensors[key] for key in keys])
    return [[key, list(np.shape(value)), tensors[key].shape.as_list(), digits(value)] for key, value in
            zip(keys, values)]


def described(tf, d, x, statistics="mean variance stddev mode entropy", of="log_prob prob", seed=7):
    tensors = {"sample": d.sample(3, seed=seed), "batch": d.batch_shape_tensor(), "event": d.event_shape_tensor()}
    for name in statistics.split():
        tensors[name] = getattr(d, name)()
    for name in of.split():
        tensors[name] = getattr(d, name)(x)
    static = [d.batch_shape.as_list(), d.event_shape.as_list(), d.dtype.name, d.name,
              sorted(set(d.parameters) - {"is_vector"})]
    return [static, run(tf, tensors)]


def case_normal_vectors(tf):
    ds = tf.contrib.distributions
    covariance = TRIL.dot(TRIL.T)
    made = [
        ds.MultivariateNormalDiag(LOC, [1.0, 2.0]),
        ds.MultivariateNormalDiag(LOC[0], scale_identity_multiplier=2.0),
        ds.MultivariateNormalDiag(LOC),
        ds.MultivariateNormalDiag(scale_diag=[[0.5, 2.0]], scale_identity_multiplier=[1.0], name="own"),
        ds.MultivariateNormalDiagWithSoftplusScale(LOC, [1.0, -2.0]),
        ds.MultivariateNormalTriL(LOC, TRIL),
        ds.MultivariateNormalTriL(LOC[0], np.stack([TRIL, 2 * TRIL])),
        ds.MultivariateNormalFullCovariance(LOC[0], covariance),
        ds.MultivariateNormalDiagPlusLowRank(LOC[0], [1.0, 2.0], scale_perturb_factor=[[1.0], [-0.5]],
                                             scale_perturb_diag=[0.5]),
    ]
    return [described(tf, d, X, "mean variance stddev mode entropy covariance") for d in made]


def case_normal_vector_divergences(tf):
    ds = tf.contrib.distributions
    a, b = ds.MultivariateNormalDiag(LOC, [1.0, 2.0]), ds.MultivariateNormalDiag(LOC[0], [3.0, 0.5])
    c = ds.MultivariateNormalTriL(LOC[1], TRIL)
    return run(tf, {"ab": ds.kl_divergence(a, b), "ac": ds.kl_divergence(a, c), "ca": c.kl_divergence(a)})


def case_dynamic_vectors(tf):
    ds = tf.contrib.distributions
    loc = tf.placeholder(tf.float32, [None, 2])
    d = ds.MultivariateNormalDiag(loc, tf.exp(tf.constant([0.1, 0.2])))
    with tf.Session() as session:
        values = session.run([d.sample(seed=3), d.log_prob(X), d.entropy(), d.mean()], {loc: LOC})
    return [d.sample().shape.as_list(), [digits(v) for v in values]]


def case_relaxed(tf):
    ds = tf.contrib.distributions
    logits = np.array([[0.5, -1.0, 2.0], [0.0, 1.0, -0.5]], np.float32)
    shares = np.array([[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]], np.float32)
    return [
        described(tf, ds.OneHotCategorical(logits), [[0, 1, 0], [1, 0, 0]], "entropy mode variance covariance"),
        described(tf, ds.OneHotCategorical(probs=shares, dtype=tf.float32), np.float32([[0, 1, 0]]), "entropy"),
        described(tf, ds.ExpRelaxedOneHotCategorical(0.5, logits), np.log(shares), ""),
        described(tf, ds.RelaxedOneHotCategorical(0.5, probs=shares), shares, ""),
        described(tf, ds.RelaxedBernoulli(0.7, logits[0]), np.float32([0.2, 0.5, 0.9]), "", "log_prob prob cdf"),
        described(tf, ds.Logistic(LOC, [1.0, 0.5]), X, of="log_prob cdf log_cdf survival_function"),
    ]


def case_counts(tf):
    ds = tf.contrib.distributions
    counts = np.float32([0.0, 2.0, 3.0])
    return [
        described(tf, ds.Poisson([1.5, 3.0, 0.2]), counts, "mean variance stddev mode", "log_prob prob cdf log_cdf"),
        described(tf, ds.Poisson(log_rate=[0.5, 1.0, 0.0]), counts, "mean"),
        described(tf, ds.Geometric(probs=[0.2, 0.5, 0.7]), counts, of="log_prob cdf"),
        described(tf, ds.NegativeBinomial([2.0, 3.0, 1.5], logits=[0.1, -0.5, 1.0]), counts, "mean variance",
                  "log_prob cdf"),
        described(tf, ds.Deterministic([1.0, 2.0, 3.0], atol=0.1), counts, of="log_prob prob cdf"),
        described(tf, ds.VectorDeterministic([[1.0, 2.0, 3.0]]), counts, "mean entropy", "prob"),
    ]


def case_binomial(tf):
    d = tf.contrib.distributions.Binomial([5.0, 3.0], probs=[0.3, 0.6])
    return run(tf, {"log_prob": d.log_prob([2.0, 3.0]), "cdf": d.cdf([2.0, 3.0]), "mean": d.mean(),
                    "variance": d.variance(), "mode": d.mode()})


def case_mixtures(tf):
    ds = tf.contrib.distributions
    cat = ds.Categorical(probs=[[0.3, 0.7], [0.9, 0.1]])
    components = [ds.Normal([0.0, 1.0], 1.0), ds.Normal([3.0, -3.0], [0.5, 2.0])]
    mixture = ds.Mixture(cat, components)
    static = ds.Mixture(cat, components, use_static_graph=True)
    vectors = ds.Mixture(ds.Categorical([0.0, 1.0]), [ds.MultivariateNormalDiag(LOC[0]),
                                                      ds.MultivariateNormalDiag(LOC[1], [2.0, 1.0])])
    family = ds.MixtureSameFamily(ds.Categorical(probs=[0.3, 0.7]), ds.Normal([[-1.0, 1.0]], [[0.1, 0.5]]))
    bivariate = ds.MixtureSameFamily(ds.Categorical(probs=[0.3, 0.7]), ds.MultivariateNormalDiag(LOC, [1.0, 2.0]))
    results = [described(tf, d, X[:, 0], "mean stddev entropy_lower_bound", "log_prob log_cdf") for d in
               (mixture, static)]
    results.append(described(tf, vectors, X, "mean stddev"))
    tensors = {"mean": family.mean(), "variance": family.variance(), "log_prob": family.log_prob([[0.5], [1.0]]),
               "cdf": family.cdf([[0.5]])}
    results.append(run(tf, tensors))
    results.append(run(tf, {"covariance": bivariate.covariance(), "log_prob": bivariate.log_prob(X)}))
    return results


def case_independent(tf):
    ds = tf.contrib.distributions
    a, b = ds.Independent(ds.Normal(LOC, 1.0), 1), ds.Independent(ds.Normal(LOC + 1, [2.0, 3.0]), 1)
    return [described(tf, a, X), described(tf, ds.Independent(ds.Bernoulli(LOC)), np.int32(X > 0), "mean", "log_prob"),
            run(tf, {"kl": ds.kl_divergence(a, b)})]


def case_transformed(tf):
    ds, bij = tf.contrib.distributions, tf.contrib.distributions.bijectors
    log_normal = ds.TransformedDistribution(ds.Normal([0.0, 1.0], [1.0, 0.5]), bij.Exp(), name="LogNormal")
    chained = ds.TransformedDistribution(
        ds.Normal(0.0, 1.0), bij.Chain([bij.AffineScalar(shift=1.0, scale=2.0), bij.Softplus()]))
    folded = ds.TransformedDistribution(ds.Normal(0.5, 1.0), bij.AbsoluteValue())
    vector = ds.TransformedDistribution(ds.Normal(0.0, 1.0), bij.Affine(shift=LOC[0], scale_tril=TRIL), event_shape=[2])
    batch = ds.TransformedDistribution(ds.Normal([0.0, 1.0], 1.0), bij.Affine(scale_diag=[1.0, 2.0, 3.0]),
                                       event_shape=[3])
    shares = ds.TransformedDistribution(ds.MultivariateNormalDiag(LOC), bij.SoftmaxCentered())
    positive = np.float32([1.5, 0.2])
    return [
        described(tf, log_normal, positive, "", "log_prob prob cdf log_cdf survival_function"),
        described(tf, chained, np.float32([2.5, 4.0]), ""),
        described(tf, folded, positive, ""),
        described(tf, vector, X, "entropy"),
        described(tf, batch, np.float32([[1, 2, 3], [0, 1, 0]]), "entropy"),
        described(tf, shares, np.float32([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]]), ""),
    ]


def bijectors(bij):
    return {
        "exp": (bij.Exp(), [0.5, 1.0], 0),
        "power": (bij.PowerTransform(0.5), [0.5, 1.0], 0),
        "sigmoid": (bij.Sigmoid(), [0.5, -1.0], 0),
        "softplus": (bij.Softplus(), [0.5, -1.0], 0),
        "softplus_hinge": (bij.Softplus(hinge_softness=0.5), [0.5, -1.0], 0),
        "softsign": (bij.Softsign(), [0.5, -1.0], 0),
        "square": (bij.Square(), [0.5, 1.0], 0),
        "gumbel": (bij.Gumbel(0.5, 2.0), [0.5, -1.0], 0),
        "affine_scalar": (bij.AffineScalar(1.0, [2.0, -3.0]), [0.5, -1.0], 1),
        "affine": (bij.Affine([1.0, 2.0], 0.5, [1.0, 2.0], TRIL), [0.5, -1.0], 1),
        "affine_identity": (bij.Affine(scale_identity_multiplier=3.0), [0.5, -1.0], 1),
        "affine_low_rank": (bij.Affine([1.0, 2.0], scale_diag=[1.0, 2.0], scale_perturb_factor=[[1.0], [0.5]],
                                       scale_perturb_diag=[0.5]), [0.5, -1.0], 1),
        "permute": (bij.Permute([1, 0]), [0.5, -1.0], 1),
        "invert": (bij.Invert(bij.Exp()), [0.5, 1.0], 0),
        "chain": (bij.Chain([bij.Exp(), bij.Affine(scale_tril=TRIL)]), [0.5, -1.0], 1),
        "ordered": (bij.Ordered(), [0.5, 1.5, 4.0], 1),
        "softmax_centered": (bij.SoftmaxCentered(), [0.5, -1.0], 1),
        "fill_triangular": (bij.FillTriangular(), [0.5, -1.0, 2.0], 1),
    }


def case_bijectors(tf):
    results = []
    for key, (b, x, dimensions) in sorted(bijectors(tf.contrib.distributions.bijectors).items()):
        x = tf.constant(x)
        y = b.forward(x)
        after = dimensions + b.inverse_min_event_ndims - b.forward_min_event_ndims
        fresh = tf.identity(y)
        tensors = {"y": y, "x": b.inverse(fresh), "fldj": b.forward_log_det_jacobian(x, dimensions),
                   "ildj": b.inverse_log_det_jacobian(fresh, after)}
        shapes = [b.forward_event_shape(x.shape).as_list(), b.inverse_event_shape(y.shape).as_list()]
        results.append([key, b.name, b.is_constant_jacobian, shapes, run(tf, tensors)])
    return results


def case_softplus(tf):
    ds = tf.contrib.distributions
    made = [ds.NormalWithSoftplusScale(LOC, -1.0), ds.LaplaceWithSoftplusScale(LOC, 0.5), ds.Cauchy(LOC, 2.0)]
    results = [described(tf, d, X, "entropy mode", "log_prob cdf") for d in made]
    positive = [ds.Chi2(3.0), ds.Chi2WithAbsDf(-3.5), ds.HalfNormal([1.0, 2.0]), ds.InverseGamma(3.0, [1.0, 2.0]),
                ds.GammaWithSoftplusConcentrationRate(1.0, 2.0), ds.ExponentialWithSoftplusRate([0.5]),
                ds.InverseGammaWithSoftplusConcentrationRate(3.0, 1.0),
                ds.StudentTWithAbsDfSoftplusScale(-4.5, 0.0, 1.0)]
    results += [described(tf, d, np.float32([0.5, 1.5]), "mean variance entropy", "log_prob cdf") for d in positive]
    return results


def case_functions(tf):
    ds = tf.contrib.distributions
    x = np.random.RandomState(2).randn(3, 5, 4).astype(np.float32)
    tensors = {
        "triangle": ds.fill_triangular(np.arange(12, dtype=np.float32).reshape(2, 6)),
        "upper": ds.fill_triangular(np.arange(6, dtype=np.float32), upper=True),
        "inverse": ds.fill_triangular_inverse(np.arange(9, dtype=np.float32).reshape(3, 3)),
        "inverse_upper": ds.fill_triangular_inverse(np.arange(9, dtype=np.float32).reshape(3, 3), upper=True),
        "softplus_inverse": ds.softplus_inverse([1e-9, 0.5, 3.0, 50.0]),
        "percentile": ds.percentile(x, 30.0),
        "percentile_axis": ds.percentile(x, 30.0, axis=[0, -1], interpolation="lower", keep_dims=True),
        "percentile_higher": ds.percentile(x, 30.0, axis=1, interpolation="higher"),
        "auto_correlation": ds.auto_correlation(x, axis=1, max_lags=3),
        "tridiag": ds.tridiag([1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0]),
        "matrix_diag_transform": ds.matrix_diag_transform(TRIL, tf.nn.softplus),
        "logsumexp": ds.reduce_weighted_logsumexp(x, np.sign(x) * 2, axis=[0, 1]),
    }
    return run(tf, tensors)


def case_errors(tf):
    ds, bij = tf.contrib.distributions, tf.contrib.distributions.bijectors
    calls = [
        lambda: ds.MultivariateNormalDiag(),
        lambda: ds.MultivariateNormalDiag(LOC, [1.0, 2.0, 3.0]),
        lambda: ds.MultivariateNormalTriL(),
        lambda: ds.Mixture(ds.Categorical([0.0, 1.0]), [ds.Normal(0.0, 1.0)]),
        lambda: ds.Poisson(1.0, 2.0),
        lambda: ds.fill_triangular([1.0, 2.0]),
        lambda: ds.Independent(ds.Normal([0.0], 1.0), 3),
        lambda: bij.Permute([0, 0]),
        lambda: bij.Exp().forward_log_det_jacobian(1.0, -1),
        lambda: bij.Affine(scale_perturb_diag=[1.0]),
    ]
    return [error(call) for call in calls]


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
