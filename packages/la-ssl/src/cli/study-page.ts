/** @file Writes the page of a study, with examples of some of its runs. */
import { type Report, studyReport } from '../report/index.js';
import type { StudyResult } from '../study/index.js';
import { interruptible } from './interrupt.js';
import { createProgress } from './progress.js';
import { trainingImages } from './training-images.js';

/**
 * The report of a study. Nothing is downloaded for it; of its data sets one at a time is in memory.
 * @param images - whether pictures and maps are wanted
 */
export async function studyPage(result: StudyResult, folder: string, images = true): Promise<Report> {
  const progress = createProgress('report', 'images');
  return interruptible('Stopping', (signal) =>
    studyReport(result, folder, {
      load: images ? trainingImages({ kept: 1, fetch: false }) : null,
      onProgress: (run, done, total) => progress.update(done, total, run.name),
      signal,
    }),
  ).finally(() => progress.stop());
}
