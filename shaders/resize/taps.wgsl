// y[image, row, column, channel] = the weighted sum of the pixels of x that the row and the column are made of: TAPS_…
// of each axis, looked up in tables. One invocation an element of y.
//
// overrides   BATCH, ROWS, COLUMNS, DEPTH: of y; HEIGHT, WIDTH: of x; TAPS_ROWS, TAPS_COLUMNS
// bindings    0: x, 1: the rows of x [ROWS, TAPS_ROWS], 2: their weights, 3: the columns [COLUMNS, TAPS_COLUMNS],
//             4: their weights, 5: y
// workgroups  ceil(BATCH · ROWS · COLUMNS · DEPTH / 64), flat

alias T = f32;  // of what is stored in x
alias R = f32;  // in y; the sums are float32

override BATCH: u32 = 1;
override ROWS: u32 = 8;
override COLUMNS: u32 = 8;
override DEPTH: u32 = 3;
override HEIGHT: u32 = 4;
override WIDTH: u32 = 4;
override TAPS_ROWS: u32 = 2;
override TAPS_COLUMNS: u32 = 2;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> rows: array<i32>;
@group(0) @binding(2) var<storage, read> row_weights: array<f32>;
@group(0) @binding(3) var<storage, read> columns: array<i32>;
@group(0) @binding(4) var<storage, read> column_weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<R>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= BATCH * ROWS * COLUMNS * DEPTH { return; }
    let image = i / (ROWS * COLUMNS * DEPTH) * HEIGHT * WIDTH;
    let row = i / (COLUMNS * DEPTH) % ROWS * TAPS_ROWS;
    let column = i / DEPTH % COLUMNS * TAPS_COLUMNS;
    var total = 0.0;
    for (var r = row; r < row + TAPS_ROWS; r++) {
        let line = (image + u32(rows[r]) * WIDTH) * DEPTH + i % DEPTH;
        var sum = 0.0;
        for (var c = column; c < column + TAPS_COLUMNS; c++) {
            if column_weights[c] != 0.0 { sum += f32(x[line + u32(columns[c]) * DEPTH]) * column_weights[c]; }
        }
        if row_weights[r] != 0.0 { total += sum * row_weights[r]; }
    }
    y[i] = R(total);
}
