/** @file Vision transformers against timm, DINO and MAE (`fixtures/models/make-vit.py`), and wrong use. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  autocast,
  Generator,
  liveTensorCount,
  loadSafetensors,
  noGrad,
  ones,
  scope,
  type Tensor,
} from '@la-ssl/torch';
import { assertAllclose } from '@la-ssl/torch/testing';
import { loadNoise, noise } from './formula-noise.test.support.js';
import {
  createEncoder,
  patchify,
  resamplePositions,
  sinCosPositions,
  VisionTransformer,
  type VisionTransformerOptions,
} from './index.js';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/models/${name}`, import.meta.url));
const outputs = loadSafetensors(fixture('vit-outputs.safetensors')).tensors;
const shapes = JSON.parse(readFileSync(fixture('vit-shapes.json'), 'utf8')) as Record<
  string,
  Record<string, number[]>
>;
const expected = (name: string): Tensor => {
  assert.ok(outputs.has(name), name);
  return outputs.get(name)!;
};

const SMALL = { width: 24, heads: 3, depth: 2, patchSize: 4, imageSize: 32 } as const;
const small = (options: Partial<VisionTransformerOptions> = {}): VisionTransformer =>
  new VisionTransformer({ ...SMALL, generator: new Generator(0), ...options });

describe('VisionTransformer equals that of timm', () => {
  for (const name of ['vit-tiny', 'vit-small', 'vit-base'] as const) {
    it(`${name}: names and shapes for patches of 16 and images of 224`, () => {
      const encoder = createEncoder(name, { generator: new Generator(0) });
      const named = [...encoder.stateDict()].map(([key, { shape }]) => [key, shape]);
      assert.deepEqual(Object.fromEntries(named), shapes[name]);
      encoder.dispose();
    });
  }

  for (const pooling of ['token', 'avg'] as const) {
    it(`features and every gradient, pooling ${pooling}`, () => {
      scope(() => {
        const encoder = loadNoise(small({ pooling }));
        const features = encoder.forward(noise([2, 3, 32, 32], 1000));
        assertAllclose(features, expected(pooling), { rtol: 1e-5, atol: 1e-5 });
        features.mul(noise(features.shape, 1001)).sum().backward();
        for (const [name, { grad }] of encoder.namedParameters()) {
          const wanted = expected(`${pooling}.${name}`);
          // Sums of up to 8192 products, in another order; next to the largest, small ones are rounded off.
          assertAllclose(grad!, wanted, { rtol: 1e-4, atol: 1e-5 * Math.max(1, wanted.abs().amax().item()) });
        }
        encoder.dispose();
      });
    });
  }

  it('reads images in channels-last as the same images', () => {
    scope(() => {
      const encoder = loadNoise(small());
      const images = noise([2, 3, 32, 32], 1000).contiguous({ memoryFormat: 'channelsLast' });
      assertAllclose(encoder.forward(images), expected('token'), { rtol: 1e-5, atol: 1e-5 });
    });
  });
});

describe('images of another size', () => {
  for (const [height, width] of [
    [32, 32],
    [16, 16],
    [48, 40],
  ] as const) {
    it(`${height}×${width} pixels by a transformer for 32×32 give the features of DINO`, () => {
      scope(() => {
        const features = loadNoise(small()).forward(noise([2, 3, height, width], 1002));
        assertAllclose(features, expected(`dino.${height}x${width}`), { rtol: 1e-5, atol: 1e-5 });
      });
    });
  }

  it('14×14 positions become 6×6 as in DINO, and their gradient flows back', () => {
    scope(() => {
      const all = noise([1, 197, 8], 1003).mul(0.5).requiresGrad_();
      const resampled = resamplePositions(all.squeeze(0).narrow(0, 1, 196), 6, 6);
      assertAllclose(resampled, expected('dino.positions'), { rtol: 1e-5, atol: 2e-6 });
      resampled.sum().backward();
      assertAllclose(all.grad!.sum(), 36 * 8, { rtol: 1e-5 }); // the weights of each new place sum to 1
    });
  });
});

describe('the parts that MAE takes', () => {
  it('has the fixed positions of MAE: saved, not trained', () => {
    scope(() => {
      assertAllclose(sinCosPositions(24, 8), expected('mae.pos_embed'), { rtol: 1e-6, atol: 1e-7 });
      const encoder = small({ positions: 'sincos' });
      assertAllclose(encoder.stateDict().get('pos_embed')!, expected('mae.pos_embed'), { atol: 1e-7 });
      assert.ok(!encoder.namedParameters().has('pos_embed'));
      encoder
        .forward(noise([1, 3, 32, 32], 1))
        .sum()
        .backward();
    });
  });

  it('encodes some of the patches as MAE does', () => {
    scope(() => {
      const encoder = loadNoise(small());
      const tokens = encoder.embedPatches(noise([2, 3, 32, 32], 1000));
      assert.deepEqual(tokens.shape, [2, 64, 24]);
      const kept = expected('mae.kept').to('int64').unsqueeze(-1).expand([-1, -1, 24]);
      const encoded = encoder.encodeTokens(tokens.gather(1, kept));
      assertAllclose(encoded, expected('mae.tokens'), { rtol: 1e-5, atol: 1e-5 });
    });
  });

  it('cuts patches as MAE does, so that its targets line up', () => {
    scope(() => {
      const images = noise([2, 3, 32, 32], 1000).slice({ dim: 2, end: 8 }).slice({ dim: 3, end: 8 });
      assertAllclose(patchify(images, 4), expected('mae.patchify'), { atol: 0 });
    });
  });
});

describe('first weights', () => {
  const state = (options: Partial<VisionTransformerOptions>) => small({ ...options, width: 192 }).stateDict();
  const std = (tensor: Tensor): number => tensor.std(null).item();

  it('are those of timm', () => {
    scope(() => {
      const weights = state({});
      for (const name of ['attn.qkv', 'attn.proj', 'mlp.fc1', 'mlp.fc2']) {
        assert.ok(Math.abs(std(weights.get(`blocks.1.${name}.weight`)!) / 0.02 - 1) < 0.02, name);
        assert.equal(weights.get(`blocks.1.${name}.bias`)!.abs().amax().item(), 0);
      }
      assert.ok(Math.abs(std(weights.get('pos_embed')!) / 0.02 - 1) < 0.03);
      const token = weights.get('cls_token')!.abs().amax().item();
      assert.ok(token > 0 && token < 1e-5);
      for (const name of ['weight', 'bias']) {
        const most = weights.get(`patch_embed.proj.${name}`)!.abs().amax().item() * Math.sqrt(48);
        assert.ok(most > 0.95 && most <= 1, name);
      }
    });
  });

  it('are those of MAE where asked for', () => {
    scope(() => {
      const weights = state({ weights: 'mae' });
      for (const [name, inputs, out] of [
        ['blocks.0.attn.qkv', 192, 576],
        ['blocks.1.mlp.fc2', 768, 192],
        ['patch_embed.proj', 48, 192],
      ] as const) {
        const most = weights.get(`${name}.weight`)!.abs().amax().item() / Math.sqrt(6 / (inputs + out));
        assert.ok(most > 0.99 && most <= 1, `${name}: ${most}`);
      }
      assert.ok(Math.abs(std(weights.get('cls_token')!) / 0.02 - 1) < 0.2);
    });
  });

  it('come from the generator alone', () => {
    scope(() => {
      const first = (seed: number) => small({ generator: new Generator(seed) }).stateDict();
      for (const name of ['cls_token', 'pos_embed', 'patch_embed.proj.bias', 'blocks.1.mlp.fc2.weight']) {
        assert.deepEqual(first(3).get(name)!.tolist(), first(3).get(name)!.tolist());
        assert.notDeepEqual(first(3).get(name)!.tolist(), first(4).get(name)!.tolist());
      }
    });
  });
});

it('runs under autocast near its float32 features, and frees what it makes', () => {
  const encoder = loadNoise(small());
  const before = liveTensorCount();
  scope(() => {
    const features = autocast(() => encoder.forward(noise([2, 3, 16, 16], 1002)));
    assert.equal(features.dtype, 'float32');
    // Eight bits of mantissa, through two blocks.
    assertAllclose(features.detach(), expected('dino.16x16'), { rtol: 0.05, atol: 0.05 });
    features.sum().backward();
    for (const parameter of encoder.parameters()) parameter.grad = null;
  });
  assert.equal(liveTensorCount(), before);
  encoder.dispose();
});

describe('wrong use', () => {
  it('names the option that does not fit', () => {
    assert.throws(() => small({ patchSize: 5 }), /patchSize must divide imageSize, got patches of 5.*32/);
    assert.throws(() => small({ heads: 5 }), /heads must divide the width, got 5 heads for width 24/);
    assert.throws(() => small({ depth: 0 }), /depth must be a positive whole number, got 0/);
    assert.throws(() => small({ imageSize: 1.5 }), /imageSize must be a positive whole number, got 1.5/);
    assert.throws(
      () => small({ width: 6, heads: 3, positions: 'sincos' }),
      /sin-cos positions need a width that is a multiple of 4, got 6/,
    );
  });

  it('names the images that do not fit', () => {
    const encoder = small();
    noGrad(() => {
      assert.throws(() => encoder.forward(ones([1, 3, 30, 32])), /images of 30×32 pixels.*patches of 4/);
      assert.throws(
        () => encoder.forward(ones([1, 1, 32, 32])),
        /takes images of 3 channels.*\[1, 1, 32, 32\]/,
      );
    });
  });
});
