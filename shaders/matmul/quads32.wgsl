// As quads16.wgsl, with 32 rows and 32 columns for four invocations. Drivers take longer to compile it.
//
// overrides   those of parts/product.wgsl and parts/quads.wgsl
// bindings    0: A, 1: B, 2: C; inputs that an epilogue brings stand between
// sizes       K and N multiples of 4, and M too where A is transposed
// workgroups  SPLITS · BATCH · ceil(M / (32 · DOWN)) · ceil(N / (256 / DOWN)), flat

enable subgroups;

const BLOCK_ROWS = 32u;
const BLOCK_COLUMNS = 8u;

// include parts/product.wgsl
// include parts/product_vectors.wgsl
// include parts/result_in_vectors.wgsl
// include parts/product_quads.wgsl

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32, @builtin(subgroup_invocation_id) invocation: u32) {
    let number = group.x + group.y * groups.x;
    let first = place(number, 0u); // what is the same for all, so that they go through the loop together
    if first.out >= BATCH * SPLITS * M * N { return; }
    let p = place(number, local);
    let id = invocation % 4u;
    let start_a = p.batch * STRIDE_A;
    let start_b = p.batch * STRIDE_B;
    let a0 = quad_a(start_a, p.row, id); let a1 = quad_a(start_a, p.row + 4u, id);
    let a2 = quad_a(start_a, p.row + 8u, id); let a3 = quad_a(start_a, p.row + 12u, id);
    let a4 = quad_a(start_a, p.row + 16u, id); let a5 = quad_a(start_a, p.row + 20u, id);
    let a6 = quad_a(start_a, p.row + 24u, id); let a7 = quad_a(start_a, p.row + 28u, id);
    let b0 = quad_b(start_b, p.column); let b1 = quad_b(start_b, p.column + 4u);
    var s00 = mat4x4f(); var s01 = mat4x4f(); var s10 = mat4x4f(); var s11 = mat4x4f();
    var s20 = mat4x4f(); var s21 = mat4x4f(); var s30 = mat4x4f(); var s31 = mat4x4f();
    var s40 = mat4x4f(); var s41 = mat4x4f(); var s50 = mat4x4f(); var s51 = mat4x4f();
    var s60 = mat4x4f(); var s61 = mat4x4f(); var s70 = mat4x4f(); var s71 = mat4x4f();
    for (var k = first.k; k < first.end; k += 4u) {
        let c0 = quad_b4(b0, k, id);
        let c1 = quad_b4(b1, k, id);
        let r0 = quad_a4(a0, k);
        s00 += c0 * r0; s01 += c1 * r0;
        let r1 = quad_a4(a1, k);
        s10 += c0 * r1; s11 += c1 * r1;
        let r2 = quad_a4(a2, k);
        s20 += c0 * r2; s21 += c1 * r2;
        let r3 = quad_a4(a3, k);
        s30 += c0 * r3; s31 += c1 * r3;
        let r4 = quad_a4(a4, k);
        s40 += c0 * r4; s41 += c1 * r4;
        let r5 = quad_a4(a5, k);
        s50 += c0 * r5; s51 += c1 * r5;
        let r6 = quad_a4(a6, k);
        s60 += c0 * r6; s61 += c1 * r6;
        let r7 = quad_a4(a7, k);
        s70 += c0 * r7; s71 += c1 * r7;
    }
    put_quad(p.out, p.row, p.column, s00, id); put_quad(p.out, p.row, p.column + 4u, s01, id);
    put_quad(p.out, p.row + 4u, p.column, s10, id); put_quad(p.out, p.row + 4u, p.column + 4u, s11, id);
    put_quad(p.out, p.row + 8u, p.column, s20, id); put_quad(p.out, p.row + 8u, p.column + 4u, s21, id);
    put_quad(p.out, p.row + 12u, p.column, s30, id); put_quad(p.out, p.row + 12u, p.column + 4u, s31, id);
    put_quad(p.out, p.row + 16u, p.column, s40, id); put_quad(p.out, p.row + 16u, p.column + 4u, s41, id);
    put_quad(p.out, p.row + 20u, p.column, s50, id); put_quad(p.out, p.row + 20u, p.column + 4u, s51, id);
    put_quad(p.out, p.row + 24u, p.column, s60, id); put_quad(p.out, p.row + 24u, p.column + 4u, s61, id);
    put_quad(p.out, p.row + 28u, p.column, s70, id); put_quad(p.out, p.row + 28u, p.column + 4u, s71, id);
}
