// The gradient of a convolution's filter, as a product of matrices that are never made: a row is a tap of the filter
// with a channel of x, a column a channel of dy, the sum goes over all places of dy. Each invocation sums a block of
// 16 rows and 16 columns in registers.
//
// overrides   BATCH, HEIGHT, WIDTH, DEPTH: of x; ROWS, COLUMNS, N: of dy [BATCH, ROWS, COLUMNS, N];
//             KERNEL_ROWS, KERNEL_COLUMNS, STRIDE_…, DILATION_…, PAD_TOP, PAD_LEFT: of the convolution;
//             SPLITS: the rows of all images are cut into so many parts, whose sums stand one after the other in the
//             result, for matmul/split_sum.wgsl
// bindings    0: x, 1: dy, 2: the gradient [KERNEL_ROWS, KERNEL_COLUMNS, DEPTH, N]
// sizes       N and DEPTH multiples of 4 (filter_odd.wgsl takes others)
// workgroups  ceil(SPLITS · ceil(KERNEL_ROWS · KERNEL_COLUMNS · DEPTH / 16) · ceil(N / 16) / 32), flat

alias T = f32;  // of what is stored; the sums are float32

override BATCH: u32 = 1;
override HEIGHT: u32 = 8;
override WIDTH: u32 = 8;
override DEPTH: u32 = 4;
override ROWS: u32 = 8;
override COLUMNS: u32 = 8;
override N: u32 = 8;
override KERNEL_ROWS: u32 = 1;
override KERNEL_COLUMNS: u32 = 1;
override STRIDE_ROWS: u32 = 1;
override STRIDE_COLUMNS: u32 = 1;
override DILATION_ROWS: u32 = 1;
override DILATION_COLUMNS: u32 = 1;
override PAD_TOP: u32 = 0;
override PAD_LEFT: u32 = 0;
override SPLITS: u32 = 1;

@group(0) @binding(0) var<storage, read> x: array<vec4<T>>;
@group(0) @binding(1) var<storage, read> dy: array<vec4<T>>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4<T>>;

var<private> s00: mat4x4f; var<private> s01: mat4x4f; var<private> s02: mat4x4f; var<private> s03: mat4x4f;
var<private> s10: mat4x4f; var<private> s11: mat4x4f; var<private> s12: mat4x4f; var<private> s13: mat4x4f;
var<private> s20: mat4x4f; var<private> s21: mat4x4f; var<private> s22: mat4x4f; var<private> s23: mat4x4f;
var<private> s30: mat4x4f; var<private> s31: mat4x4f; var<private> s32: mat4x4f; var<private> s33: mat4x4f;

// A tap of the filter as it lies from the place of dy: rows and columns further in x, and the first of four channels.
struct Tap { row: i32, column: i32, channel: i32 }

fn tap(row: u32) -> Tap {
    let m = min(row, KERNEL_ROWS * KERNEL_COLUMNS * DEPTH - 4u);
    let column = m / DEPTH % KERNEL_COLUMNS;
    return Tap(i32(m / DEPTH / KERNEL_COLUMNS * DILATION_ROWS) - i32(PAD_TOP),
        i32(column * DILATION_COLUMNS) - i32(PAD_LEFT), i32(m % DEPTH));
}

// Where the tap finds row `row` of dy in x; -1 outside.
fn line(t: Tap, image: u32, row: u32) -> i32 {
    let y = i32(row * STRIDE_ROWS) + t.row;
    return select(-1, (i32(image * HEIGHT) + y) * i32(WIDTH), y >= 0 && y < i32(HEIGHT));
}

fn a_line(t: Tap, at: i32, column: u32) -> vec4f {
    let x_column = i32(column * STRIDE_COLUMNS) + t.column;
    let inside = at >= 0 && x_column >= 0 && x_column < i32(WIDTH);
    return select(vec4f(), vec4f(x[u32(select(0, (at + x_column) * i32(DEPTH) + t.channel, inside)) / 4u]), inside);
}

fn b_line(place: u32, column: u32) -> vec4f { return vec4f(dy[(place * N + min(column, N - 4u)) / 4u]); }

fn outer(b: vec4f, a: vec4f) -> mat4x4f { return mat4x4f(b * a.x, b * a.y, b * a.z, b * a.w); }

fn put(start: u32, row: u32, column: u32, block: mat4x4f) {
    if row < KERNEL_ROWS * KERNEL_COLUMNS * DEPTH && column < N {
        for (var i = 0u; i < 4u; i++) { c[(start + (row + i) * N + column) / 4u] = vec4<T>(block[i]); }
    }
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let block = (group.x + group.y * groups.x) * 32u + local;
    let across = (N + 15u) / 16u;
    let down = (KERNEL_ROWS * KERNEL_COLUMNS * DEPTH + 15u) / 16u;
    let split = block / across / down;
    let row = block / across % down * 16u;
    let column = block % across * 16u;
    if split >= SPLITS { return; }
    let part = (BATCH * ROWS + SPLITS - 1u) / SPLITS;
    let tap0 = tap(row);
    let tap1 = tap(row + 4u);
    let tap2 = tap(row + 8u);
    let tap3 = tap(row + 12u);
    for (var i = split * part; i < min((split + 1u) * part, BATCH * ROWS); i++) {
        let line0 = line(tap0, i / ROWS, i % ROWS);
        let line1 = line(tap1, i / ROWS, i % ROWS);
        let line2 = line(tap2, i / ROWS, i % ROWS);
        let line3 = line(tap3, i / ROWS, i % ROWS);
        for (var j = 0u; j < COLUMNS; j++) {
            let b0 = b_line(i * COLUMNS + j, column);
            let b1 = b_line(i * COLUMNS + j, column + 4u);
            let b2 = b_line(i * COLUMNS + j, column + 8u);
            let b3 = b_line(i * COLUMNS + j, column + 12u);
            var a = vec4f();
            a = a_line(tap0, line0, j);
            s00 += outer(b0, a); s01 += outer(b1, a); s02 += outer(b2, a); s03 += outer(b3, a);
            a = a_line(tap1, line1, j);
            s10 += outer(b0, a); s11 += outer(b1, a); s12 += outer(b2, a); s13 += outer(b3, a);
            a = a_line(tap2, line2, j);
            s20 += outer(b0, a); s21 += outer(b1, a); s22 += outer(b2, a); s23 += outer(b3, a);
            a = a_line(tap3, line3, j);
            s30 += outer(b0, a); s31 += outer(b1, a); s32 += outer(b2, a); s33 += outer(b3, a);
        }
    }
    let start = split * KERNEL_ROWS * KERNEL_COLUMNS * DEPTH * N;
    put(start, row, column, s00); put(start, row, column + 4u, s01);
    put(start, row, column + 8u, s02); put(start, row, column + 12u, s03);
    put(start, row + 4u, column, s10); put(start, row + 4u, column + 4u, s11);
    put(start, row + 4u, column + 8u, s12); put(start, row + 4u, column + 12u, s13);
    put(start, row + 8u, column, s20); put(start, row + 8u, column + 4u, s21);
    put(start, row + 8u, column + 8u, s22); put(start, row + 8u, column + 12u, s23);
    put(start, row + 12u, column, s30); put(start, row + 12u, column + 4u, s31);
    put(start, row + 12u, column + 8u, s32); put(start, row + 12u, column + 12u, s33);
}
