import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadSafetensors, noGrad, saveSafetensors, scope, zeros } from '@la-ssl/torch';
import { loadNoise, noise } from './formula-noise.test.support.js';
import { createEncoder, type EncoderInfo, loadEncoder, saveEncoder } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-encoder-file-'));
after(() => rmSync(folder, { recursive: true }));

const RESNET: EncoderInfo = {
  encoder: 'resnet18',
  options: { stem: 'cifar', width: 4, channels: 3 },
  normalization: { mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] },
  imageSize: [24, 16],
  dataset: { name: 'shapes', examples: 96, alignedShare: 0.75 },
  method: 'simclr',
  precision: 'bfloat16',
};
const VIT: EncoderInfo = {
  ...RESNET,
  encoder: 'vit-tiny',
  options: { depth: 1, patchSize: 4, imageSize: 16, pooling: 'avg', channels: 3 },
  imageSize: [16, 16],
};

function saved(info: EncoderInfo) {
  const file = join(folder, `${info.encoder}.safetensors`);
  const encoder = scope(() => loadNoise(createEncoder(info.encoder, info.options)));
  saveEncoder(file, encoder, info);
  return { file, encoder };
}

describe('an encoder file', () => {
  for (const info of [RESNET, VIT]) {
    it(`gives back the ${info.encoder} and what it must be used with`, () => {
      const { file, encoder } = saved(info);
      const loaded = loadEncoder(file);
      const { alignedShare, examples, ...rest } = loaded.info.dataset as Record<string, unknown>;
      assert.deepEqual({ alignedShare, examples }, { alignedShare: 0.75, examples: 96 });
      assert.equal(rest.name, 'shapes');
      assert.deepEqual({ ...loaded.info, dataset: info.dataset }, info);
      scope(() =>
        noGrad(() => {
          const images = noise([2, 3, 16, 16], 5);
          const [expected, actual] = [encoder, loaded.encoder].map((e) => e.eval().forward(images).tolist());
          assert.deepEqual(actual, expected);
        }),
      );
      encoder.dispose();
      loaded.encoder.dispose();
    });
  }

  it('says in its header what PyTorch users ask for', () => {
    const { file, encoder } = saved(RESNET);
    encoder.dispose();
    const { metadata, tensors } = scope(() => loadSafetensors(file));
    assert.equal(metadata.format, 'pt');
    assert.equal(metadata.encoder, 'resnet18');
    assert.equal(metadata.features, '32');
    assert.deepEqual(JSON.parse(metadata.options!), RESNET.options);
    assert.deepEqual(JSON.parse(metadata.mean!), [0.1, 0.2, 0.3]);
    assert.deepEqual(JSON.parse(metadata.image_size!), [24, 16]);
    assert.ok(tensors.has('layer1.0.conv1.weight') && tensors.has('bn1.num_batches_tracked'));
  });

  it('is refused where it says nothing of its encoder, or nothing that is valid', () => {
    const file = join(folder, 'other.safetensors');
    const write = (metadata: Record<string, string>): void =>
      scope(() => saveSafetensors(file, [['weight', zeros([2])]], metadata));
    write({});
    assert.throws(() => loadEncoder(file), /other\.safetensors does not say which encoder.*la-ssl export/);
    write({ encoder: 'resnet17' });
    assert.throws(
      () => loadEncoder(file),
      /metadata of .*other\.safetensors is not valid: encoder: .*resnet18/,
    );
    const { metadata } = scope(() => loadSafetensors(saved(RESNET).file));
    write({ ...metadata, mean: '[0.1' });
    assert.throws(() => loadEncoder(file), /mean: it is no JSON/);
    write(metadata);
    assert.throws(() => loadEncoder(file), /holds no resnet18 as its metadata says.*missing: conv1\.weight/s);
    assert.throws(() => loadEncoder(join(folder, 'none.safetensors')), /none\.safetensors.*no such file/);
  });
});
