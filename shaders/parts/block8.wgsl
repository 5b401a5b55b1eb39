// The sums of a block of 8 rows and 8 columns, in registers: the columns of a matrix are four rows.

const BLOCK = 8u;

var<private> s00: mat4x4f; var<private> s01: mat4x4f;
var<private> s10: mat4x4f; var<private> s11: mat4x4f;

fn put_block(start: u32, row: u32, column: u32) {
    put(start, row, column, s00); put(start, row, column + 4u, s01);
    put(start, row + 4u, column, s10); put(start, row + 4u, column + 4u, s11);
}
