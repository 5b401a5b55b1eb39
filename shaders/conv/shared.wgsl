// Convolution of x [BATCH, HEIGHT, WIDTH, DEPTH] to C [BATCH, ROWS, COLUMNS, N], or its gradient to the input, as a
// product of matrices that are never made: a row is a place of C, a column one of its channels, the sum goes over the
// filter and the depth of x. As matmul/shared.wgsl, a workgroup of 128 stages 64 places and 64 channels in shared
// memory.
//
// overrides   BATCH, ROWS, COLUMNS: of C, whose depth is N; HEIGHT, WIDTH, DEPTH: of x;
//             KERNEL_ROWS, KERNEL_COLUMNS, STRIDE_…, DILATION_…, PAD_TOP, PAD_LEFT: of the convolution;
//             TO_INPUT: C is the gradient of the convolution's input, x that of its output
// bindings    0: x, 1: the filter [KERNEL_ROWS, KERNEL_COLUMNS, input depth, output depth], 2: C; inputs that an
//             epilogue brings stand between
// sizes       N and DEPTH multiples of 4 (odd.wgsl takes others)
// workgroups  ceil(BATCH · ROWS · COLUMNS / 64) · ceil(N / 64), flat

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

var<workgroup> tile_a: array<vec4f, 320>;  // 64 rows of 16 k in vectors, and one more against bank conflicts
var<workgroup> tile_b: array<vec4f, 256>;  // 16 k of 64 columns
var<private> s0: mat4x4f;
var<private> s1: mat4x4f;

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

// The first 64 invocations bring a block of A each, the others one of B.
fn store(i: u32, block: mat4x4f) {
    if i < 64u {
        let at = i / 4u * 20u + i % 4u;
        tile_a[at] = block[0]; tile_a[at + 5u] = block[1]; tile_a[at + 10u] = block[2]; tile_a[at + 15u] = block[3];
    } else {
        let at = (i - 64u) / 16u * 64u + i % 16u;
        tile_b[at] = block[0]; tile_b[at + 16u] = block[1]; tile_b[at + 32u] = block[2]; tile_b[at + 48u] = block[3];
    }
}

fn accumulate(i: u32) {
    for (var k = 0u; k < 4u; k++) {
        let at_a = i / 8u * 20u + k;
        let at_b = k * 64u + i % 8u * 2u;
        let a = mat4x4f(tile_a[at_a], tile_a[at_a + 5u], tile_a[at_a + 10u], tile_a[at_a + 15u]);
        s0 += mat4x4f(tile_b[at_b], tile_b[at_b + 16u], tile_b[at_b + 32u], tile_b[at_b + 48u]) * a;
        s1 += mat4x4f(tile_b[at_b + 1u], tile_b[at_b + 17u], tile_b[at_b + 33u], tile_b[at_b + 49u]) * a;
    }
}

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) i: u32) {
    let tile = group.x + group.y * groups.x;
    let across = (N + 63u) / 64u;
    let first_row = tile / across * 64u;
    let first_column = tile % across * 64u;
    if first_row >= BATCH * ROWS * COLUMNS { return; }
    let here = places(first_row + i / 4u % 16u * 4u);
    for (var k = 0u; k < KERNEL_ROWS * KERNEL_COLUMNS * DEPTH; k += 16u) {
        var block = mat4x4f();
        let at = k + select((i - 64u) / 16u, i % 4u, i < 64u) * 4u;
        let tap = at / DEPTH;
        if at < KERNEL_ROWS * KERNEL_COLUMNS * DEPTH {
            if i < 64u {
                block = a4(taps(here, tap / KERNEL_COLUMNS, tap % KERNEL_COLUMNS), at % DEPTH);
            } else {
                block = b4(tap, at % DEPTH, first_column + i % 16u * 4u);
            }
        }
        store(i, block);
        workgroupBarrier();
        accumulate(i);
        workgroupBarrier();
    }
    let row = first_row + i / 8u * 4u;
    let column = first_column + i % 8u * 8u;
    put(row, column, s0);
    put(row, column + 4u, s1);
}
