import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Random } from '../random.js';
import { holm } from './holm.js';

const near = (found: number[], expected: number[]) =>
  assert.ok(
    found.length === expected.length && found.every((p, i) => Math.abs(p - expected[i]!) < 1e-12),
    `${found}`,
  );

it("is R's p.adjust, in the order given", () => {
  // p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
  near(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]);
  near(holm([0.6, 0.5]), [1, 1]);
  near(holm([0.2]), [0.2]);
  assert.deepEqual(holm([]), []);
  assert.throws(() => holm([0.1, 1.2]), /from 0 to 1, got 1\.2/);
});

it('makes a false claim in at most 5 % of families of true hypotheses, though each alone would in 5 %', () => {
  const random = new Random(6);
  let claims = 0;
  for (let trial = 0; trial < 4000; trial++) {
    const pValues = Array.from({ length: 6 }, () => random.uniform());
    if (holm(pValues).some((p) => p < 0.05)) claims++;
  }
  assert.ok(claims / 4000 > 0.035 && claims / 4000 < 0.062, `${claims / 4000}`); // 0.049 ± 4 deviations
});
