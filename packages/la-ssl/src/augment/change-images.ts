/**
 * @file Changes of a batch by one operator, `native/augment.cc` of `@la-ssl/torch`, which takes one image after another through
 * all of them; on other devices than the processor by ATen's operators.
 */
import { call, fromData, scope, type Tensor } from '@la-ssl/torch';
import type { Changes, Step } from './changes.js';
import { composedChanges } from './composed-changes.js';
import type { Applied } from './images.js';
import type { CropParams } from './random-resized-crop.js';

/**
 * @param images - uint8, or float32 in [0, 1], `[N, C, H, W]` with C = 1 or 3; they carry no gradient
 * @returns float32 `[N, C, size[0], size[1]]`, a new tensor
 * @throws Error where images carry a gradient or have another type, or a crop is not inside of its image
 */
export function changeImages(images: Tensor, changes: Changes): Tensor {
  if (images.device !== 'cpu') return composedChanges(images, changes);
  const { crop, flip, size, steps = [], blurSize = 1, normalization } = changes;
  const [count, , height, width] = images.shape as [number, number, number, number];
  return scope(() => {
    const crops = crop ? fromData(cropRows(crop, flip), [5, count]) : null;
    const shape = [steps.length, count];
    return call(
      'la_ssl::augment',
      images,
      crops,
      crop && size ? size : [height, width],
      fromData(joined(new Uint8Array(steps.length * count), steps, 'operation'), shape),
      fromData(joined(new Float32Array(steps.length * count), steps, 'amount'), shape),
      blurSize,
      normalization?.mean ?? [],
      normalization?.std ?? [],
    ) as Tensor;
  });
}

/** Top, left, height, width and whether it is mirrored, each for all examples. */
function cropRows({ top, left, height, width }: CropParams, flip?: Applied): Int32Array {
  const count = top.length;
  const rows = new Int32Array(5 * count);
  for (const [i, row] of [top, left, height, width, flip?.applied ?? []].entries()) rows.set(row, i * count);
  return rows;
}

function joined<T extends Uint8Array | Float32Array>(all: T, steps: readonly Step[], column: keyof Step): T {
  for (const [i, step] of steps.entries()) all.set(step[column], i * step[column].length);
  return all;
}
