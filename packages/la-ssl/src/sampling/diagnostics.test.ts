import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import {
  conflictingIsSlower,
  effectiveSampleSize,
  samplingDiagnostics,
  shareByGroup,
} from './diagnostics.js';
import { SPEED_QUANTILES } from './group-diagnostics.js';
import { quantile } from './quantile.js';

describe('effectiveSampleSize', () => {
  it('is N for uniform, 1 for a single example, k for k equal ones, whatever the sum', () => {
    assert.equal(effectiveSampleSize([0.25, 0.25, 0.25, 0.25]), 4);
    assert.equal(effectiveSampleSize([0, 1, 0]), 1);
    assert.equal(effectiveSampleSize([0.5, 0, 0.5, 0]), 2);
    assert.equal(effectiveSampleSize([3, 3, 0]), 2);
  });
});

describe('conflictingIsSlower', () => {
  it('is 1 where every conflicting example is slower, 0 where faster, null where a kind is missing', () => {
    assert.equal(conflictingIsSlower([1, 2, 5, 6], [true, true, false, false]), 1);
    assert.equal(conflictingIsSlower([1, 2, 5, 6], [0, 0, 1, 1]), 0);
    assert.equal(conflictingIsSlower([1, 3, 2, 3], [1, 1, 0, 0]), 0.625); // right, right, wrong, half
    assert.equal(conflictingIsSlower([1, 2], [0, 0]), null);
  });
});

describe('shareByGroup', () => {
  it('adds up the probabilities of each group', () => {
    const shares = shareByGroup([0.5, 0.125, 0.25, 0.125], ['y=0,a=1', 'y=1,a=1', 'y=0,a=1', 'y=0,a=0']);
    assert.deepEqual(shares, { 'y=0,a=1': 0.75, 'y=1,a=1': 0.125, 'y=0,a=0': 0.125 });
  });
});

describe('samplingDiagnostics', () => {
  const probabilities = [0.5, 0.25, 0.25, 0, 0];

  it('tells what the probabilities alone tell, and null for the rest', () => {
    assert.deepEqual(samplingDiagnostics({ probabilities }), {
      effectiveSampleSize: 1 / 0.375,
      effectiveSampleShare: 1 / 0.375 / 5,
      nonZeroShare: 0.6,
      maxProbability: 0.5,
      conflictingShare: null,
      meanSpeedAligned: null,
      meanSpeedConflicting: null,
      conflictingIsSlower: null,
      conflictingPrecision: null,
      rankCorrelation: null,
      agreement: null,
      byGroup: null,
      byAlignment: null,
    });
  });

  it('leaves out speeds that are not known, now or at the update before', () => {
    const found = samplingDiagnostics({
      probabilities,
      speeds: [1, 2, 4, 8, Number.NaN],
      seen: [1, 1, 1, 1, 0],
      previousSpeeds: [3, 2, 4, 0, 5],
      news: [9, Number.NaN, 1, 7, Number.NaN],
      conflicting: [1, 0, 1, 0, 1],
      groups: { codes: [0, 2, 0, 2, -1], names: ['a', 'b', 'c'] },
    });
    assert.equal(found.conflictingShare, 0.75);
    assert.equal(found.meanSpeedAligned, 5); // of 2 and 8
    assert.equal(found.meanSpeedConflicting, 2.5); // of 1 and 4
    assert.equal(found.conflictingIsSlower, 0.75); // 1 < 2, 1 < 8, 4 < 8, not 4 < 2
    assert.equal(found.conflictingPrecision, 0.5); // of 1 and 2, as there are two known ones
    assert.equal(found.rankCorrelation, 0.5); // ranks 1 2 3 and 2 1 3
    assert.equal(found.agreement, -1); // 9 and 1 against 3 and 4
    assert.deepEqual(found.byGroup, {
      a: {
        examples: 2,
        drawShare: 0.75,
        meanSpeed: 2.5,
        speedQuantiles: [1.15, 1.75, 2.5, 3.25, 4 - 3 * (1 - 0.95)],
      },
      c: {
        examples: 2,
        drawShare: 0.25,
        meanSpeed: 5,
        speedQuantiles: [2.3, 3.5, 5, 6.5, 8 - 6 * (1 - 0.95)],
      },
    });
    assert.equal(found.byAlignment?.conflicting?.examples, 3);
  });

  it('is null where there is no example of a kind', () => {
    const found = samplingDiagnostics({
      probabilities,
      speeds: [1, 2, 3, 4, 5],
      conflicting: [0, 0, 0, 0, 0],
    });
    assert.equal(found.meanSpeedAligned, 3);
    assert.equal(found.meanSpeedConflicting, null);
    assert.equal(found.conflictingIsSlower, null);
    assert.equal(found.conflictingPrecision, null);
    assert.equal(found.conflictingShare, 0);
  });

  it('tells the quantiles of every group as they are by themselves', () => {
    const random = new Random(5);
    const count = 2000;
    const speeds = Float64Array.from({ length: count }, () => random.below(40) + 1);
    const codes = speeds.map(() => random.below(4) - 1);
    const names = ['a', 'b', 'c'];
    const uniform = new Float64Array(count).fill(1 / count);
    const { byGroup } = samplingDiagnostics({ probabilities: uniform, speeds, groups: { codes, names } });
    for (const [code, name] of names.entries()) {
      const own = speeds.filter((_, i) => codes[i] === code);
      const { examples, speedQuantiles, drawShare } = byGroup![name]!;
      assert.equal(examples, own.length);
      assert.ok(Math.abs(drawShare - own.length / count) < 1e-12);
      assert.deepEqual(
        speedQuantiles,
        SPEED_QUANTILES.map((level) => quantile(own, level)),
      );
    }
  });

  it('names the input that has not one entry per example', () => {
    assert.throws(() => samplingDiagnostics({ probabilities, speeds: [1] }), /speeds has 1 entries for 5/);
    const groups = { codes: [], names: [] };
    assert.throws(() => samplingDiagnostics({ probabilities, groups }), /groups has 0 entries for 5/);
  });
});
