import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Generator, noGrad, scope } from '@la-ssl/torch';
import { noise } from './formula-noise.test.support.js';
import { createEncoder, ENCODER_OPTIONS, ENCODERS, type EncoderName, type EncoderOptions } from './index.js';

const USUAL = { width: 8, channels: 1, stem: 'cifar', imageSize: 16, patchSize: 8, depth: 1 } as const;
const OTHER = {
  ...{ width: 16, channels: 3, stem: 'imagenet', imageSize: 32, patchSize: 4, depth: 2 },
  ...{ pooling: 'avg', positions: 'sincos', weights: 'mae' },
} as const satisfies Required<Omit<EncoderOptions, 'generator'>>;

/** Features of each encoder with the usual options. */
const FEATURES: Record<EncoderName, number> = {
  ...{ resnet18: 64, resnet34: 64, resnet50: 256 },
  ...{ 'vit-tiny': 192, 'vit-small': 384, 'vit-base': 768 },
};

/** All that an option could change: names, shapes, and what comes out. */
function behaviour(name: EncoderName, options: EncoderOptions, seed = 0): unknown {
  return scope(() => {
    const encoder = createEncoder(name, { ...USUAL, ...options, generator: new Generator(seed) });
    const images = noise([2, options.channels ?? USUAL.channels, 16, 16], 1);
    const features = noGrad(() => encoder.eval().forward(images));
    assert.deepEqual(features.shape, [2, encoder.features]);
    const shapes = [...encoder.stateDict()].map(([key, { shape }]) => [key, shape]);
    const result = [shapes, [...encoder.namedParameters().keys()], features.tolist()];
    encoder.dispose();
    return result;
  });
}

describe('createEncoder', () => {
  for (const name of ENCODERS) {
    it(`makes ${name} from the generator given, with the options that ENCODER_OPTIONS lists and no others`, () => {
      const usual = behaviour(name, {});
      assert.deepEqual(behaviour(name, {}), usual);
      assert.notDeepEqual(behaviour(name, {}, 1), usual);
      assert.equal(createEncoder(name, USUAL).features, FEATURES[name]);
      const taken = Object.entries(OTHER).flatMap(([option, value]) => {
        try {
          assert.deepEqual(behaviour(name, { [option]: value }), usual);
          return [];
        } catch {
          return [option];
        }
      });
      assert.deepEqual(taken.sort(), [...ENCODER_OPTIONS[name]].sort());
    });
  }

  it('refuses a width or channels that are no positive whole number', () => {
    for (const width of [0, 1.5, Number.NaN]) {
      assert.throws(() => createEncoder('resnet18', { width }), /width must be a positive whole number/);
    }
    assert.throws(() => createEncoder('resnet50', { channels: -1 }), /channels must be a positive whole/);
    assert.throws(() => createEncoder('vit-tiny', { channels: 0 }), /channels must be a positive whole/);
  });
});
