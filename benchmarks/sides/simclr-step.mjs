/**
 * Our side of `works/simclr.mjs`: a SimCLR training step of a CIFAR ResNet-18, of images of `--size` pixels. Driven by lines as
 * `serve-steps.mjs` says; the losses are of the first steps, to see that both sides compute the same.
 * `--export FILE` writes the first weights and the images, for the other side to start from.
 */
import { Generator, optim, randn, saveSafetensors, scope } from '@la-ssl/torch';
import { SimCLR } from 'la-ssl/methods';
import { ResNet } from 'la-ssl/models';
import { Random } from 'la-ssl/random';
import { serveSteps, stepOptions } from './serve-steps.mjs';

const options = stepOptions({ width: '16', pairs: '64', size: '32' });

const generator = new Generator(1);
const [pairs, size] = [Number(options.pairs), Number(options.size)];
const encoder = new ResNet({ depth: 18, stem: 'cifar', width: Number(options.width), generator });
const { bfloat16 } = options;
const method = new SimCLR({ encoder, temperature: 0.5, maskDuplicates: false, bfloat16, generator });
const views = [0, 1].map(() => randn([pairs, 3, size, size], { generator }));
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

await serveSteps(step, Number(options.warmup));
