// The gradient of max.wgsl: each element of x sums the gradients of the windows whose first greatest element it is.
//
// overrides   BATCH, HEIGHT, WIDTH, DEPTH: of x; ROWS, COLUMNS: of windows; KERNEL_ROWS, KERNEL_COLUMNS: of a window;
//             STRIDE_…, PAD_TOP, PAD_LEFT
// bindings    0: x, 1: y, the greatest elements, 2: dy, their gradients, 3: dx
// workgroups  ceil(BATCH · HEIGHT · WIDTH · DEPTH / 64), flat

// include parts/windows_over.wgsl

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> greatest: array<T>;
@group(0) @binding(2) var<storage, read> dy: array<T>;
@group(0) @binding(3) var<storage, read_write> dx: array<T>;

fn same(a: T, b: T) -> bool { return a == b || bitcast<u32>(f32(a)) == bitcast<u32>(f32(b)); }

// Whether an element equal to v lies in the window before the place (y, column).
fn is_earlier(v: T, image: u32, row: u32, column: u32, y: u32, x_column: u32) -> bool {
    let above = max(i32(row * STRIDE_ROWS) - i32(PAD_TOP), 0);
    let left = max(i32(column * STRIDE_COLUMNS) - i32(PAD_LEFT), 0);
    let right = min(i32(column * STRIDE_COLUMNS + KERNEL_COLUMNS) - i32(PAD_LEFT), i32(WIDTH));
    for (var r = above; r <= i32(y); r++) {
        let end = select(right, i32(x_column), r == i32(y));
        for (var c = left; c < end; c++) {
            if same(x[image + u32(r * i32(WIDTH) + c) * DEPTH], v) { return true; }
        }
    }
    return false;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= BATCH * HEIGHT * WIDTH * DEPTH { return; }
    let y = i / (WIDTH * DEPTH) % HEIGHT;
    let x_column = i / DEPTH % WIDTH;
    let over = windows_over(i);
    let image = i / (HEIGHT * WIDTH * DEPTH) * HEIGHT * WIDTH * DEPTH + i % DEPTH;
    let v = x[i];
    var sum = 0.0;
    for (var row = over.row; row <= over.last_row; row++) {
        for (var column = over.column; column <= over.last_column; column++) {
            let window = over.start + (row * COLUMNS + column) * DEPTH;
            if same(greatest[window], v) && !is_earlier(v, image, row, column, y, x_column) { sum += f32(dy[window]); }
        }
    }
    store_result(i, T(sum));
}

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: T) { dx[at] = v; }
