// The error function for |x| up to 1.
fn erf_near_zero(x: f32) -> f32 {
    let z = x * x;
    let tail = -0.026854444 + z * (0.0051895352 + z * (-8.02084e-4 + z * 7.889115e-5));
    return x * (1.1283791 + z * (-0.37612626 + z * (0.112836 + z * tail)));
}
