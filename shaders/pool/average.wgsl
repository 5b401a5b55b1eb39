// The mean of what each window has of x. One invocation a window and channel.
//
// overrides   BATCH, HEIGHT, WIDTH, DEPTH: of x; ROWS, COLUMNS: of windows; KERNEL_ROWS, KERNEL_COLUMNS: of a window;
//             STRIDE_…, PAD_TOP, PAD_LEFT
// bindings    0: x [BATCH, HEIGHT, WIDTH, DEPTH], 1: y [BATCH, ROWS, COLUMNS, DEPTH]
// workgroups  ceil(BATCH · ROWS · COLUMNS · DEPTH / 64), flat

// include parts/pooled_window.wgsl

@group(0) @binding(0) var<storage, read> x: array<T>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= BATCH * ROWS * COLUMNS * DEPTH { return; }
    let w = window(i);
    var sum = 0.0;
    for (var r = w.above; r < w.below; r++) {
        for (var c = w.left; c < w.right; c++) { sum += f32(x[w.image + (r * WIDTH + c) * DEPTH]); }
    }
    store_result(i, T(sum / f32((w.below - w.above) * (w.right - w.left))));
}
