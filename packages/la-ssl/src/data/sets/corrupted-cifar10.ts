/**
 * @file Corrupted CIFAR-10: every image corrupted, and the kind of corruption goes with the class in most of
 * the training images but in none of the test images. `corrupted-images.ts` has the protocol.
 */
import { z } from 'zod';
import { type CorruptOptions, corruptedOptions, loadCorrupted } from '../corruptions/corrupted-images.js';
import type { ImageDataset, TrainOrTest } from '../dataset.js';
import { parseSpec } from '../spec.js';
import { CIFAR10, loadCifar10 } from './cifar10.js';

/** The aligned shares of the published tables; any other may be asked for. */
export const ALIGNED_SHARES = [0.95, 0.98, 0.99, 0.995] as const;

export const corruptedCifar10Spec = z.strictObject({
  name: z.literal('corrupted-cifar10'),
  ...corruptedOptions,
});
export type CorruptedCifar10Spec = z.input<typeof corruptedCifar10Spec>;

/**
 * Loads one split, and makes it first where it is not in the cache (all 60,000 images take under a minute on two cores).
 *
 * Attribute `corruption`, aligned where it is the one of the example's class. In the test split each class is
 * shared out evenly over the ten corruptions.
 * @throws where CIFAR-10 was not fetched, or the specification is wrong
 */
export async function loadCorruptedCifar10(
  split: TrainOrTest,
  spec: CorruptedCifar10Spec,
  options: CorruptOptions = {},
  origin = CIFAR10,
): Promise<ImageDataset> {
  const recipe = parseSpec(corruptedCifar10Spec, spec);
  const examples = split === 'train' ? recipe.examples : recipe.testExamples;
  const clean = await loadCifar10(split, { examples, cache: options.cache }, origin);
  return loadCorrupted(clean, recipe, origin.sha256[split], options);
}
