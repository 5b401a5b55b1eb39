// The sums of a workgroup of 128 for a tile of 64 rows and 64 columns: 16 k at a time are staged in shared memory, and
// each invocation sums 4 rows and 8 columns in registers.

var<workgroup> tile_a: array<vec4f, 320>;  // 64 rows of 16 k in vectors, and one more against bank conflicts
var<workgroup> tile_b: array<vec4f, 256>;  // 16 k of 64 columns
var<private> s0: mat4x4f;
var<private> s1: mat4x4f;

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

fn put_tile(start: u32, row: u32, column: u32, i: u32) {
    let first = column + i % 8u * 8u;
    put(start, row + i / 8u * 4u, first, s0);
    put(start, row + i / 8u * 4u, first + 4u, s1);
}
