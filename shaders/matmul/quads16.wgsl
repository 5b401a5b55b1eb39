// C = op(A) · op(B): four invocations together sum 16 rows and 16 columns in registers, and hand rows of A around.
// Without shared memory. Batched, split along K if asked.
//
// overrides   those of parts/product.wgsl and parts/quads.wgsl
// bindings    0: A, 1: B, 2: C; inputs that an epilogue brings stand between
// sizes       K and N multiples of 4, and M too where A is transposed
// workgroups  SPLITS · BATCH · ceil(M / (16 · DOWN)) · ceil(N / (128 / DOWN)), flat

enable subgroups;

// include parts/product.wgsl
// include parts/product_vectors.wgsl
// include parts/result_in_vectors.wgsl
// include parts/product_quads.wgsl
// include parts/quads16.wgsl

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
    let b0 = quad_b(start_b, p.column);
    var s0 = mat4x4f(); var s1 = mat4x4f(); var s2 = mat4x4f(); var s3 = mat4x4f();
    for (var k = first.k; k < first.end; k += 4u) {
        let columns = transpose(quad_b4(b0, k, id));
        s0 = plus(s0, columns, quad_a4(a0, k));
        s1 = plus(s1, columns, quad_a4(a1, k));
        s2 = plus(s2, columns, quad_a4(a2, k));
        s3 = plus(s3, columns, quad_a4(a3, k));
    }
    put_quad(p.out, p.row, p.column, s0, id);
    put_quad(p.out, p.row + 4u, p.column, s1, id);
    put_quad(p.out, p.row + 8u, p.column, s2, id);
    put_quad(p.out, p.row + 12u, p.column, s3, id);
}
