/** @file MAE against its official code (`fixtures/mae/make.py`), its masks, its learning speeds, and wrong use. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  call,
  cat,
  fromData,
  Generator,
  liveTensorCount,
  loadSafetensors,
  type nn,
  noGrad,
  optim,
  scope,
  type Tensor,
} from '@la-ssl/torch';
import { assertAllclose } from '@la-ssl/torch/testing';
import { loadNoise, noise } from '../models/formula-noise.test.support.js';
import { patchify, ResNet, VisionTransformer, type VisionTransformerOptions } from '../models/index.js';
import { Random } from '../random.js';
import { drawOrder, MAE, type MAEOptions, normalizePatches } from './index.js';
import { context } from './step-context.test.support.js';

const { tensors: reference } = loadSafetensors(
  fileURLToPath(new URL('../../fixtures/mae/reference.safetensors', import.meta.url)),
);
const expected = (name: string): Tensor => {
  assert.ok(reference.has(name), name);
  return reference.get(name)!;
};

const transformer = (options: Partial<VisionTransformerOptions> = {}): VisionTransformer =>
  new VisionTransformer({
    ...{ width: 12, heads: 3, depth: 2, patchSize: 4, imageSize: 16, generator: new Generator(0) },
    ...{ positions: 'sincos', weights: 'mae' },
    ...options,
  });
const small = (options: Partial<MAEOptions> = {}): MAE =>
  new MAE({
    ...{ encoder: transformer(), decoderWidth: 8, decoderDepth: 2, decoderHeads: 2 },
    ...{ generator: new Generator(1), ...options },
  });

/** Gives these numbers, over and over. */
class Given extends Random {
  readonly #values: Float64Array;
  #next = 0;
  constructor(values: Float64Array) {
    super(0);
    this.#values = values;
  }
  override uniform(): number {
    return this.#values[this.#next++ % this.#values.length]!;
  }
}

function toFloat64(module: nn.Module): void {
  for (const tensor of module.stateDict().values()) call('aten::set_data', tensor, tensor.to('float64'));
}

const three = Int32Array.of(0, 1, 2);
const ones = (n: number): Float64Array => new Float64Array(n).fill(1);

describe('MAE equals its official code', () => {
  for (const [name, maskRatio] of [
    ['normalized', 0.75],
    ['pixels', 0.6],
  ] as const) {
    it(`loss, every gradient, features and the error of each example: ${name}`, () => {
      scope(() => {
        const method = small({ maskRatio, normalizeTarget: name === 'normalized', speedTemperature: 0.5 });
        loadNoise(method);
        toFloat64(method);
        const random = new Given(noise([3, 16], 1001).toFloat64Array());
        const images = noise([3, 3, 16, 16], 1000).to('float64');
        const { loss, features, similarity } = method.forward([images], context(three, { random }));
        loss.backward();
        const near = { rtol: 1e-6, atol: 1e-9 };
        assertAllclose(loss, expected(`${name}.loss`), near);
        assertAllclose(features, expected(`${name}.features`), near);
        assertAllclose(similarity, expected(`${name}.each`).mul(-2).exp(), near);
        const parameters = method.namedParameters();
        const gradients = [...reference.keys()].filter((key) => /^\w+\.(encoder|decoder)\./.test(key));
        assert.equal(gradients.filter((key) => key.startsWith(name)).length, parameters.size);
        for (const [key, { grad }] of parameters) assertAllclose(grad!, expected(`${name}.${key}`), near);
      });
    });
  }

  it('in the fixed positions of the decoder, which are saved and not trained', () => {
    scope(() => {
      const method = small();
      const positions = method.stateDict().get('decoder.pos_embed')!;
      assertAllclose(positions, expected('decoder.pos_embed'), { rtol: 1e-6, atol: 1e-7 });
      assert.ok(!method.namedParameters().has('decoder.pos_embed'));
    });
  });
});

describe('the mask', () => {
  it('is another for each example, and hides every patch equally often', () => {
    scope(() => {
      const order = drawOrder(4000, 16, new Random(7)).tolist() as number[][];
      const visible = new Array<number>(16).fill(0);
      for (const row of order) {
        assert.deepEqual(
          [...row].sort((a, b) => a - b),
          Array.from(row, (_, i) => i),
        );
        for (const place of row.slice(0, 4)) visible[place]! += 1;
      }
      // 1000 each; the standard deviation is √(4000 · ¼ · ¾) = 27.
      for (const count of visible) assert.ok(Math.abs(count - 1000) < 110, `${visible}`);
      assert.ok(new Set(order.map(String)).size > 3990);
    });
  });

  it('comes from the random numbers of the step alone', () => {
    scope(() => {
      const loss = (seed: number): number => {
        const step = context(three, { random: new Random(seed) });
        return small()
          .forward([noise([3, 3, 16, 16], 1)], step)
          .loss.item();
      };
      assert.equal(loss(3), loss(3));
      assert.notEqual(loss(3), loss(4));
    });
  });

  it('keeps what is hidden from the encoder', () => {
    scope(() => {
      const method = small();
      const order = Float64Array.from({ length: 16 }, (_, i) => i); // patches 0 to 3, the first row, are visible
      const features = (images: Tensor): Tensor =>
        method.forward([images], context(Int32Array.of(0), { random: new Given(order) })).features;
      const [a, b] = [noise([1, 3, 16, 16], 1), noise([1, 3, 16, 16], 2)];
      const rows = (images: Tensor, start: number, end: number): Tensor =>
        images.slice({ dim: 2, start, end });
      assertAllclose(features(cat([rows(a, 0, 4), rows(b, 4, 16)], { dim: 2 })), features(a), { atol: 0 });
      const other = features(cat([rows(b, 0, 4), rows(a, 4, 16)], { dim: 2 }));
      assert.ok(other.sub(features(a)).abs().amax().item() > 1e-3);
    });
  });
});

it('normalizes each patch by its own mean and unbiased variance', () => {
  scope(() => {
    const patches = fromData(Float64Array.of(1, 2, 3, 6, 5, 5, 5, 5), [1, 2, 4]);
    const deviation = Math.sqrt((4 + 1 + 0 + 9) / 3 + 1e-6);
    const wanted = [[[-2, -1, 0, 3].map((value) => value / deviation), [0, 0, 0, 0]]];
    assertAllclose(normalizePatches(patches), wanted, { rtol: 1e-12 });
    const pixels = patchify(noise([2, 3, 16, 16], 5), 4).to('float64');
    const brighter = normalizePatches(pixels.mul(3).add(7));
    assertAllclose(brighter, normalizePatches(pixels), { rtol: 1e-4, atol: 1e-4 });
  });
});

describe('the learning speed', () => {
  const views = (): Tensor[] => [1, 2, 3].map((key) => noise([4, 3, 16, 16], key));

  it('reconstruction: exp(−E / τ) with the mean error of the views, of which a step has one', () => {
    scope(() => {
      const of = (options: Partial<MAEOptions>, images: Tensor[]): Float64Array =>
        noGrad(() => small(options).similarity(images, new Random(2))).toFloat64Array();
      const images = views();
      const one = small();
      const random = new Random(2);
      const each = images.map((view) => {
        return one
          .forward([view], context(Int32Array.of(0, 1, 2, 3), { random }))
          .similarity.toFloat64Array();
      });
      const error = (i: number): number => each.reduce((sum, view) => sum - Math.log(view[i]!), 0) / 3;
      for (const speedTemperature of [1, 0.25]) {
        const speeds = of({ speedTemperature }, images);
        for (const [i, speed] of speeds.entries()) {
          assert.ok(Math.abs(Math.log(speed) + error(i) / speedTemperature) < 1e-5, `${i}`);
        }
      }
    });
  });

  it('features: exp(cos / τ) under two masks, 1 where nothing but the mask differs and features do not see it', () => {
    scope(() => {
      const options = { speed: 'features', speedTemperature: 0.5 } as const;
      const method = small(options);
      const images = views();
      const same = new Given(noise([4, 16], 9).toFloat64Array()); // the same mask for every view
      const alike = noGrad(() => method.similarity([images[0]!, images[0]!], same));
      assertAllclose(
        alike,
        [...ones(4)].map(() => Math.exp(2)),
        { rtol: 1e-5 },
      );
      const step = context(Int32Array.of(0, 1, 2, 3), { random: new Random(3) });
      const { similarity } = method.forward([images[0]!], step);
      const scored = noGrad(() => method.similarity([images[0]!, images[0]!], new Random(3)));
      assertAllclose(similarity, scored.tolist(), { rtol: 1e-6 });
      assert.ok(scored.amax().item() < Math.exp(2) - 1e-4, 'masks differ');
      assert.equal(similarity.requiresGrad, false);
    });
  });

  it('does not change what a step learns', () => {
    scope(() => {
      const step = (speed: 'reconstruction' | 'features'): number =>
        small({ speed })
          .forward([noise([3, 3, 16, 16], 1)], context(three))
          .loss.item();
      assert.equal(step('features'), step('reconstruction'));
    });
  });
});

it('learns to draw what is hidden, of the same images faster, and frees what it makes', () => {
  const method = small({ speedTemperature: 0.5 });
  const optimizer = new optim.AdamW(method.namedParameters(), { lr: 0.01, betas: [0.9, 0.95] });
  // Waves that repeat from patch to patch, each image with another phase: the visible patches tell the hidden ones.
  const wave = (i: number): number => Math.sin((Math.PI * (i % 16)) / 2 + Math.floor(i / 768));
  const images = fromData(
    Float32Array.from({ length: 8 * 768 }, (_, i) => wave(i)),
    [8, 3, 16, 16],
  );
  const losses: number[] = [];
  let live = 0;
  for (let i = 0; i < 60; i++) {
    scope(() => {
      const { loss, similarity } = method.forward(
        [images],
        context(
          Int32Array.from({ length: 8 }, (_, n) => n),
          { random: new Random(i) },
        ),
      );
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      losses.push(loss.item());
      assert.ok(similarity.toFloat64Array().every((value) => value > 0 && value < 1));
    });
    if (i === 1) live = liveTensorCount();
  }
  assert.equal(liveTensorCount(), live);
  // Without knowing anything, the error is that of a variable with variance 15/16.
  assert.ok(losses[0]! > 0.9, `${losses[0]}`);
  assert.ok(losses.at(-1)! < 0.3, `${losses.at(-1)}`);
  scope(() => {
    const speed = (of: Tensor): number =>
      noGrad(() => method.similarity([of, of], new Random(99)))
        .mean()
        .item();
    assert.ok(speed(images) > 2 * speed(noise([8, 3, 16, 16], 3)), 'noise cannot be drawn');
  });
});

describe('wrong use', () => {
  it('of another encoder says which to take', () => {
    const encoder = new ResNet({ depth: 18, width: 4, generator: new Generator(0) });
    assert.throws(() => new MAE({ encoder }), /mae hides patches, .* take --encoder vit-tiny/);
  });

  it('of a mask that leaves nothing visible, or nothing hidden', () => {
    const hidesAll = /maskRatio \S+ leaves none of the 16 patches visible: .* up to 15\/16/;
    for (const maskRatio of [0.95, 1, 2, Number.NaN]) assert.throws(() => small({ maskRatio }), hidesAll);
    const hidesNone = /maskRatio \S+ leaves none of the 16 patches hidden: take one above 0/;
    for (const maskRatio of [0, -1]) assert.throws(() => small({ maskRatio }), hidesNone);
    small({ maskRatio: 0.9375 });
    small({ maskRatio: 0.001 });
  });

  it('of sizes that do not fit', () => {
    assert.throws(() => small({ decoderWidth: 10 }), /decoderWidth must be .* got width 10 for 2 heads/);
    assert.throws(() => small({ decoderHeads: 3 }), /of decoderHeads, got width 8 for 3 heads/);
    assert.throws(() => small({ decoderDepth: 0 }), /decoderDepth must be > 0, got 0/);
    assert.throws(() => small({ speedTemperature: 0 }), /speedTemperature must be > 0, got 0/);
    noGrad(() => {
      assert.throws(
        () => small().forward([noise([3, 3, 8, 8], 1)], context(three)),
        /made for images of 16 pixels, got 8 × 8/,
      );
      const view = noise([3, 3, 16, 16], 1);
      assert.throws(() => small().forward([view, view], context(three)), /takes 1 views, got 2/);
    });
  });
});
