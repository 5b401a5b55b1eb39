// As registers8.wgsl, for any sizes: reads and writes single elements where that one has vectors of four.
//
// overrides   as there
// bindings    0: A, 1: B, 2: C; inputs that an epilogue brings stand between
// workgroups  SPLITS · BATCH · ceil(M / (8 · WG_ROWS)) · ceil(N / 64), flat

alias T = f32;  // of what is stored; the sums are float32

override M: u32 = 8;
override N: u32 = 8;
override K: u32 = 8;
override BATCH: u32 = 1;
override TRANSPOSE_A: bool = false;
override TRANSPOSE_B: bool = false;
override STRIDE_A: u32 = M * K;
override STRIDE_B: u32 = K * N;
override SPLITS: u32 = 1;
override WG_ROWS: u32 = 4;

@group(0) @binding(0) var<storage, read> a: array<T>;
@group(0) @binding(1) var<storage, read> b: array<T>;
@group(0) @binding(2) var<storage, read_write> c: array<T>;

// Replaced where a bias and an activation are fused.
fn epilogue(v: T, column: u32) -> T { return v; }

var<private> s00: mat4x4f; var<private> s01: mat4x4f;
var<private> s10: mat4x4f; var<private> s11: mat4x4f;

// A block: its matrix of the batch, its first row and column, its part of K, and where its matrix starts in C.
struct Place { batch: u32, row: u32, column: u32, k: u32, end: u32, out: u32 }

fn place(group: u32, local: vec3u) -> Place {
    let across = (N + 63u) / 64u;
    let down = (M + 8u * WG_ROWS - 1u) / (8u * WG_ROWS);
    let part = (K + 4u * SPLITS - 1u) / (4u * SPLITS) * 4u;
    let line = group / across;
    let product = line / down;  // of BATCH · SPLITS
    let k = product / BATCH * part;
    return Place(product % BATCH, ((line % down) * WG_ROWS + local.y) * 8u, ((group % across) * 8u + local.x) * 8u,
        k, min(k + part, K), product * M * N);
}

// Four elements of a line of A or B, `stride` apart; beyond its end the last one again.
fn a_line(at: u32, row: u32) -> vec4f {
    let stride = select(K, 1u, TRANSPOSE_A);
    let last = M - 1u;
    return vec4f(f32(a[at + min(row, last) * stride]), f32(a[at + min(row + 1u, last) * stride]),
        f32(a[at + min(row + 2u, last) * stride]), f32(a[at + min(row + 3u, last) * stride]));
}

fn b_line(at: u32, column: u32) -> vec4f {
    let stride = select(1u, K, TRANSPOSE_B);
    let last = N - 1u;
    return vec4f(f32(b[at + min(column, last) * stride]), f32(b[at + min(column + 1u, last) * stride]),
        f32(b[at + min(column + 2u, last) * stride]), f32(b[at + min(column + 3u, last) * stride]));
}

fn outer(b: vec4f, a: vec4f) -> mat4x4f { return mat4x4f(b * a.x, b * a.y, b * a.z, b * a.w); }

fn put(start: u32, row: u32, column: u32, block: mat4x4f) {
    for (var i = 0u; i < min(4u, M - min(row, M)); i++) {
        for (var j = 0u; j < min(4u, N - min(column, N)); j++) {
            c[start + (row + i) * N + column + j] = epilogue(T(block[i][j]), column + j);
        }
    }
}

@compute @workgroup_size(8, WG_ROWS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_id) local: vec3u) {
    let p = place(group.x + group.y * groups.x, local);
    if p.out >= BATCH * SPLITS * M * N || p.row >= M || p.column >= N { return; }
    let start_a = p.batch * STRIDE_A;
    let start_b = p.batch * STRIDE_B;
    for (var k = p.k; k < p.end; k += 1u) {
        let at_a = start_a + k * select(1u, M, TRANSPOSE_A);
        let at_b = start_b + k * select(N, 1u, TRANSPOSE_B);
        let a0 = a_line(at_a, p.row);
        let a1 = a_line(at_a, p.row + 4u);
        let b0 = b_line(at_b, p.column);
        let b1 = b_line(at_b, p.column + 4u);
        s00 += outer(b0, a0); s01 += outer(b1, a0);
        s10 += outer(b0, a1); s11 += outer(b1, a1);
    }
    put(p.out, p.row, p.column, s00); put(p.out, p.row, p.column + 4u, s01);
    put(p.out, p.row + 4u, p.column, s10); put(p.out, p.row + 4u, p.column + 4u, s11);
}
