// The windows that element i of x lies in: their first and last rows and columns (none where the last come before the
// first), and where their image and channel start in y.

// include parts/windows.wgsl

struct Over { row: u32, last_row: u32, column: u32, last_column: u32, start: u32 }

fn windows_over(i: u32) -> Over {
    let y = i / (WIDTH * DEPTH) % HEIGHT + PAD_TOP;
    let x_column = i / DEPTH % WIDTH + PAD_LEFT;
    return Over(select(0u, (y - KERNEL_ROWS) / STRIDE_ROWS + 1u, y >= KERNEL_ROWS), min(y / STRIDE_ROWS, ROWS - 1u),
        select(0u, (x_column - KERNEL_COLUMNS) / STRIDE_COLUMNS + 1u, x_column >= KERNEL_COLUMNS),
        min(x_column / STRIDE_COLUMNS, COLUMNS - 1u),
        i / (HEIGHT * WIDTH * DEPTH) * ROWS * COLUMNS * DEPTH + i % DEPTH);
}
