// The larger of two numbers; NaN if one of them is.
fn larger(x: f32, y: f32) -> f32 {
    return select(select(y, x, x > y || is_nan(x)), y, is_nan(y));
}
