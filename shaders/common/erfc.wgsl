// 1 - erf(x), with all its digits for large x too.
fn erfc(x: f32) -> f32 {
    let a = abs(x);
    if (a < 0.5) { return 1.0 - erf_near_zero(x); }
    let t = 1.0 / (1.0 + 0.5 * a);
    let tail = -0.1644897 + t * (-0.5943571 + t * (1.0801852 + t * (-0.6483257 + t * 0.13897066)));
    let series = 0.9982677 + t * (0.38979414 + t * (0.019462788 + t * (0.04592225 + t * tail)));
    // a² in two parts, as its rounding would show in the exponential.
    let coarse = bitcast<f32>(bitcast<u32>(a) & 0xfffff000u);
    let fine = (coarse - a) * (coarse + a);
    let y = select(t * exponential(-coarse * coarse) * exponential(fine + (-1.2654301 + t * series)), 0.0, a > 11.0);
    return select(y, 2.0 - y, x < 0.0);
}
