import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { liveTensorCount } from '@la-ssl/torch';
import { Random } from '../random.js';
import { softmax } from './linear-classifier.js';
import { SoftmaxBlocks } from './softmax-blocks.js';
import { featureScale, standardised } from './standardise.js';

// Two blocks, the second shorter, and two stripes of the covariance. Label 1 has no example, every fifth counts nothing.
const [N, F] = [2100, 150];
const present = [0, 2, 5];
const random = new Random(3);
const features = Float32Array.from({ length: N * F }, (_, j) => random.normal() * (1 + (j % F)) + 2);
const labels = Int32Array.from({ length: N }, (_, i) => present[(i * i) % 3]!);
const weights = Float64Array.from({ length: N }, (_, i) => (i % 5 === 0 ? 0 : random.uniform()));
const total = weights.reduce((sum, weight) => sum + weight, 0);
const shares = weights.map((weight) => weight / total);
const scale = featureScale(features, shares);
const x = standardised(features, scale);
const width = F + 1;

function assertNear(actual: number, expected: number, what: string): void {
  assert.ok(Math.abs(actual - expected) < 1e-12, `${what}: ${actual} instead of ${expected}`);
}

describe('SoftmaxBlocks computes what plain loops compute', () => {
  it('cross-entropy and gradient', () => {
    const theta = Float64Array.from({ length: present.length * width }, () => random.normal() / 10);
    const expected = new Float64Array(theta.length);
    let loss = 0;
    for (let i = 0; i < N; i++) {
      const row = x.subarray(i * width, (i + 1) * width);
      const logits = Float64Array.from(present, (_, k) =>
        row.reduce((sum, value, f) => sum + value * theta[k * width + f]!, 0),
      );
      softmax(logits, present.length).forEach((p, k) => {
        const own = labels[i] === present[k] ? 1 : 0;
        loss -= own * shares[i]! * Math.log(p);
        for (let f = 0; f < width; f++) expected[k * width + f]! += shares[i]! * (p - own) * row[f]!;
      });
    }
    const before = liveTensorCount();
    const blocks = new SoftmaxBlocks({ features, labels }, shares, present, scale);
    const actual = blocks.crossEntropy(theta);
    blocks.dispose();
    assert.equal(liveTensorCount(), before);
    assertNear(actual.loss, loss, 'loss');
    assert.equal(actual.gradient.length, expected.length);
    expected.forEach((value, j) => {
      assertNear(actual.gradient[j]!, value, `gradient ${j}`);
    });
  });

  it('covariance, below the diagonal', () => {
    const blocks = new SoftmaxBlocks({ features, labels }, shares, present, scale);
    const covariance = blocks.lowerCovariance();
    const actual = covariance.toFloat64Array();
    covariance.dispose();
    blocks.dispose();
    for (let a = 0; a < width; a++) {
      for (let b = 0; b <= a; b++) {
        let sum = 0;
        for (let i = 0; i < N; i++) sum += shares[i]! * x[i * width + a]! * x[i * width + b]!;
        assertNear(actual[a * width + b]!, sum, `element ${a}, ${b}`);
      }
    }
  });
});
