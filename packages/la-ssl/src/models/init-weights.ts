/**
 * @file First weights from a file: those of torchvision, timm or another run, as safetensors.
 *
 * Names may have one prefix (`backbone.`, `module.encoder_q.`), under which the encoder is found. A classifier is left
 * out. Positional embeddings of another grid of patches are resampled. All else must fit.
 */
import { cat, loadSafetensors, scope, type Tensor } from '@la-ssl/torch';
import type { Encoder } from './encoder.js';
import { resamplePositions } from './positions.js';

/** Where torchvision (`fc`) and timm (`head`) have the classifier; `classifier` is timm's in other networks. */
const CLASSIFIER = /^(fc|head|classifier)\./;
/** Counts of batches, which older files do not have; they are no weights. */
const COUNTER = 'num_batches_tracked';
const POSITIONS = 'pos_embed';

/**
 * Copies the weights of a file into an encoder, all of them or none.
 * @returns what a user should know: what was left out or changed, a sentence each
 * @throws Error that names the file and lists what is missing, unexpected or of another shape
 */
export function loadEncoderWeights(encoder: Encoder, file: string): string[] {
  return scope(() => {
    const own = encoder.stateDict();
    const given = readWeights(file);
    const prefix = findPrefix(file, [...given.keys()], [...own.keys()]);
    const notes: string[] = [];
    const state = new Map<string, Tensor>();
    const leftOut: string[] = [];
    for (const [name, tensor] of given) {
      const bare = name.slice(prefix.length);
      if (name.startsWith(prefix) && (own.has(bare) || !CLASSIFIER.test(bare))) state.set(bare, tensor);
      else leftOut.push(name);
    }
    if (prefix !== '') notes.push(`The weights are those under ${prefix}`);
    if (leftOut.length > 0) notes.push(`Left out: ${shortList(leftOut)}`);
    for (const [name, tensor] of own) {
      if (name.endsWith(COUNTER) && !state.has(name)) state.set(name, tensor);
    }
    const grids = fitPositions(state, own);
    if (grids) notes.push(`The positional embeddings were resampled from ${grids}`);
    try {
      encoder.loadStateDict(state);
    } catch (error) {
      const advice = channelsAdvice(state, own) ?? 'check encoder, stem, width, patchSize.';
      throw new Error(`${file} is not of this encoder: ${advice} ${(error as Error).message}`, {
        cause: error,
      });
    }
    return notes;
  });
}

/** What to do where the weights are for images of other channels; null where they are not. */
function channelsAdvice(given: ReadonlyMap<string, Tensor>, own: ReadonlyMap<string, Tensor>): string | null {
  const first = [...own].find(([, tensor]) => tensor.shape.length === 4); // `[O, C, k, k]`: all others follow it
  const wanted = first?.[1].shape[1];
  const theirs = first && given.get(first[0])?.shape[1];
  if (theirs === undefined || theirs === wanted) return null;
  const option = theirs === 1 || theirs === 3 ? `load the images so (--channels ${theirs}), or ` : '';
  return `it is for images of ${theirs} channels, and these have ${wanted}; ${option}take weights for ${wanted}.`;
}

function readWeights(file: string): Map<string, Tensor> {
  try {
    return loadSafetensors(file).tensors;
  } catch (error) {
    const isPickle = /\.(pth|pt|bin|ckpt|tar)$/i.test(file);
    const advice = isPickle
      ? " Convert it: python3 -c \"import torch, safetensors.torch as s; s.save_file(torch.load('x.pth'), 'x.safetensors')\""
      : '';
    throw new Error(`${(error as Error).message}.${advice}`, { cause: error });
  }
}

/** The prefix under which most of the encoder's names are. @throws Error where there is none, or more than one */
function findPrefix(file: string, given: readonly string[], own: readonly string[]): string {
  const first = own[0]!; // `conv1.weight`, `cls_token`
  const names = new Set(given);
  const candidates = given
    .filter((name) => name === first || name.endsWith(`.${first}`))
    .map((name) => name.slice(0, -first.length))
    .map((prefix) => ({ prefix, found: own.filter((name) => names.has(prefix + name)).length }));
  const most = Math.max(0, ...candidates.map(({ found }) => found));
  const best = candidates.filter(({ found }) => found === most).map(({ prefix }) => prefix);
  if (best.length > 1) {
    throw new Error(
      `${file} holds more than one encoder: ${best.join(', ')}. Make a file that has one of them only.`,
    );
  }
  if (best[0] === undefined) {
    throw new Error(
      `${file} is not of this encoder, which has a ${first}: the file has ${shortList(given)}. Check encoder.`,
    );
  }
  return best[0];
}

/** Brings positions of another square grid to that of the encoder. @returns the two grids, or null where they agree */
function fitPositions(state: Map<string, Tensor>, own: ReadonlyMap<string, Tensor>): string | null {
  const [given, wanted] = [state.get(POSITIONS), own.get(POSITIONS)];
  if (!given || !wanted || given.shape.join() === wanted.shape.join()) return null;
  const [from, to] = [given, wanted].map(({ shape }) => Math.sqrt(shape[1]! - 1)) as [number, number];
  const sameWidth = given.shape.length === 3 && given.shape[2] === wanted.shape[2];
  if (!sameWidth || !Number.isInteger(from) || !Number.isInteger(to)) return null;
  const patches = given
    .narrow(1, 1, from * from)
    .squeeze(0)
    .to('float32');
  const token = given.narrow(1, 0, 1).to('float32');
  state.set(POSITIONS, cat([token, resamplePositions(patches, to, to).unsqueeze(0)], { dim: 1 }));
  return `${from}×${from} to ${to}×${to} patches`;
}

function shortList(names: readonly string[]): string {
  const more = names.length > 4 ? ` and ${names.length - 4} more` : '';
  return `${names.slice(0, 4).join(', ')}${more}`;
}
