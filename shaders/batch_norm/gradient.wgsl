// The gradient of x: where the moments are the batch's own (IS_TRAINING), it goes through them too.
//
// overrides   ROWS, CHANNELS, EPSILON, IS_TRAINING
// bindings    0: dy, 1: x [ROWS, CHANNELS], 2: scale, 3: mean, 4: variance, 5: the gradient of scale,
//             6: that of offset [CHANNELS], 7: dx [ROWS, CHANNELS]
// workgroups  ceil(ROWS · CHANNELS / 64), flat

override ROWS: u32 = 8;
override CHANNELS: u32 = 4;
override EPSILON: f32 = 0.001;
override IS_TRAINING: bool = true;

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> variance: array<f32>;
@group(0) @binding(5) var<storage, read> scale_grad: array<f32>;
@group(0) @binding(6) var<storage, read> offset_grad: array<f32>;
@group(0) @binding(7) var<storage, read_write> dx: array<f32>;

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: f32) { dx[at] = v; }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= ROWS * CHANNELS { return; }
    let channel = i % CHANNELS;
    let inverse = 1.0 / sqrt(variance[channel] + EPSILON);
    var of_normalized = dy[i];
    let normalized = (x[i] - mean[channel]) * inverse;
    let through_moments = (offset_grad[channel] + normalized * scale_grad[channel]) / f32(ROWS);
    of_normalized -= select(0.0, through_moments, IS_TRAINING);
    store_result(i, of_normalized * scale[channel] * inverse);
}
