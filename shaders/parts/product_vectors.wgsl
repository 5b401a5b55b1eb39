// The operands of a product, in vectors of four, as blocks of four by four.

@group(0) @binding(0) var<storage, read> a: array<vec4<T>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<T>>;

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
