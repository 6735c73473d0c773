/** @file Where a command writes, and in which format: `--format` or the ending of `--output` says it. */
import { statSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { UsageError } from './options.js';

/**
 * @param formats - the endings too; the first is the default
 * @returns the file and its format; no file where no `--output` is given
 * @throws UsageError where the two do not go together, or there is no such folder: before any work is done
 */
export function outputFile<F extends string>(
  { format, output }: { format?: F; output?: string },
  formats: readonly F[],
): { file?: string; format: F } {
  if (output === undefined) return { format: format ?? formats[0]! };
  const ending = extname(output).slice(1).toLowerCase();
  const named = formats.find((candidate) => candidate === ending);
  const problem = (text: string): UsageError => new UsageError(`--output ${output}: ${text}`);
  if (format && named && named !== format)
    throw problem(`--format is ${format}. Give a name that ends in .${format}, or leave one of the two out.`);
  const chosen = format ?? named;
  if (!chosen) {
    const endings = formats.map((candidate) => `.${candidate}`).join(' or ');
    throw problem(`its ending names no format. Give one that ends in ${endings}, or --format.`);
  }
  if (statSync(output, { throwIfNoEntry: false })?.isDirectory())
    throw problem('this is a folder. Give the name of a file.');
  const folder = dirname(output);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw problem(`there is no folder ${folder}. Make it first: mkdir -p ${folder}`);
  return { file: output, format: chosen };
}
