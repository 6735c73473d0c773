/**
 * @file Numbers that need no file, uniform in [−1, 1): element i of the array with this key is
 * `2 · frac(43758.5453 · sin(12.9898 (i + 1) + 78.233 key)) − 1`. The makers of the fixtures make the same ones (`fixtures/models/formula_noise.py`), so fixtures hold outputs only.
 */
import { fromData, type nn, scope, type Tensor, zeros } from '@la-ssl/torch';

/** @returns float32 of this shape, computed in float64 */
export function noise(shape: readonly number[], key: number, of = (value: number) => value): Tensor {
  const length = shape.reduce((product, size) => product * size, 1);
  const values = new Float32Array(length).map((_, i) => {
    const wave = 43758.5453 * Math.sin(12.9898 * (i + 1) + 78.233 * key);
    return of(2 * (wave - Math.floor(wave)) - 1);
  });
  return fromData(values, shape);
}

/** Fills every weight and buffer; the key is the place of its name among the sorted names. */
export function loadNoise<M extends nn.Module>(module: M): M {
  scope(() => {
    const own = module.stateDict();
    const names = [...own.keys()].sort();
    module.loadStateDict(
      new Map(names.map((name, key) => [name, valuesFor(name, own.get(name)!.shape, key)])),
    );
  });
  return module;
}

function valuesFor(name: string, shape: readonly number[], key: number): Tensor {
  if (name.endsWith('num_batches_tracked')) return zeros([], { dtype: 'int64' });
  if (name.endsWith('running_var')) return noise(shape, key, (value) => 1 + 0.5 * value);
  if (shape.length > 1) {
    const fanIn = shape.slice(1).reduce((product, size) => product * size, 1);
    return noise(shape, key, (value) => (value * 1.2) / Math.sqrt(fanIn));
  }
  return name.endsWith('weight')
    ? noise(shape, key, (value) => 1 + 0.2 * value)
    : noise(shape, key, (value) => 0.1 * value);
}
