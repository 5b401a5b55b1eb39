// exponential(x) - 1, exact for small x too.
fn expm1(x: f32) -> f32 {
    if (abs(x) < 0.5) {
        let tail = 0.0083333333 + x * (0.0013888889 + x * (1.984127e-4 + x * 2.4801587e-5));
        return x + x * x * (0.5 + x * (0.16666667 + x * (0.041666667 + x * tail)));
    }
    return exponential(x) - 1.0;
}
