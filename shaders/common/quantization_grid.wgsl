// (lowest, highest, step) of the grid nearest to [low, high] that has zero on it, with levels from first to last.
fn quantization_grid(low: f32, high: f32, first: f32, last: f32) -> vec3f {
    let step = (high - low) / (last - first);
    let zero = clamp(floor(first - low / step + 0.5), first, last);
    return vec3f((first - zero) * step, (last - zero) * step, step);
}
