/**
 * @file Numbers that need no file, uniform in [−1, 1): element i of the array with this key is
 * `2 · frac(43758.5453 · sin(12.9898 (i + 1) + 78.233 key)) − 1`. The makers of the fixtures make the same ones
 * (`fixtures/models/formula_noise.py`), so fixtures hold outputs only.
 */
import { arange, type DType, type nn, scope, type Tensor, zeros } from '@la-ssl/torch';

/** @returns numbers of this shape, computed in float64 */
export function noise(shape: readonly number[], key: number, dtype: DType = 'float32'): Tensor {
  return scope(() => noise64(shape, key).to(dtype));
}

function noise64(shape: readonly number[], key: number): Tensor {
  const length = shape.reduce((product, size) => product * size, 1);
  const wave = arange(1, length + 1, { dtype: 'float64' })
    .mul_(12.9898)
    .add_(78.233 * key)
    .sin()
    .mul_(43758.5453);
  return wave.sub(wave.floor()).mul_(2).sub_(1).reshape(shape);
}

/** Fills every weight and buffer; the key is the place of its name among the sorted names. */
export function loadNoise<M extends nn.Module>(module: M): M {
  scope(() => {
    const own = module.stateDict();
    const names = [...own.keys()].sort();
    module.loadStateDict(
      new Map(
        names.map((name, key) => [
          name,
          scope(() => valuesFor(name, own.get(name)!.shape, key).to('float32')),
        ]),
      ),
    );
  });
  return module;
}

/** First values of a weight or buffer, float64. */
export function valuesFor(name: string, shape: readonly number[], key: number): Tensor {
  if (name.endsWith('num_batches_tracked')) return zeros([], { dtype: 'int64' });
  const values = noise64(shape, key);
  if (name.endsWith('running_var')) return values.mul(0.5).add(1);
  if (name === 'cls_token' || name === 'pos_embed') return values.mul(0.5);
  if (shape.length > 1) {
    const fanIn = shape.slice(1).reduce((product, size) => product * size, 1);
    return values.mul(1.2).div(Math.sqrt(fanIn));
  }
  return name.endsWith('weight') ? values.mul(0.2).add(1) : values.mul(0.1);
}
