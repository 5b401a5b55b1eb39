// A value moved towards zero by a threshold, and no further than to zero.
fn shrunk(value: f32, threshold: f32) -> f32 {
    return sign(value) * max(abs(value) - threshold, 0.0);
}
