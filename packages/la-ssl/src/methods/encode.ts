/** @file What every method does with its views first, and the checks that they share. */
import { autocast, type Tensor } from '@la-ssl/torch';
import type { Encoder } from '../models/index.js';

/** Features `[N, F]` in float32, from an encoder (or a head, of features) that runs in bfloat16 where that is wanted. */
export function encode(encoder: Pick<Encoder, 'forward'>, images: Tensor, bfloat16: boolean): Tensor {
  return bfloat16 ? autocast(() => encoder.forward(images)).to('float32') : encoder.forward(images);
}

/** @throws Error where the views are not as many as the method takes */
export function checkViews(method: string, views: readonly Tensor[], count: number): void {
  if (views.length !== count) throw new Error(`${method} takes ${count} views, got ${views.length}`);
}

/** @throws Error where a step was not told the attributes of its examples */
export function toldAttributes(method: string, attributes: Int32Array | undefined): Int32Array {
  if (attributes) return attributes;
  throw new Error(
    `${method} needs the attribute of each example in a step; give its codes as \`attributes\``,
  );
}

/** @throws RangeError that names the first of these options which is not a finite number > 0 */
export function checkPositive(options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`${name} must be > 0, got ${value}`);
  }
}

/** @throws RangeError that names the first of these options which is not a finite number ≥ 0 */
export function checkNotNegative(options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!(value >= 0 && Number.isFinite(value))) throw new RangeError(`${name} must be ≥ 0, got ${value}`);
  }
}

/**
 * @returns N and D of the projections of two views
 * @throws RangeError where they are not both `[N, D]`, or N is 1: one example has no statistics of a batch
 */
export function checkPair(z1: Tensor, z2: Tensor): [n: number, size: number] {
  const [n = 0, size = 0] = z1.shape;
  if (z1.shape.length !== 2 || z1.shape.join() !== z2.shape.join() || n < 2) {
    const shapes = `[${z1.shape.join(', ')}] and [${z2.shape.join(', ')}]`;
    throw new RangeError(`projections must be [N, D] for both views, N ≥ 2, got ${shapes}`);
  }
  return [n, size];
}
