import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Generator, noGrad, saveSafetensors, scope, type Tensor } from '@la-ssl/torch';
import { loadNoise, noise } from './formula-noise.test.support.js';
import { createEncoder, type Encoder, loadEncoderWeights, resamplePositions } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-init-'));
after(() => rmSync(folder, { recursive: true }));

type Weights = Map<string, Tensor>;

const resnet = (stem: 'cifar' | 'imagenet' = 'imagenet', width = 4): Encoder =>
  scope(() => createEncoder('resnet18', { stem, width, generator: new Generator(0) }));
const vit = (imageSize: number): Encoder =>
  scope(() => createEncoder('vit-tiny', { depth: 1, patchSize: 4, imageSize, generator: new Generator(0) }));

/** A file with the weights of `encoder` as `change` makes them. */
function write(
  name: string,
  encoder: Encoder,
  change: (weights: Weights) => Iterable<[string, Tensor]>,
): string {
  const file = join(folder, `${name}.safetensors`);
  scope(() => saveSafetensors(file, change(loadNoise(encoder).stateDict())));
  return file;
}

const prefixed = (weights: Weights, prefix: string): [string, Tensor][] =>
  [...weights].map(([name, tensor]) => [prefix + name, tensor]);

/** Weights and buffers, but for the counts of batches. */
const valuesOf = (encoder: Encoder): unknown[] =>
  [...encoder.stateDict()]
    .filter(([name]) => !name.endsWith('num_batches_tracked'))
    .map(([name, tensor]) => [name, tensor.tolist()]);

describe('loadEncoderWeights', () => {
  it('takes a file of torchvision: without its classifier, with other features than before', () => {
    const source = resnet();
    const file = write('torchvision', source, (weights) => [
      ...weights,
      ['fc.weight', noise([10, 32], 1)],
      ['fc.bias', noise([10], 2)],
    ]);
    const encoder = resnet();
    assert.notDeepEqual(valuesOf(encoder), valuesOf(source));
    assert.deepEqual(loadEncoderWeights(encoder, file), ['Left out: fc.weight, fc.bias']);
    assert.deepEqual(valuesOf(encoder), valuesOf(source));
    scope(() =>
      noGrad(() => {
        const images = noise([2, 3, 32, 32], 3);
        const [a, b] = [source, encoder].map((each) => each.eval().forward(images).tolist());
        assert.deepEqual(a, b);
      }),
    );
    for (const name of ['conv1.weight', 'layer4.1.conv2.weight'])
      assert.ok(encoder.stateDict().get(name)!.requiresGrad, 'it can be trained on');
  });

  it('takes a file of timm, with or without head', () => {
    const source = vit(16);
    const file = write('timm', source, (weights) => [...weights, ['head.weight', noise([5, 192], 1)]]);
    const encoder = vit(16);
    assert.deepEqual(loadEncoderWeights(encoder, file), ['Left out: head.weight']);
    assert.deepEqual(valuesOf(encoder), valuesOf(source));
    assert.deepEqual(
      loadEncoderWeights(
        encoder,
        write('plain', source, (weights) => weights),
      ),
      [],
    );
  });

  it('finds the encoder under a prefix, among other networks', () => {
    const source = resnet();
    const file = write('prefix', source, (weights) => [
      ...prefixed(weights, 'module.backbone.'),
      ['module.backbone.fc.weight', noise([3, 32], 1)],
      ['module.projector.conv1.weight', noise([2], 2)],
      ['epoch', noise([], 3)],
    ]);
    const encoder = resnet();
    assert.deepEqual(loadEncoderWeights(encoder, file), [
      'The weights are those under module.backbone.',
      'Left out: module.backbone.fc.weight, module.projector.conv1.weight, epoch',
    ]);
    assert.deepEqual(valuesOf(encoder), valuesOf(source));
  });

  it('takes other precisions, and files that do not count batches', () => {
    const source = resnet();
    const file = write('half', source, (weights) =>
      [...weights].flatMap(([name, tensor]) =>
        name.endsWith('num_batches_tracked') ? [] : [[name, tensor.to('bfloat16')] as [string, Tensor]],
      ),
    );
    const encoder = resnet();
    assert.deepEqual(loadEncoderWeights(encoder, file), []);
    const [own, given] = [encoder, source].map((each) => each.stateDict().get('layer2.0.conv1.weight')!);
    assert.equal(own!.dtype, 'float32');
    scope(() => assert.deepEqual(own!.tolist(), given!.to('bfloat16').to('float32').tolist()));
  });

  it('resamples positions of another grid of patches', () => {
    const source = vit(16);
    const file = write('grid', source, (weights) => weights);
    const encoder = vit(24);
    assert.deepEqual(loadEncoderWeights(encoder, file), [
      'The positional embeddings were resampled from 4×4 to 6×6 patches',
    ]);
    scope(() => {
      const [own, given] = [encoder, source].map((each) => each.stateDict().get('pos_embed')!);
      assert.deepEqual(
        own!.select(1, 0).tolist(),
        given!.select(1, 0).tolist(),
        'of the class token: as it was',
      );
      const expected = resamplePositions(given!.slice({ dim: 1, start: 1 }).squeeze(0), 6, 6);
      assert.deepEqual(own!.slice({ dim: 1, start: 1 }).squeeze(0).tolist(), expected.tolist());
      // As the transformer itself does it for images of another size.
      const images = noise([1, 3, 24, 24], 3);
      noGrad(() => assert.deepEqual(encoder.forward(images).tolist(), source.forward(images).tolist()));
    });
  });

  it('lists what is missing, unexpected or of another shape, and changes nothing', () => {
    const encoder = resnet('cifar');
    const before = valuesOf(encoder);
    const file = write('wrong', resnet('imagenet'), (weights) => {
      const { 'layer1.0.bn1.bias': _missing, ...rest } = Object.fromEntries(weights);
      return Object.entries({ ...rest, 'layer9.0.conv1.weight': noise([1], 1) });
    });
    assert.throws(
      () => loadEncoderWeights(encoder, file),
      (error) => {
        assert.match(String(error), /wrong\.safetensors is not of this encoder: check encoder, stem/);
        assert.match(String(error), /missing: layer1\.0\.bn1\.bias/);
        assert.match(String(error), /unexpected: layer9\.0\.conv1\.weight/);
        assert.match(String(error), /conv1\.weight has shape \[4, 3, 7, 7\], needs \[4, 3, 3, 3\]/);
        return true;
      },
    );
    assert.deepEqual(valuesOf(encoder), before);
  });

  it('says what to do about weights for images of other channels', () => {
    for (const [own, theirs] of [
      [1, 3],
      [3, 1],
    ] as const) {
      const encoders = [own, theirs].map((channels) => [
        scope(() => createEncoder('resnet18', { width: 4, channels, generator: new Generator(0) })),
        scope(() =>
          createEncoder('vit-tiny', {
            depth: 1,
            patchSize: 4,
            imageSize: 16,
            channels,
            generator: new Generator(0),
          }),
        ),
      ]);
      for (const [i, encoder] of encoders[0]!.entries()) {
        const file = write(`channels-${theirs}-${i}`, encoders[1]![i]!, (weights) => weights);
        assert.throws(
          () => loadEncoderWeights(encoder, file),
          ({ message }: Error) =>
            message.includes(
              `is for images of ${theirs} channels, and these have ${own}; load the images so (--channels ${theirs}), or`,
            ),
        );
      }
    }
  });

  it('refuses a file of another network, of two encoders, or of another format', () => {
    const encoder = resnet();
    const other = write('other', vit(16), (weights) => weights);
    assert.throws(
      () => loadEncoderWeights(encoder, other),
      /other\.safetensors is not of this encoder, which has a conv1\.weight: .*cls_token.* and \d+ more/,
    );
    const two = write('two', resnet(), (weights) => [
      ...prefixed(weights, 'encoder_q.'),
      ...prefixed(weights, 'encoder_k.'),
    ]);
    assert.throws(() => loadEncoderWeights(encoder, two), /more than one encoder: encoder_q\., encoder_k\./);
    const pickle = join(folder, 'resnet18.pth');
    writeFileSync(pickle, 'PK\x03\x04 a zip file of pickles');
    assert.throws(
      () => loadEncoderWeights(encoder, pickle),
      /resnet18\.pth is no valid safetensors.*Convert it/s,
    );
    assert.throws(() => loadEncoderWeights(encoder, join(folder, 'none')), /none is no valid.*no such file/);
  });
});
