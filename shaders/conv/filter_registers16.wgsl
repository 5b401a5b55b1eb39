// The gradient of a convolution's filter, as the product of matrices in parts/filter_gradient.wgsl. Each invocation
// sums a block of 16 rows and 16 columns in registers.
//
// overrides   those of parts/filter_gradient.wgsl
// bindings    as there
// sizes       N and DEPTH multiples of 4 (filter_odd.wgsl takes others)
// workgroups  ceil(SPLITS · ceil(KERNEL_ROWS · KERNEL_COLUMNS · DEPTH / 16) · ceil(N / 16) / 32), flat

// include parts/filter_gradient.wgsl
// include parts/filter_lines.wgsl
// include parts/result_in_vectors.wgsl
// include parts/block16.wgsl

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let block = (group.x + group.y * groups.x) * 32u + local;
    let across = (N + BLOCK - 1u) / BLOCK;
    let down = (M + BLOCK - 1u) / BLOCK;
    let split = block / across / down;
    let row = block / across % down * BLOCK;
    let column = block % across * BLOCK;
    if split >= SPLITS { return; }
    let part = (BATCH * ROWS + SPLITS - 1u) / SPLITS;
    let tap0 = tap(row);
    let tap1 = tap(row + 4u);
    let tap2 = tap(row + 8u);
    let tap3 = tap(row + 12u);
    for (var i = split * part; i < min((split + 1u) * part, BATCH * ROWS); i++) {
        let line0 = line(tap0, i / ROWS, i % ROWS);
        let line1 = line(tap1, i / ROWS, i % ROWS);
        let line2 = line(tap2, i / ROWS, i % ROWS);
        let line3 = line(tap3, i / ROWS, i % ROWS);
        for (var j = 0u; j < COLUMNS; j++) {
            let b0 = b_line(i * COLUMNS + j, column);
            let b1 = b_line(i * COLUMNS + j, column + 4u);
            let b2 = b_line(i * COLUMNS + j, column + 8u);
            let b3 = b_line(i * COLUMNS + j, column + 12u);
            var a = vec4f();
            a = a_line(tap0, line0, j);
            s00 += outer(b0, a); s01 += outer(b1, a); s02 += outer(b2, a); s03 += outer(b3, a);
            a = a_line(tap1, line1, j);
            s10 += outer(b0, a); s11 += outer(b1, a); s12 += outer(b2, a); s13 += outer(b3, a);
            a = a_line(tap2, line2, j);
            s20 += outer(b0, a); s21 += outer(b1, a); s22 += outer(b2, a); s23 += outer(b3, a);
            a = a_line(tap3, line3, j);
            s30 += outer(b0, a); s31 += outer(b1, a); s32 += outer(b2, a); s33 += outer(b3, a);
        }
    }
    put_block(split * M * N, row, column);
}
