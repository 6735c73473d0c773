/**
 * Our side of a linear probe's fit: multinomial logistic regression on standardised features, from those as an encoder gives
 * them to the weights, standardising included. It prints `{ version, threads }` when it is ready, then fits once for each line
 * that it is sent and answers `{ ms, cpuMs, objective, iterations }`; the objective is the one of linear-probe.py.
 *
 * `--tolerance` is the largest element of the gradient at the end; its default brings the objective within 1e-6 of the optimum,
 * relative (4.9e-7 where it was chosen), as the other side's iterations do. `--export FILE` writes the features and labels,
 * which the other side reads.
 *
 * The features are made as a convolutional encoder's are: a class and 64 directions of unequal strength, mixed into all
 * features, after ReLU, the mean of four places, with scales that differ a hundredfold. A quarter is classified wrongly.
 */
import { parseArgs } from 'node:util';
import {
  fromData,
  Generator,
  getThreads,
  libtorchVersion,
  randn,
  saveSafetensors,
  scope,
  setThreads,
} from '@la-ssl/torch';
import { fitLogisticRegression } from 'la-ssl/evaluation';
import { serve, timed } from './serve.mjs';

const { values: options } = parseArgs({
  options: {
    examples: { type: 'string', default: '50000' },
    features: { type: 'string', default: '512' },
    tolerance: { type: 'string', default: '3e-5' },
    threads: { type: 'string' },
    export: { type: 'string' },
  },
});
if (options.threads) setThreads(Number(options.threads));

const [examples, width] = [Number(options.examples), Number(options.features)];
const [CLASSES, DIRECTIONS, PLACES] = [10, 64, 4];
const generator = new Generator(1);
const normal = (...shape) => randn(shape, { generator });

const labels = Int32Array.from({ length: examples }, (_, i) => i % CLASSES);
const features = scope(() => {
  const strengths = fromData(Float32Array.from({ length: DIRECTIONS }, (_, d) => 1 / Math.sqrt(1 + d / 4)));
  const label = fromData(BigInt64Array.from(labels, BigInt));
  const means = normal(CLASSES, DIRECTIONS).mul(0.3);
  const centres = normal(examples, DIRECTIONS).add(means.indexSelect(0, label)).mul(strengths);
  const mixing = normal(DIRECTIONS, width).mul(2 / Math.sqrt(DIRECTIONS));
  const bias = normal(width).mul(0.5).sub(0.5);
  const place = () =>
    normal(examples, DIRECTIONS).mul(0.7).mul(strengths).add(centres).mm(mixing).add(bias).relu();
  let sum = place();
  for (let p = 1; p < PLACES; p++) sum = sum.add(place());
  const pooled = sum.div(PLACES).mul(normal(width).exp());
  if (options.export) {
    saveSafetensors(options.export, [
      ['features', pooled],
      ['labels', label],
    ]);
  }
  return pooled.data();
});

const settings = { l2: 1 / examples, gradientTolerance: Number(options.tolerance) };
const problem = { features, labels, classes: CLASSES };
await serve({ version: libtorchVersion, threads: getThreads() }, async () => {
  const { result, ...time } = await timed(() => fitLogisticRegression(problem, settings));
  const { loss: objective, iterations } = result;
  return { ...time, objective, iterations };
});
