// The inverse of the sine for |x| up to 1/2.
fn arcsin_near_zero(x: f32) -> f32 {
    let z = x * x;
    let series = 0.16666754 + z * (0.074952416 + z * (0.045477096 + z * (0.024147626 + z * 0.042218518)));
    return x + x * z * series;
}
