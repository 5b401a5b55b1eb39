// C = op(A) · op(B): a workgroup of 128 stages 64 rows and 64 columns, 16 k at a time, in shared memory, and each
// invocation sums 4 rows and 8 columns in registers. For real GPUs. Batched, split along K if asked.
//
// overrides   as in registers8.wgsl, without WG_ROWS
// bindings    0: A, 1: B, 2: C; inputs that an epilogue brings stand between
// sizes       K and N multiples of 4, and M too where A is transposed; shared_odd.wgsl takes others
// workgroups  SPLITS · BATCH · ceil(M / 64) · ceil(N / 64), flat

alias T = f32;  // of what is stored; the sums are float32

override M: u32 = 64;
override N: u32 = 64;
override K: u32 = 64;
override BATCH: u32 = 1;
override TRANSPOSE_A: bool = false;
override TRANSPOSE_B: bool = false;
override STRIDE_A: u32 = M * K;
override STRIDE_B: u32 = K * N;
override SPLITS: u32 = 1;

@group(0) @binding(0) var<storage, read> a: array<vec4<T>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<T>>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4<T>>;

// Replaced where a bias and an activation are fused.
fn epilogue(v: T, column: u32) -> T { return v; }

var<workgroup> tile_a: array<vec4f, 320>;  // 64 rows of 16 k in vectors, and one more against bank conflicts
var<workgroup> tile_b: array<vec4f, 256>;  // 16 k of 64 columns
var<private> s0: mat4x4f;
var<private> s1: mat4x4f;

// A workgroup's tile: its matrix of the batch, first row and column, part of K, and where its matrix starts in C.
struct Tile { batch: u32, row: u32, column: u32, k: u32, end: u32, out: u32 }

fn tile_of(group: u32) -> Tile {
    let across = (N + 63u) / 64u;
    let down = (M + 63u) / 64u;
    let part = (K + 16u * SPLITS - 1u) / (16u * SPLITS) * 16u;
    let line = group / across;
    let product = line / down;  // of BATCH · SPLITS
    let k = product / BATCH * part;
    return Tile(product % BATCH, (line % down) * 64u, (group % across) * 64u, k, min(k + part, K), product * M * N);
}

// Four rows of A at four k: column i is row i. Beyond the last row, the last again: what becomes of it is not stored.
fn a4(start: u32, row: u32, k: u32) -> mat4x4f {
    if TRANSPOSE_A {
        let at = start + min(row, max(M, 4u) - 4u) + k * M;
        return transpose(mat4x4f(vec4f(a[at / 4u]), vec4f(a[(at + M) / 4u]), vec4f(a[(at + 2u * M) / 4u]),
            vec4f(a[(at + 3u * M) / 4u])));
    }
    let at = start + k;
    return mat4x4f(vec4f(a[(at + min(row, M - 1u) * K) / 4u]), vec4f(a[(at + min(row + 1u, M - 1u) * K) / 4u]),
        vec4f(a[(at + min(row + 2u, M - 1u) * K) / 4u]), vec4f(a[(at + min(row + 3u, M - 1u) * K) / 4u]));
}

// Four rows of B, k to k + 3, over four columns: column i is row k + i. b4 * a4 is a block of C, its columns rows.
fn b4(start: u32, k: u32, column: u32) -> mat4x4f {
    let inside = min(column, max(N, 4u) - 4u);
    if TRANSPOSE_B {
        let at = start + inside * K + k;
        return transpose(mat4x4f(vec4f(b[at / 4u]), vec4f(b[(at + K) / 4u]), vec4f(b[(at + 2u * K) / 4u]),
            vec4f(b[(at + 3u * K) / 4u])));
    }
    let at = start + k * N + inside;
    return mat4x4f(vec4f(b[at / 4u]), vec4f(b[(at + N) / 4u]), vec4f(b[(at + 2u * N) / 4u]),
        vec4f(b[(at + 3u * N) / 4u]));
}

fn put(start: u32, row: u32, column: u32, block: mat4x4f) {
    if column >= N { return; }
    for (var i = 0u; i < min(4u, M - min(row, M)); i++) {
        let v = vec4<T>(block[i]);
        c[(start + (row + i) * N + column) / 4u] = vec4<T>(epilogue(v.x, column), epilogue(v.y, column + 1u),
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
    let tile = tile_of(group.x + group.y * groups.x);
    if tile.out >= BATCH * SPLITS * M * N { return; }
    for (var k = tile.k; k < tile.end; k += 16u) {
        var block = mat4x4f();
        if i < 64u {
            let at = k + i % 4u * 4u;
            if at < tile.end { block = a4(tile.batch * STRIDE_A, tile.row + i / 4u * 4u, at); }
        } else {
            let at = k + (i - 64u) / 16u * 4u;
            if at < tile.end { block = b4(tile.batch * STRIDE_B, at, tile.column + i % 16u * 4u); }
        }
        store(i, block);
        workgroupBarrier();
        accumulate(i);
        workgroupBarrier();
    }
    let row = tile.row + i / 8u * 4u;
    let column = tile.column + i % 8u * 8u;
    put(tile.out, row, column, s0);
    put(tile.out, row, column + 4u, s1);
}
