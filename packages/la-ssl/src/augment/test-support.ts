/** @file What the tests of this room share: reference files, closeness, batches of random images. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fromData, loadSafetensors, type Tensor } from '@la-ssl/torch';
import { Random } from '../random.js';

const FOLDER = new URL('../../fixtures/augment/', import.meta.url);

/** @returns a function that gives the tensors of a file of references by name */
export function reference(file: string): (name: string) => Tensor {
  const { tensors } = loadSafetensors(fileURLToPath(new URL(`${file}.safetensors`, FOLDER)));
  return (name) => {
    const tensor = tensors.get(name);
    assert.ok(tensor, `${file}.safetensors has no ${name}`);
    return tensor;
  };
}

export function referenceJson(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`${file}.json`, FOLDER), 'utf8'));
}

/**
 * @param tolerance - greatest absolute difference. 1e-5 by default: values are in [0, 1], some ten float32
 *   operations of 6e-8 each apart.
 */
export function assertClose(actual: Tensor, expected: Tensor, tolerance = 1e-5): void {
  assert.deepEqual(actual.shape, expected.shape);
  assert.equal(actual.dtype, expected.dtype);
  const [a, b] = [actual.toFloat64Array(), expected.toFloat64Array()];
  let worst = 0;
  for (let i = 1; i < a.length; i++) {
    if (!(Math.abs(a[i]! - b[i]!) <= Math.abs(a[worst]! - b[worst]!))) worst = i;
  }
  const message = `element ${worst}: ${a[worst]} instead of ${b[worst]}`;
  assert.ok(Math.abs(a[worst]! - b[worst]!) <= tolerance, message);
}

/** @returns whether example `i` of both has exactly the same elements */
export function sameExample(a: Tensor, b: Tensor, i: number): boolean {
  return Buffer.from(a.select(0, i).data().buffer).equals(Buffer.from(b.select(0, i).data().buffer));
}

/** @returns uint8 noise of this shape */
export function noise(shape: readonly number[], seed = 1): Tensor {
  const random = new Random(seed);
  const length = shape.reduce((product, size) => product * size, 1);
  return fromData(
    Uint8Array.from({ length }, () => random.below(256)),
    shape,
  );
}

export function meanOf(values: Iterable<number>): number {
  const all = [...values];
  return all.reduce((sum, value) => sum + value, 0) / all.length;
}

/**
 * Asserts that the mean of independent values is what it should be, within 4 standard errors: a correct sampler
 * fails once in 16,000 seeds, and the seeds here are fixed.
 */
export function assertMean(values: ArrayLike<number>, expected: number, deviation: number): void {
  const error = 4 * deviation * Math.sqrt(1 / values.length);
  const actual = meanOf(Array.from(values));
  assert.ok(Math.abs(actual - expected) <= error, `mean ${actual} instead of ${expected} ± ${error}`);
}
