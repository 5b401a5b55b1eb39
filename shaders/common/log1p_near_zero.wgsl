// log(1 + x) for x between -0.3 and 0.42: 2 artanh(x / (2 + x)) as a series.
fn log1p_near_zero(x: f32) -> f32 {
    let s = x / (2.0 + x);
    let z = s * s;
    let series = z * (0.33333333 + z * (0.2 + z * (0.14285714 + z * (0.11111111 + z * 0.09090909))));
    return x - s * (x - 2.0 * series); // x - x s is 2 s
}
