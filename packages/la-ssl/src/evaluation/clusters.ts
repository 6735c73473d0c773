/**
 * @file Examples that depend on each other, such as the images of one patient: resamples are made of whole clusters.
 *
 * A drawn cluster brings all of its examples, none is drawn within it: the first of the two ways that Davison and Hinkley
 * compare, the one that keeps the variance between clusters and within them. It is right as the number of clusters
 * grows, whatever the dependence within them. Clusters that lie in one stratum (a group; of figures beyond accuracy a
 * label and group) are drawn within it, as many as it has; those that span several are drawn among themselves, since
 * to cut them would undo what is wanted. Strata so keep their numbers of clusters, not of examples.
 *
 * Sources: Davison and Hinkley 1997, Bootstrap Methods and their Application, section 3.8; Field and Welsh 2007,
 * "Bootstrapping clustered data", https://doi.org/10.1111/j.1467-9868.2007.00593.x
 */
import type { Random } from '../random.js';
import { type EvaluationGroups, placeExamples, type Stratum } from './groups.js';

/** Which examples belong together; `dataset.clusters` fits. */
export interface ClusterCodes {
  /** What a cluster is: `patient`. */
  readonly name: string;
  /** The cluster of each example, `[N]`. */
  readonly codes: ArrayLike<number>;
}

/** What a test set is, and others like it: the same strata with other counts. */
export interface Resampler {
  readonly observed: readonly Stratum[];
  draw: (random: Random) => readonly Stratum[];
}

/**
 * The clusters by what they are drawn within.
 * @param codes - the cluster of each example, `[N]`
 * @param stratumOf - of an example
 * @returns by stratum, in the order of the examples, those that span several last: clusters, as their examples
 */
export function clusterStrata(
  codes: ArrayLike<number>,
  stratumOf: (example: number) => string | number,
): number[][][] {
  const members = new Map<number, number[]>();
  for (let i = 0; i < codes.length; i++) {
    const own = members.get(codes[i]!);
    if (own) own.push(i);
    else members.set(codes[i]!, [i]);
  }
  const pure = new Map<string | number, number[][]>();
  const spanning: number[][] = [];
  for (const cluster of members.values()) {
    const stratum = stratumOf(cluster[0]!);
    if (cluster.some((i) => stratumOf(i) !== stratum)) spanning.push(cluster);
    else if (pure.has(stratum)) pure.get(stratum)!.push(cluster);
    else pure.set(stratum, [cluster]);
  }
  return spanning.length > 0 ? [...pure.values(), spanning] : [...pure.values()];
}

/**
 * Resamples of whole clusters, for accuracies. Clusters that have as many examples of each stratum and outcome are alike,
 * so a resample is a multinomial draw of their kinds.
 * @param codes - the cluster of each example, `[N]`
 * @throws RangeError as `stratify`, and where not every example has a cluster
 */
export function clusterResampler(
  predictions: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  groups: EvaluationGroups | undefined,
  codes: ArrayLike<number>,
): Resampler {
  if (codes.length !== labels.length) {
    throw new RangeError(`clusters has ${codes.length} entries for ${labels.length} labels; give one each.`);
  }
  const { strata, stratumOf, outcomeOf } = placeExamples(predictions, labels, groups);
  const outcomes = 2 ** predictions.length;
  const pools = clusterStrata(codes, (i) => stratumOf[i]!).map((clusters) =>
    kindsOf(clusters, (i) => stratumOf[i]! * outcomes + outcomeOf[i]!),
  );
  const draw = (random: Random): Stratum[] => {
    const drawn = strata.map((stratum) => ({ ...stratum, outcomes: new Array<number>(outcomes).fill(0) }));
    for (const kinds of pools) {
      const times = multinomial(
        kinds.map(({ clusters }) => clusters),
        random,
      );
      for (const [k, { cells }] of kinds.entries()) {
        for (const [cell, count] of cells) {
          drawn[Math.floor(cell / outcomes)]!.outcomes[cell % outcomes]! += times[k]! * count;
        }
      }
    }
    return drawn;
  };
  return { observed: strata, draw };
}

/** Clusters that are alike: how many, and of each how many examples of each cell. */
interface Kind {
  clusters: number;
  cells: readonly (readonly [cell: number, count: number])[];
}

function kindsOf(clusters: readonly number[][], cellOf: (example: number) => number): Kind[] {
  const kinds = new Map<string, { clusters: number; cells: [number, number][] }>();
  for (const members of clusters) {
    const counts = new Map<number, number>();
    for (const i of members) counts.set(cellOf(i), (counts.get(cellOf(i)) ?? 0) + 1);
    const cells = [...counts].sort(([a], [b]) => a - b);
    const key = cells.join(' ');
    const kind = kinds.get(key);
    if (kind) kind.clusters++;
    else kinds.set(key, { clusters: 1, cells });
  }
  // By content, so that the order of the examples is of no importance.
  return [...kinds.values()].sort((a, b) => compare(a.cells.flat(), b.cells.flat()));
}

function compare(a: readonly number[], b: readonly number[]): number {
  const place = a.findIndex((value, k) => value !== b[k]);
  return place < 0 ? a.length - b.length : a[place]! - (b[place] ?? Number.NEGATIVE_INFINITY);
}

/** As many draws as there are in all, each kind with the chance of its count. */
export function multinomial(counts: readonly number[], random: Random): number[] {
  let draws = counts.reduce((sum, count) => sum + count, 0);
  let rest = draws;
  return counts.map((count) => {
    const drawn = count === 0 ? 0 : random.binomial(draws, count / rest);
    draws -= drawn;
    rest -= count;
    return drawn;
  });
}
