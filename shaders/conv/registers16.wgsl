// Convolution of x [BATCH, HEIGHT, WIDTH, DEPTH] to C [BATCH, ROWS, COLUMNS, N], or its gradient to the input, as a
// product of matrices that are never made: a row is a place of C, a column one of its channels, the sum goes over the
// filter and the depth of x. Each invocation sums a block of 16 places and 16 channels in registers.
//
// overrides   BATCH, ROWS, COLUMNS: of C, whose depth is N; HEIGHT, WIDTH, DEPTH: of x;
//             KERNEL_ROWS, KERNEL_COLUMNS, STRIDE_…, DILATION_…, PAD_TOP, PAD_LEFT: of the convolution;
//             TO_INPUT: C is the gradient of the convolution's input, x that of its output
// bindings    0: x, 1: the filter [KERNEL_ROWS, KERNEL_COLUMNS, input depth, output depth], 2: C; inputs that an
//             epilogue brings stand between
// sizes       N and DEPTH multiples of 4 (odd.wgsl takes others)
// workgroups  ceil(ceil(BATCH · ROWS · COLUMNS / 16) · ceil(N / 16) / 32), flat

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

@group(0) @binding(0) var<storage, read> x: array<vec4<T>>;
@group(0) @binding(1) var<storage, read> filters: array<vec4<T>>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4<T>>;

// Replaced where a bias and an activation are fused.
fn epilogue(v: T, column: u32) -> T { return v; }

var<private> s00: mat4x4f; var<private> s01: mat4x4f; var<private> s02: mat4x4f; var<private> s03: mat4x4f;
var<private> s10: mat4x4f; var<private> s11: mat4x4f; var<private> s12: mat4x4f; var<private> s13: mat4x4f;
var<private> s20: mat4x4f; var<private> s21: mat4x4f; var<private> s22: mat4x4f; var<private> s23: mat4x4f;
var<private> s30: mat4x4f; var<private> s31: mat4x4f; var<private> s32: mat4x4f; var<private> s33: mat4x4f;

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

fn x4(at: i32, channel: u32) -> vec4f {
    return select(vec4f(), vec4f(x[(u32(max(at, 0)) + channel) / 4u]), at >= 0);
}

// Four places at four channels of x: column i is place i.
fn a4(at: vec4i, channel: u32) -> mat4x4f {
    return mat4x4f(x4(at.x, channel), x4(at.y, channel), x4(at.z, channel), x4(at.w, channel));
}

// The filter's row and column `tap` from four channels of x to four of C: column i is channel i of x.
fn b4(tap: u32, channel: u32, column: u32) -> mat4x4f {
    let inside = min(column, N - 4u);
    if TO_INPUT {
        let at = (tap * N + inside) * DEPTH + channel;
        return transpose(mat4x4f(vec4f(filters[at / 4u]), vec4f(filters[(at + DEPTH) / 4u]),
            vec4f(filters[(at + 2u * DEPTH) / 4u]), vec4f(filters[(at + 3u * DEPTH) / 4u])));
    }
    let at = (tap * DEPTH + channel) * N + inside;
    return mat4x4f(vec4f(filters[at / 4u]), vec4f(filters[(at + N) / 4u]), vec4f(filters[(at + 2u * N) / 4u]),
        vec4f(filters[(at + 3u * N) / 4u]));
}

fn put(row: u32, column: u32, block: mat4x4f) {
    if column >= N { return; }
    let rows = BATCH * ROWS * COLUMNS;
    for (var i = 0u; i < min(4u, rows - min(row, rows)); i++) {
        let v = vec4<T>(block[i]);
        c[((row + i) * N + column) / 4u] = vec4<T>(epilogue(v.x, column), epilogue(v.y, column + 1u),
            epilogue(v.z, column + 2u), epilogue(v.w, column + 3u));
    }
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let block = (group.x + group.y * groups.x) * 32u + local;
    let across = (N + 15u) / 16u;
    let row = block / across * 16u;
    let column = block % across * 16u;
    if row >= BATCH * ROWS * COLUMNS { return; }
    let places0 = places(row);
    let places1 = places(row + 4u);
    let places2 = places(row + 8u);
    let places3 = places(row + 12u);
    for (var tap = 0u; tap < KERNEL_ROWS * KERNEL_COLUMNS; tap++) {
        let at0 = taps(places0, tap / KERNEL_COLUMNS, tap % KERNEL_COLUMNS);
        let at1 = taps(places1, tap / KERNEL_COLUMNS, tap % KERNEL_COLUMNS);
        let at2 = taps(places2, tap / KERNEL_COLUMNS, tap % KERNEL_COLUMNS);
        let at3 = taps(places3, tap / KERNEL_COLUMNS, tap % KERNEL_COLUMNS);
        for (var channel = 0u; channel < DEPTH; channel += 4u) {
            let b0 = b4(tap, channel, column);
            let b1 = b4(tap, channel, column + 4u);
            let b2 = b4(tap, channel, column + 8u);
            let b3 = b4(tap, channel, column + 12u);
            var a = mat4x4f();
            a = a4(at0, channel);
            s00 += b0 * a; s01 += b1 * a; s02 += b2 * a; s03 += b3 * a;
            a = a4(at1, channel);
            s10 += b0 * a; s11 += b1 * a; s12 += b2 * a; s13 += b3 * a;
            a = a4(at2, channel);
            s20 += b0 * a; s21 += b1 * a; s22 += b2 * a; s23 += b3 * a;
            a = a4(at3, channel);
            s30 += b0 * a; s31 += b1 * a; s32 += b2 * a; s33 += b3 * a;
        }
    }
    put(row, column, s00); put(row, column + 4u, s01);
    put(row, column + 8u, s02); put(row, column + 12u, s03);
    put(row + 4u, column, s10); put(row + 4u, column + 4u, s11);
    put(row + 4u, column + 8u, s12); put(row + 4u, column + 12u, s13);
    put(row + 8u, column, s20); put(row + 8u, column + 4u, s21);
    put(row + 8u, column + 8u, s22); put(row + 8u, column + 12u, s23);
    put(row + 12u, column, s30); put(row + 12u, column + 4u, s31);
    put(row + 12u, column + 8u, s32); put(row + 12u, column + 12u, s33);
}
