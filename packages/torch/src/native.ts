/**
 * @file The door to the addon (`native/addon.cc`): loading it, and what it offers.
 *
 * Nothing outside this package sees a `Handle`; `Tensor` and `Generator` own them.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { DType } from './dtype.js';

declare const handleBrand: unique symbol;
/** An External of the addon that owns one reference to a tensor or generator. */
export interface Handle {
  readonly [handleBrand]: true;
}

/** One argument of an operator's schema. */
export interface SchemaArgument {
  name: string;
  type: string;
  hasDefault: boolean;
  /** The default, as the schema prints it. */
  fallback: string;
  keywordOnly: boolean;
  /** The n of `int[n]`, for which one number may stand. */
  length: number | null;
  /** Whether the operator writes into it. */
  written: boolean;
}

/** One overload of an operator. */
export interface Schema {
  text: string;
  overload: string;
  arguments: SchemaArgument[];
  returns: string[];
}

interface Native {
  readonly version: string;
  lookup(name: string, overload: string): number;
  call(operator: number, ...args: unknown[]): unknown;
  schemas(name: string): Schema[];
  fromBytes(data: NodeJS.TypedArray, shape: readonly number[], dtype: DType): Handle;
  toBytes(tensor: Handle, buffer: ArrayBuffer): void;
  shape(tensor: Handle): number[];
  strides(tensor: Handle): number[];
  dtype(tensor: Handle): DType;
  device(tensor: Handle): string;
  dispose(tensor: Handle): void;
  isFreed(tensor: Handle): boolean;
  liveCount(): number;
  requiresGrad(tensor: Handle): boolean;
  grad(tensor: Handle): Handle | null;
  setGrad(tensor: Handle, value: Handle | null): void;
  backward(tensor: Handle, gradient: Handle | null, retainGraph: boolean): void;
  setGradMode(enabled: boolean): boolean;
  setAutocast(enabled: boolean): boolean;
  setThreads(count: number): void;
  threads(): number;
  newGenerator(seed: number | bigint): Handle;
  defaultGenerator(): Handle;
  seedGenerator(generator: Handle, seed: number | bigint): void;
  generatorState(generator: Handle): Handle;
  setGeneratorState(generator: Handle, state: Handle): void;
  share(tensor: Handle): number;
  take(ticket: number): Handle;
}

function load(): Native {
  const file = fileURLToPath(new URL('../build/la_ssl_torch.node', import.meta.url));
  if (!existsSync(file)) {
    throw new Error(
      `The addon ${file} is not built. Run \`make build\`, or \`node scripts/build-native.mjs\` there.`,
    );
  }
  // Threads that spin while they wait starve the other thread pools (libvips, DuckDB) on a machine of few cores. To fall asleep
  // at once, and be woken some hundred times a step, takes longer than to spin for some hundredths of a millisecond.
  if (!process.env.OMP_WAIT_POLICY) process.env.GOMP_SPINCOUNT ??= '3000';
  process.env.OMP_WAIT_POLICY ??= 'passive';
  // The OpenBLAS that has threads of its own (Debian's libopenblas0-pthread) lets them spin for 2^26 cycles after each product,
  // which takes the processor from OpenMP's: 2^4 instead.
  process.env.OPENBLAS_THREAD_TIMEOUT ??= '4';
  try {
    return createRequire(import.meta.url)(file) as Native;
  } catch (error) {
    throw new Error(
      `The addon ${file} does not load: ${(error as Error).message}. Was libtorch moved or updated? Rebuild it with \`make build\`.`,
    );
  }
}

export const native: Native = load();

/** Version of the libtorch that the addon was compiled against. */
export const libtorchVersion: string = native.version;
