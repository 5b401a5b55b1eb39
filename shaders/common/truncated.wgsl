// The whole part as an i32; what does not fit, NaN too, gives the least of them, as x86 and TensorFlow have it.
fn truncated(x: f32) -> i32 {
    let fits = x >= -2147483648.0 && x < 2147483648.0;
    return select(-2147483647 - 1, i32(select(0.0, x, fits)), fits);
}
