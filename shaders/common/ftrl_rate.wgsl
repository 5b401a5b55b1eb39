// An accumulator to the power of -lr_power, which is most often the root.
fn ftrl_rate(accum: f32, lr_power: f32) -> f32 {
    if (lr_power == -0.5) { return sqrt(accum); }
    return power(accum, -lr_power);
}
