/** @file Element types, and the typed array that holds each in JavaScript. */

/** Element type of a tensor, by PyTorch's name. */
export type DType =
  | 'uint8'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float16'
  | 'bfloat16'
  | 'float32'
  | 'float64'
  | 'bool';

/** How a dense tensor lies in memory. `channelsLast` is for `[N, C, H, W]` only. */
export type MemoryFormat = 'contiguous' | 'channelsLast' | 'preserve';

/** What `Tensor.data()` gives. The 16-bit floats come as their bits. */
export type TensorData =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint16Array
  | Float32Array
  | Float64Array;

/** @returns a view of `buffer` as elements of `dtype` */
export function typedArray(buffer: ArrayBuffer, dtype: DType): TensorData {
  switch (dtype) {
    case 'uint8':
    case 'bool':
      return new Uint8Array(buffer);
    case 'int8':
      return new Int8Array(buffer);
    case 'int16':
      return new Int16Array(buffer);
    case 'int32':
      return new Int32Array(buffer);
    case 'int64':
      return new BigInt64Array(buffer);
    case 'float16':
    case 'bfloat16':
      return new Uint16Array(buffer);
    case 'float32':
      return new Float32Array(buffer);
    case 'float64':
      return new Float64Array(buffer);
    default:
      return dtype satisfies never;
  }
}

/** @returns the dtype of the elements of a typed array, for those that have one of their own */
export function dtypeOf(data: NodeJS.TypedArray): DType {
  if (data instanceof Uint8Array || data instanceof Uint8ClampedArray) return 'uint8';
  if (data instanceof Int8Array) return 'int8';
  if (data instanceof Int16Array) return 'int16';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof BigInt64Array) return 'int64';
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  throw new TypeError(`${data.constructor.name} has no dtype of its own: name one with { dtype }`);
}
