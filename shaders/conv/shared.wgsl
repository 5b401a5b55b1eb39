// A convolution, or its gradient to the input, as the product of matrices in parts/convolution.wgsl. As
// matmul/shared.wgsl, a workgroup of 128 stages 64 places and 64 channels in shared memory.
//
// overrides   those of parts/convolution.wgsl
// bindings    as there
// sizes       N and DEPTH multiples of 4 (odd.wgsl takes others)
// workgroups  ceil(BATCH · ROWS · COLUMNS / 64) · ceil(N / 64), flat

// include parts/convolution.wgsl
// include parts/convolution_vectors.wgsl
// include parts/result_in_vectors.wgsl
// include parts/tile64.wgsl

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) i: u32) {
    let tile = group.x + group.y * groups.x;
    let across = (N + 63u) / 64u;
    let first_row = tile / across * 64u;
    let first_column = tile % across * 64u;
    if first_row >= M { return; }
    let here = places(first_row + i / 4u % 16u * 4u);
    for (var k = 0u; k < KERNEL_ROWS * KERNEL_COLUMNS * DEPTH; k += 16u) {
        var block = mat4x4f();
        let at = k + select((i - 64u) / 16u, i % 4u, i < 64u) * 4u;
        let tap = at / DEPTH;
        if at < KERNEL_ROWS * KERNEL_COLUMNS * DEPTH {
            if i < 64u {
                block = a4(taps(here, tap / KERNEL_COLUMNS, tap % KERNEL_COLUMNS), at % DEPTH);
            } else {
                block = b4(tap, at % DEPTH, first_column + i % 16u * 4u);
            }
        }
        store(i, block);
        workgroupBarrier();
        accumulate(i);
        workgroupBarrier();
    }
    put_tile(0u, first_row, first_column, i);
}
