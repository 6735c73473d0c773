/**
 * @file The cache folder, and the two habits that keep it whole: a file appears under its name only when it
 * is complete, and two processes that want the same file do not both make it.
 */
import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where data sets are kept: `$LA_SSL_DATA`, else `$XDG_CACHE_HOME/la-ssl`, else `~/.cache/la-ssl`. */
export function cacheFolder(): string {
  const { LA_SSL_DATA: own, XDG_CACHE_HOME: xdg } = process.env;
  return own || join(xdg || join(homedir(), '.cache'), 'la-ssl');
}

/** A writer or lock holder that shows no sign of life for so long (ms) is taken for dead. */
const deadAfter = 60_000;

/** The system's code of an error, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Says what to do when a write failed because the disk is full; any other error comes back as it is. */
export function explainWriteError(error: unknown, file: string): unknown {
  if (errorCode(error) !== 'ENOSPC' && errorCode(error) !== 'EDQUOT') return error;
  const advice = `free some space, or set LA_SSL_DATA to a folder on another disk, and run again`;
  return Object.assign(
    new Error(`the disk is full: ${file} could not be written; ${advice}`, { cause: error }),
    {
      code: 'ENOSPC',
    },
  );
}

/**
 * Writes a file so that it is either there in full or not at all, even if the process or the machine dies.
 * @param chunks - the content, in order
 */
export async function writeWhole(file: string, chunks: Iterable<Uint8Array>): Promise<void> {
  await removeLeftovers(file);
  await makeWhole(file, async (handle) => {
    for (const chunk of chunks) await handle.writeFile(chunk);
  });
}

/** As `writeWhole`, of what `fill` writes. */
export async function makeWhole(file: string, fill: (handle: FileHandle) => Promise<void>): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const unfinished = `${file}.${randomUUID()}.tmp`;
  try {
    const handle = await open(unfinished, 'wx');
    try {
      await fill(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw explainWriteError(error, file);
  }
}

/** Removes what earlier writers of the same file left when they were killed. */
async function removeLeftovers(file: string): Promise<void> {
  await removeUnfinished(dirname(file), (name) => name.startsWith(`${basename(file)}.`));
}

/** Removes what writers left in a folder when they were killed. @param which - of the files there; all by default */
export async function removeUnfinished(
  folder: string,
  which: (name: string) => boolean = () => true,
): Promise<void> {
  const names = await readdir(folder).catch(() => []); // there is no such folder yet
  for (const name of names) {
    if (!(which(name) && name.endsWith('.tmp'))) continue;
    const leftover = join(folder, name);
    const touched = await stat(leftover).catch(() => undefined);
    if (touched && Date.now() - touched.mtimeMs > deadAfter) await rm(leftover, { force: true });
  }
}

/**
 * Runs `work` while no other process runs work under the same lock; waits for it otherwise.
 *
 * The lock is the file `<path>.lock`, which names its holder. One left by a process that was killed is
 * taken over at once on the same machine. It saves double work and no more: should two processes get in
 * at once, whole writes and checksums still keep the cache right.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  await mkdir(dirname(lock), { recursive: true });
  while (!(await take(lock))) await sleep(200);
  const heartbeat = setInterval(
    () => void utimes(lock, new Date(), new Date()).catch(() => {}),
    deadAfter / 10,
  );
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    const handle = await open(lock, 'wx');
    await handle.writeFile(`${process.pid} ${hostname()}`);
    await handle.close();
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw explainWriteError(error, lock);
  }
  if (await isDead(lock)) {
    // Renamed first, so that of several who find it dead only one removes it.
    const taken = `${lock}.${randomUUID()}`;
    await rename(lock, taken).catch(() => {});
    await rm(taken, { force: true });
  }
  return false;
}

async function isDead(lock: string): Promise<boolean> {
  try {
    const [holder, { mtimeMs }] = await Promise.all([readFile(lock, 'utf8'), stat(lock)]);
    if (Date.now() - mtimeMs > deadAfter) return true;
    const [pid, host] = holder.split(' ');
    return host === hostname() && !isAlive(Number(pid));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false; // released in the meantime: the next try takes it
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
