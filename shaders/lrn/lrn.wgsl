// y = x / norm ** BETA, where norm = BIAS + ALPHA · the sum of the squares of the channels within RADIUS. One invocation
// an element.
//
// overrides   COUNT: elements; CHANNELS; RADIUS, BIAS, ALPHA, BETA
// bindings    0: x [..., CHANNELS], 1: y
// workgroups  ceil(COUNT / 64), flat

// include parts/response.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= COUNT { return; }
    y[i] = x[i] * power(norm(i), -BETA);
}
