/** @file The sections of a study on what was run: code, machine and time of all its runs, then each with its figures. */
import { join } from 'node:path';
import { headingOf, type StudyResult } from '../study/index.js';
import { RunFolder } from '../training/index.js';
import { counted, formatSeconds, wordsOf } from './figures.js';
import type { Section, Table } from './parts.js';
import { linesOf, type RunLines, readJson } from './run-record.js';

/** Tables of more rows show the first seed only, unasked. */
const LONG = 20;

interface Ran {
  /** Of `run.json`: code, machine, start. */
  machine: Readonly<Record<string, unknown>>;
  seconds: number;
}

/** @param folder - of the study; a run that is not there any more has no time */
export function studyRunSections({ runs, metrics }: StudyResult, folder: string): Section[] {
  const ran = runs.map(({ name }): Ran | null => {
    const run = new RunFolder(join(folder, name));
    if (!run.hasBegun) return null;
    return { machine: readJson(run.file('run.json')) ?? {}, seconds: secondsOf(linesOf(run)) };
  });
  const figure = (value: number | null | undefined): string =>
    value == null ? '–' : String(Number(value.toPrecision(4)));
  const firstSeed = runs.flatMap(({ seed }, r) => (seed === runs[0]?.seed ? [r] : []));
  const table: Table = {
    kind: 'table',
    slug: 'runs-table',
    caption: `${counted(runs.length, 'run')}, by which code each was made, the time of its training, and its figures (shares from 0 to 1)`,
    header: ['run', 'cell', 'seed', 'code', 'time', ...metrics.map(headingOf)],
    rows: runs.map((run, r) => [
      ...[run.name, run.cell, String(run.seed), run.code ?? '–'],
      ran[r] ? formatSeconds(ran[r].seconds) : '–',
      ...metrics.map((metric) =>
        run.failed ? 'failed' : run.pruned ? 'pruned' : figure(run.metrics[metric]),
      ),
    ]),
    fold:
      runs.length > LONG && firstSeed.length < runs.length
        ? { shown: firstSeed, what: `those of seed ${runs[0]!.seed}` }
        : undefined,
  };
  const each = 'Each run has a report of its own:';
  const known = ran.filter((one) => one !== null);
  return [
    ...(known.length > 0 ? [ranSection(known)] : []),
    {
      id: 'runs',
      title: 'Runs',
      parts: [table, { kind: 'note', text: each, command: 'la-ssl report <folder of the run>' }],
    },
  ];
}

/** What all runs were made with; where they differ, how many each. */
function ranSection(ran: readonly Ran[]): Section {
  const keys = [...new Set(ran.flatMap(({ machine }) => Object.keys(machine)))].filter(
    (key) => key !== 'started',
  );
  const started = ran.flatMap(({ machine }) => (machine.started ? [String(machine.started)] : [])).sort();
  const seconds = ran.map((one) => one.seconds).sort((a, b) => a - b);
  const sum = seconds.reduce((all, one) => all + one, 0);
  const rows = [
    ['time of training, all runs', formatSeconds(sum)],
    ['a run', `${formatSeconds(seconds[0]!)} to ${formatSeconds(seconds.at(-1)!)}`],
    ...(started.length > 0 ? [['runs begun', `${started[0]} to ${started.at(-1)}`]] : []),
    ...keys.map((key) => [
      wordsOf(key).replace('memory gi b', 'memory, GiB'),
      valuesOf(ran.map(({ machine }) => String(machine[key] ?? '–'))),
    ]),
  ];
  const caption = `${counted(ran.length, 'run')}: code, machine and time (of training, with scoring and evaluation on the way; runs go side by side)`;
  return {
    id: 'summary',
    title: 'What was run',
    parts: [{ kind: 'table', slug: 'summary', caption, header: ['', 'of the runs'], rows }],
  };
}

function valuesOf(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  if (counts.size === 1) return values[0]!;
  return [...counts].map(([value, count]) => `${value} (${counted(count, 'run')})`).join(', ');
}

function secondsOf({ epochs, online }: RunLines): number {
  return [
    ...epochs.map(({ seconds, scoringSeconds }) => seconds + scoringSeconds),
    ...online.map(({ seconds }) => seconds),
  ].reduce((sum, seconds) => sum + seconds, 0);
}
