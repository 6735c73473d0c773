/**
 * @file Data sets every image of which is corrupted, and the kind of corruption goes with the class: made once, kept in the cache.
 *
 * The protocol is that of "Learning from Failure" (Nam et al. 2020, https://arxiv.org/abs/2007.02561): two
 * sets of ten corruptions, class i goes with corruption i. Severity here is Hendrycks' level 1 to 5; what that
 * paper's scripts call "Severity4" is level 5. Their noise is not repeatable; ours comes from a generator for
 * each image, keyed by seed, split and the image's place in its data set.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Random } from '../../random.js';
import { cacheFolder, withLock, writeWhole } from '../cache.js';
import { assignAttributes } from '../controlled/alignment.js';
import type { Attribute, ImageDataset, Split } from '../dataset.js';
import type { OnProgress } from '../progress.js';
import { exampleCount, seed, share } from '../spec.js';
import { corruptAll } from './corruption-pool.js';
import { type CorruptionName, corrupt, loadFrostPictures, type Picture } from './index.js';

/** The ten corruptions of set 0 and set 1 ("type 0", "type 1"); corruption i goes with class i. */
export const CORRUPTION_SETS = [
  [
    'snow',
    'frost',
    'fog',
    'brightness',
    'contrast',
    'spatter',
    'elastic_transform',
    'jpeg_compression',
    'pixelate',
    'saturate',
  ],
  [
    'gaussian_noise',
    'shot_noise',
    'impulse_noise',
    'speckle_noise',
    'gaussian_blur',
    'defocus_blur',
    'glass_blur',
    'motion_blur',
    'zoom_blur',
    'identity',
  ],
] as const satisfies CorruptionName[][];

export const corruptionSet = z
  .union([z.literal(0), z.literal(1)])
  .describe('0: weather and digital corruptions; 1: noise and blur');
export const corruptionSeverity = z.int().min(1).max(5).describe('1 (slight) to 5 (strong)');
export const frostPictures = z
  .string()
  .optional()
  .describe('a folder with pictures of frost, in place of the built-in frost');

/** What a data set that is corrupted, and nothing else, is asked for with. */
export const corruptedOptions = {
  set: corruptionSet.default(0),
  severity: corruptionSeverity.default(5),
  alignedShare: share
    .default(0.95)
    .describe('the share of training images whose corruption goes with the class'),
  examples: exampleCount,
  testExamples: exampleCount,
  seed: seed
    .default(0)
    .describe('of the corruptions’ chance; which image gets which corruption does not depend on it'),
  frostPictures,
};

export interface CorruptOptions {
  cache?: string | undefined;
  /** Worker threads; one a core by default. */
  threads?: number | undefined;
  onProgress?: OnProgress | undefined;
}

/** How a split is to be corrupted. */
export interface CorruptionRecipe {
  set: 0 | 1;
  /** Which corruption of the set each image gets, `[N]`. */
  codes: Int32Array;
  /** 1 to 5. */
  severity: number;
  seed: number;
  frostPictures?: string | undefined;
  /** The folder in the cache. */
  folder: string;
  /** Goes into the name of the file, for people. */
  title: string;
  /** What the clean images are: a hash of them, or of what they are made from. */
  source: string;
}

/**
 * The images corrupted, from the cache, or made first where they are not in it.
 * @param clean - a split of at least 3 channels, with ids that end in `/` and the image's place in the whole split
 * @returns pixels `[N, 3, H, W]`
 * @throws where the pictures of frost cannot be read
 */
export async function corruptedImages(
  clean: ImageDataset,
  recipe: CorruptionRecipe,
  options: CorruptOptions = {},
): Promise<Uint8Array> {
  const { codes, severity, seed, source } = recipe;
  const names = CORRUPTION_SETS[recipe.set];
  const frost =
    recipe.frostPictures === undefined ? undefined : await loadFrostPictures(recipe.frostPictures);
  const made = createHash('sha256')
    .update(JSON.stringify({ source, ids: clean.ids, severity, seed, codes: [...codes] }))
    .update(fingerprint(names, severity, frost))
    .digest('hex');
  const file = join(
    options.cache ?? cacheFolder(),
    recipe.folder,
    `${recipe.title}-${made.slice(0, 16)}.bin`,
  );

  const read = (): Promise<Buffer | undefined> => readFile(file).catch(() => undefined);
  const make = (): Promise<Buffer> =>
    withLock(file, async () => {
      const others = await read(); // made by another process while we waited for the lock
      if (others?.length === clean.images.length) return others;
      const { count: total } = clean.shape;
      const onImages = (done: number): void =>
        options.onProgress?.({
          kind: 'progress',
          task: `corrupt ${clean.split}`,
          done,
          total,
          unit: 'examples',
        });
      const task = {
        images: clean.images,
        shape: clean.shape,
        names,
        codes,
        severity,
        key: [seed, clean.split === 'train' ? 0 : 1] as [number, number],
        indices: Int32Array.from(clean.ids, (id) => Number(id.slice(id.indexOf('/') + 1))),
        frost,
      };
      await writeWhole(file, [await corruptAll(task, options.threads, onImages)]);
      return readFile(file);
    });
  const cached = await read();
  const images = cached?.length === clean.images.length ? cached : await make();
  return new Uint8Array(images.buffer, images.byteOffset, images.length);
}

/** The attribute that such images have. */
export function corruptionAttribute(set: 0 | 1, codes: Int32Array): Attribute {
  const values = CORRUPTION_SETS[set];
  return { name: 'corruption', values, codes, alignedWith: Int32Array.from(values, (_, i) => i) };
}

/** Ends the name of the file in the cache, for people: how the images were corrupted. */
export function corruptionTitle(
  split: Split,
  { set, severity, seed }: Pick<CorruptionRecipe, 'set' | 'severity' | 'seed'>,
  alignedShare: number,
): string {
  const percent = Number((100 * alignedShare).toFixed(4));
  return `${split}-set${set}-severity${severity}-aligned${percent}-seed${seed}`;
}

/**
 * A clean split with each image corrupted, by the corruption of its class in the aligned share of the training images; in the test
 * split each class is shared out evenly over the ten.
 * @param recipe - as it stands in the specification `corrupted-<name of the clean data set>`
 * @param source - a hash of the clean split
 */
export async function loadCorrupted(
  clean: ImageDataset,
  recipe: Pick<CorruptionRecipe, 'set' | 'severity' | 'seed' | 'frostPictures'> & { alignedShare: number },
  source: string,
  options: CorruptOptions = {},
): Promise<ImageDataset> {
  const name = `corrupted-${clean.name}`;
  const classes = clean.classNames.length;
  const alignedShare = clean.split === 'train' ? recipe.alignedShare : 1 / classes;
  const codes = assignAttributes(clean.labels!, classes, alignedShare);
  const title = corruptionTitle(clean.split, recipe, alignedShare);
  const images = await corruptedImages(clean, { ...recipe, codes, folder: name, title, source }, options);
  return { ...clean, name, images, attributes: [corruptionAttribute(recipe.set, codes)] };
}

/**
 * What the corruptions do, in a few bytes: they are done to a made-up picture, and the results are hashed.
 *
 * So a cached file is not taken for current when the code of a corruption, or a library under it, has changed.
 */
function fingerprint(names: readonly CorruptionName[], severity: number, frost?: readonly Picture[]): Buffer {
  const hash = createHash('sha256');
  const side = 32;
  for (const name of names) {
    const random = new Random(0);
    // A slope with noise on it: it has dark and bright parts, edges and colour.
    const picture = Uint8Array.from(
      { length: side * side * 3 },
      (_, b) => (b / 24 + random.below(128)) % 256,
    );
    hash.update(
      corrupt(picture, { name, severity, height: side, width: side, random, ...(frost && { frost }) }),
    );
  }
  for (const { pixels } of names.includes('frost') ? (frost ?? []) : []) hash.update(pixels);
  return hash.digest();
}
