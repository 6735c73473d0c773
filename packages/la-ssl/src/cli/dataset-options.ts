/** @file The data set that flags ask for, in a command that takes those of `la-ssl train`. */
import type { Command } from 'commander';
import { z } from 'zod';
import { DATASET_NAMES, type DatasetSpec, datasetSpec } from '../data/index.js';
import { datasetSpecOf, OPTION_GROUPS, trainConfigSchema } from '../training/index.js';
import { addSchemaOptions, checkOptions, givenOptions } from './options.js';

/** Adds the flags by which `la-ssl train` asks for a data set. @param usual - what it is where none is given */
export function addDatasetOptions(command: Command, usual: string): void {
  const dataset = z.enum(DATASET_NAMES).optional().describe(`data set (${usual})`);
  const schema = z.strictObject({ ...trainConfigSchema.shape, dataset });
  addSchemaOptions(command, schema, { 'Data, as in la-ssl train': OPTION_GROUPS.Data });
}

/**
 * @param base - what holds where no flag says otherwise: all of it, but for a data set of another name only the name
 * @throws UsageError that names a wrong flag, or one that the data set does not have
 */
export function givenDataset(command: Command, base: DatasetSpec): DatasetSpec {
  const flags = Object.entries(givenOptions(command, trainConfigSchema));
  const given = Object.fromEntries(flags.filter(([key]) => OPTION_GROUPS.Data.includes(key)));
  const { name, ...asked } = datasetSpecOf(checkOptions(trainConfigSchema, { dataset: base.name, ...given }));
  const spec = { ...(name === base.name ? base : { name }), ...asked } as DatasetSpec;
  const schema = datasetSpec.options.find(({ shape }) => shape.name.value === name)! as z.ZodObject;
  checkOptions(schema, { ...spec });
  return spec;
}
