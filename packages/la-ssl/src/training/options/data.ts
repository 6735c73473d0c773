/** @file Options that say what data set, of each data set what it has. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { conditions } from '../../data/controlled/controlled-spec.js';
import { windowOption } from '../../data/images/window-option.js';
import { DATASET_NAMES } from '../../data/index.js';
import { boundaries } from '../../data/sets/age-groups.js';
import { nameList, share as shareOrPercent, sharesByAttribute } from '../../data/spec.js';
import { channelsOption } from '../../data/tables/image-table.js';
import { seed, whole } from './fields.js';

const columnOf = (what: string) =>
  z.string().min(1).optional().describe(`folder with a table: column of ${what}`);

export const dataOptions = {
  dataset: z.enum(DATASET_NAMES).default('corrupted-cifar10').describe('data set'),
  set: z
    .int()
    .optional()
    .describe(
      'corrupted-cifar10, corrupted-mnist: which ten corruptions, 0 weather and digital, 1 noise and blur; colored-mnist: corrupt the images too, a second attribute',
    ),
  severity: z
    .int()
    .optional()
    .describe(
      'corrupted-cifar10, corrupted-mnist: severity, 1 to 5; colored-mnist: 1, colours vary much, to 5, hardly',
    ),
  corruptionSeverity: z
    .int()
    .optional()
    .describe('colored-mnist with --set: severity of the corruptions, 1 to 5'),
  variant: z
    .enum(['lff', 'irm'])
    .optional()
    .describe('colored-mnist: ten digits and colours, or two (default: lff)'),
  labelNoise: shareOrPercent
    .optional()
    .describe('colored-mnist, irm: probability that a label is flipped (default: 0.25)'),
  alignedShare: sharesByAttribute
    .optional()
    .describe(
      'share of the training examples whose attribute goes with the label, such as 0.95 or 95%, or of several attributes: colour=95%,corruption=80%; where attributes are not painted, others are left out',
    ),
  testAlignedShare: sharesByAttribute
    .optional()
    .describe('the same of the test examples, of which others are left out (as they stand)'),
  imbalance: z
    .number()
    .min(1)
    .optional()
    .describe(
      'ratio of the largest to the smallest class in training: the classes become smaller in their order',
    ),
  imbalanceKind: z
    .enum(['exponential', 'step'])
    .optional()
    .describe(
      'with --imbalance: from class to class, or the first half large and the others small (default: exponential)',
    ),
  trainWhere: conditions
    .optional()
    .describe(
      'train only on examples with this value of an attribute or this label, or one of these: place=land or label=cat,label=dog',
    ),
  testWhere: conditions.optional().describe('the same of the test examples'),
  examples: whole(1).optional().describe('how many training examples, the same number of each class (all)'),
  testExamples: whole(1).optional().describe('how many test examples, the same number of each class (all)'),
  dataSeed: seed.optional().describe('seed of what is random in the data set itself'),
  path: z
    .string()
    .transform((path) => resolve(path)) // so that the run knows it from any folder
    .optional()
    .describe(
      'folder: the folder of images, or of a folder for each class, or of train/ and test/ with those; waterbirds, ' +
        'celeba, mimic-cxr: the folder that their archives unpack to',
    ),
  table: z
    .string()
    .transform((file) => (existsSync(file) ? resolve(file) : file)) // else it is below the folder
    .optional()
    .describe('folder: CSV or Parquet file, in the folder or elsewhere, with a row for each image'),
  imageColumn: columnOf('the paths of the images'),
  labelColumn: columnOf('the labels'),
  attributeColumns: nameList.optional().describe('folder with a table: columns of attributes, such as a,b'),
  splitColumn: columnOf('the splits: train, val, test, or 0, 1, 2'),
  idColumn: columnOf('ids of the examples, in place of their paths'),
  clusterColumn: columnOf(
    'what several images are of, such as the patient: intervals of accuracies then draw whole patients',
  ),
  label: z
    .string()
    .optional()
    .describe(
      'celeba: which attribute is the label (default: Blond_Hair); mimic-cxr: which finding (default: No Finding)',
    ),
  attributes: nameList
    .optional()
    .describe(
      'attributes that make groups with the label; celeba: columns of its table (default: Male); mimic-cxr: age, sex (default: age)',
    ),
  labeler: z
    .enum(['chexpert', 'negbio'])
    .optional()
    .describe('mimic-cxr: which reading of the reports (default: chexpert)'),
  uncertainLabel: z
    .enum(['positive', 'negative', 'exclude'])
    .optional()
    .describe('mimic-cxr: what an uncertain finding is (default: exclude, the image is left out)'),
  missingLabel: z
    .enum(['negative', 'exclude'])
    .optional()
    .describe('mimic-cxr: what a finding is that is not mentioned (default: negative)'),
  xrayViews: z
    .enum(['frontal', 'all'])
    .optional()
    .describe('mimic-cxr: AP and PA, or lateral ones too (default: frontal)'),
  patients: z
    .string()
    .transform((file) => (existsSync(file) ? resolve(file) : file)) // else it is below the folder
    .optional()
    .describe('mimic-cxr: the table patients of MIMIC-IV, for age and sex (patients.csv.gz in the folder)'),
  ageBoundaries: boundaries
    .optional()
    .describe('mimic-cxr: ages at which a new group begins, such as 40,60 (default: 60)'),
  imageSize: whole(1)
    .optional()
    .describe(
      'image files: side to which images are resized and cropped, in pixels, 8 to 1024; 224 is usual for photographs (default: 32)',
    ),
  channels: channelsOption
    .optional()
    .describe('image files: 1 makes them gray, 3 keeps their colours (default: mimic-cxr 1, others 3)'),
  window: windowOption
    .optional()
    .describe(
      'gray image files of 16 bits, such as X-rays: full keeps the upper 8 bits, auto takes the 0.5 % and 99.5 % quantiles of each image for black and white, <low>:<high> these values (default: full)',
    ),
  cacheImages: z
    .enum(['auto', 'on', 'off'])
    .optional()
    .describe(
      'image files: keep decoded images on the disk, so that later starts need not decode and memory need not hold them; auto: 5,000 or more, or what memory cannot hold (default: auto)',
    ),
  onBad: z
    .enum(['stop', 'skip'])
    .optional()
    .describe('image files: what to do about images that cannot be used (default: stop)'),
  frostPictures: z
    .string()
    .optional()
    .describe(
      'corrupted-cifar10, corrupted-mnist, colored-mnist with --set: a folder with pictures of frost',
    ),
};
