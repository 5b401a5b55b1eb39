// The gradient of lrn.wgsl. One invocation an element; each looks at its neighbours' norms again, (2 · RADIUS + 1)²
// reads from the cache.
//
// overrides   as there
// bindings    0: dy, 1: x, 2: y, 3: dx
// workgroups  ceil(COUNT / 64), flat

// include parts/response.wgsl

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= COUNT { return; }
    var shared_part = 0.0;
    for (var j = first_neighbour(i); j <= last_neighbour(i); j++) { shared_part += dy[j] * y[j] / norm(j); }
    dx[i] = dy[i] * power(norm(i), -BETA) - 2.0 * ALPHA * BETA * x[i] * shared_part;
}
