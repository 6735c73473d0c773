/** @file Analysis: what a run means, and what a data set has. */
export { type Association, association, contingency } from './association.js';
export { type AttributeDescription, describeSplit, type SplitDescription } from './describe-split.js';
export { type ProxyUpdate, proxyOfRun, type RunProxy } from './proxy-run.js';
export {
  describeExample,
  type NamedExample,
  type RunScores,
  type ScoreRunOptions,
  type ScoreSummary,
  scoreRun,
  summariseScores,
} from './score-run.js';
