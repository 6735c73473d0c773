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

type TypedArrayClass =
  | Uint8ArrayConstructor
  | Int8ArrayConstructor
  | Int16ArrayConstructor
  | Int32ArrayConstructor
  | BigInt64ArrayConstructor
  | Uint16ArrayConstructor
  | Float32ArrayConstructor
  | Float64ArrayConstructor;

const ARRAYS: Readonly<Record<DType, TypedArrayClass>> = {
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  bool: Uint8Array,
};

function arrayOf(dtype: DType): TypedArrayClass {
  const array: TypedArrayClass | undefined = ARRAYS[dtype];
  if (!array) throw new TypeError(`A tensor of dtype ${dtype} has no typed array in JavaScript.`);
  return array;
}

/** @returns bytes of one element */
export function itemSize(dtype: DType): number {
  return arrayOf(dtype).BYTES_PER_ELEMENT;
}

/** @returns a view of `buffer` as elements of `dtype` */
export function typedArray(buffer: ArrayBuffer, dtype: DType): TensorData {
  return new (arrayOf(dtype))(buffer);
}

/**
 * @param wanted - the dtype that the caller names, if any; a Uint8Array can be the bytes of any
 * @returns the dtype of a tensor with the elements of `data`
 * @throws TypeError where the two do not agree, or `data` has no dtype of its own
 */
export function dtypeOf(data: NodeJS.TypedArray, wanted?: DType): DType {
  if (wanted !== undefined && (data instanceof Uint8Array || data instanceof arrayOf(wanted))) return wanted;
  const name = data?.constructor?.name;
  if (wanted !== undefined) {
    throw new TypeError(
      `${name} does not hold ${wanted}; make the tensor as it is, then convert it with to().`,
    );
  }
  if (data instanceof Uint8Array || data instanceof Uint8ClampedArray) return 'uint8';
  if (data instanceof Int8Array) return 'int8';
  if (data instanceof Int16Array) return 'int16';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof BigInt64Array) return 'int64';
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  throw new TypeError(`${name} has no dtype of its own: fromData(data, shape, dtype)`);
}
