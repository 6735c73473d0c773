/** @file A lock keeps other processes from working on the same folder; one that a killed process left is taken over. */
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** The locks of this process. */
const HELD = new Set<string>();

/**
 * Takes the lock of a folder.
 * @param doing - what is done to the folder, for the message: "trained"
 * @returns what releases it
 * @throws Error that names the process which holds it
 */
export function lockFolder(path: string, doing: string): () => void {
  const file = join(path, 'lock');
  for (;;) {
    if (takeLock(file)) {
      HELD.add(file);
      return () => {
        rmSync(file, { force: true });
        HELD.delete(file);
      };
    }
    const holder = lockHolder(path);
    if (holder) {
      throw new Error(
        `${path} is ${doing} by process ${holder.pid} on ${holder.host} right now. If that is not so, remove ${file}.`,
      );
    }
    rmSync(file, { force: true });
  }
}

/** The process that works on a folder; null where it is not locked, or by a process that is no more. */
export function lockHolder(path: string): { host: string; pid: number } | null {
  const file = join(path, 'lock');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null;
  }
  const [host = '', number] = text.split(' ');
  const pid = Number(number);
  if (HELD.has(file) || host !== hostname()) return { host, pid };
  // A number like our own, not held by us, is that of a process before us.
  return pid !== process.pid && isAlive(pid) ? { host, pid } : null;
}

/** The lock appears with its content, or not at all. @returns false where there is one */
function takeLock(file: string): boolean {
  const mine = `${file}.${process.pid}`;
  try {
    writeFileSync(mine, `${hostname()} ${process.pid}`);
    linkSync(mine, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new Error(`${file} could not be written: ${(error as Error).message}`, { cause: error });
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Whether a process of this number runs on this machine. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
