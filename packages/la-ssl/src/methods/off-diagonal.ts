/** @file What Barlow Twins and VICReg both hold small: what is off the diagonal of a matrix of correlations. */
import { eye, type Tensor } from '@la-ssl/torch';

/** `Σ_{d≠e} M_de²`. @param matrix - `[D, D]`. @returns scalar */
export function offDiagonalSquares(matrix: Tensor): Tensor {
  // By leaving the diagonal out, not by taking it away from the sum, of which it may be nearly all.
  const diagonal = eye(matrix.shape[0] as number, { dtype: 'bool' });
  return matrix.maskedFill(diagonal, 0).square().sum();
}
