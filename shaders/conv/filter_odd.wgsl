// As filter_registers8.wgsl, for any sizes: reads and writes single elements where that one has vectors of four.
//
// overrides   as there
// bindings    as there
// workgroups  ceil(SPLITS · ceil(KERNEL_ROWS · KERNEL_COLUMNS · DEPTH / 8) · ceil(N / 8) / 32), flat

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

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> dy: array<T>;
@group(0) @binding(2) var<storage, read_write> c: array<T>;

var<private> s00: mat4x4f; var<private> s01: mat4x4f;
var<private> s10: mat4x4f; var<private> s11: mat4x4f;

// Four taps of the filter as they lie from the place of dy: rows and columns further in x, and their channels.
struct Tap { row: vec4i, column: vec4i, channel: vec4i }

fn tap(row: u32) -> Tap {
    let m = min(row + vec4u(0, 1, 2, 3), vec4u(KERNEL_ROWS * KERNEL_COLUMNS * DEPTH - 1u));
    let column = m / DEPTH % KERNEL_COLUMNS;
    return Tap(vec4i(m / DEPTH / KERNEL_COLUMNS * DILATION_ROWS) - i32(PAD_TOP),
        vec4i(column * DILATION_COLUMNS) - i32(PAD_LEFT), vec4i(m % DEPTH));
}

// Where the taps find row `row` of dy in x; -1 outside.
fn line(t: Tap, image: u32, row: u32) -> vec4i {
    let y = i32(row * STRIDE_ROWS) + t.row;
    let inside = (y >= vec4i()) & (y < vec4i(i32(HEIGHT)));
    return select(vec4i(-1), (i32(image * HEIGHT) + y) * i32(WIDTH), inside);
}

fn a_line(t: Tap, at: vec4i, column: u32) -> vec4f {
    let x_column = i32(column * STRIDE_COLUMNS) + t.column;
    let inside = (at >= vec4i()) & (x_column >= vec4i()) & (x_column < vec4i(i32(WIDTH)));
    let i = vec4u(select(vec4i(), (at + x_column) * i32(DEPTH) + t.channel, inside));
    return select(vec4f(), vec4f(f32(x[i.x]), f32(x[i.y]), f32(x[i.z]), f32(x[i.w])), inside);
}

fn b_line(place: u32, column: u32) -> vec4f {
    let i = place * N + min(column + vec4u(0, 1, 2, 3), vec4u(N - 1u));
    return vec4f(f32(dy[i.x]), f32(dy[i.y]), f32(dy[i.z]), f32(dy[i.w]));
}

fn outer(b: vec4f, a: vec4f) -> mat4x4f { return mat4x4f(b * a.x, b * a.y, b * a.z, b * a.w); }

fn put(start: u32, row: u32, column: u32, block: mat4x4f) {
    let rows = KERNEL_ROWS * KERNEL_COLUMNS * DEPTH;
    for (var i = 0u; i < min(4u, rows - min(row, rows)); i++) {
        for (var j = 0u; j < min(4u, N - min(column, N)); j++) {
            c[start + (row + i) * N + column + j] = T(block[i][j]);
        }
    }
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let block = (group.x + group.y * groups.x) * 32u + local;
    let across = (N + 7u) / 8u;
    let down = (KERNEL_ROWS * KERNEL_COLUMNS * DEPTH + 7u) / 8u;
    let split = block / across / down;
    let row = block / across % down * 8u;
    let column = block % across * 8u;
    if split >= SPLITS { return; }
    let part = (BATCH * ROWS + SPLITS - 1u) / SPLITS;
    let tap0 = tap(row);
    let tap1 = tap(row + 4u);
    for (var i = split * part; i < min((split + 1u) * part, BATCH * ROWS); i++) {
        let line0 = line(tap0, i / ROWS, i % ROWS);
        let line1 = line(tap1, i / ROWS, i % ROWS);
        for (var j = 0u; j < COLUMNS; j++) {
            let b0 = b_line(i * COLUMNS + j, column);
            let b1 = b_line(i * COLUMNS + j, column + 4u);
            let a0 = a_line(tap0, line0, j);
            let a1 = a_line(tap1, line1, j);
            s00 += outer(b0, a0); s01 += outer(b1, a0);
            s10 += outer(b0, a1); s11 += outer(b1, a1);
        }
    }
    let start = split * KERNEL_ROWS * KERNEL_COLUMNS * DEPTH * N;
    put(start, row, column, s00); put(start, row, column + 4u, s01);
    put(start, row + 4u, column, s10); put(start, row + 4u, column + 4u, s11);
}
