/**
 * @file Tensor: a typed array of any shape in libtorch's memory, with autograd.
 *
 * The operators are methods, generated from libtorch's schemas (`generated/tensor-operators.ts`); here is what
 * no operator offers: data in and out, gradients, freeing.
 */
import { call } from './call.js';
import { type DType, dtypeOf, itemSize, type MemoryFormat, type TensorData, typedArray } from './dtype.js';
import { TensorOperators } from './generated/tensor-operators.js';
import { type Handle, native } from './native.js';
import { register, tensorMark } from './scope.js';

/** Numbers nested to any depth, as `tensor()` takes and `tolist()` gives. */
export type Nested = number | readonly Nested[];

export class Tensor extends TensorOperators {
  /** @internal */
  readonly handle: Handle;
  /** @internal */
  readonly [tensorMark] = true;

  /** @internal Tensors come from `tensor`, `fromData`, the creation functions and operators. */
  constructor(handle: Handle) {
    super();
    this.handle = handle;
  }

  /** Sizes, outermost first. */
  get shape(): readonly number[] {
    return native.shape(this.handle);
  }
  get dtype(): DType {
    return native.dtype(this.handle);
  }
  /** `cpu`, `cuda:0`, ... */
  get device(): string {
    return native.device(this.handle);
  }
  /** Elements between neighbours along each dimension. */
  get strides(): readonly number[] {
    return native.strides(this.handle);
  }
  /** Number of elements. */
  get numel(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  /** @returns a copy of the elements in row-major order; `bfloat16` and `float16` as their bits */
  data(): TensorData {
    const { dtype } = this;
    const buffer = new ArrayBuffer(this.numel * itemSize(dtype));
    native.toBytes(this.handle, buffer);
    return typedArray(buffer, dtype);
  }

  /** @returns a copy of the elements as numbers in row-major order, whatever the dtype */
  toFloat64Array(): Float64Array {
    const data = this.dtype === 'float64' ? this : this.to('float64');
    const result = data.data() as Float64Array;
    if (data !== this) data.dispose();
    return result;
  }

  /** @returns the elements as nested arrays (a number for a 0-dimensional tensor) */
  tolist(): Nested {
    const { shape } = this;
    const flat = this.toFloat64Array();
    let next = 0;
    const build = (dim: number): Nested => {
      if (dim === shape.length) return flat[next++] as number;
      return Array.from({ length: shape[dim] as number }, () => build(dim + 1));
    };
    return build(0);
  }

  /** @returns the only element. @throws Error where there are more */
  item(): number {
    if (this.numel !== 1)
      throw new Error(`item() takes a tensor of one element, got shape [${this.shape.join(', ')}]`);
    return this.toFloat64Array()[0] as number;
  }

  /** @returns this tensor as `dtype` (itself where it is that already), in `memoryFormat` */
  to(dtype: DType, { memoryFormat, copy }: { memoryFormat?: MemoryFormat; copy?: boolean } = {}): Tensor {
    return call('aten::to.dtype', this, dtype, false, copy ?? false, memoryFormat ?? null) as Tensor;
  }

  /** @returns this tensor on `device`, such as `cuda:0` */
  toDevice(device: string): Tensor {
    return call('aten::to.device', this, device, this.dtype) as Tensor;
  }

  /** Whether `backward` collects a gradient for it, or it depends on one that does. */
  get requiresGrad(): boolean {
    return native.requiresGrad(this.handle);
  }
  /** Asks autograd to collect this leaf's gradient (or not to). */
  requiresGrad_(requires = true): this {
    call('aten::requires_grad_', this, requires);
    return this;
  }
  /** The gradient that `backward` collected; null before. */
  get grad(): Tensor | null {
    const handle = native.grad(this.handle);
    return handle && register(new Tensor(handle));
  }
  set grad(value: Tensor | null) {
    native.setGrad(this.handle, value?.handle ?? null);
  }

  /**
   * Adds to `grad` of every leaf that this tensor was computed from.
   * @param gradient - of the objective with respect to this tensor; only a scalar can do without
   * @throws Error where the tensor has no graph, or is no scalar and `gradient` is missing
   */
  backward({ gradient, retainGraph }: { gradient?: Tensor; retainGraph?: boolean } = {}): void {
    native.backward(this.handle, gradient?.handle ?? null, retainGraph ?? false);
  }

  /** Gives the memory back now (where nothing else refers to it). Using the tensor afterwards throws. */
  dispose(): void {
    native.dispose(this.handle);
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
  /** Whether it was freed, by `dispose` or at the end of its scope. */
  get isDisposed(): boolean {
    return native.isFreed(this.handle);
  }

  /**
   * A ticket with which another thread takes this tensor over, without a copy: `postMessage(t.share())` here,
   * `takeShared(ticket)` there, once. Both see the same memory. A Tensor itself cannot be posted.
   */
  share(): number {
    return native.share(this.handle);
  }

  override toString(): string {
    return `Tensor(shape=[${this.shape.join(', ')}], dtype=${this.dtype})`;
  }
}

/** A source of random numbers of its own: the same seed gives the same numbers. CPU only. */
export class Generator {
  /** @internal */
  readonly handle: Handle;

  /** @param seed - an integer; @internal `handle` wraps an existing one */
  constructor(seed: number | bigint, handle?: Handle) {
    this.handle = handle ?? native.newGenerator(seed);
  }
  seed(seed: number | bigint): void {
    native.seedGenerator(this.handle, seed);
  }
  /** @returns the whole state, as a uint8 tensor that safetensors can store */
  getState(): Tensor {
    return register(new Tensor(native.generatorState(this.handle)));
  }
  /** Goes on from a state that `getState` gave. */
  setState(state: Tensor): void {
    native.setGeneratorState(this.handle, state.handle);
  }
}

/** @returns the tensor that another thread shared under this ticket */
export function takeShared(ticket: number): Tensor {
  return register(new Tensor(native.take(ticket)));
}

/**
 * A tensor with a copy of `data`.
 * @param shape - sizes; by default one dimension of `data.length`
 * @param dtype - needed where the typed array does not say: a Uint16Array for `bfloat16`, bytes for any
 * @throws Error where the number of elements does not fit the shape
 */
export function fromData(data: NodeJS.TypedArray, shape?: readonly number[], dtype?: DType): Tensor {
  const type = dtypeOf(data, dtype);
  return register(new Tensor(native.fromBytes(data, shape ?? [data.length], type)));
}

const MAX_DIMS = 64; // of ATen
const isList = (value: Nested | undefined): value is readonly Nested[] => Array.isArray(value);

/**
 * A tensor from nested arrays: `tensor([[1, 2], [3, 4]])`.
 * @throws Error where the nesting is ragged, or an element is no number
 */
export function tensor(values: Nested, { dtype = 'float32' }: { dtype?: DType } = {}): Tensor {
  const shape: number[] = [];
  for (let level: Nested | undefined = values; isList(level) && shape.length < MAX_DIMS; level = level[0]) {
    shape.push(level.length);
  }
  const flat: number[] = [];
  const visit = (value: Nested, depth: number): void => {
    if (isList(value) ? value.length !== shape[depth] : depth !== shape.length) {
      throw new Error(
        `tensor(): the nested arrays are ragged, they do not fill the shape [${shape.join(', ')}]`,
      );
    }
    if (isList(value)) for (const element of value) visit(element, depth + 1);
    else if (typeof value === 'number') flat.push(value);
    else throw new TypeError(`tensor() takes numbers in nested arrays, got ${String(value)}`);
  };
  visit(values, 0);
  const wide = register(new Tensor(native.fromBytes(Float64Array.from(flat), shape, 'float64')));
  if (dtype === 'float64') return wide;
  const result = wide.to(dtype);
  wide.dispose();
  return result;
}
