/** @file `la-ssl report`: the page of a run, of runs side by side, or of a study. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import {
  type Report,
  type ReportFiles,
  readMaterial,
  readStudyResult,
  runReport,
  writeReport,
} from '../report/index.js';
import { interruptible } from './interrupt.js';
import { UsageError, wholeNumberFrom } from './options.js';
import { outputFile } from './output-file.js';
import { createProgress } from './progress.js';
import { studyPage } from './study-page.js';
import { trainingImages } from './training-images.js';

interface ReportFlags {
  output?: string;
  images: boolean;
  top: number;
  points: number;
  json?: boolean;
}

export function reportCommand(): Command {
  return new Command('report')
    .summary('Write a page of a run, of runs side by side, or of a study.')
    .description(
      'Write one HTML page that needs nothing else and opens from the disk: accuracies by group with intervals, learning ' +
        'curves, learning speeds and draws by group, the slowest and fastest examples, a map of the features (principal ' +
        'components), options, code, machine and time. Its tables (CSV, Markdown) and figures (SVG) go into a folder ' +
        'beside it. What a run does not have yet is named with the command that makes it.',
    )
    .argument('<run...>', 'run folders, finished or not, or the folder of a study')
    .option('--output <file>', 'the page (report.html in the folder; of several runs, here)')
    .option('--no-images', 'load no images: no pictures and no map')
    .option(
      '--top <number>',
      'pictures of the slowest and of the fastest examples, each',
      wholeNumberFrom(1),
      24,
    )
    .option('--points <number>', 'training examples on the map', wholeNumberFrom(3), 800)
    .option('--json', 'print the names of the files as JSON')
    .addHelpText(
      'after',
      `
Examples:
  la-ssl report runs/la-ssl
  la-ssl report runs/uniform runs/la-ssl --output comparison.html
  la-ssl report runs/la-ssl --no-images              # where the images are not on this machine
  la-ssl report runs/main-table-small                # a study: from its study.json`,
    )
    .action(async (paths: string[], flags: ReportFlags) => {
      for (const path of paths) {
        if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
          throw new UsageError(`There is no folder ${path}. List the runs: la-ssl runs <folder>`);
        if (existsSync(join(path, 'study-of.json')) && !existsSync(join(path, 'study.json')))
          throw new UsageError(
            `The study in ${path} is not done. Go on with it: la-ssl study <file> --runs ${path}. Or give the folders of its runs: la-ssl runs ${path}`,
          );
      }
      const page = outputFile(flags, ['html']).file ?? usualPage(paths);
      const files = await writeReport(await reportOf(paths, flags), page);
      process.stdout.write(`${flags.json ? JSON.stringify(files) : describe(files)}\n`);
    });
}

function usualPage(paths: readonly string[]): string {
  return paths.length === 1 ? join(paths[0]!, 'report.html') : 'report.html';
}

async function reportOf(paths: readonly string[], flags: ReportFlags): Promise<Report> {
  const study = paths.map(readStudyResult).find((result) => result !== null);
  if (study) {
    if (paths.length === 1) return studyPage(study, paths[0]!, flags.images);
    throw new UsageError('A study has a page of its own. Give its folder alone, or the folders of runs.');
  }
  const progress = createProgress('report', 'images');
  return interruptible('Stopping', async (signal) =>
    runReport(
      await readMaterial(paths, {
        load: flags.images ? trainingImages() : null,
        pictures: flags.top,
        mapped: flags.points,
        onProgress: (run, done, total) => progress.update(done, total, run.name),
        signal,
      }),
    ),
  ).finally(() => progress.stop());
}

function describe({ page, folder, files }: ReportFiles): string {
  return `The page: ${page}\nIts tables and figures: ${folder} (${files.length} files)`;
}
