import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { liveTensorCount } from '@la-ssl/torch';
import { Random } from '../random.js';
import { probeLogits } from './fit-probe.js';
import { mostLikely } from './linear-classifier.js';
import { type LinearProbeOptions, linearProbe } from './linear-probe.js';
import { probeMetrics } from './metrics.js';
import type { ProbeSet } from './probe-outcome.js';

const K = 3;
const FEATURES = 8;

/**
 * Features that hold the attribute plainly and the label faintly: one unit vector of three for each, four and one
 * and a half deviations long. `alignedShare` of the examples have attribute = label.
 */
function drawn(
  count: number,
  alignedShare: number,
  seed: number,
  labelSize = 1.5,
): Required<Omit<ProbeSet, 'clusters'>> {
  const random = new Random(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % K);
  const attribute = labels.map((label) =>
    random.uniform() < alignedShare ? label : (label + 1 + random.below(K - 1)) % K,
  );
  const features = Float32Array.from({ length: count * FEATURES }, (_, j) => {
    const [i, f] = [Math.floor(j / FEATURES), j % FEATURES];
    const signal = (f === attribute[i] ? 4 : 0) + (f === K + labels[i]! ? labelSize : 0);
    return signal + random.normal();
  });
  const names = Array.from({ length: K * K }, (_, g) => ({ name: `y=${Math.floor(g / K)},a=${g % K}` }));
  const groupOf = labels.map((label, i) => label * K + attribute[i]!);
  const aligned = labels.map((label, i) => (label === attribute[i] ? 1 : 0));
  return { features, labels, attribute, groups: { groups: names, groupOf, aligned } };
}

const train = drawn(1500, 0.95, 1);
const test = drawn(900, 1 / K, 2);
const probe = (options: Partial<LinearProbeOptions> = {}) =>
  linearProbe({ train, test, seed: 0, balancedSubsets: 3, l2Grid: [1e-4, 1e-2], ...options });
const standard = await probe();

describe('linearProbe', () => {
  it('shows what an easy attribute does to the biased probe, and what the features hold without it', async () => {
    const { biased, balanced, attribute, warnings } = standard;
    assert.ok(balanced && attribute);
    assert.deepEqual(warnings, []);
    const conflicting = biased.metrics.conflicting!;
    assert.ok(conflicting.value < 0.45 && biased.metrics.aligned!.value > 0.95);
    assert.ok(balanced.metrics.conflicting!.low > conflicting.high, 'the balanced probe is better there');
    assert.ok(balanced.metrics.overall.low > biased.metrics.overall.high);
    assert.ok(balanced.metrics.worstGroup!.value > biased.metrics.worstGroup!.value);
    assert.ok(attribute.metrics.overall.value > 0.9);
    // The unbiased accuracy counts groups alike; here they are about equal.
    assert.ok(Math.abs(biased.metrics.unbiased!.value - biased.metrics.overall.value) < 0.02);
    assert.equal(Object.keys(biased.metrics.groups).length, K * K);
  });

  it('keeps the predictions that the accuracies come from: the mean of the fits', async () => {
    const { balanced } = await probe({ l2: 1e-2 });
    assert.equal(balanced!.fits.length, 3);
    const { unbiased: _, ...metrics } = balanced!.metrics;
    assert.deepEqual(metrics, probeMetrics(balanced!.predictions, test.labels, test.groups));
    const single = balanced!.fits.map((fit) => probeLogits([fit], test.features));
    const mean = single[0]!.map((_, i) => single.reduce((sum, logits) => sum + logits[i]!, 0) / 3);
    assert.deepEqual(mostLikely(mean, K), balanced!.predictions);
    assert.ok(single.some((logits) => mostLikely(logits, K).some((y, i) => y !== balanced!.predictions[i])));
  });

  it('never looks at the test set to fit', async () => {
    const turned = { ...test, labels: test.labels.map((y) => (y + 1) % K), attribute: test.labels };
    const other = await probe({ test: turned });
    for (const part of ['biased', 'balanced', 'attribute'] as const) {
      assert.deepEqual(other[part]!.fits, standard[part]!.fits);
      assert.deepEqual(other[part]!.predictions, standard[part]!.predictions);
      assert.notDeepEqual(other[part]!.metrics, standard[part]!.metrics);
    }
  });

  it('gives the same by the same seed, and other subsets by another', async () => {
    const [again, other] = [await probe(), await probe({ seed: 1 })];
    assert.deepEqual(again, standard);
    assert.notDeepEqual(other.balanced!.fits[0]!.mean, standard.balanced!.fits[0]!.mean);
    // With l2 given, nothing about the biased probe is random.
    const fixed = await Promise.all([0, 1].map((seed) => probe({ seed, l2: 1e-3 })));
    assert.deepEqual(fixed[0]!.biased, fixed[1]!.biased);
    assert.deepEqual([fixed[0]!.biased.l2, fixed[0]!.biased.validation], [1e-3, []]);
  });

  it('chooses a strong penalty for noise and a weak one for classes far apart, from training data', async () => {
    const noise = drawn(300, 1 / K, 4, 0);
    const clear = drawn(300, 1 / K, 5, 12);
    const { biased: noisy } = await linearProbe({ train: noise, test, seed: 0, balancedSubsets: 1 });
    const { biased: plain } = await linearProbe({ train: clear, test, seed: 0, balancedSubsets: 1 });
    assert.ok(noisy.l2 >= 1e-1, `${noisy.l2}`);
    assert.ok(plain.l2 <= 1e-3, `${plain.l2}`);
    assert.deepEqual(
      noisy.validation.map(({ l2 }) => l2),
      [1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6],
    );
    const best = noisy.validation.find(({ l2 }) => l2 === noisy.l2)!;
    assert.ok(noisy.validation.every(({ loss }) => loss >= best.loss));
    // Of three classes and features that say nothing, a third is right: ln 3 at best.
    assert.ok(Math.abs(best.loss - Math.log(3)) < 0.05, `${best.loss}`);
  });

  it('chooses the penalty on validation examples where there are some, whatever of them is not known', async () => {
    const validation = drawn(300, 1 / K, 21);
    const before = await probe({ validation });
    // The attribute misleads there, so to lean on it less is better than training examples would have it.
    const own = before.biased.validation.find(({ l2 }) => l2 === before.biased.l2)!;
    assert.ok(before.biased.validation.every(({ loss }) => loss >= own.loss));
    assert.ok(own.loss > standard.biased.validation[0]!.loss);
    assert.equal(before.balanced!.examples, standard.balanced!.examples);
    const other = await probe({
      validation: { ...validation, labels: validation.labels.map((y) => (y + 1) % K) },
    });
    assert.notDeepEqual(other.biased.validation, before.biased.validation);
    const unknown = validation.attribute.map((code, i) => (i % 2 ? -1 : code));
    const half = await probe({ validation: { ...validation, attribute: unknown } });
    assert.notDeepEqual(half.attribute!.validation, before.attribute!.validation);
  });

  it('leaves out of the attribute probe whose attribute is not known, and predicts it', async () => {
    const hidden = (set: Required<Omit<ProbeSet, 'clusters'>>) => ({
      ...set,
      attribute: set.attribute.map((code, i) => (i % 3 === 0 ? -1 : code)),
    });
    const found = await probe({ train: hidden(train), test: hidden(test), l2: 1e-2 });
    assert.equal(found.attribute!.examples, 1000);
    assert.equal(found.attribute!.metrics.overall.count, 600);
    assert.equal(found.attribute!.predictions.length, 900);
  });

  it('balances aligned against conflicting examples where asked', async () => {
    const aligned = await probe({ balancing: 'aligned-vs-conflicting', l2: 1e-2 });
    const conflicting = Array.from(train.groups.aligned!).filter((a) => a === 0).length;
    assert.equal(aligned.balanced!.examples, 2 * conflicting);
    const sizes = new Array<number>(K * K).fill(0);
    for (const g of Array.from(train.groups.groupOf)) sizes[g]!++;
    assert.equal(standard.balanced!.examples, K * K * Math.min(...sizes));
  });

  it('warns where a probe has not converged', async () => {
    const { biased, warnings } = await probe({ l2: 1e-4, maxIterations: 1 });
    assert.equal(biased.converged, false);
    assert.equal(warnings.length, 3);
    assert.match(warnings[0]!, /The biased probe has not converged: 1 of 1 fits ended by iterations/);
    assert.match(warnings[1]!, /The balanced probe .* 3 of 3 fits/);
  });

  it('warns where a group is too small to balance by', async () => {
    const { warnings, balanced } = await probe({ train: drawn(300, 0.97, 8), l2: 1e-2 });
    assert.equal(balanced!.examples, 8); // the ninth group is empty
    assert.deepEqual(warnings.length, 1);
    assert.match(warnings[0]!, /on 8 examples at a time, 1 of each of 8 groups/);
  });

  it('tells how far it is, leaves no tensor behind, and stops when asked', async () => {
    const before = liveTensorCount();
    const told: number[][] = [];
    await probe({ onProgress: (...args) => told.push(args) });
    const total = (1 + 3 + 1) * (2 + 1);
    assert.deepEqual(
      told,
      Array.from({ length: total }, (_, i) => [i + 1, total]),
    );
    assert.equal(liveTensorCount(), before);
    const controller = new AbortController();
    const stopped = probe({
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await assert.rejects(stopped, /enough/);
    assert.equal(liveTensorCount(), before);
  });

  it('does with what there is: no groups, no attribute', async () => {
    const bare = ({ features, labels }: ProbeSet) => ({ features, labels });
    const result = await linearProbe({ train: bare(train), test: bare(test), seed: 0, l2: 1e-3 });
    assert.deepEqual([result.balanced, result.attribute], [null, null]);
    const { metrics } = result.biased;
    assert.deepEqual([metrics.conflicting, metrics.worstGroup, metrics.unbiased], [null, null, null]);
    assert.equal(metrics.overall.count, 900);
  });

  it('refuses sets that do not fit together', async () => {
    const narrow = { ...test, features: test.features.subarray(0, 900 * 4) };
    await assert.rejects(probe({ test: narrow }), /train has 8 features for each label, test 4/);
    const { attribute: _, ...without } = test;
    await assert.rejects(probe({ test: without }), /Only train has an attribute/);
    await assert.rejects(
      probe({ train: { ...train, attribute: Int32Array.of(1) } }),
      /train\.attribute has 1 entries for 1500/,
    );
    await assert.rejects(probe({ balancedSubsets: 0 }), RangeError);
    await assert.rejects(probe({ l2Grid: [] }), /l2Grid is empty/);
    const few = drawn(6, 1, 9);
    await assert.rejects(probe({ train: few }), /none can be held out to choose l2; give l2/);
  });
});
