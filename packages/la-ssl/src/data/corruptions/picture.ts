/**
 * @file A picture as the corruptions see it, and the five-step scales of their parameters.
 */

/** Bytes in rows: `pixels[(row · width + column) · 3 + channel]`, channels red, green, blue. */
export interface Picture {
  pixels: Uint8Array | Uint8ClampedArray;
  height: number;
  width: number;
}

/** Numbers in rows, of any number of channels: `[height, width, channels]`. */
export interface Shape {
  height: number;
  width: number;
  channels: number;
}

/** The parameters of a corruption at severities 1 to 5. */
export type Scale<Parameters> = readonly [Parameters, Parameters, Parameters, Parameters, Parameters];

export type Severity = 1 | 2 | 3 | 4 | 5;

/** The step of a scale that a severity stands for. */
export function at<Parameters>(scale: Scale<Parameters>, severity: Severity): Parameters {
  return scale[severity - 1]!;
}

/** The shape of a picture: three channels. */
export function shapeOf({ height, width }: Picture): Shape {
  return { height, width, channels: 3 };
}

/** The bytes as shares of 255, in double precision. */
export function toUnit({ pixels }: Picture): Float64Array {
  const unit = new Float64Array(pixels);
  for (let i = 0; i < unit.length; i++) unit[i]! /= 255;
  return unit;
}

/** The bytes as shares of 255, in single precision, where the official script computes in it. */
export function toUnitSingle({ pixels }: Picture): Float32Array {
  const unit = new Float32Array(pixels);
  for (let i = 0; i < unit.length; i++) unit[i]! /= 255;
  return unit;
}

/** Shares of 255 as bytes: clipped to [0, 1], then truncated as `numpy.uint8` does, not rounded. */
export function toBytes(unit: Float64Array | Float32Array): Uint8Array {
  const bytes = new Uint8Array(unit.length);
  for (let i = 0; i < unit.length; i++) bytes[i] = 255 * Math.min(1, Math.max(0, unit[i]!));
  return bytes;
}

/** The nearest byte of a number. */
export function clampToByte(value: number): number {
  return Math.min(255, Math.max(0, value));
}
