// As shared.wgsl, for any sizes: reads and writes single elements where that one has vectors of four.
//
// overrides   as there
// bindings    0: A, 1: B, 2: C; inputs that an epilogue brings stand between
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

@group(0) @binding(0) var<storage, read> a: array<T>;
@group(0) @binding(1) var<storage, read> b: array<T>;
@group(0) @binding(2) var<storage, read_write> c: array<T>;

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

// Beyond K both are 0, since 0 · NaN would be NaN.
fn a_row(start: u32, row: u32, k: u32) -> vec4f {
    let at = start + min(row, M - 1u) * select(K, 1u, TRANSPOSE_A);
    let stride = select(1u, M, TRANSPOSE_A);
    let last = K - 1u;
    let v = vec4f(f32(a[at + min(k, last) * stride]), f32(a[at + min(k + 1u, last) * stride]),
        f32(a[at + min(k + 2u, last) * stride]), f32(a[at + min(k + 3u, last) * stride]));
    return select(vec4f(), v, k + vec4u(0, 1, 2, 3) < vec4u(K));
}

fn b_row(start: u32, k: u32, column: u32) -> vec4f {
    if k >= K { return vec4f(); }
    let at = start + k * select(N, 1u, TRANSPOSE_B);
    let stride = select(1u, K, TRANSPOSE_B);
    let last = N - 1u;
    return vec4f(f32(b[at + min(column, last) * stride]), f32(b[at + min(column + 1u, last) * stride]),
        f32(b[at + min(column + 2u, last) * stride]), f32(b[at + min(column + 3u, last) * stride]));
}

fn a4(start: u32, row: u32, k: u32) -> mat4x4f {
    return mat4x4f(a_row(start, row, k), a_row(start, row + 1u, k), a_row(start, row + 2u, k),
        a_row(start, row + 3u, k));
}

fn b4(start: u32, k: u32, column: u32) -> mat4x4f {
    return mat4x4f(b_row(start, k, column), b_row(start, k + 1u, column), b_row(start, k + 2u, column),
        b_row(start, k + 3u, column));
}

fn put(start: u32, row: u32, column: u32, block: mat4x4f) {
    for (var i = 0u; i < min(4u, M - min(row, M)); i++) {
        for (var j = 0u; j < min(4u, N - min(column, N)); j++) {
            c[start + (row + i) * N + column + j] = epilogue(T(block[i][j]), column + j);
        }
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
