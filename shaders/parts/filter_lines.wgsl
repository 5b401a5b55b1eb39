// How blocks of a filter's gradient walk over rows of dy.

// include parts/filter_taps.wgsl

// Where the tap finds row `row` of dy in x; -1 outside.
fn line(t: Tap, image: u32, row: u32) -> i32 {
    let y = i32(row * STRIDE_ROWS) + t.row;
    return select(-1, (i32(image * HEIGHT) + y) * i32(WIDTH), y >= 0 && y < i32(HEIGHT));
}

fn a_line(t: Tap, at: i32, column: u32) -> vec4f {
    let x_column = i32(column * STRIDE_COLUMNS) + t.column;
    let inside = at >= 0 && x_column >= 0 && x_column < i32(WIDTH);
    return select(vec4f(), vec4f(x[u32(select(0, (at + x_column) * i32(DEPTH) + t.channel, inside)) / 4u]), inside);
}

fn b_line(place: u32, column: u32) -> vec4f { return vec4f(dy[(place * N + min(column, N - 4u)) / 4u]); }
