import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { normalCdf, normalQuantile, studentCdf, studentQuantile, studentTwoSided } from './distributions.js';

interface Reference {
  normal: { p: number; x: number }[];
  normalCdf: { x: number; p: number }[];
  student: { df: number; p: number; t: number }[];
  studentCdf: { df: number; t: number; p: number }[];
}
const reference: Reference = JSON.parse(
  readFileSync(new URL('../../fixtures/evaluation/reference.json', import.meta.url), 'utf8'),
);

function assertClose(actual: number, expected: number, relative: number, absolute = 0): void {
  const allowed = relative * Math.abs(expected) + absolute;
  assert.ok(Math.abs(actual - expected) <= allowed, `${actual} is not ${expected} ± ${allowed}`);
}

describe('the normal distribution', () => {
  it('equals scipy', () => {
    for (const { x, p } of reference.normalCdf) assertClose(normalCdf(x), p, 1e-14, 1e-15);
    for (const { p, x } of reference.normal) assertClose(normalQuantile(p), x, 1e-11, 1e-15);
  });

  it('refuses quantiles of what is no probability in (0, 1)', () => {
    for (const p of [0, 1, -0.5, Number.NaN]) assert.throws(() => normalQuantile(p), new RegExp(`got ${p}`));
  });
});

describe("Student's distribution", () => {
  it('equals scipy', () => {
    for (const { df, t, p } of reference.studentCdf) assertClose(studentCdf(t, df), p, 1e-12, 1e-15);
    for (const { df, p, t } of reference.student) assertClose(studentQuantile(p, df), t, 1e-11, 1e-13);
  });

  it("is Cauchy's at one degree of freedom", () => {
    for (const t of [-3, 0, 0.5, 1]) assertClose(studentCdf(t, 1), 0.5 + Math.atan(t) / Math.PI, 1e-15);
    assertClose(studentQuantile(0.0005, 1), -1 / Math.tan(0.0005 * Math.PI), 1e-11);
  });

  it('has both tails in the two-sided probability', () => {
    assertClose(studentTwoSided(-2, 6), 2 * studentCdf(-2, 6), 1e-13);
    assert.equal(studentTwoSided(0, 6), 1);
    assert.equal(studentTwoSided(Number.POSITIVE_INFINITY, 6), 0);
  });

  it('refuses degrees of freedom that are not whole and positive', () => {
    for (const df of [0, 1.5, Number.NaN]) assert.throws(() => studentCdf(1, df), new RegExp(`got ${df}`));
  });
});
