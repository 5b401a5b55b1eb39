// Whether x lies within a quantization grid, or there is none.
fn is_on_grid(x: f32, low: f32, high: f32, first: f32, last: f32) -> bool {
    let grid = quantization_grid(low, high, first, last);
    return (low == 0.0 && high == 0.0) || !(x < grid.x || x > grid.y);
}
