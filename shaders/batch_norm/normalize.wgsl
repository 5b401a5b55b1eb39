// (x - mean) · scale / sqrt(variance + EPSILON) + offset, for each channel.
//
// overrides   ROWS, CHANNELS, EPSILON
// bindings    0: x [ROWS, CHANNELS], 1: scale, 2: offset, 3: mean, 4: variance [CHANNELS], 5: y [ROWS, CHANNELS]
// workgroups  ceil(ROWS · CHANNELS / 64), flat

override ROWS: u32 = 8;
override CHANNELS: u32 = 4;
override EPSILON: f32 = 0.001;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read> offset: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> variance: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: f32) { y[at] = v; }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= ROWS * CHANNELS { return; }
    let channel = i % CHANNELS;
    store_result(i, (x[i] - mean[channel]) * (scale[channel] / sqrt(variance[channel] + EPSILON)) + offset[channel]);
}
