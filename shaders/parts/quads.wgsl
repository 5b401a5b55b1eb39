// Blocks of a product that four invocations with neighbouring numbers in their subgroup, a quad, do together: each has
// the same rows, and columns of its own. Of A each loads a part, and hands it to the others.
//
// overrides   DOWN: a workgroup is DOWN blocks high, a power of two up to 8, and 8 / DOWN quads wide

override DOWN: u32 = 1;

// A block: its matrix of the batch, its first row and column, its part of K, and where its matrix starts in C.
struct Place { batch: u32, row: u32, column: u32, k: u32, end: u32, out: u32 }

fn place(group: u32, local: u32) -> Place {
    let wide = 32u / DOWN;
    let across = (N + wide * COLUMNS - 1u) / (wide * COLUMNS);
    let down = (M + DOWN * ROWS - 1u) / (DOWN * ROWS);
    let part = (K + 4u * SPLITS - 1u) / (4u * SPLITS) * 4u;
    let line = group / across;
    let product = line / down;  // of BATCH · SPLITS
    let k = product / BATCH * part;
    return Place(product % BATCH, (line % down * DOWN + local / wide) * ROWS,
        (group % across * wide + local % wide) * COLUMNS, k, min(k + part, K), product * M * N);
}

// The vectors of a quad: column i is that of invocation i ^ id.
fn of_quad(v: vec4f) -> mat4x4f {
    return mat4x4f(v, quadSwapX(v), quadSwapY(v), quadSwapDiagonal(v));
}

// A matrix whose column i is column i ^ id of `m`.
fn turned(m: mat4x4f, id: u32) -> mat4x4f {
    let odd = (id & 1u) != 0u;
    let late = (id & 2u) != 0u;
    let p = mat4x4f(select(m[0], m[1], odd), select(m[1], m[0], odd), select(m[2], m[3], odd), select(m[3], m[2], odd));
    return mat4x4f(select(p[0], p[2], late), select(p[1], p[3], late), select(p[2], p[0], late),
        select(p[3], p[1], late));
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
