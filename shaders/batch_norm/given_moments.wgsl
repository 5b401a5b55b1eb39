// Moments that are given, as moments.wgsl returns those of a batch.
//
// overrides   CHANNELS
// bindings    0: mean, 1: variance, 2: mean, 3: variance, 4: mean, 5: variance [CHANNELS], 6: one zero
// workgroups  ceil(CHANNELS / 64), flat

override CHANNELS: u32 = 4;

@group(0) @binding(0) var<storage, read> mean: array<f32>;
@group(0) @binding(1) var<storage, read> variance: array<f32>;
@group(0) @binding(2) var<storage, read_write> batch_mean: array<f32>;
@group(0) @binding(3) var<storage, read_write> batch_variance: array<f32>;
@group(0) @binding(4) var<storage, read_write> saved_mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> saved_variance: array<f32>;
@group(0) @binding(6) var<storage, read_write> zero: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= CHANNELS { return; }
    batch_mean[i] = mean[i];
    batch_variance[i] = variance[i];
    saved_mean[i] = mean[i];
    saved_variance[i] = variance[i];
    if i == 0u { zero[0] = 0.0; }
}
