/** @file What happens to a batch on its way to a view: a crop of each image, a list of changes for each, a normalisation. */
import type { Applied } from './images.js';
import type { Normalization } from './normalize.js';
import type { CropParams } from './random-resized-crop.js';

/** The operator knows them by their place in here. Amounts: factors, turns, deviation in pixels, threshold. */
export const OPERATIONS = [
  'nothing',
  'brightness',
  'contrast',
  'saturation',
  'hue',
  'grayscale',
  'blur',
  'solarize',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** One change of each example: what is done, as places in `OPERATIONS`, and by how much. */
export interface Step {
  operation: Uint8Array;
  amount: Float32Array;
}

export interface Changes {
  crop?: CropParams | undefined;
  /** Which crops are mirrored, left and right exchanged. */
  flip?: Applied | undefined;
  /** Height and width of the resized crops; without a crop images stay as large as they are. */
  size?: readonly [number, number];
  /** First to last; images of one channel have no saturation, hue or grayscale. */
  steps?: readonly Step[];
  /** Of the blur's kernel: odd, less than twice either side. */
  blurSize?: number;
  /** Comes last. */
  normalization?: Normalization;
}

/** @returns the step that is `operation` where `applied`, and nothing elsewhere; `amounts` one for all, or one an example */
export function stepOf(operation: Operation, { applied }: Applied, amounts: number | Float32Array = 0): Step {
  const code = OPERATIONS.indexOf(operation);
  return {
    operation: applied.map((chosen) => (chosen ? code : 0)),
    amount: typeof amounts === 'number' ? new Float32Array(applied.length).fill(amounts) : amounts,
  };
}
