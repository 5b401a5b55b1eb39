// Mean and variance of each channel, from those of moments_of_parts.wgsl; the variance twice, once as the unbiased
// estimate that moving averages are fed with.
//
// overrides   ROWS, CHANNELS, PARTS
// bindings    0: parts, 1: mean, 2: unbiased variance, 3: mean again, 4: variance [CHANNELS], 5: one zero
// workgroups  ceil(CHANNELS / 64), flat

override ROWS: u32 = 8;
override CHANNELS: u32 = 4;
override PARTS: u32 = 1;

@group(0) @binding(0) var<storage, read> parts: array<f32>;
@group(0) @binding(1) var<storage, read_write> batch_mean: array<f32>;
@group(0) @binding(2) var<storage, read_write> batch_variance: array<f32>;
@group(0) @binding(3) var<storage, read_write> saved_mean: array<f32>;
@group(0) @binding(4) var<storage, read_write> saved_variance: array<f32>;
@group(0) @binding(5) var<storage, read_write> zero: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= CHANNELS { return; }
    let size = (ROWS + PARTS - 1u) / PARTS;
    var mean = 0.0;
    var squares = 0.0;
    for (var part = 0u; part < PARTS; part++) {
        let first = min(part * size, ROWS);
        let count = f32(min(first + size, ROWS) - first);
        let all = f32(first) + count;
        let apart = parts[part * 2u * CHANNELS + i] - mean;
        let share = count / max(all, 1.0);
        mean += apart * share;
        squares += parts[part * 2u * CHANNELS + CHANNELS + i] + apart * apart * f32(first) * share;
    }
    batch_mean[i] = mean;
    batch_variance[i] = squares / max(f32(ROWS) - 1.0, 1.0);
    saved_mean[i] = mean;
    saved_variance[i] = squares / f32(ROWS);
    if i == 0u { zero[0] = 0.0; }
}
