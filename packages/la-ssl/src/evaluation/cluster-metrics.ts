/** @file The accuracies of a probe where test examples come in clusters: every interval by the bootstrap of whole clusters. */
import { Random } from '../random.js';
import { quantile } from '../sampling/index.js';
import { defaultResamples } from './bootstrap.js';
import { type ClusterCodes, clusterResampler } from './clusters.js';
import {
  accuracyOf,
  type EvaluationGroups,
  type Tallies,
  type Tally,
  tally,
  worstGroupOf,
} from './groups.js';
import { defaultConfidence, type Estimate, tailOf, wilsonInterval } from './intervals.js';
import type { ProbeMetrics } from './metrics.js';
import { unbiasedAccuracy } from './unbiased-accuracy.js';

/**
 * The accuracies of a probe on a test set of clusters, with percentile intervals over 2,000 resamples of them; that of
 * the worst group is put together as in `worstGroupInterval`, from the bounds of the groups.
 *
 * Where no resample differs (all answers right, or a single cluster) the bootstrap says nothing. There it is Wilson's
 * interval of as many examples as there are clusters, as if those of one were all alike: too wide rather than a point.
 * With few clusters intervals come out too narrow: simulated with 10, 20 and 50 clusters they held the truth in 88, 91 and
 * 94 % of 2,000 test sets, those that take examples for independent in 80 to 83 (`fixtures/clusters`).
 *
 * @param predictions - predicted labels `[N]`
 * @param labels - true labels `[N]`
 * @param groups - of the same examples; without them only `overall` is told
 * @param confidence - in (0, 1)
 * @throws RangeError where the inputs do not fit together or the confidence is out of range
 */
export function clusterMetrics(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  groups: EvaluationGroups | undefined,
  clusters: ClusterCodes,
  confidence = defaultConfidence,
): ProbeMetrics & { readonly unbiased: Estimate | null } {
  const tail = tailOf(confidence);
  const names = groups?.groups.map(({ name }) => name) ?? [];
  const { observed, draw } = clusterResampler([predictions], labels, groups, clusters.codes);
  const random = new Random(0);
  const tallies = tally(observed, names.length);
  const replicates = Array.from({ length: defaultResamples }, () => tally(draw(random), names.length));
  const counts = clusterCounts(labels.length, groups, clusters.codes);

  const estimate = (of: (tallies: Tallies) => Tally, side = tail): Estimate => {
    const { count } = of(tallies);
    const values = replicates.flatMap((drawn) => accuracyOf(of(drawn)) ?? []); // a part may not be drawn
    const [low, high] = [quantile(values, side), quantile(values, 1 - side)];
    if (low < high) return { value: accuracyOf(of(tallies))!, low, high, count };
    return { ...wilsonInterval(shrunk(of(tallies), of(counts).count), 1 - 2 * side), count };
  };
  const known = names.flatMap((name, g) => (tallies.groups[g]!.count > 0 ? [{ name, g }] : []));
  const ofGroup = (g: number, side?: number) => estimate((own) => own.groups[g]!, side);
  const worst = worstGroupOf(tallies.groups);
  return {
    confidence,
    clusters: { name: clusters.name, count: counts.overall.count },
    overall: estimate(({ overall }) => overall),
    aligned: tallies.aligned.count > 0 ? estimate(({ aligned }) => aligned) : null,
    conflicting: tallies.conflicting.count > 0 ? estimate(({ conflicting }) => conflicting) : null,
    groups: Object.fromEntries(known.map(({ name, g }) => [name, ofGroup(g)])),
    worstGroup:
      worst === null
        ? null
        : {
            value: accuracyOf(tallies.groups[worst]!)!,
            low: Math.min(...known.map(({ g }) => ofGroup(g).low)),
            high: Math.min(...known.map(({ g }) => ofGroup(g, tail / known.length).high)),
            count: tallies.groups[worst]!.count,
            group: names[worst]!,
          },
    unbiased: unbiased(tallies, replicates, counts, confidence),
  };
}

/** The mean of the groups' accuracies; null without groups. */
function unbiased(
  tallies: Tallies,
  replicates: readonly Tallies[],
  counts: Tallies,
  confidence: number,
): Estimate | null {
  const tail = tailOf(confidence);
  const known = tallies.groups.flatMap(({ count }, g) => (count > 0 ? [g] : []));
  const plain = unbiasedAccuracy(tallies.groups, confidence);
  if (!plain) return null;
  const values = replicates.flatMap(({ groups }) => {
    const accuracies = known.flatMap((g) => accuracyOf(groups[g]!) ?? []);
    return accuracies.length < known.length ? [] : accuracies.reduce((sum, p) => sum + p, 0) / known.length;
  });
  const [low, high] = values.length > 0 ? [quantile(values, tail), quantile(values, 1 - tail)] : [0, 0];
  if (low < high) return { ...plain, low, high };
  const alone = tallies.groups.map((group, g) => shrunk(group, counts.groups[g]!.count));
  return { ...unbiasedAccuracy(alone, confidence)!, value: plain.value, count: plain.count };
}

/** The same accuracy of so many examples. */
function shrunk({ right, count }: Tally, examples: number): Tally {
  return count === 0 ? { right: 0, count: 0 } : { right: (right / count) * examples, count: examples };
}

/** How many clusters have an example in each part, as `count`. */
function clusterCounts(
  examples: number,
  groups: EvaluationGroups | undefined,
  codes: ArrayLike<number>,
): Tallies {
  const where = (belongs: (example: number) => boolean): Tally => {
    const found = new Set<number>();
    for (let i = 0; i < examples; i++) if (belongs(i)) found.add(codes[i]!);
    return { right: 0, count: found.size };
  };
  return {
    overall: where(() => true),
    aligned: where((i) => groups?.aligned?.[i] === 1),
    conflicting: where((i) => groups?.aligned?.[i] === 0),
    groups: groups?.groups.map((_, g) => where((i) => groups.groupOf[i] === g)) ?? [],
  };
}
