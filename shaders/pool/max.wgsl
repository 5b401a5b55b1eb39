// The greatest element of each window of x; NaN where there is one in it. One invocation a window and channel.
//
// overrides   BATCH, HEIGHT, WIDTH, DEPTH: of x; ROWS, COLUMNS: of windows; KERNEL_ROWS, KERNEL_COLUMNS: of a window;
//             STRIDE_…, PAD_TOP, PAD_LEFT
// bindings    0: x [BATCH, HEIGHT, WIDTH, DEPTH], 1: y [BATCH, ROWS, COLUMNS, DEPTH]
// workgroups  ceil(BATCH · ROWS · COLUMNS · DEPTH / 64), flat

// include parts/windows.wgsl

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> y: array<T>;

fn is_not_a_number(v: T) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= BATCH * ROWS * COLUMNS * DEPTH { return; }
    let row = i / (COLUMNS * DEPTH) % ROWS;
    let column = i / DEPTH % COLUMNS;
    let above = max(i32(row * STRIDE_ROWS) - i32(PAD_TOP), 0);
    let left = max(i32(column * STRIDE_COLUMNS) - i32(PAD_LEFT), 0);
    let below = min(i32(row * STRIDE_ROWS + KERNEL_ROWS) - i32(PAD_TOP), i32(HEIGHT));
    let right = min(i32(column * STRIDE_COLUMNS + KERNEL_COLUMNS) - i32(PAD_LEFT), i32(WIDTH));
    let image = i / (ROWS * COLUMNS * DEPTH) * HEIGHT * WIDTH * DEPTH + i % DEPTH;
    var greatest = x[image + u32(above * i32(WIDTH) + left) * DEPTH];
    for (var r = above; r < below; r++) {
        for (var c = left; c < right; c++) {
            let v = x[image + u32(r * i32(WIDTH) + c) * DEPTH];
            if v > greatest || is_not_a_number(v) { greatest = v; }
        }
    }
    y[i] = greatest;
}
