import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultGenerator, empty, Generator, manualSeed, rand, randint, randn, randperm } from './index.js';
import { assertAllclose } from './testing.js';

/** Every kind of draw, from one generator. */
const draws = (generator?: Generator) => [
  rand([5], { generator }).tolist(),
  randn([20], { generator }).tolist(), // 16 and more are drawn in another way than fewer
  randn([3], { generator }).tolist(),
  randint(0, 100, [5], { generator }).tolist(),
  randperm(10, { generator }).tolist(),
  empty([4]).uniform_({ from: -1, to: 1, generator }).tolist(),
  empty([4]).normal_({ mean: 2, std: 3, generator }).tolist(),
  empty([4]).bernoulli_(0.5, { generator }).tolist(),
];

test('the same seed gives the same numbers, another seed others', () => {
  assert.deepEqual(draws(new Generator(5)), draws(new Generator(5)));
  assert.notDeepEqual(draws(new Generator(5)), draws(new Generator(6)));
  const generator = new Generator(1);
  generator.seed(5);
  assert.deepEqual(draws(generator), draws(new Generator(5)));
  assert.deepEqual(draws(new Generator(2n ** 62n)), draws(new Generator(2n ** 62n)));
});

test("a generator's state resumes in the middle, also in another generator", () => {
  const generator = new Generator(5);
  draws(generator);
  randn([1], { generator }); // a normal draw leaves its twin behind, which is part of the state
  const state = generator.getState();
  assert.equal(state.dtype, 'uint8');
  const expected = draws(generator);
  generator.setState(state);
  assert.deepEqual(draws(generator), expected);
  const other = new Generator(77);
  other.setState(state);
  assert.deepEqual(draws(other), expected);
});

test('a generator of its own leaves the default one alone', () => {
  manualSeed(3);
  const expected = draws();
  manualSeed(3);
  draws(new Generator(3));
  assert.deepEqual(draws(), expected);
});

test('manualSeed and the state of the default generator', () => {
  manualSeed(1);
  const first = draws();
  const state = defaultGenerator.getState();
  const second = draws();
  assert.notDeepEqual(second, first);
  manualSeed(1);
  assert.deepEqual(draws(), first);
  defaultGenerator.setState(state);
  assert.deepEqual(draws(), second);
});

test('the numbers are those of PyTorch', () => {
  // torch.manual_seed(0); torch.rand(3), torch.randn(2): PyTorch 1.13.1
  manualSeed(0);
  assertAllclose(rand([3]), [0.49625658988952637, 0.7682217955589294, 0.08847743272781372]);
  assertAllclose(randn([2]), [0.3643381893634796, 0.13439632952213287]);
});
