/**
 * @file Colored MNIST: every digit is painted in a colour that goes with its class in most of the training images, but in none
 * of the test images.
 *
 * Two data sets have this name:
 * - `lff`, of "Learning from Failure" (Nam et al. 2020, https://arxiv.org/abs/2007.02561): ten digits and ten colours, each image with a
 *   colour of its own about that of its attribute. Theirs is not repeatable; ours comes from a generator for each image.
 *   Where a set of corruptions is asked for, its images are corrupted too, by a second attribute with a share of its own, independent of
 *   the colour given the digit.
 * - `irm`, of "Invariant Risk Minimization" (Arjovsky et al. 2019, https://arxiv.org/abs/1907.02893) as SubpopBench sets it: 0 to 4 against
 *   5 to 9, a quarter of the labels flipped, red or green. They cut three splits with one share out of the training images of
 *   MNIST; here training and test images are those of MNIST, and the shares are exact, as in `lff`.
 */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Random } from '../../random.js';
import { assignSeveral } from '../controlled/alignment.js';
import {
  type CorruptOptions,
  corruptedImages,
  corruptionAttribute,
  corruptionSet,
  corruptionSeverity,
  corruptionTitle,
  frostPictures,
} from '../corruptions/corrupted-images.js';
import { type ImageDataset, type TrainOrTest, UNKNOWN } from '../dataset.js';
import { exampleCount, parseSpec, seed, share, sharesByAttribute, sharesOf } from '../spec.js';
import { loadMnist, MNIST } from './mnist.js';

/** The ten colours of `lff`, red, green and blue in [0, 1]; colour i goes with digit i. Source: its `colors.th`. */
export const LFF_COLOURS = {
  vermilion: [0.98368233, 0.31251901, 0.16857535],
  yellow: [0.99052966, 0.91560525, 0.35151219],
  mauve: [0.67296398, 0.46107048, 0.57980818],
  sage: [0.78325194, 0.8315559, 0.60132939],
  azure: [0.08801579, 0.77796334, 0.98180777],
  lime: [0.32139337, 0.96105456, 0.44644988],
  blue: [0.02461588, 0.23565048, 0.75866628],
  violet: [0.55524695, 0.10158014, 0.76176316],
  green: [0.2077232, 0.39294851, 0.01870239],
  crimson: [0.83365762, 0.20240927, 0.2669431],
} as const satisfies Record<string, Colour>;

/** The two of `irm`; the channel of the other colour stays black. */
export const IRM_COLOURS = { red: [1, 0, 0], green: [0, 1, 0] } as const satisfies Record<string, Colour>;

/** The standard deviation of each channel of an image's colour, at severities 1 to 5. Source: `colored_mnist_protocol.py` of `lff`. */
export const COLOUR_DEVIATIONS = [0.05, 0.02, 0.01, 0.005, 0.002] as const;

type Colour = readonly [red: number, green: number, blue: number];

export const coloredMnistSpec = z.strictObject({
  name: z.literal('colored-mnist'),
  variant: z
    .enum(['lff', 'irm'])
    .default('lff')
    .describe('lff: ten digits and ten colours; irm: 0 to 4 against 5 to 9, red or green'),
  severity: z
    .int()
    .min(1)
    .max(5)
    .optional()
    .describe('lff: 1 (colours vary much) to 5 (hardly); 4, as in its published runs, by default'),
  alignedShare: sharesByAttribute
    .optional()
    .describe(
      'the share of training images whose colour, and corruption, goes with the class (lff: 0.95, irm: 0.8); or one each, "colour=95%,corruption=80%"',
    ),
  set: corruptionSet.optional().describe('lff: corrupt the images too, which is a second attribute; 0 or 1'),
  corruptionSeverity: corruptionSeverity
    .optional()
    .describe('with set: 1 (slight) to 5 (strong, the default)'),
  frostPictures,
  labelNoise: share.optional().describe('irm: the probability that a label is flipped (0.25)'),
  examples: exampleCount,
  testExamples: exampleCount,
  seed: seed
    .default(0)
    .describe('of the colours and the flipped labels; which image gets which colour does not depend on it'),
});

export type ColoredMnistSpec = z.input<typeof coloredMnistSpec>;

/** Second words of the random keys: what an image draws for its colour and its label, in either split. */
const STREAMS = { train: { colour: 2, label: 4 }, test: { colour: 3, label: 5 } } as const;

/**
 * Loads one split, painted.
 *
 * Attribute `colour`, aligned where it is the one of the example's class. In the test split each class is shared out evenly over the
 * colours. `examples` takes the same number of each digit.
 * @throws where MNIST was not fetched, or the specification is wrong
 */
export async function loadColoredMnist(
  split: TrainOrTest,
  spec: ColoredMnistSpec,
  options: CorruptOptions = {},
  origin = MNIST,
): Promise<ImageDataset> {
  const recipe = parseSpec(coloredMnistSpec, spec);
  checkVariant(recipe);
  const examples = split === 'train' ? recipe.examples : recipe.testExamples;
  const mnist = await loadMnist(split, { examples, cache: options.cache }, origin);
  const indices = mnist.ids.map((id) => Number(id.slice(id.indexOf('/') + 1)));
  const random = (i: number, what: 'colour' | 'label'): Random =>
    new Random(recipe.seed, STREAMS[split][what], indices[i]!);

  const { classNames, labels } =
    recipe.variant === 'lff'
      ? { classNames: mnist.classNames, labels: mnist.labels! }
      : halves(mnist.labels!, (i) => random(i, 'label').uniform() < (recipe.labelNoise ?? 0.25));
  const colours: Record<string, Colour> = recipe.variant === 'lff' ? LFF_COLOURS : IRM_COLOURS;
  const usualShare = recipe.variant === 'lff' ? 0.95 : 0.8;
  const names = recipe.set === undefined ? ['colour'] : ['colour', 'corruption'];
  const trainShares = sharesOf(recipe.alignedShare ?? usualShare, names, usualShare);
  const shares = split === 'train' ? trainShares : names.map(() => 1 / classNames.length);
  const [codes, corruptions] = assignSeveral(labels, classNames.length, shares) as [Int32Array, Int32Array?];

  const means = Object.values(colours);
  const deviation = recipe.variant === 'lff' ? COLOUR_DEVIATIONS[(recipe.severity ?? 4) - 1]! : 0;
  const plane = mnist.images.length / mnist.shape.count / 3;
  const images = new Uint8Array(mnist.images.length);
  for (let i = 0; i < mnist.shape.count; i++) {
    const gray = mnist.images.subarray(i * 3 * plane, (i * 3 + 1) * plane);
    const chance = random(i, 'colour');
    const jitter = means[codes[i]!]!.map(() => chance.normal());
    images.set(paint(gray, means[codes[i]!]!, jitter, deviation), i * 3 * plane);
  }
  const painted: ImageDataset = {
    ...mnist,
    name: 'colored-mnist',
    images,
    classNames,
    labels,
    attributes: [
      {
        name: 'colour',
        values: Object.keys(colours),
        codes,
        alignedWith: Int32Array.from(classNames, (_, i) => i),
      },
    ],
  };
  if (recipe.set === undefined || !corruptions) return painted;
  const { set, seed, corruptionSeverity: severity = 5 } = recipe;
  const corruption = { set, seed, severity, codes: corruptions, frostPictures: recipe.frostPictures };
  const title = corruptionTitle(split, corruption, shares[1]!);
  const source = createHash('sha256').update(images).digest('hex');
  return {
    ...painted,
    images: await corruptedImages(painted, { ...corruption, folder: painted.name, title, source }, options),
    attributes: [...painted.attributes, corruptionAttribute(set, corruptions)],
  };
}

function checkVariant({
  variant,
  severity,
  labelNoise,
  set,
  ...corruption
}: z.output<typeof coloredMnistSpec>): void {
  if (variant === 'irm' && severity !== undefined) {
    throw new Error('colored-mnist: severity belongs to --variant lff; the colours of irm do not vary');
  }
  if (variant === 'irm' && set !== undefined) {
    throw new Error('colored-mnist: set belongs to --variant lff: ten corruptions go with ten digits');
  }
  if (set === undefined && (corruption.corruptionSeverity ?? corruption.frostPictures) !== undefined) {
    throw new Error(
      'colored-mnist: corruptionSeverity and frostPictures need a set of corruptions, --set 0 or 1',
    );
  }
  if (variant === 'lff' && labelNoise !== undefined) {
    throw new Error('colored-mnist: labelNoise belongs to --variant irm; lff keeps the digits as labels');
  }
}

/** Labels 0 for the digits 0 to 4 and 1 for the others, some flipped. */
function halves(
  digits: Int32Array,
  isFlipped: (i: number) => boolean,
): { classNames: readonly string[]; labels: Int32Array } {
  const labels = digits.map((digit, i) => (digit === UNKNOWN ? digit : Number(digit >= 5 !== isFlipped(i))));
  return { classNames: ['0-4', '5-9'], labels };
}

/**
 * A gray image in a colour of its own: `clamp(mean + σ n, 0, 1) · gray`, in single precision and truncated to bytes, as the official
 * script computes.
 * @param gray - `[H · W]`, 0 to 255
 * @param mean - of each channel, in [0, 1]
 * @param jitter - n, a standard normal number for each channel
 * @param deviation - σ
 * @returns pixels `[3, H, W]`
 */
export function paint(
  gray: Uint8Array,
  mean: readonly number[],
  jitter: readonly number[],
  deviation: number,
): Uint8Array {
  const painted = new Uint8Array(3 * gray.length);
  for (let c = 0; c < 3; c++) {
    const shift = Math.fround(Math.fround(jitter[c]!) * Math.fround(deviation));
    const colour = Math.min(1, Math.max(0, Math.fround(Math.fround(mean[c]!) + shift)));
    for (let p = 0; p < gray.length; p++) {
      painted[c * gray.length + p] = Math.fround(colour * gray[p]!); // stored truncated
    }
  }
  return painted;
}
