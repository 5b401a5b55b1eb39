// C = op(A) · op(B): each invocation sums a block of 16 rows and 16 columns in registers, without shared memory. For
// adapters where a barrier costs more than a load: the software ones. Batched, split along K if asked.
//
// overrides   those of parts/product.wgsl; WG_ROWS: a workgroup is 8 blocks wide and WG_ROWS high
// bindings    0: A, 1: B, 2: C; inputs that an epilogue brings stand between
// sizes       K and N multiples of 4, and M too where A is transposed (registers8_odd.wgsl takes others)
// workgroups  SPLITS · BATCH · ceil(M / (16 · WG_ROWS)) · ceil(N / 128), flat

// include parts/product.wgsl
// include parts/product_vectors.wgsl
// include parts/result_in_vectors.wgsl
// include parts/block16.wgsl
// include parts/product_blocks.wgsl

@compute @workgroup_size(8, WG_ROWS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_id) local: vec3u) {
    let p = place(group.x + group.y * groups.x, local);
    if is_outside(p) { return; }
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
    put_block(p.out, p.row, p.column);
}
