// The tangent, to a few of the last digits for angles of any size.
fn tangent(x: f32) -> f32 {
    let point = sine_cosine(x);
    return point.x / point.y;
}
