// A convolution, or its gradient to the input, as the product of matrices in parts/convolution.wgsl. Each invocation
// sums a block of 16 places and 16 channels in registers.
//
// overrides   those of parts/convolution.wgsl
// bindings    as there
// sizes       N and DEPTH multiples of 4 (odd.wgsl takes others)
// workgroups  ceil(ceil(BATCH · ROWS · COLUMNS / 16) · ceil(N / 16) / 32), flat

// include parts/convolution.wgsl
// include parts/convolution_vectors.wgsl
// include parts/result_in_vectors.wgsl
// include parts/block16.wgsl

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let block = (group.x + group.y * groups.x) * 32u + local;
    let across = (N + BLOCK - 1u) / BLOCK;
    let row = block / across * BLOCK;
    let column = block % across * BLOCK;
    if row >= M { return; }
    let places0 = places(row);
    let places1 = places(row + 4u);
    let places2 = places(row + 8u);
    let places3 = places(row + 12u);
    for (var tap = 0u; tap < KERNEL_ROWS * KERNEL_COLUMNS; tap++) {
        let at0 = taps(places0, tap / KERNEL_COLUMNS, tap % KERNEL_COLUMNS);
        let at1 = taps(places1, tap / KERNEL_COLUMNS, tap % KERNEL_COLUMNS);
        let at2 = taps(places2, tap / KERNEL_COLUMNS, tap % KERNEL_COLUMNS);
        let at3 = taps(places3, tap / KERNEL_COLUMNS, tap % KERNEL_COLUMNS);
        for (var channel = 0u; channel < DEPTH; channel += 4u) {
            let b0 = b4(tap, channel, column);
            let b1 = b4(tap, channel, column + 4u);
            let b2 = b4(tap, channel, column + 8u);
            let b3 = b4(tap, channel, column + 12u);
            var a = mat4x4f();
            a = a4(at0, channel);
            s00 += b0 * a; s01 += b1 * a; s02 += b2 * a; s03 += b3 * a;
            a = a4(at1, channel);
            s10 += b0 * a; s11 += b1 * a; s12 += b2 * a; s13 += b3 * a;
            a = a4(at2, channel);
            s20 += b0 * a; s21 += b1 * a; s22 += b2 * a; s23 += b3 * a;
            a = a4(at3, channel);
            s30 += b0 * a; s31 += b1 * a; s32 += b2 * a; s33 += b3 * a;
        }
    }
    put_block(0u, row, column);
}
