import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../random.js';
import { type Attribute, groupsOf, UNKNOWN } from '../dataset.js';
import { type DatasetSpec, loadDataset, loadSplit } from '../index.js';
import { drawShapes } from '../sets/shapes.js';
import { controlled, controlledIndices, type Described, pairing } from './controlled.js';
import { type Control, conditions } from './controlled-spec.js';

/** N examples of K classes; each attribute goes with the label with its probability, else any value is as likely. */
function examplesOf(
  classes: readonly number[],
  attributes: readonly { name: string; values: number; goesWith?: number }[],
): Described {
  const random = new Random(9);
  const labels = Int32Array.from(classes.flatMap((count, label) => Array<number>(count).fill(label)));
  const made = attributes.map(
    ({ name, values, goesWith = 0 }): Attribute => ({
      name,
      values: Array.from({ length: values }, (_, v) => `v${v}`),
      codes: labels.map((label) => (random.uniform() < goesWith ? label % values : random.below(values))),
      alignedWith: Int32Array.from(classes, (_, label) => label % values),
    }),
  );
  return {
    name: 'made',
    split: 'train',
    classNames: classes.map((_, label) => `c${label}`),
    labels,
    attributes: made,
    ids: Array.from(labels, (_, i) => `${i}`),
  };
}

const control = (data: Described, more: Partial<Control>): Int32Array =>
  controlledIndices(data, { seed: 0, ...more });
const sizesOf = (data: Described, indices: Int32Array): number[] =>
  data.classNames.map((_, label) => indices.filter((i) => data.labels![i] === label).length);
const alignedOf = (data: Described, indices: Int32Array, a: number, label: number): Int32Array => {
  const attribute = data.attributes[a]!;
  const code = pairing(attribute, data.classNames.length)[label];
  return indices.filter((i) => data.labels![i] === label && attribute.codes[i] === code);
};

test('a share of an attribute is exact in each class, and as many examples stay as can', () => {
  const data = examplesOf([4000, 2000], [{ name: 'sex', values: 2 }]);
  for (const share of [0.5, 0.8, 0.95, 0.995, 1, 0.1, 0]) {
    const indices = control(data, { alignedShare: share });
    const sizes = sizesOf(data, indices);
    assert.equal(sizes[0]! === 2 * sizes[1]! || Math.abs(sizes[0]! - 2 * sizes[1]!) <= 2, true, `${sizes}`);
    let used = 0;
    for (const label of [0, 1]) {
      const size = sizes[label]!;
      const aligned = alignedOf(data, indices, 0, label).length;
      assert.ok(Math.abs(aligned - share * size) <= 0.5, `${aligned} of ${size} at ${share}`);
      const all = data.labels!.map((_, i) => i).filter((i) => data.labels![i] === label);
      const had = alignedOf(data, all, 0, label).length;
      used = Math.max(used, aligned / had, (size - aligned) / (all.length - had));
    }
    assert.ok(used > 0.99, `${share}: some group is used up, to ${used}`);
    assert.deepEqual(
      [...indices],
      [...indices].sort((a, b) => a - b),
    );
    assert.equal(new Set(indices).size, indices.length);
  }
});

test('several attributes have a share each, independent given the label; others stay as they stand', () => {
  const data = examplesOf(
    [3000, 3000, 3000],
    [
      { name: 'a', values: 3, goesWith: 0.3 },
      { name: 'b', values: 2, goesWith: 0.2 },
      { name: 'c', values: 2, goesWith: 0.9 },
    ],
  );
  const indices = control(data, { alignedShare: { a: 0.8, b: 0.7 } });
  const sizes = sizesOf(data, indices);
  for (const [label, size] of sizes.entries()) {
    assert.ok(size > 1000);
    const [inA, inB, inC] = [0, 1, 2].map((a) => new Set(alignedOf(data, indices, a, label)));
    assert.ok(Math.abs(inA!.size - 0.8 * size) <= 0.5 && Math.abs(inB!.size - 0.7 * size) <= 0.5);
    const both = [...inA!].filter((i) => inB!.has(i)).length;
    assert.ok(Math.abs(both - (inA!.size * inB!.size) / size) <= 2.5, `${both} of ${size}`);
    assert.ok(Math.abs(inC!.size / size - 0.95) < 0.05);
    // The other values of a, which have equal shares in the data, have them still.
    const others = [0, 1, 2]
      .filter((code) => code !== label)
      .map(
        (code) =>
          indices.filter((i) => data.labels![i] === label && data.attributes[0]!.codes[i] === code).length,
      );
    assert.ok(Math.abs(others[0]! - others[1]!) < 0.04 * size, `${others}`);
  }
  const all = control(data, { alignedShare: 0.6 });
  for (const a of [0, 1, 2])
    for (const [label, size] of sizesOf(data, all).entries())
      assert.ok(Math.abs(alignedOf(data, all, a, label).length - 0.6 * size) <= 0.5);
});

test('imbalance has the class sizes of long-tailed CIFAR-10 (Cao et al. 2019), and attributes keep their shares', () => {
  const data = examplesOf(Array<number>(10).fill(5000), [{ name: 'a', values: 10, goesWith: 0.9 }]);
  // int(5000 · 0.01^(i / 9)) and int(5000 · 0.01), as its imbalance_cifar.py computes them.
  const longTail = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50];
  const indices = control(data, { imbalance: 100 });
  assert.deepEqual(sizesOf(data, indices), longTail);
  const step = control(data, { imbalance: 100, imbalanceKind: 'step' });
  assert.deepEqual(sizesOf(data, step), [5000, 5000, 5000, 5000, 5000, 50, 50, 50, 50, 50]);
  assert.deepEqual(sizesOf(data, control(data, { imbalance: 1 })), Array<number>(10).fill(5000));
  const everything = data.labels!.map((_, i) => i);
  for (let label = 0; label < 10; label++) {
    const share = alignedOf(data, everything, 0, label).length / 5000;
    const found = alignedOf(data, indices, 0, label).length;
    assert.ok(Math.abs(found - share * longTail[label]!) <= 1, `${found}`);
  }
  const both = control(data, { imbalance: 10, alignedShare: 0.9, examples: 4000 });
  const sizes = sizesOf(data, both);
  assert.equal(both.length, 4000);
  assert.ok(Math.abs(sizes[0]! / sizes[9]! - 10) < 0.1, `${sizes}`);
  for (const [label, size] of sizes.entries())
    assert.ok(Math.abs(alignedOf(data, both, 0, label).length - 0.9 * size) <= 0.5);
});

test('where: only the values named, any of several; then the first of each class', () => {
  const data = examplesOf(
    [300, 300],
    [
      { name: 'place', values: 3 },
      { name: 'sex', values: 2 },
    ],
  );
  const indices = control(data, { where: { place: ['v0', 'v2'], sex: ['v1'] } });
  const expected = data.ids.flatMap((_, i) =>
    data.attributes[0]!.codes[i] !== 1 && data.attributes[1]!.codes[i] === 1 ? [i] : [],
  );
  assert.deepEqual([...indices], expected);
  const few = control(data, { where: { place: ['v1'] }, examples: 20 });
  assert.deepEqual(sizesOf(data, few), [10, 10]);
  assert.ok(few.every((i) => data.attributes[0]!.codes[i] === 1));
  const unlabelled = { ...data, labels: undefined } as unknown as Described;
  assert.equal(control(unlabelled, { where: { sex: ['v0'] }, examples: 7 }).length, 7);
});

test('the seed chooses among examples that are alike, and nothing else', () => {
  const data = examplesOf([900, 900], [{ name: 'a', values: 2, goesWith: 0.3 }]);
  const asked = { alignedShare: 0.9, imbalance: 3 };
  const [one, again, other] = [0, 0, 1].map((seed) => controlledIndices(data, { ...asked, seed }));
  assert.deepEqual(one, again);
  assert.notDeepEqual(one, other);
  assert.deepEqual(sizesOf(data, one!), sizesOf(data, other!));
});

test('unknown labels and codes are left out where they matter', () => {
  const data = examplesOf(
    [400, 400],
    [
      { name: 'a', values: 2 },
      { name: 'b', values: 2 },
    ],
  );
  data.labels![0] = UNKNOWN;
  for (let i = 0; i < 100; i++) data.attributes[0]!.codes[i] = UNKNOWN;
  for (let i = 0; i < 800; i++) data.attributes[1]!.codes[i] = UNKNOWN;
  const indices = control(data, { alignedShare: { a: 0.5 } });
  assert.ok(indices.length > 400 && indices.every((i) => i >= 100));
  const tail = control(data, { imbalance: 4 });
  assert.deepEqual(sizesOf(data, tail), [399, 99]);
});

test('random requests of random data are met exactly or refused, never in between', () => {
  const random = new Random(77);
  let met = 0;
  for (let round = 0; round < 300; round++) {
    const classes = Array.from({ length: 2 + random.below(4) }, () => 1 + random.below(300));
    const attributes = Array.from({ length: 1 + random.below(3) }, (_, a) => ({
      name: `a${a}`,
      values: 2 + random.below(3),
      goesWith: random.uniform(),
    }));
    const data = examplesOf(classes, attributes);
    const shares = Object.fromEntries(attributes.map(({ name }) => [name, random.below(21) / 20]));
    const asked: Partial<Control> = {
      alignedShare: shares,
      ...(random.below(2) && {
        imbalance: random.uniform(1, 20),
        imbalanceKind: random.below(2) ? 'step' : 'exponential',
      }),
      ...(random.below(3) === 0 && { examples: 1 + random.below(100) }),
    };
    let indices: Int32Array;
    try {
      indices = control(data, asked);
    } catch (error) {
      assert.match((error as Error).message, /^made \(train\)/);
      continue;
    }
    met++;
    if (asked.examples !== undefined) assert.equal(indices.length, asked.examples);
    for (const [a, { name }] of attributes.entries())
      for (const [label, size] of sizesOf(data, indices).entries()) {
        const found = alignedOf(data, indices, a, label).length;
        assert.ok(
          Math.abs(found - shares[name]! * size) <= 1,
          `${round}: ${found} of ${size}, ${shares[name]}`,
        );
      }
  }
  assert.ok(met > 100, `${met} of 300 could be met`);
});

test('some classes only: they keep their numbers, and each its share', () => {
  const data = examplesOf([100, 80, 60], [{ name: 'sex', values: 2 }]);
  const two = control(data, { where: { label: ['c0', 'c2'] } });
  assert.deepEqual(
    [...two],
    [...data.labels!.keys()].filter((i) => data.labels![i] !== 1),
  );
  const shared = control(data, { where: { label: ['c0', 'c2'], sex: ['v0', 'v1'] }, alignedShare: 0.9 });
  const sexes = data.attributes[0]!.codes;
  for (const [label, aligned] of [
    [0, 0],
    [2, 0],
  ]) {
    const members = [...shared].filter((i) => data.labels![i] === label);
    const share = members.filter((i) => sexes[i] === aligned).length / members.length;
    assert.ok(members.length > 0 && Math.abs(share - 0.9) < 0.02, `label ${label}: ${share}`);
  }
  assert.throws(() => control(data, { where: { label: ['dog'] } }), /made has no label=dog; its values: c0/);
  const own = { ...data, attributes: [{ ...data.attributes[0]!, name: 'label' }] };
  assert.deepEqual(control(own, { where: { label: ['v1'] } }), control(data, { where: { sex: ['v1'] } }));
});

test('what cannot be had is refused, and the message says what can', () => {
  const data = examplesOf([100, 50], [{ name: 'sex', values: 2 }]);
  const refuse = (more: Partial<Control>, message: RegExp, of = data): void =>
    assert.throws(() => control(of, more), message);
  refuse({ alignedShare: { age: 0.9 } }, /names the attribute age, and there is none; these are: sex/);
  refuse({ where: { age: ['old'] } }, /made has no attribute age; its attributes: sex/);
  refuse({ where: { sex: ['x'] } }, /made has no sex=x; its values: v0, v1/);
  refuse(
    { alignedShare: 0.9, examples: 150 },
    /examples is 150, of which 100 of label=c0, but only \d+ of it can be had; ask for \d+ or fewer/,
  );
  const can = control(data, { alignedShare: 0.9 }).length;
  assert.equal(control(data, { alignedShare: 0.9, examples: can }).length, can);
  const oneSided = { ...data, attributes: [{ ...data.attributes[0]!, codes: data.labels!.slice() }] };
  refuse(
    { alignedShare: 0.9 },
    /no example of label=c0 has sex=v1, which an alignedShare of sex=0\.9 asks for; take a share without it/,
    oneSided,
  );
  assert.equal(control(oneSided, { alignedShare: 1 }).length, 150);
  refuse({ where: { sex: ['v0'] }, alignedShare: 0.5 }, /no example of label=c0 has sex=v1/);
  refuse({ alignedShare: 0.5 }, /made has no attributes/, { ...data, attributes: [] });
  refuse({ imbalance: 2 }, /made has no labels/, { ...data, labels: undefined } as unknown as Described);
  refuse({ imbalance: 2 }, /no example of label=c2; imbalance needs all classes/, {
    ...data,
    classNames: ['c0', 'c1', 'c2'],
  });
});

test('conditions are read from text and from YAML', () => {
  assert.deepEqual(conditions.parse('a=x, a=y=z ,b=1'), { a: ['x', 'y=z'], b: ['1'] });
  assert.deepEqual(conditions.parse({ a: 'x', b: ['1', '2'] }), { a: ['x'], b: ['1', '2'] });
  assert.deepEqual(conditions.parse(conditions.parse('a=x')), { a: ['x'] });
  for (const wrong of ['', 'a', 'a=', '=x', 'a=x,'])
    assert.equal(conditions.safeParse(wrong).success, false, wrong);
});

test('a data set in a controlled setting has its pixels, groups and ids', () => {
  const spec = { name: 'shapes', examples: 800, alignedShare: 0.25 } as const;
  const dataset = drawShapes('train', spec);
  const plain = { ...dataset, attributes: dataset.attributes.map(({ alignedWith: _, ...rest }) => rest) };
  const setting = controlled(plain, { alignedShare: { ground: 0.9 }, seed: 0 });
  const { groups } = groupsOf(setting);
  const perClass = setting.shape.count / 4;
  for (const { aligned, count } of groups) if (aligned) assert.ok(Math.abs(count - 0.9 * perClass) <= 0.5);
  const size = 3 * 24 * 24;
  for (const [k, id] of setting.ids.entries()) {
    const i = dataset.ids.indexOf(id);
    assert.deepEqual(
      setting.images.subarray(k * size, (k + 1) * size),
      dataset.images.subarray(i * size, (i + 1) * size),
    );
  }
});

test('any data set takes the options of a setting, in its splits', async () => {
  const spec: DatasetSpec = {
    name: 'shapes',
    alignedShare: 0.7,
    examples: 400,
    testExamples: 400,
    imbalance: 10,
    testWhere: 'ground=sea,ground=brick',
    testAlignedShare: '50%',
    seed: 2,
  };
  await assert.rejects(loadDataset(spec), /no example of label=heart has ground=meadow/);
  const { train, test: held } = await loadDataset({ ...spec, testAlignedShare: undefined });
  assert.deepEqual(
    sizesOf(
      train,
      Int32Array.from(train.ids, (_, i) => i),
    ),
    [100, 46, 21, 10],
  );
  for (const { label, aligned, count } of groupsOf(train).groups)
    if (aligned) assert.ok(Math.abs(count - 0.7 * [100, 46, 21, 10][label]!) <= 1);
  assert.equal(held.shape.count, 200);
  assert.ok(held.attributes[0]!.codes.every((code) => code === 0 || code === 3));
  const reversed = await loadSplit({ ...spec, testWhere: undefined, testAlignedShare: 0.1 }, 'test');
  for (const { aligned, count } of groupsOf(reversed).groups) assert.equal(count, aligned ? 8 : 25);
  await assert.rejects(
    loadSplit({ ...spec, imbalance: undefined, imbalanceKind: 'step' }, 'train'),
    /imbalanceKind needs/,
  );
});
