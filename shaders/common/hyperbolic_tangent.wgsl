// tanh for every x; WGSL's own overflows for large ones on some drivers.
fn hyperbolic_tangent(x: f32) -> f32 {
    let a = abs(x);
    if (a < 0.625) {
        let z = x * x;
        let series = 0.13331328 + z * (-0.053729225 + z * (0.020601988 + z * -0.0056607695));
        return x + x * z * (-0.33333278 + z * series);
    }
    let large = 1.0 - 2.0 / (exponential(2.0 * a) + 1.0);
    return select(large, -large, x < 0.0);
}
