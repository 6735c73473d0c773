/**
 * Our side of `works/vit.mjs`: a training step of MAE or DINO on ViT-Tiny/4, 64 images of 32×32. Driven by lines as `simclr-step.mjs`.
 * `--export FILE` writes the first weights, the views and MAE's mask, which is the same in every step.
 */
import { Generator, optim, randn, saveSafetensors, scope } from '@la-ssl/torch';
import { drawOrder, METHODS } from 'la-ssl/methods';
import { createEncoder } from 'la-ssl/models';
import { Random } from 'la-ssl/random';
import { serveSteps, stepOptions } from './serve-steps.mjs';

const options = stepOptions({ method: 'mae', depth: '12', images: '64' });

const [SIZE, PATCH] = [32, 4];
const count = Number(options.images);
const generator = new Generator(1);
const spec = METHODS[options.method];
const method = spec.create(
  {
    newEncoder: (own = {}) =>
      createEncoder('vit-tiny', {
        ...{ depth: Number(options.depth), patchSize: PATCH, imageSize: SIZE, generator },
        ...own,
      }),
    ...{ generator, bfloat16: options.bfloat16 },
  },
  spec.options,
);
const views = Array.from({ length: spec.views }, () => randn([count, 3, SIZE, SIZE], { generator }));
const context = () => ({
  indices: Int32Array.from({ length: count }, (_, i) => i),
  ...{ epoch: 1, progress: 0, random: new Random(1) },
});
if (options.export) {
  const order = drawOrder(count, (SIZE / PATCH) ** 2, new Random(1));
  const named = views.map((view, i) => [`view${i}`, view]);
  saveSafetensors(options.export, [...method.stateDict(), ...named, ['order', order]]);
}
const optimizer = new optim.AdamW(method.namedParameters(), {
  ...{ lr: 2e-4, betas: [0.9, 0.95], weightDecay: 0.05 },
});

/** @returns the loss */
const step = () =>
  scope(() => {
    const place = context();
    const { loss } = method.forward(views, place);
    optimizer.zeroGrad();
    loss.backward();
    method.afterBackward?.(place);
    optimizer.step();
    method.afterStep?.(place);
    return loss.item();
  });

await serveSteps(step, Number(options.warmup));
