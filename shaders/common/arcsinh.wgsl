// The inverse of sinh.
fn arcsinh(x: f32) -> f32 {
    let a = abs(x);
    let z = a * a;
    var y = log1p(a + z / (1.0 + sqrt(z + 1.0)));
    if (a > 1e9) { y = natural_log(a) + 0.69314718; }
    return select(y, -y, x < 0.0);
}
