/**
 * @file Data sets of image files: folders, and archives in their official layouts. What is known of the images is read once,
 * before any is opened; from that splits are described, or decoded.
 */
import type { z } from 'zod';
import { controlledAttributes, controlledIndices } from './controlled/controlled.js';
import { controlOf, subsamplingOptions } from './controlled/controlled-spec.js';
import type { DatasetMetadata, ImageDataset, Split } from './dataset.js';
import type { OnProgress } from './progress.js';
import { celebaSpec, celebaTable } from './sets/celeba.js';
import { imageFolderSpec, imageFolderTable } from './sets/image-folder.js';
import { mimicCxrSpec, mimicCxrTable } from './sets/mimic-cxr.js';
import { waterbirdsSpec, waterbirdsTable } from './sets/waterbirds.js';
import { decodeTable, describeTable, type ImageTable } from './tables/image-table.js';

export const imageSetSpecs = [
  imageFolderSpec.extend(subsamplingOptions),
  waterbirdsSpec.extend(subsamplingOptions),
  celebaSpec.extend(subsamplingOptions),
  mimicCxrSpec.extend(subsamplingOptions),
] as const;

/** The specification of a data set of image files, complete. */
export type ImageSetSpec = z.output<(typeof imageSetSpecs)[number]>;

/** A data set of image files, none of which has been opened. */
export interface ImageSet {
  /**
   * What is known of the examples of a split, by the table or the folders alone; broken images are among them.
   * @throws where there is no such split, the controlled setting cannot be had, or anything is bad and not skipped
   */
  describe: (split: Split) => DatasetMetadata;
  /**
   * Decodes a split.
   * @param indices - only these of the examples that `describe` gives, by place
   * @throws as `describe`, and where images are bad and not skipped
   * @throws what `signal` was aborted with
   */
  load: (split: Split, indices?: Int32Array) => Promise<ImageDataset>;
}

export interface ImageSetOptions {
  /** The cache; `cacheFolder()` by default. */
  cache?: string | undefined;
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
}

/** @throws where the folder or a table is not there, or not as it should be */
export async function openImageSet(spec: ImageSetSpec, options: ImageSetOptions): Promise<ImageSet> {
  const table = await tableOf(spec, options.signal);
  const settingOf = (split: Split) => {
    const control = controlOf(spec, split, false);
    return {
      options: {
        ...{ ...spec, ...options },
        select: control && ((all: Omit<DatasetMetadata, 'shape'>) => controlledIndices(all, control)),
      },
      finish: <T extends DatasetMetadata>(data: T): T =>
        control ? { ...data, attributes: controlledAttributes(data, control) } : data,
    };
  };
  return {
    describe(split) {
      const setting = settingOf(split);
      return setting.finish(describeTable(table, split, setting.options));
    },
    async load(split, indices) {
      const setting = settingOf(split);
      return setting.finish(await decodeTable(table, split, { ...setting.options, indices }));
    },
  };
}

function tableOf(spec: ImageSetSpec, signal: AbortSignal | undefined): Promise<ImageTable> {
  switch (spec.name) {
    case 'folder':
      return imageFolderTable(spec, signal);
    case 'waterbirds':
      return waterbirdsTable(spec.path, signal);
    case 'celeba':
      return celebaTable(spec, signal);
    case 'mimic-cxr':
      return mimicCxrTable(spec, signal);
    default:
      return spec satisfies never;
  }
}
