/** @file Replays what `fixtures/optim/make.py` recorded of another implementation: the same gradients, step by step. */
import { readFileSync } from 'node:fs';
import { type DType, scope, type Tensor, tensor } from '../index.js';
import { assertAllclose, type Tolerance } from '../testing.js';
import type { Optimizer } from './index.js';

interface Plain {
  shape: number[];
  data: number[];
}
export type PlainByName = Record<string, Plain | null>;

export interface Recorded<Options> {
  options: Options;
  dtype: DType;
  parameters: Record<string, Plain>;
  steps: {
    lr: number;
    weightDecay: number;
    gradients: PlainByName;
    after: Record<string, Plain>;
  }[];
}

/** @returns what `make.py` wrote to `name` */
export function recorded<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../fixtures/optim/${name}`, import.meta.url), 'utf8')) as T;
}

export function given({ data, shape }: Plain, dtype: DType): Tensor {
  return tensor(data, { dtype }).reshape(shape);
}

/** The parameters before the first step. */
export function parametersOf({ parameters, dtype }: Recorded<unknown>): Map<string, Tensor> {
  return new Map(Object.entries(parameters).map(([name, plain]) => [name, given(plain, dtype)]));
}

/** Sets what `backward` would. */
export function setGradients(
  parameters: ReadonlyMap<string, Tensor>,
  gradients: PlainByName,
  dtype: DType,
): void {
  for (const [name, parameter] of parameters) {
    const gradient = gradients[name];
    parameter.grad = gradient ? given(gradient, dtype) : null;
  }
}

/**
 * Asserts that the optimizer takes the parameters where the other implementation took them, after every step.
 * @param from - first step to replay (0), @param to - the one before which to stop (the end)
 */
export function assertReplays(
  { dtype, steps }: Recorded<unknown>,
  parameters: ReadonlyMap<string, Tensor>,
  optimizer: Optimizer,
  { from = 0, to = steps.length, ...tolerance }: Tolerance & { from?: number; to?: number } = {},
): void {
  for (const { lr, weightDecay, gradients, after } of steps.slice(from, to)) {
    scope(() => {
      optimizer.lr = lr;
      optimizer.weightDecay = weightDecay;
      setGradients(parameters, gradients, dtype);
      optimizer.step();
      for (const [name, parameter] of parameters) {
        assertAllclose(parameter, given(after[name] as Plain, dtype), tolerance);
      }
    });
  }
}
