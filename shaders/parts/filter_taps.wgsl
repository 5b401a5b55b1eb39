// The operands of a filter's gradient, in vectors of four.

@group(0) @binding(0) var<storage, read> x: array<vec4<T>>;
@group(0) @binding(1) var<storage, read> dy: array<vec4<T>>;

// A tap of the filter as it lies from the place of dy: rows and columns further in x, and the first of four channels.
struct Tap { row: i32, column: i32, channel: i32 }

fn tap(row: u32) -> Tap {
    let m = min(row, M - 4u);
    let column = m / DEPTH % KERNEL_COLUMNS;
    return Tap(i32(m / DEPTH / KERNEL_COLUMNS * DILATION_ROWS) - i32(PAD_TOP),
        i32(column * DILATION_COLUMNS) - i32(PAD_LEFT), i32(m % DEPTH));
}
