/** What a run is told beside pixels: by which options, which codes, and what is said where a data set does not have them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scope } from '@la-ssl/torch';
import type { Attribute, ImageDataset } from '../data/index.js';
import type { Method } from '../methods/index.js';
import type { TrainOptions } from './config.js';
import { attributeCodes, knowledgeOf, markOf, noteOf } from './knowledge.js';
import { pretrain } from './pretrain.js';
import { createRun } from './setup.js';
import { dataset, goOn, newRun, resultOf, tinyConfig } from './tiny-run.test.support.js';
import { trainStep } from './train-step.js';

const attribute = (name: string, values: string[], code: (i: number) => number): Attribute => ({
  name,
  values,
  codes: Int32Array.from({ length: 48 }, (_, i) => code(i)),
});
const withAttributes = (...attributes: Attribute[]): ImageDataset => ({ ...dataset, attributes });
const age = attribute('age', ['young', 'old'], (i) => i % 2);
const sex = attribute('sex', ['a', 'b', 'c'], (i) => i % 3);

describe('what a run needs to know', () => {
  const cases: [TrainOptions, string[]][] = [
    [{ sampler: 'uniform' }, []],
    [{ sampler: 'la-ssl' }, []],
    [{ method: 'late-tvg' }, []],
    [{ sampler: 'oracle' }, ['labels', 'attributes']],
    [{ method: 'conditional' }, ['attributes']],
    [{ method: 'adversarial' }, ['attributes']],
    [{ batchBy: 'attribute' }, ['attributes']],
    [{ method: 'conditional', sampler: 'oracle', batchBy: 'attribute' }, ['labels', 'attributes']],
  ];
  for (const [options, needed] of cases) {
    it(`${JSON.stringify(options)}: ${needed.join(', ') || 'nothing'}`, () =>
      assert.deepEqual(knowledgeOf(tinyConfig(options)), needed));
  }
});

it('tables mark what was told, and say what the marks mean where there are any', () => {
  assert.deepEqual([markOf([]), markOf(['attributes']), markOf(['labels', 'attributes'])], ['', ' †', ' ‡†']);
  assert.equal(noteOf([[], []]), '');
  assert.match(noteOf([[], ['attributes']]), /: † the attributes\. Rows without a mark: pixels alone\.$/);
  assert.match(noteOf([['labels', 'attributes'], ['labels']]), /: ‡ the labels, † the attributes\./);
});

describe('the codes', () => {
  it('are those of the one that is named, or tell every combination apart', () => {
    const both = withAttributes(age, sex);
    assert.deepEqual(attributeCodes(both, 'x', 'sex'), { codes: sex.codes, values: 3 });
    const { codes, values } = attributeCodes(both, 'x');
    assert.equal(values, 6);
    for (let i = 0; i < 48; i++) assert.equal(codes[i], (i % 2) * 3 + (i % 3));
  });

  it('are missed with the name of the data set, the option and what to do', () => {
    const thrown: [ImageDataset, string | undefined, RegExp][] = [
      [
        withAttributes(),
        undefined,
        /^Error: --method x needs the attribute of every example, and shapes has no/,
      ],
      [withAttributes(age, sex), 'eyes', /shapes has no attribute eyes\. Give --attribute one of: age, sex/],
      [
        withAttributes(
          age,
          attribute('sex', ['a', 'b'], (i) => (i < 5 ? -1 : 0)),
        ),
        undefined,
        /--method x needs the attribute sex of every .* shapes does not have it for 5 of 48/,
      ],
      [withAttributes(attribute('sex', ['a', 'b'], () => 1)), undefined, /sex is the same in every/],
    ];
    for (const [without, name, message] of thrown) {
      assert.throws(() => attributeCodes(without, '--method x', name), message);
    }
    const config = tinyConfig({ method: 'conditional' });
    assert.throws(() => createRun(config, withAttributes()), /--method conditional needs .* shapes has no/);
  });

  it('have no use where nothing goes by them', () => {
    assert.throws(() => tinyConfig({ attribute: 'age' }), /nothing goes by an attribute here/);
    assert.equal(tinyConfig({ attribute: 'age', batchBy: 'attribute' }).attribute, 'age');
  });
});

/** A method that keeps what it was told. */
function spied(options: TrainOptions): {
  told: (Int32Array | undefined)[];
  step: (indices: Int32Array) => void;
} {
  const config = tinyConfig({ method: 'adversarial', ...options });
  const parts = createRun(config, withAttributes(sex));
  const told: (Int32Array | undefined)[] = [];
  const forward = parts.method.forward.bind(parts.method);
  const method: Method = Object.assign(Object.create(parts.method), {
    forward: (...[views, context]: Parameters<Method['forward']>) => {
      told.push(context.attributes);
      return forward(views, context);
    },
    afterBackward: undefined,
    namedParameters: () => parts.method.namedParameters(),
  });
  const step = (indices: Int32Array): void => {
    const place = { indices, step: 0, epoch: 0, progress: 0.5, lr: 0.01 };
    trainStep(config, { ...parts, method, dataset, online: null }, place);
    scope(() => {
      for (const tensor of parts.optimizer.stateDict().values()) tensor.dispose();
      parts.method.dispose();
    });
  };
  return { told, step };
}

it('each part of a step is told the codes of its examples', () => {
  const { told, step } = spied({ accumulate: 2 });
  step(Int32Array.of(3, 7, 11, 2, 2, 46));
  assert.deepEqual(told, [Int32Array.of(0, 1, 2), Int32Array.of(2, 2, 1)]);
});

describe('batches by attribute', () => {
  it('change the order of training, not what is drawn, and go with any sampler', async (t) => {
    for (const sampler of ['uniform', 'la-ssl'] as const) {
      const options = { sampler, epochs: 2 } as const;
      const [plain, byAttribute] = [
        await newRun(t, options),
        await newRun(t, { ...options, batchBy: 'attribute' }),
      ];
      for (const run of [plain, byAttribute]) assert.equal(await goOn(run), 'finished');
      assert.notEqual(resultOf(plain.folder).encoder, resultOf(byAttribute.folder).encoder);
      const draws = ({ folder }: typeof plain): unknown =>
        folder.readMetrics().flatMap((event) => (event.kind === 'epoch' ? [event.conflictingDraws] : []))[0];
      assert.equal(draws(plain), draws(byAttribute));
    }
  });

  it('are refused before training where the attribute is not known', async (t) => {
    const { config, folder } = await newRun(t, { batchBy: 'attribute' });
    await assert.rejects(
      pretrain(config, { dataset: withAttributes(), folder }),
      /--batch-by attribute needs the attribute of every example, and shapes has no attributes/,
    );
  });
});
