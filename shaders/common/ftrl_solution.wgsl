// The variable that FTRL's linear term, curvature and penalties give; 0 where the linear term is within l1.
fn ftrl_solution(linear: f32, curvature: f32, l1: f32, l2: f32) -> f32 {
    return select(0.0, (l1 * sign(linear) - linear) / (curvature + 2.0 * l2), abs(linear) > l1);
}
