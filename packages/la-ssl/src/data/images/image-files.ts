/** @file The image files below a folder. Nothing is opened here but folders. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { errorCode } from '../cache.js';
import { type BadFile, IMAGE_ENDINGS } from './decode.js';

export interface FoundFiles {
  /** Paths below the folder, with `/`, in the order of their characters' codes. */
  images: string[];
  /** Folders below the folder, likewise, hidden ones left out. */
  folders: string[];
  /** How many other files there are, by ending. */
  others: Map<string, number>;
  bad: BadFile[];
}

/**
 * Lists the image files of a folder and of those in it; what begins with a dot is hidden, and left out.
 *
 * A link is followed where it leads to something in the same folder. One that leads out of it, to nowhere or in a
 * circle is bad.
 * @param root - the folder
 * @throws where it is no folder or cannot be read
 * @throws what `signal` was aborted with
 */
export async function findImages(root: string, signal?: AbortSignal): Promise<FoundFiles> {
  const found: FoundFiles = { images: [], folders: [], others: new Map(), bad: [] };
  const isFolder = await stat(root).then(
    (entry) => entry.isDirectory(),
    (cause: unknown) => {
      const what = errorCode(cause) === 'ENOENT' ? 'does not exist' : `cannot be read (${errorCode(cause)})`;
      throw new Error(`${root} ${what}; give a folder of images: --path <folder>`, { cause });
    },
  );
  if (!isFolder) throw new Error(`${root} is a file; give the folder that it is in: --path <folder>`);

  /** @param above - real paths of the folders on the way, this one last */
  const walk = async (folder: string, above: string[]): Promise<void> => {
    signal?.throwIfAborted();
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((cause: unknown) => {
      found.bad.push({ path: folder || '.', reason: `cannot be read (${errorCode(cause)})` });
      return [];
    });
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const path = folder ? `${folder}/${entry.name}` : entry.name;
      const looksLikeImage = IMAGE_ENDINGS.includes(extname(entry.name).toLowerCase());
      let isFolder = entry.isDirectory();
      let isFile = entry.isFile();
      let real = join(above.at(-1)!, entry.name);
      if (entry.isSymbolicLink()) {
        const target = await follow(join(root, path));
        isFolder = target?.isFolder ?? false;
        isFile = target?.isFile ?? false;
        if (!isFolder && !looksLikeImage) continue;
        const wrong = wrongLink(target?.path, above);
        if (wrong) {
          found.bad.push({ path, reason: wrong });
          continue;
        }
        real = target!.path;
      }
      if (isFolder) {
        found.folders.push(path);
        await walk(path, [...above, real]);
      } else if (looksLikeImage && isFile) {
        found.images.push(path);
      } else {
        const ending = extname(entry.name).toLowerCase() || 'no ending';
        found.others.set(ending, (found.others.get(ending) ?? 0) + 1);
      }
    }
  };
  await walk('', [await realpath(root)]);
  found.images.sort();
  found.folders.sort();
  return found;
}

async function follow(
  link: string,
): Promise<{ path: string; isFolder: boolean; isFile: boolean } | undefined> {
  try {
    const [path, target] = await Promise.all([realpath(link), stat(link)]);
    return { path, isFolder: target.isDirectory(), isFile: target.isFile() };
  } catch {
    return undefined;
  }
}

/** What is wrong with a link, if anything. @param above - as in `findImages` */
function wrongLink(target: string | undefined, above: readonly string[]): string | undefined {
  if (target === undefined) return 'is a link that leads nowhere';
  const way = relative(above[0]!, target);
  if (way === '..' || way.startsWith(`..${sep}`) || way.startsWith(sep)) {
    return `is a link that leads out of the folder, to ${target}; put the images themselves there`;
  }
  return above.includes(target) ? 'is a link to a folder that it lies in' : undefined;
}
