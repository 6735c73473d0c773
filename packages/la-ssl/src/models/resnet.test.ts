import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Generator, loadSafetensors, noGrad, scope, type Tensor } from '@la-ssl/torch';
import { loadNoise, noise } from './formula-noise.test.support.js';
import { ResNet } from './index.js';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/models/${name}`, import.meta.url));
const outputs = loadSafetensors(fixture('outputs.safetensors')).tensors;
const shapes = JSON.parse(readFileSync(fixture('shapes.json'), 'utf8')) as Record<
  string,
  Record<string, number[]>
>;

/** The greatest difference, as a share of the greatest element: float32 adds up in another order. */
function assertNear(actual: Tensor, name: string, tolerance: number): void {
  const expected = outputs.get(name);
  assert.ok(expected, name);
  assert.deepEqual(actual.shape, expected.shape);
  const [a, b] = [actual.toFloat64Array(), expected.toFloat64Array()];
  const scale = b.reduce((max, value) => Math.max(max, Math.abs(value)), 1);
  const worst = a.reduce((max, value, i) => Math.max(max, Math.abs(value - b[i]!)), 0);
  assert.ok(worst <= tolerance * scale, `${name}: off by ${worst}, scale ${scale}`);
}

describe('ResNet equals that of torchvision', () => {
  for (const depth of [18, 34, 50] as const) {
    for (const [stem, side] of [
      ['imagenet', 64],
      ['cifar', 32],
    ] as const) {
      for (const width of [16, 64]) {
        it(`ResNet-${depth}, ${stem} stem, width ${width}`, () => {
          const name = `${depth}-${stem}-${width}`;
          const encoder = new ResNet({ depth, stem, width, generator: new Generator(0) });
          const named = Object.fromEntries([...encoder.stateDict()].map(([key, { shape }]) => [key, shape]));
          assert.deepEqual(named, shapes[name], 'names and shapes');
          if (stem === 'cifar' && width === 64) return; // would take seconds, and show nothing that the others do not
          loadNoise(encoder);
          scope(() =>
            noGrad(() => {
              const images = noise([2, 3, side, side], 1000);
              assertNear(encoder.eval().forward(images), `${name}.eval`, 1e-4);
              if (width !== 16) return;
              // Batch norm over 8 values a channel, some fifty times in a row, makes rounding grow.
              assertNear(encoder.train().forward(images), `${name}.train`, 5e-4);
              const state = encoder.stateDict();
              for (const buffer of ['bn1.running_mean', 'layer4.1.bn2.running_var']) {
                assertNear(state.get(buffer)!, `${name}.${buffer}`, 1e-5);
              }
              assert.equal(state.get('layer4.1.bn2.num_batches_tracked')!.item(), 1);
            }),
          );
          encoder.dispose();
        });
      }
    }
  }
});
