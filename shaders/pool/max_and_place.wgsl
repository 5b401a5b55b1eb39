// As max.wgsl, and where in its image the first of the greatest elements is.
//
// overrides   BATCH, HEIGHT, WIDTH, DEPTH: of x; ROWS, COLUMNS: of windows; KERNEL_ROWS, KERNEL_COLUMNS: of a window;
//             STRIDE_…, PAD_TOP, PAD_LEFT; OF_BATCH: places are counted from the start of the batch, not of the image
// bindings    0: x [BATCH, HEIGHT, WIDTH, DEPTH], 1: y [BATCH, ROWS, COLUMNS, DEPTH], 2: places, as y
// workgroups  ceil(BATCH · ROWS · COLUMNS · DEPTH / 64), flat

override OF_BATCH: bool = false;

// include parts/pooled_window.wgsl

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(2) var<storage, read_write> places: array<i32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= BATCH * ROWS * COLUMNS * DEPTH { return; }
    let w = window(i);
    var place = w.image + (w.above * WIDTH + w.left) * DEPTH;
    var greatest = x[place];
    for (var r = w.above; r < w.below; r++) {
        for (var c = w.left; c < w.right; c++) {
            let at = w.image + (r * WIDTH + c) * DEPTH;
            let v = x[at];
            if !is_nan(f32(greatest)) && (v > greatest || is_nan(f32(v))) {
                greatest = v;
                place = at;
            }
        }
    }
    places[i] = i32(select(place % (HEIGHT * WIDTH * DEPTH), place, OF_BATCH));
    store_result(i, greatest);
}
