/** @file Where an encoder comes from: a finished run, or a file that `la-ssl export` wrote. */
import { statSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { loadSafetensors, scope } from '@la-ssl/torch';
import { loadSplit, type OnProgress } from '../data/index.js';
import { createEncoder, type Encoder, type EncoderInfo, loadEncoder } from '../models/index.js';
import { datasetSpecOf, encoderInfoOf, RunFolder, resolveConfig } from '../training/index.js';

export interface OpenedEncoder {
  encoder: Encoder;
  info: EncoderInfo;
  /** Of the run, or of the file without its ending. */
  name: string;
}

/**
 * @param source - the folder of a finished run, or an encoder's safetensors file
 * @param onProgress - told where an older run's data set must be loaded to learn the size of its images
 * @throws Error that names the source: it does not exist, is not finished, or holds no encoder
 */
export async function openEncoder(source: string, onProgress?: OnProgress): Promise<OpenedEncoder> {
  const found = statSync(source, { throwIfNoEntry: false });
  if (!found) throw new Error(`${source} does not exist. List the runs: la-ssl runs <folder>`);
  const name = basename(resolve(source));
  if (!found.isDirectory()) return { ...loadEncoder(source), name: basename(name, extname(name)) };
  const folder = new RunFolder(source);
  folder.readConfig(); // says so where it is no run
  if (folder.status !== 'finished') {
    throw new Error(`${source} is not finished. Go on with it: la-ssl train --resume ${source}`);
  }
  return { ...(await loadRunEncoder(folder, onProgress)), name };
}

async function loadRunEncoder(folder: RunFolder, onProgress: OnProgress | undefined) {
  const file = folder.encoderFile;
  const describesItself = scope(() => 'encoder' in loadSafetensors(file).metadata);
  if (describesItself) return loadEncoder(file);
  const config = resolveConfig(folder.readConfig());
  const train = await loadSplit(datasetSpecOf(config), 'train', { fetch: true, onProgress });
  const info = encoderInfoOf(config, train.shape);
  const encoder = scope(() => {
    const made = createEncoder(info.encoder, info.options);
    made.loadStateDict(loadSafetensors(file).tensors);
    return made;
  });
  return { encoder, info };
}
