// As filter_registers8.wgsl, for any sizes: reads and writes single elements where that one has vectors of four.
//
// overrides   as there
// bindings    as there
// workgroups  ceil(SPLITS · ceil(KERNEL_ROWS · KERNEL_COLUMNS · DEPTH / 8) · ceil(N / 8) / 32), flat

// include parts/filter_gradient.wgsl
// include parts/result_in_elements.wgsl
// include parts/filter_block8_main.wgsl

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> dy: array<T>;

// Four taps of the filter as they lie from the place of dy: rows and columns further in x, and their channels.
struct Tap { row: vec4i, column: vec4i, channel: vec4i }

fn tap(row: u32) -> Tap {
    let m = min(row + vec4u(0, 1, 2, 3), vec4u(M - 1u));
    let column = m / DEPTH % KERNEL_COLUMNS;
    return Tap(vec4i(m / DEPTH / KERNEL_COLUMNS * DILATION_ROWS) - i32(PAD_TOP),
        vec4i(column * DILATION_COLUMNS) - i32(PAD_LEFT), vec4i(m % DEPTH));
}

// Where the taps find row `row` of dy in x; -1 outside.
fn line(t: Tap, image: u32, row: u32) -> vec4i {
    let y = i32(row * STRIDE_ROWS) + t.row;
    let inside = (y >= vec4i()) & (y < vec4i(i32(HEIGHT)));
    return select(vec4i(-1), (i32(image * HEIGHT) + y) * i32(WIDTH), inside);
}

fn a_line(t: Tap, at: vec4i, column: u32) -> vec4f {
    let x_column = i32(column * STRIDE_COLUMNS) + t.column;
    let inside = (at >= vec4i()) & (x_column >= vec4i()) & (x_column < vec4i(i32(WIDTH)));
    let i = vec4u(select(vec4i(), (at + x_column) * i32(DEPTH) + t.channel, inside));
    return select(vec4f(), vec4f(f32(x[i.x]), f32(x[i.y]), f32(x[i.z]), f32(x[i.w])), inside);
}

fn b_line(place: u32, column: u32) -> vec4f {
    let i = place * N + min(column + vec4u(0, 1, 2, 3), vec4u(N - 1u));
    return vec4f(f32(dy[i.x]), f32(dy[i.y]), f32(dy[i.z]), f32(dy[i.w]));
}
