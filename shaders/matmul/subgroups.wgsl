// C = op(A) · op(B): the invocations of a workgroup sum 16 rows each, the same for all, and 8 columns in registers. Of A
// four of them load a part each and hand it around; every adapter's subgroups are as large. Without shared memory.
// Batched, split along K if asked.
//
// overrides   those of parts/product.wgsl; WG: invocations in a workgroup
// bindings    0: A, 1: B, 2: C; inputs that an epilogue brings stand between
// sizes       K and N multiples of 4, and M too where A is transposed
// workgroups  SPLITS · BATCH · ceil(M / 16) · ceil(N / (8 · WG)), flat

enable subgroups;

// include parts/product.wgsl
// include parts/product_vectors.wgsl
// include parts/result_in_vectors.wgsl

override WG: u32 = 32;

var<private> s00: mat4x4f; var<private> s01: mat4x4f;
var<private> s10: mat4x4f; var<private> s11: mat4x4f;
var<private> s20: mat4x4f; var<private> s21: mat4x4f;
var<private> s30: mat4x4f; var<private> s31: mat4x4f;

// A workgroup's tile: its matrix of the batch, first row and column, part of K, and where its matrix starts in C.
struct Tile { batch: u32, row: u32, column: u32, k: u32, end: u32, out: u32 }

fn tile_of(group: u32) -> Tile {
    let across = (N + 8u * WG - 1u) / (8u * WG);
    let down = (M + 15u) / 16u;
    let part = (K + 4u * SPLITS - 1u) / (4u * SPLITS) * 4u;
    let line = group / across;
    let product = line / down;  // of BATCH · SPLITS
    let k = product / BATCH * part;
    return Tile(product % BATCH, line % down * 16u, group % across * 8u * WG, k, min(k + part, K), product * M * N);
}

// The vectors that the first four invocations of a subgroup have.
fn of_four(v: vec4f) -> mat4x4f {
    return mat4x4f(subgroupBroadcast(v, 0u), subgroupBroadcast(v, 1u), subgroupBroadcast(v, 2u),
        subgroupBroadcast(v, 3u));
}

// As a4, but each of four invocations loads a row, or a column.
fn shared_a4(start: u32, row: u32, k: u32, id: u32) -> mat4x4f {
    if TRANSPOSE_A {
        return transpose(of_four(vec4f(a[(start + min(row, max(M, 4u) - 4u) + (k + id) * M) / 4u])));
    }
    return of_four(vec4f(a[(start + min(row + id, M - 1u) * K + k) / 4u]));
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32, @builtin(subgroup_invocation_id) invocation: u32) {
    let tile = tile_of(group.x + group.y * groups.x);
    if tile.out >= BATCH * SPLITS * M * N { return; }
    let id = invocation % 4u;
    let row = tile.row;
    let column = tile.column + local * 8u;
    let start_a = tile.batch * STRIDE_A;
    let start_b = tile.batch * STRIDE_B;
    for (var k = tile.k; k < tile.end; k += 4u) {
        let b0 = b4(start_b, k, column);
        let b1 = b4(start_b, k, column + 4u);
        var rows = mat4x4f();
        rows = shared_a4(start_a, row, k, id);
        s00 += b0 * rows; s01 += b1 * rows;
        rows = shared_a4(start_a, row + 4u, k, id);
        s10 += b0 * rows; s11 += b1 * rows;
        rows = shared_a4(start_a, row + 8u, k, id);
        s20 += b0 * rows; s21 += b1 * rows;
        rows = shared_a4(start_a, row + 12u, k, id);
        s30 += b0 * rows; s31 += b1 * rows;
    }
    put(tile.out, row, column, s00); put(tile.out, row, column + 4u, s01);
    put(tile.out, row + 4u, column, s10); put(tile.out, row + 4u, column + 4u, s11);
    put(tile.out, row + 8u, column, s20); put(tile.out, row + 8u, column + 4u, s21);
    put(tile.out, row + 12u, column, s30); put(tile.out, row + 12u, column + 4u, s31);
}
