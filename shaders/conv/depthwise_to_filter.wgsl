// The gradient of depthwise.wgsl to the filter, in parts. One invocation an element of it and a part of the rows.
//
// overrides   BATCH, HEIGHT, WIDTH, DEPTH: of x; ROWS, COLUMNS: of y, whose depth is DEPTH · MULTIPLIER;
//             KERNEL_ROWS, KERNEL_COLUMNS: of the filter; STRIDE_…, DILATION_…, PAD_TOP, PAD_LEFT
//             SPLITS: the rows of all images are cut into so many parts, whose sums stand one after the other in the
//             result, for matmul/split_sum.wgsl
// bindings    0: x, 1: dy, 2: the gradient
// workgroups  ceil(SPLITS · KERNEL_ROWS · KERNEL_COLUMNS · DEPTH · MULTIPLIER / 64), flat

// include parts/windows.wgsl

alias R = f32;  // of what is stored in the gradient

override MULTIPLIER: u32 = 1;
override SPLITS: u32 = 1;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> dy: array<T>;
@group(0) @binding(2) var<storage, read_write> to_filter: array<R>;

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: R) { to_filter[at] = v; }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    let channels = DEPTH * MULTIPLIER;
    let size = KERNEL_ROWS * KERNEL_COLUMNS * channels;
    if i >= SPLITS * size { return; }
    let tap = i % size / channels;
    let channel = i % channels;
    let below = i32(tap / KERNEL_COLUMNS * DILATION_ROWS) - i32(PAD_TOP);
    let beside = i32(tap % KERNEL_COLUMNS * DILATION_COLUMNS) - i32(PAD_LEFT);
    let part = (BATCH * ROWS + SPLITS - 1u) / SPLITS;
    var sum = 0.0;
    for (var line = i / size * part; line < min((i / size + 1u) * part, BATCH * ROWS); line++) {
        let row = i32(line % ROWS * STRIDE_ROWS) + below;
        if row < 0 || row >= i32(HEIGHT) { continue; }
        let start = (line / ROWS * HEIGHT + u32(row)) * WIDTH;
        var part_sum = 0.0;
        for (var c = 0u; c < COLUMNS; c++) {
            let column = i32(c * STRIDE_COLUMNS) + beside;
            if column < 0 || column >= i32(WIDTH) { continue; }
            let at = (start + u32(column)) * DEPTH + channel / MULTIPLIER;
            part_sum += f32(x[at]) * f32(dy[(line * COLUMNS + c) * channels + channel]);
        }
        sum += part_sum;
    }
    store_result(i, R(sum));
}
