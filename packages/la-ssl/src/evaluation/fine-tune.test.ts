import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Generator, liveTensorCount, scope } from '@la-ssl/torch';
import { drawShapes } from '../data/sets/shapes.js';
import { ResNet } from '../models/index.js';
import { FINE_TUNE_DEFAULTS, fineTune } from './fine-tune.js';

const data = {
  train: drawShapes('train', { name: 'shapes', examples: 96, alignedShare: 1 }),
  test: drawShapes('test', { name: 'shapes', testExamples: 96 }),
};
const encoder = () =>
  scope(() => new ResNet({ depth: 18, stem: 'imagenet', width: 4, generator: new Generator(0) }));
const options = { ...FINE_TUNE_DEFAULTS, epochs: 12, batchSize: 24, lr: 0.05 };

it('trains the encoder too: the aligned are learned, the same by the same seed, and no tensor stays behind', async () => {
  const [one, two] = [encoder(), encoder()];
  const before = liveTensorCount();
  const weights = () => [...one.namedParameters()].map(([, own]) => own.toFloat64Array());
  const first = weights();
  let steps = 0;
  const found = await fineTune(one, data, { ...options, onStep: () => steps++ });
  assert.equal(steps, 12 * 4);
  assert.equal(liveTensorCount(), before);
  assert.ok(weights().every((own, k) => own.some((value, j) => value !== first[k]![j])));
  // With every training image aligned the ground tells the label, and the network takes it.
  assert.ok(found.loss < Math.log(4) - 0.5, `${found.loss}`);
  assert.ok(found.metrics.aligned!.low > found.metrics.conflicting!.high);
  assert.deepEqual((await fineTune(two, data, options)).probabilities, found.probabilities);
});

it('stops when asked, and names the option that is out of range', async () => {
  const controller = new AbortController();
  const stopped = fineTune(encoder(), data, {
    ...options,
    onStep: () => controller.abort(new Error('enough')),
    signal: controller.signal,
  });
  await assert.rejects(stopped, /enough/);
  await assert.rejects(fineTune(encoder(), data, { ...options, epochs: 0 }), /epochs must be .* got 0/);
  await assert.rejects(fineTune(encoder(), data, { ...options, lr: 1e30 }), /take a lower lr/);
  const train = { ...data.train, labels: data.train.labels!.map((label) => (label === 1 ? 1 : -1)) };
  await assert.rejects(
    fineTune(encoder(), { ...data, train }, options),
    new RegExp(
      `^Error: ${train.name}: fine-tuning needs .* All that have a label are of ${train.classNames[1]}\\.`,
    ),
  );
});
