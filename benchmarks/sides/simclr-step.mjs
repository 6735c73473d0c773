/**
 * Our side of `works/simclr.mjs`: a SimCLR training step of a CIFAR ResNet-18. Line by line:
 * it prints `{ version, threads, losses }` when it is warm, then for each number of steps that it is sent
 * `{ ms: [...], cpuMs }`, of the latter the mean. The losses are of the first steps, to see that both sides compute the same.
 * `--export FILE` writes the first weights and the images, for the other side to start from.
 */
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  Generator,
  getThreads,
  libtorchVersion,
  optim,
  randn,
  saveSafetensors,
  scope,
  setThreads,
} from '@la-ssl/torch';
import { SimCLR } from 'la-ssl/methods';
import { ResNet } from 'la-ssl/models';
import { Random } from 'la-ssl/random';

const { values: options } = parseArgs({
  options: {
    precision: { type: 'string', default: 'float32' },
    width: { type: 'string', default: '16' },
    pairs: { type: 'string', default: '64' },
    threads: { type: 'string' },
    warmup: { type: 'string', default: '10' },
    export: { type: 'string' },
  },
});
if (options.threads) setThreads(Number(options.threads));

const generator = new Generator(1);
const pairs = Number(options.pairs);
const encoder = new ResNet({ depth: 18, stem: 'cifar', width: Number(options.width), generator });
const bfloat16 = options.precision === 'bfloat16';
const method = new SimCLR({ encoder, temperature: 0.5, maskDuplicates: false, bfloat16, generator });
const views = [0, 1].map(() => randn([pairs, 3, 32, 32], { generator }));
const context = {
  indices: Int32Array.from({ length: pairs }, (_, i) => i),
  epoch: 0,
  progress: 0,
  random: new Random(1),
};
if (options.export) {
  saveSafetensors(options.export, [...method.stateDict(), ['view0', views[0]], ['view1', views[1]]]);
}
const optimizer = new optim.SGD(method.namedParameters(), { lr: 0.05, momentum: 0.9, weightDecay: 1e-4 });

/** @returns the loss */
const step = () =>
  scope(() => {
    const { loss } = method.forward(views, context);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss.item();
  });

const losses = [];
for (let i = 0; i < Number(options.warmup); i++) losses.push(step());
console.log(JSON.stringify({ version: libtorchVersion, threads: getThreads(), losses: losses.slice(0, 3) }));
for await (const line of createInterface({ input: process.stdin })) {
  const ms = [];
  const cpu = process.cpuUsage();
  for (let i = 0; i < Number(line); i++) {
    const started = performance.now();
    step();
    ms.push(performance.now() - started);
    await setImmediate(); // as the training loop does
  }
  const { user, system } = process.cpuUsage(cpu);
  console.log(JSON.stringify({ ms, cpuMs: (user + system) / 1000 / ms.length }));
}
