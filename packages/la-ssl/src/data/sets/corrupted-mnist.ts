/**
 * @file Corrupted MNIST: the protocol of Corrupted CIFAR-10 (`corrupted-images.ts`) on the digits of MNIST.
 *
 * "Learning from Failure" has none; MNIST-C (Mu & Gilmer 2019, https://arxiv.org/abs/1906.02337) has other corruptions, and none that goes
 * with a class. The two sets of ten are done to the digits at their 28×28 pixels, as images of three channels: chance may colour them, as
 * noise does. What changes colours only does little to gray digits: `saturate` below severity 4 leaves them as they are.
 */
import { z } from 'zod';
import { type CorruptOptions, corruptedOptions, loadCorrupted } from '../corruptions/corrupted-images.js';
import type { ImageDataset, TrainOrTest } from '../dataset.js';
import { parseSpec } from '../spec.js';
import { loadMnist, MNIST } from './mnist.js';

export const corruptedMnistSpec = z.strictObject({
  name: z.literal('corrupted-mnist'),
  ...corruptedOptions,
});
export type CorruptedMnistSpec = z.input<typeof corruptedMnistSpec>;

/**
 * Loads one split, and makes it first where it is not in the cache.
 *
 * Attribute `corruption`, as in Corrupted CIFAR-10.
 * @throws where MNIST was not fetched, or the specification is wrong
 */
export async function loadCorruptedMnist(
  split: TrainOrTest,
  spec: CorruptedMnistSpec,
  options: CorruptOptions = {},
  origin = MNIST,
): Promise<ImageDataset> {
  const recipe = parseSpec(corruptedMnistSpec, spec);
  const examples = split === 'train' ? recipe.examples : recipe.testExamples;
  const clean = await loadMnist(split, { examples, cache: options.cache }, origin);
  return loadCorrupted(clean, recipe, origin.sha256[split], options);
}
