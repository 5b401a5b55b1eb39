// Which block of a product is an invocation's. A workgroup is 8 blocks wide and WG_ROWS high.

override WG_ROWS: u32 = 4;

// A block: its matrix of the batch, its first row and column, its part of K, and where its matrix starts in C.
struct Place { batch: u32, row: u32, column: u32, k: u32, end: u32, out: u32 }

fn place(group: u32, local: vec3u) -> Place {
    let across = (N + 8u * BLOCK - 1u) / (8u * BLOCK);
    let down = (M + BLOCK * WG_ROWS - 1u) / (BLOCK * WG_ROWS);
    let part = (K + 4u * SPLITS - 1u) / (4u * SPLITS) * 4u;
    let line = group / across;
    let product = line / down;  // of BATCH · SPLITS
    let k = product / BATCH * part;
    return Place(product % BATCH, ((line % down) * WG_ROWS + local.y) * BLOCK,
        ((group % across) * 8u + local.x) * BLOCK, k, min(k + part, K), product * M * N);
}

fn is_outside(p: Place) -> bool { return p.out >= BATCH * SPLITS * M * N || p.row >= M || p.column >= N; }
