// The convolution of each channel of x by itself, to MULTIPLIER channels of y. One invocation an element of y.
//
// overrides   BATCH, HEIGHT, WIDTH, DEPTH: of x; ROWS, COLUMNS: of y, whose depth is DEPTH · MULTIPLIER;
//             KERNEL_ROWS, KERNEL_COLUMNS: of the filter; STRIDE_…, DILATION_…, PAD_TOP, PAD_LEFT
// bindings    0: x, 1: the filter [KERNEL_ROWS, KERNEL_COLUMNS, DEPTH, MULTIPLIER], 2: y; inputs that an epilogue
//             brings stand between
// workgroups  ceil(BATCH · ROWS · COLUMNS · DEPTH · MULTIPLIER / 64), flat

// include parts/windows.wgsl

alias R = f32;  // of what is stored in y

override MULTIPLIER: u32 = 1;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> filters: array<T>;
@group(0) @binding(2) var<storage, read_write> y: array<R>;

// Replaced where a bias and an activation are fused.
fn epilogue(v: R, column: u32) -> R { return v; }

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: R) { y[at] = v; }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    let channels = DEPTH * MULTIPLIER;
    if i >= BATCH * ROWS * COLUMNS * channels { return; }
    let image = i / (ROWS * COLUMNS * channels) * HEIGHT;
    let row = i32(i / (COLUMNS * channels) % ROWS * STRIDE_ROWS) - i32(PAD_TOP);
    let column = i32(i / channels % COLUMNS * STRIDE_COLUMNS) - i32(PAD_LEFT);
    let channel = i % channels;
    var sum = 0.0;
    for (var r = 0u; r < KERNEL_ROWS; r++) {
        let at_row = row + i32(r * DILATION_ROWS);
        if at_row < 0 || at_row >= i32(HEIGHT) { continue; }
        for (var c = 0u; c < KERNEL_COLUMNS; c++) {
            let at_column = column + i32(c * DILATION_COLUMNS);
            if at_column < 0 || at_column >= i32(WIDTH) { continue; }
            let at = ((image + u32(at_row)) * WIDTH + u32(at_column)) * DEPTH + channel / MULTIPLIER;
            sum += f32(x[at]) * f32(filters[(r * KERNEL_COLUMNS + c) * channels + channel]);
        }
    }
    store_result(i, epilogue(R(sum), channel));
}
