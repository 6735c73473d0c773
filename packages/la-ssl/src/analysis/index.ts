/** @file Analysis: what a run means. */
export {
  describeExample,
  type NamedExample,
  type RunScores,
  type ScoreRunOptions,
  type ScoreSummary,
  scoreRun,
  summariseScores,
} from './score-run.js';
