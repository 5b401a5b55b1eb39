// The gradient of average.wgsl: each element of x sums its shares of the windows it lies in.
//
// overrides   BATCH, HEIGHT, WIDTH, DEPTH: of x; ROWS, COLUMNS: of windows; KERNEL_ROWS, KERNEL_COLUMNS: of a window;
//             STRIDE_…, PAD_TOP, PAD_LEFT
// bindings    0: dy, 1: dx
// workgroups  ceil(BATCH · HEIGHT · WIDTH · DEPTH / 64), flat

// include parts/windows_over.wgsl

@group(0) @binding(0) var<storage, read> dy: array<T>;
@group(0) @binding(1) var<storage, read_write> dx: array<T>;

// How many elements the window that starts at `start` has of an axis.
fn extent(start: i32, length: u32, size: u32) -> f32 {
    return f32(min(start + i32(length), i32(size)) - max(start, 0));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= BATCH * HEIGHT * WIDTH * DEPTH { return; }
    let over = windows_over(i);
    var sum = 0.0;
    for (var row = over.row; row <= over.last_row; row++) {
        let rows = extent(i32(row * STRIDE_ROWS) - i32(PAD_TOP), KERNEL_ROWS, HEIGHT);
        for (var column = over.column; column <= over.last_column; column++) {
            let columns = extent(i32(column * STRIDE_COLUMNS) - i32(PAD_LEFT), KERNEL_COLUMNS, WIDTH);
            sum += f32(dy[over.start + (row * COLUMNS + column) * DEPTH]) / (rows * columns);
        }
    }
    store_result(i, T(sum));
}

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: T) { dx[at] = v; }
