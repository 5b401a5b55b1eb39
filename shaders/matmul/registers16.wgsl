// C = op(A) · op(B): each invocation sums a block of 16 rows and 16 columns in registers, without shared memory. For
// adapters where a barrier costs more than a load: the software ones. Batched, split along K if asked.
//
// overrides   M, N, K: C is M × N; BATCH; TRANSPOSE_A: A is stored K × M; TRANSPOSE_B: B is stored N × K;
//             STRIDE_A, STRIDE_B: elements from one matrix of the batch to the next (0: all use the same one);
//             SPLITS: K is cut into so many parts, whose products stand one after the other in C, for split_sum.wgsl;
//             WG_ROWS: a workgroup is 8 blocks wide and WG_ROWS high
// bindings    0: A, 1: B, 2: C; inputs that an epilogue brings stand between
// sizes       K and N multiples of 4, and M too where A is transposed (registers8_odd.wgsl takes others)
// workgroups  SPLITS · BATCH · ceil(M / (16 · WG_ROWS)) · ceil(N / 128), flat

alias T = f32;  // of what is stored; the sums are float32

override M: u32 = 16;
override N: u32 = 16;
override K: u32 = 16;
override BATCH: u32 = 1;
override TRANSPOSE_A: bool = false;
override TRANSPOSE_B: bool = false;
override STRIDE_A: u32 = M * K;
override STRIDE_B: u32 = K * N;
override SPLITS: u32 = 1;
override WG_ROWS: u32 = 4;

@group(0) @binding(0) var<storage, read> a: array<vec4<T>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<T>>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4<T>>;

// Replaced where a bias and an activation are fused.
fn epilogue(v: T, column: u32) -> T { return v; }

var<private> s00: mat4x4f; var<private> s01: mat4x4f; var<private> s02: mat4x4f; var<private> s03: mat4x4f;
var<private> s10: mat4x4f; var<private> s11: mat4x4f; var<private> s12: mat4x4f; var<private> s13: mat4x4f;
var<private> s20: mat4x4f; var<private> s21: mat4x4f; var<private> s22: mat4x4f; var<private> s23: mat4x4f;
var<private> s30: mat4x4f; var<private> s31: mat4x4f; var<private> s32: mat4x4f; var<private> s33: mat4x4f;

// A block: its matrix of the batch, its first row and column, its part of K, and where its matrix starts in C.
struct Place { batch: u32, row: u32, column: u32, k: u32, end: u32, out: u32 }

fn place(group: u32, local: vec3u) -> Place {
    let across = (N + 127u) / 128u;
    let down = (M + 16u * WG_ROWS - 1u) / (16u * WG_ROWS);
    let part = (K + 4u * SPLITS - 1u) / (4u * SPLITS) * 4u;
    let line = group / across;
    let product = line / down;  // of BATCH · SPLITS
    let k = product / BATCH * part;
    return Place(product % BATCH, ((line % down) * WG_ROWS + local.y) * 16u, ((group % across) * 8u + local.x) * 16u,
        k, min(k + part, K), product * M * N);
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

@compute @workgroup_size(8, WG_ROWS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_id) local: vec3u) {
    let p = place(group.x + group.y * groups.x, local);
    if p.out >= BATCH * SPLITS * M * N || p.row >= M || p.column >= N { return; }
    let start_a = p.batch * STRIDE_A;
    let start_b = p.batch * STRIDE_B;
    for (var k = p.k; k < p.end; k += 4u) {
        let b0 = b4(start_b, k, p.column);
        let b1 = b4(start_b, k, p.column + 4u);
        let b2 = b4(start_b, k, p.column + 8u);
        let b3 = b4(start_b, k, p.column + 12u);
        var a = mat4x4f();
        a = a4(start_a, p.row, k);
        s00 += b0 * a; s01 += b1 * a; s02 += b2 * a; s03 += b3 * a;
        a = a4(start_a, p.row + 4u, k);
        s10 += b0 * a; s11 += b1 * a; s12 += b2 * a; s13 += b3 * a;
        a = a4(start_a, p.row + 8u, k);
        s20 += b0 * a; s21 += b1 * a; s22 += b2 * a; s23 += b3 * a;
        a = a4(start_a, p.row + 12u, k);
        s30 += b0 * a; s31 += b1 * a; s32 += b2 * a; s33 += b3 * a;
    }
    put(p.out, p.row, p.column, s00);
    put(p.out, p.row, p.column + 4u, s01);
    put(p.out, p.row, p.column + 8u, s02);
    put(p.out, p.row, p.column + 12u, s03);
    put(p.out, p.row + 4u, p.column, s10);
    put(p.out, p.row + 4u, p.column + 4u, s11);
    put(p.out, p.row + 4u, p.column + 8u, s12);
    put(p.out, p.row + 4u, p.column + 12u, s13);
    put(p.out, p.row + 8u, p.column, s20);
    put(p.out, p.row + 8u, p.column + 4u, s21);
    put(p.out, p.row + 8u, p.column + 8u, s22);
    put(p.out, p.row + 8u, p.column + 12u, s23);
    put(p.out, p.row + 12u, p.column, s30);
    put(p.out, p.row + 12u, p.column + 4u, s31);
    put(p.out, p.row + 12u, p.column + 8u, s32);
    put(p.out, p.row + 12u, p.column + 12u, s33);
}
