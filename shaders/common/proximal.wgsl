// The proximal step of the penalties l1 and l2 at a learning rate.
fn proximal(value: f32, rate: f32, l1: f32, l2: f32) -> f32 {
    return select(value, shrunk(value, rate * l1), l1 > 0.0) / (1.0 + rate * l2);
}
