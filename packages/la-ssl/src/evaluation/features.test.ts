import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromData, Generator, liveTensorCount, nn, noGrad, scope, type Tensor } from '@la-ssl/torch';
import { evalTransform } from '../augment/eval.js';
import { type ImageDataset, imagesAt } from '../data/dataset.js';
import { ResNet } from '../models/resnet.js';
import { Random } from '../random.js';
import { extractFeatures } from './features.js';

const SIZE = 8;
const COUNT = 23;

function noise(count: number): ImageDataset {
  const random = new Random(3);
  return {
    name: 'noise',
    split: 'test',
    images: Uint8Array.from({ length: count * 3 * SIZE * SIZE }, () => random.below(256)),
    shape: { count, channels: 3, height: SIZE, width: SIZE },
    classNames: ['one'],
    attributes: [],
    ids: Array.from({ length: count }, (_, i) => String(i)),
  };
}

const dataset = noise(COUNT);
const transform = evalTransform();
// One for all tests: others, left to the garbage collector, would blur the counts of live tensors.
const encoder = new ResNet({ depth: 18, width: 4, generator: new Generator(1) });

/** A layer that is a function. */
class Lambda extends nn.Module {
  readonly forward: (input: Tensor) => Tensor;
  constructor(forward: (input: Tensor) => Tensor) {
    super();
    this.forward = forward;
  }
}

describe('extractFeatures', () => {
  it('gives what the encoder gives for each example alone, whatever the batch size', async () => {
    const seven = await extractFeatures(encoder, dataset, { transform, batchSize: 7 });
    const all = await extractFeatures(encoder, dataset, { transform, batchSize: 1000 });
    assert.equal(seven.length, COUNT * encoder.features);
    encoder.eval();
    for (const i of [0, 6, 7, COUNT - 1]) {
      const own = scope(() =>
        noGrad(() =>
          encoder.forward(transform(fromData(imagesAt(dataset, [i]), [1, 3, SIZE, SIZE]))).toFloat64Array(),
        ),
      );
      own.forEach((value, f) => {
        const at = i * encoder.features + f;
        // Convolutions of other batch sizes add up in another order: float32 rounding.
        for (const features of [seven, all]) assert.ok(Math.abs(features[at]! - value) < 1e-4 * (1 + value));
      });
    }
  });

  it('gives those of some examples, in the order asked for', async () => {
    const all = await extractFeatures(encoder, dataset, { transform });
    const indices = Int32Array.of(20, 3, 3, 11, 0);
    const some = await extractFeatures(encoder, dataset, { transform, indices, batchSize: 2 });
    const row = (features: Float32Array, i: number) =>
      features.subarray(i * encoder.features, (i + 1) * encoder.features);
    assert.equal(some.length, 5 * encoder.features);
    indices.forEach((example, i) => {
      row(some, i).forEach((value, f) => {
        assert.ok(Math.abs(row(all, example)[f]! - value) < 1e-4 * (1 + value), `${example}, ${f}`);
      });
    });
  });

  it('leaves the mode, the running statistics and the weights of the encoder as they were', async () => {
    const bytes = () => [...encoder.stateDict()].map(([name, tensor]) => [name, tensor.toFloat64Array()]);
    const before = bytes();
    assert.ok(before.some(([name]) => String(name).endsWith('running_mean')));
    for (const training of [true, false]) {
      encoder.train(training);
      await extractFeatures(encoder, dataset, { transform, batchSize: 8 });
      assert.equal(encoder.training, training);
      assert.deepEqual(bytes(), before);
    }
  });

  it('is in evaluation mode meanwhile: its result does not depend on the mode before', async () => {
    const [a, b] = [
      await extractFeatures(encoder.train(), dataset, { transform }),
      await extractFeatures(encoder.eval(), dataset, { transform }),
    ];
    assert.deepEqual(a, b);
  });

  it('builds no graph and holds one batch at a time', async () => {
    let most = 0;
    const watched = new Lambda((images) => {
      const features = encoder.forward(images);
      assert.equal(features.requiresGrad, false);
      most = Math.max(most, liveTensorCount());
      return features;
    });
    encoder.eval();
    const before = liveTensorCount();
    await extractFeatures(watched, dataset, { transform, batchSize: COUNT });
    const one = most;
    await extractFeatures(watched, dataset, { transform, batchSize: 2 });
    assert.equal(most, one, 'twelve batches hold as many tensors at once as one does');
    assert.equal(liveTensorCount(), before);
  });

  it('computes in bfloat16 where asked, to about two digits, and gives float32', async () => {
    const exact = await extractFeatures(encoder, dataset, { transform });
    const coarse = await extractFeatures(encoder, dataset, { transform, precision: 'bfloat16' });
    assert.notDeepEqual(coarse, exact);
    const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
    const error = norm(coarse.map((x, i) => x - exact[i]!)) / norm(exact);
    assert.ok(error < 0.05, `relative error ${error}`);
  });

  it('tells how far it is, and stops when asked', async () => {
    const told: number[][] = [];
    await extractFeatures(encoder, dataset, {
      transform,
      batchSize: 10,
      onProgress: (...args) => told.push(args),
    });
    assert.deepEqual(told, [
      [10, COUNT],
      [20, COUNT],
      [COUNT, COUNT],
    ]);

    encoder.train();
    const controller = new AbortController();
    let batches = 0;
    const options = {
      transform,
      batchSize: 5,
      signal: controller.signal,
      onProgress: () => {
        if (++batches === 2) controller.abort(new Error('enough'));
      },
    };
    await assert.rejects(extractFeatures(encoder, dataset, options), /enough/);
    assert.equal(batches, 2);
    assert.equal(encoder.training, true, 'as before, though it was cut short');
  });

  it('refuses encoders that give no features, and features that are not finite', async () => {
    const extract = (forward: (images: Tensor) => Tensor) =>
      extractFeatures(new Lambda(forward), dataset, { transform, batchSize: 5 });
    await assert.rejects(
      extract((images) => images.mul(1)),
      /features \[5, F\] for 5 images, it gave \[5, 3, 8, 8\]/,
    );
    let batch = 0;
    await assert.rejects(
      extract((images) => {
        const features = images.mean([2, 3]);
        return ++batch === 2 ? features.div(0) : features;
      }),
      /example 5 of noise \(test\) are not finite/,
    );
    await assert.rejects(extractFeatures(encoder, dataset, { transform, batchSize: 0 }), RangeError);
  });
});
