/**
 * @file What the folders in a folder of images mean: splits (`train/`, `val/`, `test/`), if there are any, and in them
 * classes (torchvision's ImageFolder), if there are any. Where there is no `test/`, `val/` is for testing.
 */
import { SPLITS, type Split } from '../dataset.js';
import type { BadFile } from '../images/decode.js';
import type { FoundFiles } from '../images/image-files.js';
import type { ImageRows } from '../tables/image-rows.js';

/** What a folder on top may be called that is a split, in lower case; of several the first is taken. */
const SPLIT_FOLDERS: Record<Split, readonly string[]> = {
  train: ['train', 'training'],
  validation: ['val', 'valid', 'validation'],
  test: ['test', 'testing'],
};

export interface FolderLayout {
  /** Those that have images. */
  splits: Partial<Record<Split, ImageRows>>;
  /** Of all splits, in the order of their characters' codes. */
  classNames: string[];
  /** Folders and images that do not fit in. */
  bad: BadFile[];
  /** Folders on top that are not read, as others are the splits. */
  unread: string[];
}

/** Where the paths of a split begin with `prefix`: each image with the folder of its class. */
interface Part {
  prefix: string;
  members: { path: string; className: string | undefined }[];
  classes: Set<string>;
}

/** @returns what the folders mean; a split that has no image is not among its splits */
export function layoutOf(found: FoundFiles): FolderLayout {
  const { folders, unread } = splitFolders(found);
  const bad: BadFile[] = [];
  const parts: Partial<Record<Split, Part>> = {};
  for (const [split, folder] of Object.entries(folders) as [Split, string][]) {
    const part = partOf(found.images, folder === '' ? '' : `${folder}/`);
    if (part.members.length > 0) parts[split] = part;
    else bad.push({ path: folder, reason: 'is a split without an image' });
  }
  const ofTraining = parts.train?.classes ?? new Set<string>();
  const known = ofTraining.size > 0 ? ofTraining : (parts.test?.classes ?? new Set<string>());
  const classNames = [...known].sort();
  const codes = new Map(classNames.map((name, code) => [name, code]));
  const splits: FolderLayout['splits'] = {};
  for (const [split, part] of Object.entries(parts) as [Split, Part][]) {
    bad.push(...emptyClasses(part, found));
    splits[split] = labelled(part, codes, bad);
  }
  return { splits, classNames, bad, unread };
}

/**
 * The folders that are splits; `''` is all of it.
 *
 * There must be one for training, and with it one for testing or nothing else: `train/`, `car/` and `bus/` are classes.
 */
function splitFolders({ folders, images }: FoundFiles): {
  folders: Partial<Record<Split, string>>;
  unread: string[];
} {
  const tops = folders.filter((folder) => !folder.includes('/'));
  const named = (split: Split): [Split, string][] => {
    const top = SPLIT_FOLDERS[split].flatMap((name) => tops.filter((top) => top.toLowerCase() === name))[0];
    return top === undefined ? [] : [[split, top]];
  };
  const splits: Partial<Record<Split, string>> = Object.fromEntries(SPLITS.flatMap(named));
  if (splits.test === undefined && splits.validation !== undefined) {
    splits.test = splits.validation;
    delete splits.validation;
  }
  const used = [...new Set(images.map((path) => path.split('/')[0]!))];
  const unread = used.filter((top) => !Object.values(splits).includes(top));
  const isTest = (top: string): boolean =>
    [...SPLIT_FOLDERS.test, ...SPLIT_FOLDERS.validation].includes(top.toLowerCase());
  const areSplits =
    splits.train === undefined ? used.every(isTest) : splits.test !== undefined || unread.length === 0;
  return areSplits ? { folders: splits, unread } : { folders: { train: '' }, unread: [] };
}

function partOf(images: readonly string[], prefix: string): Part {
  const members = images
    .filter((path) => path.startsWith(prefix))
    .map((path) => {
      const [top, ...below] = path.slice(prefix.length).split('/');
      return { path, className: below.length > 0 ? top : undefined };
    });
  const classes = new Set(members.flatMap(({ className }) => className ?? []));
  return { prefix, members, classes };
}

/** Folders beside those of the classes that have no image, and nothing bad either that would tell why. */
function emptyClasses({ prefix, classes }: Part, { folders, bad }: FoundFiles): BadFile[] {
  if (classes.size === 0) return [];
  const beside = folders.filter((folder) => {
    const name = folder.slice(prefix.length);
    return folder.startsWith(prefix) && !name.includes('/') && !classes.has(name);
  });
  return beside
    .filter((folder) => !bad.some(({ path }) => `${path}/`.startsWith(`${folder}/`)))
    .map((path) => ({ path, reason: 'is the folder of a class and has no image' }));
}

/** The images of a part with their labels; those that can have none go to `bad`. */
function labelled({ members, classes, prefix }: Part, codes: Map<string, number>, bad: BadFile[]): ImageRows {
  if (classes.size === 0) return { paths: members.map(({ path }) => path) };
  for (const name of classes) {
    if (!codes.has(name))
      bad.push({ path: `${prefix}${name}`, reason: 'is a class of which there is no training image' });
  }
  const paths: string[] = [];
  const labels: number[] = [];
  for (const { path, className } of members) {
    if (className === undefined) {
      bad.push({ path, reason: 'lies beside the folders of the classes, in none of them' });
      continue;
    }
    const label = codes.get(className);
    if (label === undefined) continue;
    paths.push(path);
    labels.push(label);
  }
  return { paths, labels: Int32Array.from(labels) };
}
