import tensorflow as tf

ds = tf.distributions
tf.set_random_seed(7)
with tf.Session() as s:
    for d, v in [
        (ds.Normal([0.0, 1.0], 2.0), 1.3),
        (ds.Laplace(1.0, [2.0, 0.5]), 0.3),
        (ds.Uniform([0.0, 1.0], 4.0), 1.5),
        (ds.Bernoulli(logits=[0.3, -1.0]), [1, 0]),
        (ds.Bernoulli(probs=0.7), 1),
        (ds.Categorical(logits=[[0.1, 2.0, 0.5], [1.0, 1.0, 0.2]]), [1, 2]),
        (ds.Categorical(probs=[0.2, 0.8]), [1, 0]),
        (ds.Gamma([2.0, 0.5], 1.5), 0.8),
        (ds.Exponential([2.0, 0.5]), 0.8),
        (ds.Beta([2.0, 1.5], 3.0), 0.4),
        (ds.Dirichlet([2.0, 3.0, 0.5]), [0.2, 0.3, 0.5]),
    ]:
        print(d, repr(d), len(d.parameters) > 1)
        for m in (
            "log_prob",
            "prob",
            "entropy",
            "mean",
            "variance",
            "stddev",
            "batch_shape_tensor",
            "event_shape_tensor",
        ):
            if isinstance(d, ds.Categorical) and m in ("mean", "variance", "stddev"):
                continue
            print(m, s.run(getattr(d, m)(v) if m.endswith("prob") else getattr(d, m)()))
        print(s.run(d.sample([2, 2], seed=3)), d.sample([2, 2]).shape, s.run(d.sample(seed=4)))
    k = ds.kl_divergence
    print(
        s.run(
            [
                k(ds.Normal(0.0, 1.0), ds.Normal(1.0, 2.0)),
                k(ds.Bernoulli(probs=0.3), ds.Bernoulli(probs=0.6)),
                k(ds.Categorical([0.1, 0.2]), ds.Categorical([1.0, 0.2])),
                k(ds.Gamma(2.0, 1.0), ds.Gamma(3.0, 2.0)),
                k(ds.Beta(2.0, 1.0), ds.Beta(3.0, 2.0)),
                k(ds.Dirichlet([2.0, 1.0]), ds.Dirichlet([3.0, 2.0])),
                ds.Normal(0.0, 1.0).cross_entropy(ds.Normal(1.0, 2.0)),
            ]
        )
    )
    n = ds.Normal(0.0, 1.0).copy(scale=3.0)
    print(
        s.run(n.stddev()),
        ds.FULLY_REPARAMETERIZED,
        n.reparameterization_type == ds.FULLY_REPARAMETERIZED,
        n.dtype,
        n.name,
    )
    try:
        k(ds.Normal(0.0, 1.0), ds.Beta(1.0, 1.0))
    except NotImplementedError as e:
        print(e)
