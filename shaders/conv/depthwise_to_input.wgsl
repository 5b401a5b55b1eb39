// The gradient of depthwise.wgsl to x. One invocation an element of x.
//
// overrides   BATCH, HEIGHT, WIDTH, DEPTH: of x; ROWS, COLUMNS: of y, whose depth is DEPTH · MULTIPLIER;
//             KERNEL_ROWS, KERNEL_COLUMNS: of the filter; STRIDE_…, DILATION_…, PAD_TOP, PAD_LEFT
// bindings    0: the filter, 1: dy, 2: dx
// workgroups  ceil(BATCH · HEIGHT · WIDTH · DEPTH / 64), flat

// include parts/windows.wgsl

alias R = f32;  // of what is stored in dx

override MULTIPLIER: u32 = 1;

@group(0) @binding(0) var<storage, read> filters: array<T>;
@group(0) @binding(1) var<storage, read> dy: array<T>;
@group(0) @binding(2) var<storage, read_write> dx: array<R>;

// The window that the element at `place` of an axis stands `step` inside of, or -1.
fn window(place: u32, step: u32, pad: u32, stride: u32, count: u32) -> i32 {
    let start = i32(place + pad) - i32(step);
    return select(-1, start / i32(stride), start >= 0 && start % i32(stride) == 0 && start / i32(stride) < i32(count));
}

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: R) { dx[at] = v; }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= BATCH * HEIGHT * WIDTH * DEPTH { return; }
    let image = i / (HEIGHT * WIDTH * DEPTH) * ROWS;
    let channel = i % DEPTH * MULTIPLIER;
    var sum = 0.0;
    for (var r = 0u; r < KERNEL_ROWS; r++) {
        let row = window(i / (WIDTH * DEPTH) % HEIGHT, r * DILATION_ROWS, PAD_TOP, STRIDE_ROWS, ROWS);
        if row < 0 { continue; }
        for (var c = 0u; c < KERNEL_COLUMNS; c++) {
            let column = window(i / DEPTH % WIDTH, c * DILATION_COLUMNS, PAD_LEFT, STRIDE_COLUMNS, COLUMNS);
            if column < 0 { continue; }
            let at = ((image + u32(row)) * COLUMNS + u32(column)) * DEPTH * MULTIPLIER + channel;
            let weight = (r * KERNEL_COLUMNS + c) * DEPTH * MULTIPLIER + channel;
            for (var k = 0u; k < MULTIPLIER; k++) { sum += f32(dy[at + k]) * f32(filters[weight + k]); }
        }
    }
    store_result(i, R(sum));
}
