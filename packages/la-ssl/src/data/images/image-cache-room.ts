/** @file How much decoded images take in the cache, and its bound. */
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { removeUnfinished } from '../cache.js';
import { sizeText } from './decode-files.js';

/** Where decoded images are, in the cache folder. */
export const IMAGE_CACHE = 'decoded-images';

/** Of the disk's space that is free or that they have already, decoded images take no more than this. */
const SHARE = 0.5;

/** A file of decoded images. */
export interface DecodedFile {
  file: string;
  bytes: number;
  /** When it was last used, in ms. */
  used: number;
}

/** The files of decoded images, those that were used last at the end. @param cache - the cache folder */
export async function decodedFiles(cache: string): Promise<DecodedFile[]> {
  const folder = join(cache, IMAGE_CACHE);
  const names = await readdir(folder).catch(() => []); // nothing was kept yet
  const entries: DecodedFile[] = [];
  for (const name of names.filter((name) => name.endsWith('.bin'))) {
    const entry = await stat(join(folder, name)).catch(() => undefined); // another process removed it
    if (entry) entries.push({ file: join(folder, name), bytes: entry.size, used: entry.mtimeMs });
  }
  return entries.sort((a, b) => a.used - b.used);
}

/** Removes all decoded images, which a run that uses some keeps until it ends. @returns what was removed */
export async function clearDecoded(cache: string): Promise<DecodedFile[]> {
  const files = await decodedFiles(cache);
  for (const { file } of files) await rm(file, { force: true });
  await removeUnfinished(join(cache, IMAGE_CACHE));
  return files;
}

/**
 * Makes room for more decoded images: removes those that were not used for longest while all together are too many.
 * @throws where there cannot be the room
 */
export async function makeRoom(cache: string, bytes: number): Promise<void> {
  const folder = join(cache, IMAGE_CACHE);
  await mkdir(folder, { recursive: true });
  await removeUnfinished(folder);
  const files = await decodedFiles(cache);
  const { bavail, bsize } = await statfs(folder);
  let taken = files.reduce((sum, file) => sum + file.bytes, 0);
  const most = SHARE * (bavail * bsize + taken);
  if (bytes > most) {
    throw new Error(
      `they take ${sizeText(bytes)}, and the cache may have ${sizeText(most)}, half of what is free there; ` +
        'free some space, or set LA_SSL_DATA to a folder on another disk',
    );
  }
  for (const file of files) {
    if (taken + bytes <= most) return;
    await rm(file.file, { force: true });
    taken -= file.bytes;
  }
}
