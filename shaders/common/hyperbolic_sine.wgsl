// sinh, exact for small x too, and finite as long as it can be.
fn hyperbolic_sine(x: f32) -> f32 {
    let a = abs(x);
    if (a < 1.0) {
        let z = x * x;
        return x + x * z * (0.16666667 + z * (0.0083333333 + z * (1.984127e-4 + z * 2.7557319e-6)));
    }
    let half = exponential(a - 0.69314718);
    let large = half - 0.25 / half;
    return select(large, -large, x < 0.0);
}
