/** LateTVG, conditional and adversarial SimCLR against PyTorch (`fixtures/remedies/make.py`), and what each promises. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  call,
  cat,
  crossEntropyLoss,
  eye,
  fromData,
  Generator,
  noGrad,
  scope,
  type Tensor,
} from '@la-ssl/torch';
import { assertAllclose } from '@la-ssl/torch/testing';
import { noise } from '../models/formula-noise.test.support.js';
import { Random } from '../random.js';
import {
  AdversarialSimCLR,
  type AdversarialSimCLROptions,
  LateTVG,
  type LateTVGOptions,
  METHODS,
  ntXent,
  reverseGradient,
  risingWeight,
  SimCLR,
  type SimCLROptions,
} from './index.js';
import { unit } from './similarity.js';
import { context } from './step-context.test.support.js';
import {
  assertGradient,
  assertStepsAsOfficial,
  lossesOf,
  noisyPair,
  officialStep,
  tinyEncoder,
} from './two-views.test.support.js';

const SIZES = { temperature: 0.5, hidden: 24, projections: 8 };
const EXAMPLES = Int32Array.of(4, 1, 4, 0, 2, 3);
const ATTRIBUTES = Int32Array.of(0, 2, 0, 2, 1, 0);
const common = (): SimCLROptions => ({ encoder: tinyEncoder(), ...SIZES, generator: new Generator(0) });

const conditional = (): SimCLR => new SimCLR({ ...common(), sameAttribute: true });
const adversarial = (options: Partial<AdversarialSimCLROptions> = {}): AdversarialSimCLR =>
  new AdversarialSimCLR({ ...common(), attributeValues: 3, adversaryHidden: 10, ...options });
const lateTVG = (options: Partial<LateTVGOptions> = {}): LateTVG =>
  new LateTVG({ ...common(), newEncoder: tinyEncoder, latePruning: 0.6, lateLayers: 3, ...options });

const values = (tensors: ReadonlyMap<string, Tensor>): Map<string, Float64Array> =>
  new Map([...tensors].map(([name, tensor]) => [name, tensor.toFloat64Array()]));

describe('a step equals that of PyTorch, an example drawn twice among its six, of', () => {
  it('conditional SimCLR, where one example has no negative', () =>
    assertStepsAsOfficial(
      conditional(),
      officialStep('conditional', 'remedies'),
      context(EXAMPLES, { attributes: ATTRIBUTES }),
    ));

  it('adversarial SimCLR', () =>
    assertStepsAsOfficial(
      adversarial({ adversaryWeight: 0.7 }),
      officialStep('adversarial', 'remedies'),
      context(EXAMPLES, { attributes: ATTRIBUTES, progress: 0.3 }),
      1e-5, // its weights have the key of other noise, of which one in an early layer rounds to the next float32
    ));

  it('LateTVG', () =>
    assertStepsAsOfficial(lateTVG(), officialStep('late-tvg', 'remedies'), context(EXAMPLES)));
});

describe('the same weights at first as SimCLR, so that runs of a seed compare:', () => {
  const first = values(new SimCLR(common()).stateDict());
  for (const [name, method] of Object.entries({
    conditional: conditional(),
    adversarial: adversarial(),
    'late-tvg': lateTVG(),
  })) {
    it(name, () => {
      const own = values(method.stateDict());
      for (const [weight, numbers] of first) assert.deepEqual(own.get(weight), numbers, weight);
    });
  }
});

describe('conditional SimCLR', () => {
  it('is SimCLR where all examples have one value, and the mean of the values apart where they have several', () =>
    scope(() => {
      const [a, b] = noisyPair(7, 4, 11).map(unit) as [Tensor, Tensor];
      const rows = (which: readonly number[]): Tensor => {
        const pick = (of: Tensor): Tensor[] => which.map((i) => of.narrow(0, i, 1));
        return cat([...pick(a), ...pick(b)]);
      };
      const loss = (which: readonly number[], attributes?: number[]): number =>
        ntXent(rows(which), {
          temperature: 0.3,
          ...(attributes && { attributes: Int32Array.from(attributes) }),
        }).item();
      const all = [0, 1, 2, 3, 4, 5, 6];
      assert.equal(loss(all, Array(7).fill(5)), loss(all));
      const apart = (3 * loss([0, 2, 5]) + 4 * loss([1, 3, 4, 6])) / 7;
      assert.ok(Math.abs(loss(all, [0, 1, 0, 1, 1, 0, 1]) - apart) < 1e-12);
      assert.equal(loss(all, all), 0, 'no negatives at all');
    }));

  it('is CCL-K with a kernel of equal values, but for its factor (n − 1) / (m + λ) on the negatives of a value', () =>
    scope(() => {
      const [n, lambda, temperature] = [7, 0.01, 0.3];
      const values = [0, 1, 0, 1, 1, 0, 1];
      const [a, b] = noisyPair(n, 4, 11).map(unit) as [Tensor, Tensor];
      const equal = values.flatMap((v) => values.map((w) => Number(v === w)));
      const kernel = fromData(Float64Array.from(equal), [n, n]);
      const ridge = kernel.add(eye(n, { dtype: 'float64' }).mul(lambda));
      const solved = call('aten::linalg_solve', ridge, kernel) as Tensor;
      const weights = solved.tolist() as number[][];
      const z = [...(a.tolist() as number[][]), ...(b.tolist() as number[][])];
      const score = (i: number, k: number): number =>
        Math.exp(z[i]!.reduce((sum, value, d) => sum + value * z[k]![d]!, 0) / temperature);
      let cclk = 0;
      for (let i = 0; i < 2 * n; i++) {
        const m = values.filter((value) => value === values[i % n]).length;
        const partner = score(i, (i + n) % (2 * n));
        let negatives = 0;
        for (let k = 0; k < 2 * n; k++) {
          if (k % n !== i % n) negatives += (n - 1) * weights[k % n]![i % n]! * score(i, k);
        }
        cclk += Math.log(1 + ((negatives / partner) * (m + lambda)) / (n - 1)) / (2 * n);
      }
      const attributes = Int32Array.from(values);
      assert.ok(Math.abs(ntXent(cat([a, b]), { temperature, attributes }).item() - cclk) < 1e-12);
    }));

  it('has the gradient of finite differences, of views without negatives too', () =>
    scope(() => {
      const options = { temperature: 0.5, indices: EXAMPLES, attributes: ATTRIBUTES };
      assertGradient(([z]) => ntXent(unit(z!), options), [noise([12, 3], 4).to('float64')]);
    }));

  it('refuses a step without attributes, or of another number', () =>
    scope(() => {
      const pair = [0, 1].map((key) => noise([6, 3, 8, 8], key));
      assert.throws(() => conditional().forward(pair, context(EXAMPLES)), /needs the attribute of each/);
      const few = context(EXAMPLES, { attributes: Int32Array.of(0, 1) });
      assert.throws(() => conditional().forward(pair, few), /attributes must be of the 6 .* got 2/);
    }));
});

describe('gradient reversal', () => {
  it('changes no bit of the values, and turns the gradient by −λ', () =>
    scope(() => {
      for (const weight of [0, 0.3, 1, 17]) {
        const x = noise([5, 4], 3).requiresGrad_();
        const reversed = reverseGradient(x, weight);
        assert.deepEqual(reversed.toFloat64Array(), x.toFloat64Array());
        reversed.square().sum().backward();
        assertAllclose(x.grad!, x.detach().mul(-2 * weight), { rtol: 1e-6, atol: 0 });
      }
    }));

  it('has the gradient of the finite differences of −λ times the loss, its head that of the loss', () =>
    scope(() => {
      const [x, w] = [noise([5, 4], 3).to('float64'), noise([4, 3], 8).to('float64')];
      const targets = fromData(Int32Array.of(0, 2, 1, 1, 0)).to('int64');
      const headLoss = (features: Tensor, head: Tensor): Tensor =>
        crossEntropyLoss(features.mm(head).tanh(), targets);
      const [reached, own] = [x.clone().requiresGrad_(), w.clone().requiresGrad_()];
      headLoss(reverseGradient(reached, 0.6), own).backward();
      const differences = (of: Tensor, loss: (moved: Tensor) => Tensor): Tensor => {
        const values = of.toFloat64Array();
        const at = (i: number, by: number): number =>
          loss(fromData(values.with(i, values[i]! + by), of.shape)).item();
        return fromData(
          values.map((_, i) => (at(i, 1e-5) - at(i, -1e-5)) / 2e-5),
          of.shape,
        );
      };
      const near = { rtol: 1e-6, atol: 1e-9 };
      assertAllclose(
        reached.grad!,
        differences(x, (moved) => headLoss(moved, w).mul(-0.6)),
        near,
      );
      assertAllclose(
        own.grad!,
        differences(w, (moved) => headLoss(x, moved)),
        near,
      );
    }));

  it('rises from 0 to 1 as 2 / (1 + exp(−10 p)) − 1, which is tanh(5 p)', () => {
    for (const progress of [0, 0.01, 0.1, 0.5, 1]) {
      assert.ok(Math.abs(risingWeight(progress) - Math.tanh(5 * progress)) < 1e-15);
    }
  });
});

describe('adversarial SimCLR', () => {
  const pair = (): Tensor[] => [0, 1].map((key) => noise([6, 3, 8, 8], key));
  const gradients = (method: SimCLR, progress: number): Map<string, Float64Array> =>
    scope(() => {
      const where = context(EXAMPLES, { attributes: ATTRIBUTES, progress });
      method.forward(pair(), where).loss.backward();
      return new Map([...method.namedParameters()].map(([name, one]) => [name, one.grad!.toFloat64Array()]));
    });

  it('leaves the encoder to SimCLR at first and with weight 0, while the head learns', () => {
    const plain = gradients(new SimCLR(common()), 0);
    const cases = [
      gradients(adversarial(), 0),
      gradients(adversarial({ adversaryWeight: 0, adversarySchedule: 'constant' }), 0.5),
    ];
    for (const own of cases) {
      for (const [name, numbers] of plain) assert.deepEqual(own.get(name), numbers, name);
      assert.ok(own.get('adversary.3.weight')!.some((number) => number !== 0));
    }
    const turned = gradients(adversarial({ adversarySchedule: 'constant' }), 0);
    assert.notDeepEqual(turned.get('encoder.conv1.weight'), plain.get('encoder.conv1.weight'));
    assert.deepEqual(turned.get('projector.3.weight'), plain.get('projector.3.weight'));
  });

  it('tells both parts of its loss', () =>
    scope(() => {
      const where = context(EXAMPLES, { attributes: ATTRIBUTES });
      const { loss, terms } = adversarial().forward(pair(), where);
      const { contrastive, adversary } = terms!;
      assert.ok(Math.abs(contrastive!.item() + adversary!.item() - loss.item()) < 1e-5);
      assert.equal(contrastive!.requiresGrad || adversary!.requiresGrad, false);
    }));

  it('refuses a weight below 0, a single value, and a step without attributes', () =>
    scope(() => {
      assert.throws(() => adversarial({ adversaryWeight: -1 }), /adversaryWeight must be ≥ 0/);
      assert.throws(() => adversarial({ attributeValues: 1 }), /attributeValues must be .* got 1/);
      assert.throws(() => adversarial().forward(pair(), context(EXAMPLES)), /needs the attribute of each/);
    }));
});

describe('LateTVG', () => {
  const pair = (): Tensor[] => [0, 1].map((key) => noise([6, 3, 8, 8], key));

  it('prunes the share of the smallest late weights, all layers together, as torch.nn.utils.prune', () =>
    scope(() => {
      const method = lateTVG();
      method.forward(pair(), context(EXAMPLES));
      const state = method.stateDict();
      const late = ['layer4.0.conv2.weight', 'layer4.1.conv1.weight', 'layer4.1.conv2.weight'];
      const kept: number[] = [];
      const gone: number[] = [];
      for (const name of late) {
        const weights = state.get(`encoder.${name}`)!.toFloat64Array();
        const pruned = state.get(`pruned_encoder.${name}`)!.toFloat64Array();
        weights.forEach((weight, i) => {
          if (pruned[i] === 0) gone.push(Math.abs(weight));
          else assert.equal(pruned[i], weight);
          if (pruned[i] !== 0) kept.push(Math.abs(weight));
        });
      }
      assert.equal(gone.length, Math.round(0.6 * (gone.length + kept.length)));
      assert.ok(gone.reduce((a, b) => Math.max(a, b)) <= kept.reduce((a, b) => Math.min(a, b)));
      for (const [name, weight] of method.encoder.namedParameters()) {
        if (late.includes(name)) continue;
        assert.deepEqual(
          state.get(`pruned_encoder.${name}`)!.toFloat64Array(),
          weight.toFloat64Array(),
          name,
        );
      }
    }));

  it('gives the optimizer the weights of the encoder only, and them the gradient of both views', () =>
    scope(() => {
      const method = lateTVG();
      const trained = (): string[] =>
        [...method.namedParameters()].filter(([, one]) => one.requiresGrad).map(([name]) => name);
      const before = trained();
      assert.ok(before.every((name) => !name.startsWith('pruned_')));
      const where = context(EXAMPLES);
      const { loss } = method.forward(pair(), where);
      loss.backward();
      const weight = method.encoder.namedParameters().get('layer4.1.conv2.weight')!;
      const alone = weight.grad!.toFloat64Array();
      method.afterBackward();
      const both = weight.grad!.toFloat64Array();
      const pruned = method.stateDict().get('pruned_encoder.layer4.1.conv2.weight')!.toFloat64Array();
      pruned.forEach((value, i) => {
        if (value === 0) assert.equal(both[i], alone[i]);
      });
      assert.ok(both.some((value, i) => value !== alone[i]));
      assert.deepEqual(trained(), before);
      assert.ok(
        [...method.namedParameters()].every(([name, { grad }]) => !name.startsWith('pruned_') || !grad),
      );
    }));

  it('keeps the whole encoder, or the pruned one of the weights as they stand', () =>
    scope(() => {
      const zeros = ({ encoder }: LateTVG): number =>
        encoder.namedParameters().get('layer4.1.conv2.weight')!.eq(0).sum().item();
      assert.equal(zeros(lateTVG()), 0);
      const method = lateTVG({ keepPruned: true });
      const whole = method.stateDict().get('encoder.layer4.1.conv2.weight')!;
      assert.ok(zeros(method) > 0.3 * whole.numel);
      noGrad(() => whole.mul_(1e-6));
      method.afterStep();
      assert.equal(zeros(method), whole.numel, 'all of it is among the smallest now');
      const [one, other] = [true, false].map((keepPruned) =>
        lateTVG({ keepPruned }).forward(pair(), context(EXAMPLES)).loss.item(),
      );
      assert.equal(one, other);
    }));

  it('scores by the whole encoder and the pruned one, weights as they are now', () =>
    scope(() => {
      const method = lateTVG().eval();
      const speed = (): Float64Array =>
        noGrad(() => method.similarity(pair(), new Random(0))).toFloat64Array();
      const before = speed();
      assert.deepEqual(speed(), before);
      noGrad(() => method.encoder.namedParameters().get('layer4.1.conv2.weight')!.mul_(3));
      assert.notDeepEqual(speed(), before);
    }));

  it('refuses a share of nothing or all, and more layers than there are', () => {
    for (const latePruning of [0, 1, Number.NaN]) {
      assert.throws(() => lateTVG({ latePruning }), /latePruning must be > 0 and < 1/);
    }
    for (const lateLayers of [0, 21, 1.5]) {
      assert.throws(() => lateTVG({ lateLayers }), /lateLayers must be a whole number from 1 to 20/);
    }
  });

  it('learns, in bfloat16 too', () => {
    for (const bfloat16 of [false, true]) {
      const method = lateTVG({ bfloat16 });
      const losses = lossesOf(method, 12, 0.1);
      assert.ok(losses.at(-1)! < losses[0]! - 0.1, losses.join());
    }
  });
});

it('the remedies that go by the attribute say so', () => {
  const needing = Object.entries(METHODS).filter(([, spec]) => 'needs' in spec);
  assert.deepEqual(
    needing.map(([name]) => name),
    ['conditional', 'adversarial'],
  );
});
