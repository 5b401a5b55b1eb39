// The sums of a block of 16 rows and 16 columns, in registers: the columns of a matrix are four rows.

const BLOCK = 16u;

var<private> s00: mat4x4f; var<private> s01: mat4x4f; var<private> s02: mat4x4f; var<private> s03: mat4x4f;
var<private> s10: mat4x4f; var<private> s11: mat4x4f; var<private> s12: mat4x4f; var<private> s13: mat4x4f;
var<private> s20: mat4x4f; var<private> s21: mat4x4f; var<private> s22: mat4x4f; var<private> s23: mat4x4f;
var<private> s30: mat4x4f; var<private> s31: mat4x4f; var<private> s32: mat4x4f; var<private> s33: mat4x4f;

fn put_block(start: u32, row: u32, column: u32) {
    put(start, row, column, s00); put(start, row, column + 4u, s01);
    put(start, row, column + 8u, s02); put(start, row, column + 12u, s03);
    put(start, row + 4u, column, s10); put(start, row + 4u, column + 4u, s11);
    put(start, row + 4u, column + 8u, s12); put(start, row + 4u, column + 12u, s13);
    put(start, row + 8u, column, s20); put(start, row + 8u, column + 4u, s21);
    put(start, row + 8u, column + 8u, s22); put(start, row + 8u, column + 12u, s23);
    put(start, row + 12u, column, s30); put(start, row + 12u, column + 4u, s31);
    put(start, row + 12u, column + 8u, s32); put(start, row + 12u, column + 12u, s33);
}
