/** @file The data set that flags ask for, in a command that takes those of `la-ssl train`. */
import type { Command } from 'commander';
import { z } from 'zod';
import {
  columnWithoutTable,
  DATASET_NAMES,
  type DatasetName,
  type DatasetSpec,
  datasetSpec,
} from '../data/index.js';
import { datasetSpecOf, OPTION_GROUPS, trainConfigSchema } from '../training/index.js';
import { addSchemaOptions, checkOptions, flagOf, givenOptions, UsageError } from './options.js';

/** Adds the flags by which `la-ssl train` asks for a data set. @param usual - what it is where none is given */
export function addDatasetOptions(command: Command, usual: string): void {
  const dataset = z.enum(DATASET_NAMES).optional().describe(`data set (${usual})`);
  const schema = z.strictObject({ ...trainConfigSchema.shape, dataset });
  addSchemaOptions(command, schema, { 'Data, as in la-ssl train': OPTION_GROUPS.Data });
}

/**
 * @param base - what holds where no flag says otherwise: all of it; but for a data set of another name nothing, and for
 * another folder only the size, channels and window of its images
 * @throws UsageError that names a wrong flag, or one that the data set does not have
 */
export function givenDataset(command: Command, base: DatasetSpec | { name: DatasetName }): DatasetSpec {
  const flags = Object.entries(givenOptions(command, trainConfigSchema));
  const given = Object.fromEntries(flags.filter(([key]) => OPTION_GROUPS.Data.includes(key)));
  const { name, ...asked } = datasetSpecOf(checkOptions(trainConfigSchema, { dataset: base.name, ...given }));
  let kept: Partial<DatasetSpec> = name === base.name ? base : {};
  if (name === 'folder' && 'path' in asked && 'imageSize' in kept) {
    const { imageSize, channels, window } = kept;
    kept = { imageSize, ...(channels && { channels }), ...(window && { window }) };
  }
  const spec = { ...kept, name, ...asked } as DatasetSpec;
  checkDatasetSpec(spec);
  return spec;
}

/** @throws UsageError that names a wrong flag, one that the data set does not have and another has, or one without its table */
export function checkDatasetSpec(spec: DatasetSpec): void {
  const schemaOf = (name: string): z.ZodObject =>
    datasetSpec.options.find(({ shape }) => shape.name.value === name)! as z.ZodObject;
  const schema = schemaOf(spec.name);
  for (const key of Object.keys(spec).filter((key) => !(key in schema.shape))) {
    const others = DATASET_NAMES.filter((name) => key in schemaOf(name).shape);
    throw new UsageError(
      `--${flagOf(key === 'seed' ? 'dataSeed' : key)} does not apply here: ${spec.name} has no such option. ` +
        `Leave it out, or take --dataset ${others.join(' or ')}.`,
    );
  }
  checkOptions(schema, { ...spec });
  const column = spec.name === 'folder' ? columnWithoutTable(spec) : undefined;
  if (column)
    throw new UsageError(`--${flagOf(column)} names a column of a table; give the table too: --table <file>`);
}
