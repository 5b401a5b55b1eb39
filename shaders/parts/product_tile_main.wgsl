// A product of matrices whose four by four blocks `a4` and `b4` give, in tiles of 64 rows and 64 columns.

// include parts/tile64.wgsl
// include parts/product_tiles.wgsl

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) i: u32) {
    let tile = tile_of(group.x + group.y * groups.x);
    if tile.out >= BATCH * SPLITS * M * N { return; }
    for (var k = tile.k; k < tile.end; k += 16u) {
        var block = mat4x4f();
        if i < 64u {
            let at = k + i % 4u * 4u;
            if at < tile.end { block = a4(tile.batch * STRIDE_A, tile.row + i / 4u * 4u, at); }
        } else {
            let at = k + (i - 64u) / 16u * 4u;
            if at < tile.end { block = b4(tile.batch * STRIDE_B, at, tile.column + i % 16u * 4u); }
        }
        store(i, block);
        workgroupBarrier();
        accumulate(i);
        workgroupBarrier();
    }
    put_tile(tile.out, tile.row, tile.column, i);
}
