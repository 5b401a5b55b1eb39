// cosh, finite as long as it can be.
fn hyperbolic_cosine(x: f32) -> f32 {
    let half = exponential(abs(x) - 0.69314718);
    return half + 0.25 / half;
}
