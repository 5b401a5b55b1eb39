// x on a quantization grid; a range of nothing but zero gives zero. TensorFlow's kernels differ in how they divide.
fn fake_quantized(x: f32, low: f32, high: f32, first: f32, last: f32, multiply: bool) -> f32 {
    if (low == 0.0 && high == 0.0) { return 0.0; }
    let grid = quantization_grid(low, high, first, last);
    let distance = smaller(larger(x, grid.x), grid.y) - grid.x;
    return floor(select(distance / grid.z, distance * (1.0 / grid.z), multiply) + 0.5) * grid.z + grid.x;
}
