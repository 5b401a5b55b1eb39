// The gradient of a convolution's filter, as a product of matrices that are never made: a row is a tap of the filter
// with a channel of x, a column a channel of dy, the sum goes over all places of dy. As matmul/shared.wgsl, a
// workgroup of 128 stages 64 rows and 64 columns in shared memory.
//
// overrides   BATCH, HEIGHT, WIDTH, DEPTH: of x; ROWS, COLUMNS, N: of dy [BATCH, ROWS, COLUMNS, N];
//             KERNEL_ROWS, KERNEL_COLUMNS, STRIDE_…, DILATION_…, PAD_TOP, PAD_LEFT: of the convolution;
//             SPLITS: the places of all images are cut into so many parts, whose sums stand one after the other in the
//             result, for matmul/split_sum.wgsl
// bindings    0: x, 1: dy, 2: the gradient [KERNEL_ROWS, KERNEL_COLUMNS, DEPTH, N]
// sizes       N and DEPTH multiples of 4 (filter_odd.wgsl takes others)
// workgroups  SPLITS · ceil(KERNEL_ROWS · KERNEL_COLUMNS · DEPTH / 64) · ceil(N / 64), flat

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

var<workgroup> tile_a: array<vec4f, 320>;  // 64 rows of 16 k in vectors, and one more against bank conflicts
var<workgroup> tile_b: array<vec4f, 256>;  // 16 k of 64 columns
var<private> s0: mat4x4f;
var<private> s1: mat4x4f;

// A tap of the filter as it lies from the place of dy: rows and columns further in x, and the first of four channels.
struct Tap { row: i32, column: i32, channel: i32 }

fn tap(row: u32) -> Tap {
    let m = min(row, KERNEL_ROWS * KERNEL_COLUMNS * DEPTH - 4u);
    let column = m / DEPTH % KERNEL_COLUMNS;
    return Tap(i32(m / DEPTH / KERNEL_COLUMNS * DILATION_ROWS) - i32(PAD_TOP),
        i32(column * DILATION_COLUMNS) - i32(PAD_LEFT), i32(m % DEPTH));
}

// What the tap's four channels have at a place of dy.
fn a_line(t: Tap, place: u32) -> vec4f {
    let y = i32(place / COLUMNS % ROWS * STRIDE_ROWS) + t.row;
    let column = i32(place % COLUMNS * STRIDE_COLUMNS) + t.column;
    let inside = place < BATCH * ROWS * COLUMNS && y >= 0 && y < i32(HEIGHT) && column >= 0 && column < i32(WIDTH);
    let at = ((i32(place / (ROWS * COLUMNS) * HEIGHT) + y) * i32(WIDTH) + column) * i32(DEPTH) + t.channel;
    return select(vec4f(), vec4f(x[u32(select(0, at, inside)) / 4u]), inside);
}

fn b_line(place: u32, column: u32) -> vec4f {
    let places = BATCH * ROWS * COLUMNS;
    return select(vec4f(), vec4f(dy[(min(place, places - 1u) * N + min(column, N - 4u)) / 4u]), place < places);
}

fn put(start: u32, row: u32, column: u32, block: mat4x4f) {
    if row < KERNEL_ROWS * KERNEL_COLUMNS * DEPTH && column < N {
        for (var i = 0u; i < 4u; i++) { c[(start + (row + i) * N + column) / 4u] = vec4<T>(block[i]); }
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
    let across = (N + 63u) / 64u;
    let rows = KERNEL_ROWS * KERNEL_COLUMNS * DEPTH;
    let down = (rows + 63u) / 64u;
    let tile = group.x + group.y * groups.x;
    let split = tile / across / down;
    if split >= SPLITS { return; }
    let first_row = tile / across % down * 64u;
    let first_column = tile % across * 64u;
    let places = BATCH * ROWS * COLUMNS;
    let part = (places + 16u * SPLITS - 1u) / (16u * SPLITS) * 16u;
    let here = tap(first_row + i / 4u % 16u * 4u);
    let column = first_column + i % 16u * 4u;
    for (var k = split * part; k < min((split + 1u) * part, places); k += 16u) {
        let at = k + select((i - 64u) / 16u, i % 4u, i < 64u) * 4u;
        if i < 64u {
            store(i, transpose(mat4x4f(a_line(here, at), a_line(here, at + 1u), a_line(here, at + 2u),
                a_line(here, at + 3u))));
        } else {
            store(i, mat4x4f(b_line(at, column), b_line(at + 1u, column), b_line(at + 2u, column),
                b_line(at + 3u, column)));
        }
        workgroupBarrier();
        accumulate(i);
        workgroupBarrier();
    }
    let start = split * rows * N;
    let row = first_row + i / 8u * 4u;
    put(start, row, first_column + i % 8u * 8u, s0);
    put(start, row, first_column + i % 8u * 8u + 4u, s1);
}
