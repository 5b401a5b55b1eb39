// The part of x that the window of element i of y lies on: where its image and channel start, its rows and columns.

// include parts/windows.wgsl

struct Window { image: u32, above: u32, below: u32, left: u32, right: u32 }

fn window(i: u32) -> Window {
    let row = i / (COLUMNS * DEPTH) % ROWS * STRIDE_ROWS;
    let column = i / DEPTH % COLUMNS * STRIDE_COLUMNS;
    let image = i / (ROWS * COLUMNS * DEPTH) * HEIGHT * WIDTH * DEPTH + i % DEPTH;
    return Window(image, max(row, PAD_TOP) - PAD_TOP, min(row + KERNEL_ROWS - PAD_TOP, HEIGHT),
        max(column, PAD_LEFT) - PAD_LEFT, min(column + KERNEL_COLUMNS - PAD_LEFT, WIDTH));
}

@group(0) @binding(1) var<storage, read_write> y: array<T>;

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: T) { y[at] = v; }
