/**
 * @file The data room: data sets by name, in one form, from the cache.
 *
 * To add one: a file beside this with its specification and loader, and an entry in `specs` and `loadSplit`; its options in
 * `training/options/data.ts`.
 */
import { z } from 'zod';
import { cacheFolder } from './cache.js';
import { controlled } from './controlled/controlled.js';
import {
  type Control,
  controlOf,
  controlOptions,
  subsamplingOptions,
  withoutControl,
} from './controlled/controlled-spec.js';
import { type ImageDataset, MissingSplit, type Split, type TrainOrTest } from './dataset.js';
import { type ImageSet, type ImageSetOptions, imageSetSpecs, openImageSet } from './image-set.js';
import { fetchCifar10, loadCifar10 } from './sets/cifar10.js';
import { coloredMnistSpec, loadColoredMnist } from './sets/colored-mnist.js';
import { corruptedCifar10Spec, loadCorruptedCifar10 } from './sets/corrupted-cifar10.js';
import { corruptedMnistSpec, loadCorruptedMnist } from './sets/corrupted-mnist.js';
import { fetchMnist, loadMnist, mnistSpec } from './sets/mnist.js';
import { drawShapes, shapesSpec } from './sets/shapes.js';
import { exampleCount, parseSpec } from './spec.js';

export { cacheFolder } from './cache.js';
export { controlled, controlledIndices } from './controlled/controlled.js';
export type { Control } from './controlled/controlled-spec.js';
export { CORRUPTION_SETS } from './corruptions/corrupted-images.js';
export * from './dataset.js';
export { DownloadError } from './fetch/download.js';
export type { ImageSet, ImageSetOptions } from './image-set.js';
export { clearDecoded, decodedFiles } from './images/image-cache-room.js';
export type { DataEvent, OnProgress } from './progress.js';
export { celebaSpec } from './sets/celeba.js';
export {
  CIFAR10_CLASSES,
  type FetchCifar10Options,
  fetchCifar10,
  type LoadCifar10Options,
  loadCifar10,
  verifyCifar10,
} from './sets/cifar10.js';
export {
  COLOUR_DEVIATIONS,
  type ColoredMnistSpec,
  coloredMnistSpec,
  IRM_COLOURS,
  LFF_COLOURS,
  loadColoredMnist,
} from './sets/colored-mnist.js';
export {
  ALIGNED_SHARES,
  type CorruptedCifar10Spec,
  corruptedCifar10Spec,
  loadCorruptedCifar10,
} from './sets/corrupted-cifar10.js';
export { type CorruptedMnistSpec, corruptedMnistSpec, loadCorruptedMnist } from './sets/corrupted-mnist.js';
export { columnWithoutTable } from './sets/folder-table.js';
export { type ImageFolderSpec, imageFolderSpec } from './sets/image-folder.js';
export { mimicCxrSpec } from './sets/mimic-cxr.js';
export { fetchMnist, loadMnist, MNIST_CLASSES, mnistSpec, verifyMnist } from './sets/mnist.js';
export { drawShapes, type ShapesSpec, shapesSpec } from './sets/shapes.js';
export { waterbirdsSpec } from './sets/waterbirds.js';
export type { ImageRows } from './tables/image-rows.js';
export { decodeTable, type ImageTable } from './tables/image-table.js';

export const cifar10Spec = z.strictObject({
  name: z.literal('cifar10'),
  examples: exampleCount,
  testExamples: exampleCount,
});

const specs = [
  cifar10Spec.extend(subsamplingOptions),
  corruptedCifar10Spec.extend(controlOptions),
  mnistSpec.extend(subsamplingOptions),
  coloredMnistSpec.extend(controlOptions),
  corruptedMnistSpec.extend(controlOptions),
  shapesSpec.extend(controlOptions),
  ...imageSetSpecs,
] as const;

/** Data sets whose attributes are painted, with an `alignedShare` of their own. */
const PAINTED: readonly string[] = ['corrupted-cifar10', 'colored-mnist', 'corrupted-mnist', 'shapes'];

/** The specification of any data set, as it stands in a configuration file. */
export const datasetSpec = z.discriminatedUnion('name', specs);
export type DatasetSpec = z.input<typeof datasetSpec>;
type CompleteSpec = z.output<typeof datasetSpec>;
export type DatasetName = DatasetSpec['name'];

export const DATASET_NAMES: readonly DatasetName[] = specs.map(({ shape }) => shape.name.value);

export interface LoadOptions extends ImageSetOptions {
  /** Downloads what is missing. Otherwise the error says how to get it. */
  fetch?: boolean | undefined;
}

/** Loads the training and the test split of a data set. @throws as `loadSplit`, and where it has no test split */
export async function loadDataset(
  spec: DatasetSpec,
  options: LoadOptions = {},
): Promise<Record<TrainOrTest, ImageDataset>> {
  const images = await imageSetOf(spec, options);
  const load = images?.load ?? ((split: Split) => loadSplit(spec, split, options));
  // The smaller one first: where it is missing or bad, that shows at once.
  const test = await load('test');
  return { train: await load('train'), test };
}

/**
 * A data set of image files, before an image is opened: for counts, or for several splits; undefined of another data set.
 * @throws where the specification is wrong, or the data set is not as it should be
 */
export async function imageSetOf(spec: DatasetSpec, options: ImageSetOptions): Promise<ImageSet | undefined> {
  const complete = parseSpec(datasetSpec, spec);
  return 'path' in complete ? openImageSet(complete, options) : undefined;
}

/**
 * Loads one split of a data set; what has to be made first is made once and cached.
 * @throws where the specification is wrong, the data set has no such split, or the data are missing and `fetch` is not set
 */
export async function loadSplit(
  spec: DatasetSpec,
  split: Split,
  options: LoadOptions = {},
): Promise<ImageDataset> {
  const complete = parseSpec(datasetSpec, spec);
  const { onProgress, cache = cacheFolder() } = options;
  if (options.fetch && complete.name.endsWith('cifar10')) await fetchCifar10({ cache, onProgress });
  if (options.fetch && complete.name.endsWith('mnist')) await fetchMnist({ cache, onProgress });
  const control = controlOf(complete, split, PAINTED.includes(complete.name));
  if ('path' in complete) return (await openImageSet(complete, { ...options, cache })).load(split);
  const dataset = await loadWhole(complete, trainOrTest(complete.name, split), control, {
    cache,
    onProgress,
  });
  if (!control) return dataset;
  // Shapes are drawn, as many as asked for: what a setting leaves out is not drawn anew.
  return controlled(dataset, complete.name === 'shapes' ? { ...control, examples: undefined } : control);
}

/** What the loader of a data set that is not made of image files gives: where there is a control, before that. */
async function loadWhole(
  spec: Exclude<CompleteSpec, { path: string }>,
  split: TrainOrTest,
  control: Control | undefined,
  options: { cache: string; onProgress: LoadOptions['onProgress'] },
): Promise<ImageDataset> {
  switch (spec.name) {
    case 'cifar10':
    case 'mnist': {
      const { examples, testExamples } = withoutControl(spec, control);
      const load = spec.name === 'mnist' ? loadMnist : loadCifar10;
      return load(split, { cache: options.cache, examples: split === 'train' ? examples : testExamples });
    }
    case 'corrupted-cifar10':
      return loadCorruptedCifar10(split, withoutControl(spec, control), options);
    case 'colored-mnist':
      return loadColoredMnist(split, withoutControl(spec, control), options);
    case 'corrupted-mnist':
      return loadCorruptedMnist(split, withoutControl(spec, control), options);
    case 'shapes':
      return drawShapes(split, { ...withoutControl(spec, undefined) });
    default:
      return spec satisfies never;
  }
}

/** @throws where the split is that for validation: the data set has none */
function trainOrTest(name: string, split: Split): TrainOrTest {
  if (split === 'validation')
    throw new MissingSplit(`${name} has no validation split: it has train and test`);
  return split;
}
