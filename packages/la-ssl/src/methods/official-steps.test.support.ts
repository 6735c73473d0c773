/** @file Takes the steps that `fixtures/momentum/make.py` recorded of official code, in float64, and compares all of them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type nn, optim, scope, type Tensor } from '@la-ssl/torch';
import { assertAllclose } from '@la-ssl/torch/testing';
import { noise, valuesFor } from '../models/formula-noise.test.support.js';
import { toFloat64 } from './float64.test.support.js';
import type { Method } from './index.js';
import { context } from './step-context.test.support.js';

/** One step; of weights, buffers and gradients the inner product with `noise(shape, 999)`. */
export interface OfficialStep {
  loss: number;
  similarity: number[];
  momentum: number;
  center?: number[];
  teacherTemperature?: number;
  /** Before clipping. */
  gradients?: Record<string, number>;
  /** After the step. */
  state?: Record<string, number>;
}

export const reference = JSON.parse(
  readFileSync(new URL('../../fixtures/momentum/reference.json', import.meta.url), 'utf8'),
) as {
  dino: OfficialStep[];
  dinoBatchNorm: OfficialStep[];
  dinoLoss: { loss: number; gradient: number[][]; center: number[] };
  teacherTemperatures: Record<string, number[]>;
  mocoV3: OfficialStep[];
  mocoV3Transformer: OfficialStep[];
  byol: OfficialStep[];
};

const EPOCHS = 3;
const STEPS = 2; // an epoch
const N = 4;

/** Fills the trained networks with numbers, those that follow with the same, and leaves other buffers. */
export function fillFollowed<M extends nn.Module>(method: M): M {
  scope(() => {
    const state = method.stateDict();
    const own = [...state.keys()].filter((name) => !/^momentum_|^center$/.test(name)).sort();
    const filled = new Map(own.map((name, key) => [name, valuesFor(name, state.get(name)!.shape, key)]));
    const valueFor = (name: string): Tensor => filled.get(name.replace(/^momentum_/, '')) ?? state.get(name)!;
    method.loadStateDict(new Map([...state.keys()].map((name) => [name, valueFor(name)])));
  });
  return method;
}

export const viewsOf = (step: number, sizes: readonly number[]): Tensor[] =>
  sizes.map((size, view) => noise([N, 3, size, size], 3000 + 10 * step + view, 'float64'));

/** @param clip - greatest norm of a gradient */
export function assertOfficialSteps(
  method: Method,
  steps: readonly OfficialStep[],
  { sizes, lr, clip }: { sizes: readonly number[]; lr: number; clip?: number },
): void {
  fillFollowed(toFloat64(method));
  const trained = new Map([...method.namedParameters()].filter(([, { requiresGrad }]) => requiresGrad));
  const optimizer = new optim.SGD(trained, { lr, momentum: 0.9, weightDecay: 0.01 });
  assert.equal(steps.length, EPOCHS * STEPS);
  for (const [i, expected] of steps.entries()) {
    scope(() => {
      const at = context(
        Int32Array.from({ length: N }, (_, row) => row),
        {
          epoch: Math.floor(i / STEPS),
          progress: i / (EPOCHS * STEPS),
        },
      );
      const { loss, similarity } = method.forward(viewsOf(i, sizes), at);
      optimizer.zeroGrad();
      loss.backward();
      // Sines of two libraries differ by 1e-11; batch norm over N rows makes that grow.
      const rtol = i === 0 ? 1e-9 : 1e-7;
      assertAllclose(loss, expected.loss, { rtol });
      assertAllclose(similarity, expected.similarity, { rtol });
      assert.equal(similarity.requiresGrad, false);
      if (expected.gradients) assertDigests(gradientsOf(trained), expected.gradients, rtol);
      method.afterBackward?.(at);
      if (clip !== undefined) optim.clipEachGradNorm(trained, clip);
      optimizer.step();
      method.afterStep?.(at);
      const state = method.stateDict();
      if (expected.state) assertDigests(withoutCenter(state), expected.state, rtol);
      if (expected.center) assertAllclose(state.get('center')!, expected.center, { rtol });
    });
  }
}

const gradientsOf = (parameters: ReadonlyMap<string, Tensor>): Map<string, Tensor> =>
  new Map([...parameters].map(([name, { grad }]) => [name, grad!]));

const withoutCenter = (state: ReadonlyMap<string, Tensor>): Map<string, Tensor> =>
  new Map([...state].filter(([name, { dtype }]) => name !== 'center' && dtype === 'float64'));

function assertDigests(
  tensors: ReadonlyMap<string, Tensor>,
  expected: Record<string, number>,
  rtol: number,
): void {
  assert.deepEqual([...tensors.keys()].sort(), Object.keys(expected).sort());
  for (const [name, tensor] of tensors) {
    const digest = tensor
      .mul(noise(tensor.shape, 999, 'float64'))
      .sum()
      .item();
    // An inner product of terms that cancel out is less exact than they are.
    const off = Math.abs(digest - expected[name]!) / Math.max(tensor.norm().item(), 1e-3);
    assert.ok(off < rtol, `${name}: ${digest}, must be ${expected[name]}`);
  }
}
