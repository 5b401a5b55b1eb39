// The operands of a product whose blocks quads sum, batched and split along K if asked.

// include parts/quads.wgsl

// A block: its matrix of the batch, its first row and column, its part of K, and where its matrix starts in C.
struct Place { batch: u32, row: u32, column: u32, k: u32, end: u32, out: u32 }

fn place(group: u32, local: u32) -> Place {
    let b = block(group, local);
    let part = (K + 4u * SPLITS - 1u) / (4u * SPLITS) * 4u;
    let k = b.product / BATCH * part;
    return Place(b.product % BATCH, b.row, b.column, k, min(k + part, K), b.product * M * N);
}

// Where in A and B an invocation finds its part of four rows, or its columns, of the first k.
fn quad_a(start: u32, row: u32, id: u32) -> u32 {
    if TRANSPOSE_A { return start + min(row, max(M, 4u) - 4u) + id * M; }
    return start + min(row + id, M - 1u) * K;
}

fn quad_b(start: u32, column: u32) -> u32 { return start + min(column, max(N, 4u) - 4u) * select(1u, K, TRANSPOSE_B); }

// Four rows of A at four k as columns in the order of `of_quad`; of a transposed A the k are in that order instead.
fn quad_a4(at: u32, k: u32) -> mat4x4f {
    if TRANSPOSE_A { return transpose(of_quad(vec4f(a[(at + k * M) / 4u]))); }
    return of_quad(vec4f(a[(at + k) / 4u]));
}

// Four rows of B over four columns, in the order of k that goes with it.
fn quad_b4(at: u32, k: u32, id: u32) -> mat4x4f {
    let first = (at + k * select(N, 1u, TRANSPOSE_B)) / 4u;
    let step = select(N, K, TRANSPOSE_B) / 4u;
    var block = mat4x4f(vec4f(b[first]), vec4f(b[first + step]), vec4f(b[first + 2u * step]), vec4f(b[first + 3u * step]));
    if TRANSPOSE_B { block = transpose(block); }
    if TRANSPOSE_A { block = turned(block, id); }
    return block;
}

// As put, of a block whose columns are in the order of quad_a4.
fn put_quad(start: u32, row: u32, column: u32, block: mat4x4f, id: u32) {
    if TRANSPOSE_A { put(start, row, column, block); } else { put(start, row, column, turned(block, id)); }
}
