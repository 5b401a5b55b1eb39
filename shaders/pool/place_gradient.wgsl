// The gradient of max_and_place.wgsl: each element of x sums the gradients of the windows that have their place there.
//
// overrides   BATCH, HEIGHT, WIDTH, DEPTH: of x; ROWS, COLUMNS: of windows; KERNEL_ROWS, KERNEL_COLUMNS: of a window;
//             STRIDE_…, PAD_TOP, PAD_LEFT; OF_BATCH: places are counted from the start of the batch, not of the image
// bindings    0: dy, 1: places, 2: dx
// workgroups  ceil(BATCH · HEIGHT · WIDTH · DEPTH / 64), flat

override OF_BATCH: bool = false;

// include parts/windows_over.wgsl

@group(0) @binding(0) var<storage, read> dy: array<T>;
@group(0) @binding(1) var<storage, read> places: array<i32>;
@group(0) @binding(2) var<storage, read_write> dx: array<T>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= BATCH * HEIGHT * WIDTH * DEPTH { return; }
    let over = windows_over(i);
    let place = i32(select(i % (HEIGHT * WIDTH * DEPTH), i, OF_BATCH));
    var sum = 0.0;
    for (var row = over.row; row <= over.last_row; row++) {
        for (var column = over.column; column <= over.last_column; column++) {
            let at = over.start + (row * COLUMNS + column) * DEPTH;
            if places[at] == place { sum += f32(dy[at]); }
        }
    }
    store_result(i, T(sum));
}

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: T) { dx[at] = v; }
