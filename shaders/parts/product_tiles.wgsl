// Which tile of a product is a workgroup's.

// A workgroup's tile: its matrix of the batch, first row and column, part of K, and where its matrix starts in C.
struct Tile { batch: u32, row: u32, column: u32, k: u32, end: u32, out: u32 }

fn tile_of(group: u32) -> Tile {
    let across = (N + 63u) / 64u;
    let down = (M + 63u) / 64u;
    let part = (K + 16u * SPLITS - 1u) / (16u * SPLITS) * 16u;
    let line = group / across;
    let product = line / down;  // of BATCH · SPLITS
    let k = product / BATCH * part;
    return Tile(product % BATCH, (line % down) * 64u, (group % across) * 64u, k, min(k + part, K), product * M * N);
}
