/**
 * @file From the columns of a table to a table of images: rows are matched with files, and values become codes.
 *
 * Nothing is opened here: which files there are is known from one walk.
 */
import { posix } from 'node:path';
import { type Attribute, SPLITS, type Split, UNKNOWN } from '../dataset.js';
import type { BadFile } from '../images/decode.js';
import type { FoundFiles } from '../images/image-files.js';
import { alignedWith } from './aligned-with.js';
import { clusterCodes } from './cluster-codes.js';
import { type ImageRows, pickRows } from './image-rows.js';
import type { ImageTable } from './image-table.js';

/** A column of few values. */
export interface CodedColumn {
  name: string;
  values: readonly string[];
  /** `[N]`, or `UNKNOWN`. */
  codes: Int32Array;
}

export interface TableRows {
  name: string;
  root: string;
  /** The table, for messages. */
  file: string;
  /** As the table has them, `[N]`. */
  paths: readonly (string | null)[];
  /** `[N]`; the paths where absent. */
  ids?: readonly (string | null)[] | undefined;
  label?: CodedColumn | undefined;
  attributes: readonly CodedColumn[];
  /** What says which images belong together, as the table has it, `[N]`. */
  clusters?: { name: string; values: readonly (string | null)[] } | undefined;
  /** As the table has them, `[N]`; everything is for training where absent. */
  splits?: readonly (string | null)[] | undefined;
  /** Of the rows in the table, from 1, null for one that is not there, `[N]`; `1` to `N` where absent. */
  rowNumbers?: readonly (string | null)[];
  /** Rows that are bad for another reason, by place. */
  wrong?: ReadonlyMap<number, string>;
  /** Rows that are good but not asked for, by place, with the reason. */
  leftOut?: ReadonlyMap<number, string>;
  notes: readonly string[];
}

/** What a split is called in tables, in lower case. 0, 1, 2 as in Waterbirds and CelebA. */
const SPLIT_NAMES: Record<Split, readonly string[]> = {
  train: ['train', 'training', '0'],
  validation: ['val', 'valid', 'validation', 'validate', 'dev', '1'],
  test: ['test', 'testing', '2'],
};

/**
 * The images that rows and files have in common. A row that has no image, or one that another row has, is bad; images
 * without a row are left out, with a note. Where there is no test split, that for validation is for testing.
 */
export function imageTableOf(rows: TableRows, found: FoundFiles): ImageTable {
  const bad: BadFile[] = [];
  const place = placeOf(rows, found, bad);
  const { label, attributes, clusters } = rows;
  const clusterOf = clusters && clusterCodes(clusters.values);
  const notes = [...rows.notes, ...unnamed([...place.paths, ...place.leftOut], found, rows.file)];
  const all: ImageRows = {
    paths: place.paths,
    ids: Array.from(place.rows, (i, n) => rows.ids?.[i] ?? place.paths[n]!),
    ...(label && { labels: place.rows.map((i) => label.codes[i]!) }),
    codes: attributes.map(({ codes }) => place.rows.map((i) => codes[i]!)),
    ...(clusterOf && { clusters: place.rows.map((i) => clusterOf[i]!) }),
  };
  const alone = clusters ? place.rows.filter((i) => clusters.values[i] === null).length : 0;
  if (alone > 0) notes.push(`${alone} images have no ${clusters!.name}: each stands for itself`);
  const splits: ImageTable['splits'] = {};
  for (const split of SPLITS) {
    const indices = Int32Array.from(place.splits.keys()).filter((n) => place.splits[n] === split);
    if (indices.length > 0) splits[split] = pickRows(all, indices);
  }
  if (!splits.test && splits.validation) {
    splits.test = splits.validation;
    delete splits.validation;
    notes.push('no split is called test, and so that for validation is for testing');
  }
  const train = splits.train;
  return {
    name: rows.name,
    root: rows.root,
    splits,
    classNames: label?.values ?? [],
    attributes: attributes.map(({ name, values }, a): Omit<Attribute, 'codes'> => {
      const goes =
        label && train && alignedWith(train.labels!, label.values.length, train.codes![a]!, values.length);
      return { name, values, ...(goes && { alignedWith: goes }) };
    }),
    clusterName: clusters?.name,
    bad,
    notes,
  };
}

interface Placed {
  /** Which rows have an image of their own. */
  rows: Int32Array;
  /** Their images, below the root. */
  paths: string[];
  splits: Split[];
  /** Images of rows that are not asked for. */
  leftOut: string[];
}

/** Matches rows with files; what does not match goes to `bad`. */
function placeOf(rows: TableRows, found: FoundFiles, bad: BadFile[]): Placed {
  const byPath = new Set(found.images);
  const reasons = new Map(found.bad.map(({ path, reason }) => [path, reason]));
  const splitOf = new Map(
    SPLITS.flatMap((split) => SPLIT_NAMES[split].map((name) => [name, split] as const)),
  );
  const withClass = classesOfTraining(rows, splitOf);
  const placed: { row: number; path: string; split: Split }[] = [];
  const leftOut: string[] = [];
  const firstWith = { path: new Map<string, number>(), id: new Map<string, number>() };
  const take = (row: number): string | undefined => {
    const given = rows.paths[row];
    if (given == null) return 'names no image';
    const path = below(rows.root, given);
    if (path === undefined) return 'leads out of the folder; put the image itself there';
    const id = rows.ids?.[row];
    if (rows.ids && id == null) return 'has no id';
    for (const [kind, value] of [['path', path] as const, ['id', id ?? path] as const]) {
      const other = firstWith[kind].get(value);
      if (other !== undefined)
        return `has the ${kind} ${value} of another (${placeOfRow(rows, other)}); each has its own`;
      firstWith[kind].set(value, row);
    }
    if (rows.leftOut?.has(row)) {
      leftOut.push(path);
      return undefined;
    }
    if (!byPath.has(path)) return reasonIn(reasons, path) ?? 'has no such image in the folder';
    const named = rows.splits?.[row];
    const split = rows.splits ? splitOf.get(named?.toLowerCase() ?? '') : 'train';
    if (named === null) return 'has no split';
    if (!split) return `has the split "${named}"; it is train, val or test, or 0, 1 or 2`;
    const label = rows.label?.codes[row] ?? UNKNOWN;
    if (label !== UNKNOWN && withClass.size > 0 && !withClass.has(label)) {
      return `has the label ${rows.label!.values[label]}, which no training image has`;
    }
    const wrong = rows.wrong?.get(row);
    if (wrong === undefined) placed.push({ row, path, split });
    return wrong;
  };
  for (let row = 0; row < rows.paths.length; row++) {
    const reason = take(row);
    if (reason === undefined) continue;
    const at = placeOfRow(rows, row);
    const path = rows.paths[row];
    bad.push(path == null ? { path: at, reason } : { path, reason: `(${at}) ${reason}` });
  }
  return {
    rows: Int32Array.from(placed, ({ row }) => row),
    paths: placed.map(({ path }) => path),
    splits: placed.map(({ split }) => split),
    leftOut,
  };
}

function placeOfRow({ file, rowNumbers }: TableRows, row: number): string {
  const number = rowNumbers ? rowNumbers[row] : row + 1;
  return number == null ? `not in ${file}` : `${file}, row ${number}`;
}

/** Labels that a row for training has. */
function classesOfTraining({ label, splits }: TableRows, splitOf: Map<string, Split>): Set<number> {
  const classes = new Set<number>();
  label?.codes.forEach((code, row) => {
    const split = splits ? splitOf.get(splits[row]?.toLowerCase() ?? '') : 'train';
    if (code !== UNKNOWN && split === 'train') classes.add(code);
  });
  return classes;
}

/** A path as this system writes it in its shortest form, with `/`. */
export function slashed(path: string): string {
  return posix.normalize(path.replaceAll('\\', '/'));
}

/** A path of a table as one below the root, or undefined where it leads out. */
function below(root: string, given: string): string | undefined {
  const path = slashed(given.startsWith(`${root}/`) ? given.slice(root.length + 1) : given);
  const leadsOut = path.startsWith('/') || path === '..' || path.startsWith('../') || /^[a-z]:/i.test(path);
  return leadsOut ? undefined : path;
}

/** Why a file, or a folder that it is in, is bad. */
function reasonIn(reasons: ReadonlyMap<string, string>, path: string): string | undefined {
  for (let part = path; part !== '.'; part = posix.dirname(part)) {
    const reason = reasons.get(part);
    if (reason !== undefined) return part === path ? reason : `lies in ${part}, which ${reason}`;
  }
  return undefined;
}

function unnamed(paths: readonly string[], { images }: FoundFiles, file: string): string[] {
  const named = new Set(paths);
  const others = images.filter((path) => !named.has(path));
  const some = others.slice(0, 3).join(', ');
  const more = others.length > 3 ? ', …' : '';
  return others.length > 0
    ? [`${others.length} images are not read, as ${file} has no good row for them: ${some}${more}`]
    : [];
}
