import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Generator, scope } from '@la-ssl/torch';
import { noise } from './formula-noise.test.support.js';
import { projector } from './index.js';

const sizes = { features: 6, hidden: 5, projections: 3 };
const namesOf = (options: Partial<Parameters<typeof projector>[0]>): string =>
  [...projector({ ...sizes, ...options }).namedParameters()]
    .map(([name, { shape }]) => `${name} ${shape.join('x')}`)
    .join(', ');

describe('projector', () => {
  it('has as many layers as asked for, under the names of a Sequential', () => {
    const hidden = (first: number, size: number): string =>
      `${first}.weight 5x${size}, ${first + 1}.weight 5, ${first + 1}.bias 5, `;
    assert.equal(namesOf({ layers: 1 }), '0.weight 3x6, 0.bias 3');
    assert.equal(namesOf({}), `${hidden(0, 6)}3.weight 3x5, 3.bias 3`);
    assert.equal(namesOf({ layers: 3, end: 'nothing' }), `${hidden(0, 6)}${hidden(3, 5)}6.weight 3x5`);
  });

  it('ends in standardised projections where asked for', () =>
    scope(() => {
      const module = projector({ ...sizes, layers: 2, end: 'batch-norm', generator: new Generator(0) });
      assert.equal(module.namedParameters().has('3.bias'), false);
      const z = module.forward(noise([9, 6], 1)).to('float64');
      for (const mean of z.mean([0]).toFloat64Array()) assert.ok(Math.abs(mean) < 1e-6, `mean ${mean}`);
      for (const variance of z.variance([0], { correction: 0 }).toFloat64Array()) {
        assert.ok(Math.abs(variance - 1) < 1e-2, `variance ${variance}`);
      }
    }));

  it('draws its first weights from the generator', () =>
    scope(() => {
      const weights = (seed: number): Float64Array =>
        projector({ ...sizes, generator: new Generator(seed) })
          .parameters()[0]!
          .toFloat64Array();
      assert.deepEqual(weights(1), weights(1));
      assert.notDeepEqual(weights(1), weights(2));
    }));

  it('refuses less than a layer', () => {
    for (const layers of [0, -1, 1.5, Number.NaN]) {
      assert.throws(() => projector({ ...sizes, layers }), /needs 1 layer or more, got/);
    }
  });
});
