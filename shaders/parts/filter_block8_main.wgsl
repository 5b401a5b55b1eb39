// A filter's gradient in blocks of 8 by 8, of lines of four taps (`a_line`) and four channels of dy (`b_line`).

// include parts/block8.wgsl

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
    for (var i = split * part; i < min((split + 1u) * part, BATCH * ROWS); i++) {
        let line0 = line(tap0, i / ROWS, i % ROWS);
        let line1 = line(tap1, i / ROWS, i % ROWS);
        for (var j = 0u; j < COLUMNS; j++) {
            let b0 = b_line(i * COLUMNS + j, column);
            let b1 = b_line(i * COLUMNS + j, column + 4u);
            let a0 = a_line(tap0, line0, j);
            let a1 = a_line(tap1, line1, j);
            s00 += outer(b0, a0); s01 += outer(b1, a0);
            s10 += outer(b0, a1); s11 += outer(b1, a1);
        }
    }
    put_block(split * M * N, row, column);
}
