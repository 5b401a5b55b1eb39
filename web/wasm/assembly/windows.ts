// Windows that move over images: twelve 32-bit numbers, in an array that Python makes once for each kind of windows.

/** The numbers, two of each: down and across. */
@unmanaged
export class Windows {
  height: i32;
  width: i32;
  /** Of a window. */
  tall: i32;
  wide: i32;
  strideDown: i32;
  strideAcross: i32;
  dilationDown: i32;
  dilationAcross: i32;
  /** Rows and columns of padding before the image. */
  above: i32;
  left: i32;
  /** How many windows there are. */
  down: i32;
  across: i32;
}
