/**
 * @file Decoded images kept in the cache folder, so that the next start need not decode, and memory need not hold them.
 *
 * One file for a list of image files and what was made of them: pixels `[files, C, S, S]` with gaps where a file is bad,
 * then what `Tail` says. Its name is the hash of all that it follows from: paths, sizes and times of the files, size,
 * channels and window of the images.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, makeWhole, withLock } from '../cache.js';
import {
  type DecodedFiles,
  type DecodeOptions,
  decodeFiles,
  decodeInto,
  freeMemory,
  goodOf,
  imageBytes,
  sizeText,
  type Undecoded,
} from './decode-files.js';
import { hashOfStates } from './file-states.js';
import { IMAGE_CACHE, makeRoom } from './image-cache-room.js';
import { MappedImages } from './mapped-images.js';

/** Counted up where pixels are decoded or stored in another way. */
const VERSION = 1;

/** `auto` keeps so many images or more; fewer are decoded soon. */
const MANY = 5_000;

export interface CachedDecodeOptions extends DecodeOptions {
  /** Whether decoded images are kept: `auto` keeps many, and those that memory cannot hold. */
  cacheImages?: 'auto' | 'on' | 'off' | undefined;
  /** The cache; `cacheFolder()` by default. */
  cache?: string | undefined;
  /** Told what a user should know, a sentence each. */
  onNote?: ((text: string) => void) | undefined;
}

/** What stands after the pixels as JSON, in turn followed by its length in 8 bytes. */
interface Tail {
  /** As in `DecodedFiles`, but for all files; 0 where one is bad. */
  sides: number[];
  bad: Undecoded[];
}

/**
 * As `decodeFiles`; images that are in the cache already are mapped from there, and others put into it if that is wanted.
 * Where it cannot be written, that is noted, and memory has to hold them.
 * @throws as `decodeFiles`
 */
export async function decodeCached(
  files: readonly string[],
  options: CachedDecodeOptions,
): Promise<DecodedFiles> {
  const { cacheImages = 'auto', cache = cacheFolder(), signal, onNote } = options;
  if (cacheImages === 'off' || files.length === 0) return decodeFiles(files, options);
  const size = imageBytes(options);
  const bytes = files.length * size;
  const file = join(cache, IMAGE_CACHE, `${await keyOf(files, options)}.bin`);
  const found = await openDecoded(file, files.length, size);
  if (found) return found;
  const wanted = cacheImages === 'on' || files.length >= MANY || bytes > freeMemory();
  if (!wanted) return decodeFiles(files, options);
  try {
    return await withLock(file, async () => {
      // Another process may have made it in the meantime.
      const made = await openDecoded(file, files.length, size);
      if (made) return made;
      await makeRoom(cache, bytes);
      await makeWhole(file, (handle) => fill(handle, bytes, files, options));
      onNote?.(
        `decoded images are kept in ${file} (${sizeText(bytes)}); la-ssl data clear removes all of them`,
      );
      return (await openDecoded(file, files.length, size))!;
    });
  } catch (error) {
    signal?.throwIfAborted();
    onNote?.(`decoded images are not kept: ${(error as Error).message}`);
    return decodeFiles(files, options);
  }
}

async function fill(
  handle: FileHandle,
  bytes: number,
  files: readonly string[],
  options: DecodeOptions,
): Promise<void> {
  const { sides, bad } = await decodeInto(handle.fd, files, options);
  const tail = Buffer.from(JSON.stringify({ sides: [...sides], bad } satisfies Tail));
  const length = Buffer.alloc(8);
  length.writeDoubleLE(tail.length);
  await handle.write(tail, 0, tail.length, bytes);
  await handle.write(length, 0, length.length, bytes + tail.length);
}

/** @returns what is in a file of the cache; undefined where there is none, or another program cut it off */
async function openDecoded(file: string, count: number, size: number): Promise<DecodedFiles | undefined> {
  const tail = await readTail(file, count * size).catch(() => undefined);
  if (tail?.sides.length !== count) return undefined;
  const indices = goodOf(count, tail.bad);
  const images = await MappedImages.open(file, count, size, indices);
  await utimes(file, new Date(), new Date()).catch(() => {}); // it may be someone else's
  return {
    images,
    indices,
    sides: indices.map((i) => tail.sides[i]!),
    bad: tail.bad,
  };
}

async function readTail(file: string, pixels: number): Promise<Tail | undefined> {
  const { size } = await stat(file);
  const handle = await open(file, 'r');
  try {
    const content = Buffer.alloc(Math.max(0, size - pixels));
    if (content.length < 8) return undefined;
    await handle.read(content, 0, content.length, pixels);
    const length = content.readDoubleLE(content.length - 8);
    if (length !== content.length - 8) return undefined;
    return JSON.parse(content.toString('utf8', 0, length)) as Tail;
  } finally {
    await handle.close();
  }
}

/** The hash of what decoded images follow from. */
async function keyOf(
  files: readonly string[],
  { side, channels = 3, window = 'full', signal }: DecodeOptions,
): Promise<string> {
  const parts = [VERSION, side, channels, window, await hashOfStates(files, signal)];
  return createHash('sha256').update(parts.join()).digest('hex').slice(0, 32);
}
