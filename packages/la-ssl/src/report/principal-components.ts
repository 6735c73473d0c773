/** @file Features in the plane: their two principal components, by libtorch. */
import { call, fromData, scope, type Tensor } from '@la-ssl/torch';

export interface PrincipalComponents {
  /** The scores on the first two components, `[N, 2]`. */
  points: Float64Array;
  /** The share of the variance on each of the two. */
  explained: [number, number];
}

/**
 * Projects centred features onto the two eigenvectors of their covariance with the largest eigenvalues. The sign of each
 * is such that its largest entry is positive, so that the same features give the same points.
 * @param features - `[N, F]`, N ≥ 2, F ≥ 2
 * @throws RangeError where there are fewer
 */
export function principalComponents(features: Float32Array, count: number): PrincipalComponents {
  const size = features.length / count;
  if (!(count >= 2 && size >= 2 && Number.isInteger(size)))
    throw new RangeError(`A map needs features [N, F] with N and F from 2, got [${count}, ${size}].`);
  return scope(() => {
    const x = fromData(features, [count, size]).to('float64');
    const centred = x.sub(x.mean([0]));
    const covariance = centred.transpose(0, 1).matmul(centred);
    const [values, vectors] = call('aten::linalg_eigh', covariance, 'L') as [Tensor, Tensor];
    const ascending = values.toFloat64Array().map((value) => Math.max(0, value));
    const total = ascending.reduce((sum, value) => sum + value, 0);
    const entries = vectors.contiguous().toFloat64Array(); // [F, F], a column each
    const columnOf = (rank: number): { at: number; sign: number } => {
      const at = size - 1 - rank;
      let largest = 0;
      for (let f = 0; f < size; f++) {
        if (Math.abs(entries[f * size + at]!) > Math.abs(largest)) largest = entries[f * size + at]!;
      }
      return { at, sign: largest < 0 ? -1 : 1 };
    };
    const columns = [columnOf(0), columnOf(1)];
    const axes = Float64Array.from({ length: 2 * size }, (_, i) => {
      const { at, sign } = columns[i % 2]!;
      return sign * entries[(i >> 1) * size + at]!;
    });
    const points = centred
      .matmul(fromData(axes, [size, 2]))
      .contiguous()
      .toFloat64Array();
    const shareOf = (rank: number): number => (total > 0 ? ascending[size - 1 - rank]! / total : 0);
    return { points, explained: [shareOf(0), shareOf(1)] };
  });
}
