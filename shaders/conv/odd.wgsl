// As registers8.wgsl, for any sizes: reads and writes single elements where that one has vectors of four.
//
// overrides   as there
// bindings    as there
// workgroups  ceil(ceil(BATCH · ROWS · COLUMNS / 8) · ceil(N / 8) / 32), flat

alias T = f32;  // of what is stored; the sums are float32

override N: u32 = 8;
override BATCH: u32 = 1;
override ROWS: u32 = 8;
override COLUMNS: u32 = 8;
override HEIGHT: u32 = 8;
override WIDTH: u32 = 8;
override DEPTH: u32 = 4;
override KERNEL_ROWS: u32 = 1;
override KERNEL_COLUMNS: u32 = 1;
override STRIDE_ROWS: u32 = 1;
override STRIDE_COLUMNS: u32 = 1;
override DILATION_ROWS: u32 = 1;
override DILATION_COLUMNS: u32 = 1;
override PAD_TOP: u32 = 0;
override PAD_LEFT: u32 = 0;
override TO_INPUT: bool = false;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> filters: array<T>;
@group(0) @binding(2) var<storage, read_write> c: array<T>;

// Replaced where a bias and an activation are fused.
fn epilogue(v: T, column: u32) -> T { return v; }

var<private> s00: mat4x4f; var<private> s01: mat4x4f;
var<private> s10: mat4x4f; var<private> s11: mat4x4f;

// Where four places of C lie: the image's start in x, and their rows and columns.
struct Places { image: vec4i, row: vec4i, column: vec4i }

fn places(first: u32) -> Places {
    let m = min(first + vec4u(0, 1, 2, 3), vec4u(BATCH * ROWS * COLUMNS - 1u));
    return Places(vec4i(m / (ROWS * COLUMNS) * (HEIGHT * WIDTH)), vec4i(m / COLUMNS % ROWS), vec4i(m % COLUMNS));
}

// Where in x the four places find what the filter's row and column is multiplied with; -1 outside.
fn taps(p: Places, row: u32, column: u32) -> vec4i {
    var y: vec4i;
    var x: vec4i;
    var inside = vec4<bool>(true);
    if TO_INPUT {
        let below = p.row + i32(PAD_TOP) - i32(row * DILATION_ROWS);
        let beside = p.column + i32(PAD_LEFT) - i32(column * DILATION_COLUMNS);
        y = below / i32(STRIDE_ROWS);
        x = beside / i32(STRIDE_COLUMNS);
        inside = (below >= vec4i()) & (beside >= vec4i())
            & (y * i32(STRIDE_ROWS) == below) & (x * i32(STRIDE_COLUMNS) == beside);
    } else {
        y = p.row * i32(STRIDE_ROWS) + i32(row * DILATION_ROWS) - i32(PAD_TOP);
        x = p.column * i32(STRIDE_COLUMNS) + i32(column * DILATION_COLUMNS) - i32(PAD_LEFT);
        inside = (y >= vec4i()) & (x >= vec4i());
    }
    inside &= (y < vec4i(i32(HEIGHT))) & (x < vec4i(i32(WIDTH)));
    return select(vec4i(-1), (p.image + y * i32(WIDTH) + x) * i32(DEPTH), inside);
}

// A channel of x at four places.
fn a_line(at: vec4i, channel: u32) -> vec4f {
    let i = vec4u(max(at, vec4i())) + channel;
    return select(vec4f(), vec4f(f32(x[i.x]), f32(x[i.y]), f32(x[i.z]), f32(x[i.w])), at >= vec4i());
}

// The filter's row and column `tap` from a channel of x to four of C.
fn b_line(tap: u32, channel: u32, column: u32) -> vec4f {
    let n = min(column + vec4u(0, 1, 2, 3), vec4u(N - 1u));
    let at = select((tap * DEPTH + channel) * N + n, (tap * N + n) * DEPTH + channel, vec4<bool>(TO_INPUT));
    return vec4f(f32(filters[at.x]), f32(filters[at.y]), f32(filters[at.z]), f32(filters[at.w]));
}

fn outer(b: vec4f, a: vec4f) -> mat4x4f { return mat4x4f(b * a.x, b * a.y, b * a.z, b * a.w); }

fn put(row: u32, column: u32, block: mat4x4f) {
    let rows = BATCH * ROWS * COLUMNS;
    for (var i = 0u; i < min(4u, rows - min(row, rows)); i++) {
        for (var j = 0u; j < min(4u, N - min(column, N)); j++) {
            c[(row + i) * N + column + j] = epilogue(T(block[i][j]), column + j);
        }
    }
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let block = (group.x + group.y * groups.x) * 32u + local;
    let across = (N + 7u) / 8u;
    let row = block / across * 8u;
    let column = block % across * 8u;
    if row >= BATCH * ROWS * COLUMNS { return; }
    let places0 = places(row);
    let places1 = places(row + 4u);
    for (var tap = 0u; tap < KERNEL_ROWS * KERNEL_COLUMNS; tap++) {
        let at0 = taps(places0, tap / KERNEL_COLUMNS, tap % KERNEL_COLUMNS);
        let at1 = taps(places1, tap / KERNEL_COLUMNS, tap % KERNEL_COLUMNS);
        for (var channel = 0u; channel < DEPTH; channel++) {
            let a0 = a_line(at0, channel);
            let a1 = a_line(at1, channel);
            let b0 = b_line(tap, channel, column);
            let b1 = b_line(tap, channel, column + 4u);
            s00 += outer(b0, a0); s01 += outer(b1, a0);
            s10 += outer(b0, a1); s11 += outer(b1, a1);
        }
    }
    put(row, column, s00); put(row, column + 4u, s01);
    put(row + 4u, column, s10); put(row + 4u, column + 4u, s11);
}
