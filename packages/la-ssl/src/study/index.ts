/** @file Studies: questions that many runs answer, as files. */
export { type Best, ruleText } from './chosen.js';
export { costKey, Estimator, parallelRuns, workOf } from './estimate.js';
export { type Cell, planStudy, type StudyPlan, type StudyRun } from './plan.js';
export { comparisonsOf, leastEpochs } from './prune.js';
export {
  type CellResult,
  type Difference,
  type Mean,
  partialTexts,
  type RunResult,
  type StudyResult,
  studyResult,
} from './results.js';
export { runsAtHand, takeRuns } from './reuse.js';
export { metricsOf } from './run-metrics.js';
export { runStudy, type ScheduleOptions, type StudyEvent } from './schedule.js';
export { BUDGETS, type BudgetName, readStudy, type Study } from './study-file.js';
export { OLD_RUNS, type OldRuns, type RunState, StudyFolder } from './study-folder.js';
export {
  captionOf,
  chosenTexts,
  differencesTable,
  formatChange,
  formatMean,
  headingOf,
  isShare,
  meansTable,
  RECOVERED,
  recoveredTable,
  type StudyTable,
  studyCsv,
  studyMarkdown,
} from './tables.js';
export { timeSteps } from './time-steps.js';
export { Trials } from './trials.js';
export { StudyProblem } from './yaml-file.js';
