import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { METHODS, type MethodName, type MethodSpec } from '../methods/index.js';
import { methodOptionsOf, resolveConfig, type TrainOptions, trainConfigSchema } from './config.js';
import { usualViews } from './view-recipe.js';

const resolve = (options: TrainOptions) => resolveConfig(trainConfigSchema.parse(options));

describe('a configuration', () => {
  it('takes the defaults of its method, and resolving it again changes nothing', () => {
    for (const method of Object.keys(METHODS) as MethodName[]) {
      const encoder = (METHODS[method] as MethodSpec).encoders?.[0] ?? 'resnet18';
      const config = resolve({ method, encoder });
      for (const [name, value] of Object.entries({ ...METHODS[method].recipe, ...METHODS[method].options })) {
        assert.equal(new Map(Object.entries(config)).get(name), value, `${method}, ${name}`);
      }
      assert.deepEqual(methodOptionsOf(config), METHODS[method].options);
      assert.deepEqual(resolve(JSON.parse(JSON.stringify(config))), config);
    }
  });

  it("goes by what is given before the method's defaults", () => {
    const config = resolve({ method: 'simclr', temperature: 0.1, lr: 1 });
    assert.equal(config.temperature, 0.1);
    assert.equal(config.lr, 1);
    assert.equal(new Map(Object.entries(methodOptionsOf(config))).get('temperature'), 0.1);
  });

  it('leaves bias and norm out of the weight decay of every optimizer but SGD', () => {
    assert.equal(resolve({ optimizer: 'sgd' }).decayExempt, 'nothing');
    assert.equal(resolve({ optimizer: 'lars' }).decayExempt, 'bias-and-norm');
    assert.equal(resolve({ optimizer: 'adamw', decayExempt: 'nothing' }).decayExempt, 'nothing');
  });

  it('refuses an option of another encoder, and names those that have it', () => {
    assert.throws(
      () => trainConfigSchema.parse({ encoder: 'resnet18', patchSize: 4 }),
      /resnet18 has no such option; it belongs to vit-tiny, vit-small, vit-base/,
    );
    assert.throws(() => trainConfigSchema.parse({ encoder: 'vit-tiny', width: 64 }), /vit-tiny has no such/);
    assert.equal(resolve({ encoder: 'vit-tiny' }).width, undefined);
    assert.equal(resolve({ encoder: 'resnet18' }).width, 64);
  });

  it('refuses an encoder that the method cannot train, and says which it can', () => {
    assert.throws(
      () => trainConfigSchema.parse({ method: 'mae' }),
      /mae cannot train resnet18\. Take --encoder vit-tiny \(or vit-small, vit-base\)/,
    );
  });

  it('takes medical views before the numbers of its method, and what is given before both', () => {
    for (const method of Object.keys(METHODS) as MethodName[]) {
      const encoder = (METHODS[method] as MethodSpec).encoders?.[0] ?? 'resnet18';
      const config = resolve({ method, encoder, views: 'medical' });
      const { jitterSaturation, jitterHue, grayscaleProbability, solarizeProbability } = config;
      assert.deepEqual(
        [jitterSaturation, jitterHue, grayscaleProbability, solarizeProbability],
        [0, 0, 0, 0],
      );
      assert.deepEqual([config.cropScale, config.flipProbability, config.rotation], [0.6, 0, 10]);
      assert.deepEqual(resolve(JSON.parse(JSON.stringify(config))), config);
    }
    assert.equal(resolve({ method: 'mae', encoder: 'vit-tiny', views: 'medical' }).jitterProbability, 0);
    const given = resolve({ method: 'byol', views: 'medical', flipProbability: 0.5, rotation: 0 });
    assert.deepEqual([given.flipProbability, given.rotation, given.cropScale], [0.5, 0, 0.6]);
  });

  it('has the views that suit its data set, and those of photographs as they were', () => {
    assert.equal(usualViews('mimic-cxr'), 'medical');
    const config = resolve({ dataset: 'folder', path: 'photos' });
    assert.deepEqual([config.views, config.rotation, config.jitterHue], ['natural', 0, undefined]);
    assert.equal(resolve({ views: 'medical' }).views, 'medical');
  });

  it('has the stem for small images up to 64 pixels, and keeps the one of a run that began with it', () => {
    const folder = { dataset: 'folder', path: 'photos' } as const;
    const stems = [{}, folder, { ...folder, imageSize: 64 }, { ...folder, imageSize: 65 }].map(
      (options) => resolve(options).stem,
    );
    assert.deepEqual(stems, ['cifar', 'cifar', 'cifar', 'imagenet']);
    assert.equal(resolve({ ...folder, imageSize: 224, stem: 'cifar' }).stem, 'cifar');
    assert.equal(resolve({ ...folder, imageSize: 224, encoder: 'vit-tiny' }).stem, undefined);
  });

  it('gives each scaling function its own options, and refuses those of another', () => {
    const at = (options: TrainOptions): unknown[] => {
      const { scaling, gamma, r, power, scalingTemperature, slowestShare } = resolve(options);
      return [scaling, gamma, r, power, scalingTemperature, slowestShare];
    };
    const no = undefined;
    assert.deepEqual(at({}), ['linear', 10, 0.1, no, no, no]);
    assert.deepEqual(at({ gamma: 2, r: 0.5 }), ['linear', 2, 0.5, no, no, no]);
    assert.deepEqual(at({ scaling: 'rank', power: 3 }), ['rank', no, no, 3, no, no]);
    assert.deepEqual(at({ scaling: 'exponential' }), ['exponential', no, no, no, 0.5, no]);
    assert.deepEqual(at({ scaling: 'top-share' }), ['top-share', no, no, no, no, 0.1]);
    assert.deepEqual(at({ targetEss: 0.5 }), ['linear', no, 0.1, no, no, no]);
    assert.deepEqual(at({ sampler: 'uniform', gamma: 10, r: 0.1 }), [no, 10, 0.1, no, no, no]); // of older runs
    for (const scaling of ['linear', 'power', 'exponential', 'rank', 'top-share'] as const) {
      for (const targetEss of [undefined, 0.3]) {
        const config = resolve({ scaling, targetEss });
        assert.deepEqual(resolve(JSON.parse(JSON.stringify(config))), JSON.parse(JSON.stringify(config)));
      }
    }
    const refused: [TrainOptions, RegExp][] = [
      [{ scaling: 'power', gamma: 3 }, /the scaling power has no such option; it belongs to linear/],
      [{ power: 3 }, /the scaling linear has no such option; it belongs to power, rank/],
      [{ targetEss: 0.5, gamma: 3 }, /chosen at every update to hold the target/],
      [{ targetEss: 0.5, scaling: 'rank', power: 3 }, /chosen at every update/],
      [
        { sampler: 'high-loss', method: 'byol' },
        /the loss of each example, which byol does not tell; these do: simclr/,
      ],
      [{ sampler: 'high-loss', scoring: 'full-pass' }, /loss in the training step/],
    ];
    for (const [options, reason] of refused) assert.throws(() => trainConfigSchema.parse(options), reason);
    for (const sampler of ['uniform', 'oracle', 'la-ssl-shuffled'] as const) {
      assert.equal(resolve({ ...resolve({ targetEss: 0.5, scaling: 'rank' }), sampler }).sampler, sampler);
    }
    assert.equal(resolve({ sampler: 'high-loss' }).emaWeight, 1);
    assert.equal(resolve({}).emaWeight, 0.1);
  });
});
