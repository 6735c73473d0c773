/** @file Sections on what was run and what went wrong: state, options, code, machine, time, warnings. */
import { counted, formatNumber, formatSeconds, wordsOf } from './figures.js';
import type { Note, Part, Section } from './parts.js';
import type { RunMaterial } from './run-material.js';
import { optionsOf, type RunRecord } from './run-record.js';

/** What was run: a column a run. */
export function summarySection(material: readonly RunMaterial[]): Section {
  const runs = material.map(({ run }) => run);
  const rows: [string, (run: RunRecord, own: RunMaterial) => string][] = [
    ['status', (run) => run.status],
    ['epochs done', (run) => `${run.epochs.length} of ${run.config.epochs}`],
    ['optimizer steps', (run) => formatNumber(run.epochs.at(-1)?.step ?? run.steps.at(-1)?.step)],
    ['training examples', (_, own) => formatNumber(own.dataset?.shape.count ?? own.speeds?.values.length)],
    ['last loss, nats', (run) => formatNumber(run.epochs.at(-1)?.loss ?? run.steps.at(-1)?.loss)],
    ['time of training', (run) => formatSeconds(run.epochs.reduce((sum, { seconds }) => sum + seconds, 0))],
    [
      'time of scoring',
      (run) => formatSeconds(run.epochs.reduce((sum, { scoringSeconds }) => sum + scoringSeconds, 0)),
    ],
    [
      'time of evaluation on the way',
      (run) => formatSeconds(run.online.reduce((sum, { seconds }) => sum + seconds, 0)),
    ],
  ];
  const machine = [...new Set(runs.flatMap((run) => Object.keys(run.machine)))];
  return {
    id: 'summary',
    title: 'What was run',
    parts: [
      ...runs.filter(({ status }) => status !== 'finished').map(unfinished),
      {
        kind: 'table',
        slug: 'summary',
        caption: `${counted(runs.length, 'run')}: state, time, code and machine; the time is that of the epochs which are done`,
        header: ['', ...runs.map(({ name }) => name)],
        rows: [
          ...rows.map(([title, of]) => [title, ...material.map((own) => of(own.run, own))]),
          ...machine.map((key) => [
            wordsOf(key).replace('memory gi b', 'memory, GiB'),
            ...runs.map((run) => String(run.machine[key] ?? '–')),
          ]),
        ],
      },
    ],
  };
}

function unfinished({ folder, name, epochs, config }: RunRecord): Note {
  return {
    kind: 'note',
    text: `${name} is not finished: ${epochs.length} of ${config.epochs} epochs are done. This goes on with it:`,
    command: `la-ssl train --resume ${quoted(folder.path)}`,
  };
}

/** Options that differ from their defaults first, or between the runs; then all others. */
export function optionsSection(material: readonly RunMaterial[]): Section {
  const runs = material.map(({ run }) => run);
  const options = runs.map(optionsOf);
  const optionOf = (r: number, name: string): string =>
    options[r]!.given.get(name) ?? options[r]!.byDefault.get(name) ?? '–';
  const all = [...new Set(options.flatMap(({ given, byDefault }) => [...given.keys(), ...byDefault.keys()]))];
  const isGiven = (name: string): boolean =>
    options.some(({ given }) => given.has(name)) || new Set(runs.map((_, r) => optionOf(r, name))).size > 1;
  const table = (slug: string, caption: string, names: readonly string[]): Part => ({
    kind: 'table',
    slug,
    caption,
    header: ['option', ...runs.map(({ name }) => name)],
    rows: names.map((name) => [name, ...runs.map((_, r) => optionOf(r, name))]),
  });
  const told = all.filter(isGiven);
  const between = runs.length > 1 ? ', or between the runs' : '';
  return {
    id: 'options',
    title: 'Options',
    parts: [
      table(
        'options',
        `${counted(told.length, 'option')}: the choices, and what differs from the defaults${between}`,
        told,
      ),
      table(
        'options-by-default',
        'All other options, as they were',
        all.filter((name) => !isGiven(name)),
      ),
    ],
  };
}

/** What the runs, their probes and their data sets warned of; no section where they did not. */
export function warningsSection(material: readonly RunMaterial[]): Section | null {
  const parts = material.flatMap(({ run, datasetProblem }) => {
    const signs = run.warnings.map(({ epoch, text }) => `before epoch ${epoch + 1}: ${text}`);
    const warnings = [...signs, ...updateWarnings(run), ...run.probeWarnings];
    const { skipped } = run;
    if (skipped.length > 0) {
      const [first] = skipped;
      warnings.push(
        `${counted(skipped.length, 'image')} could not be used and ${skipped.length === 1 ? 'was' : 'were'} left out, such as ${first!.path}: ${first!.reason}`,
      );
    }
    if (datasetProblem !== null)
      warnings.push(
        `The data set could not be loaded, so there are no pictures and no map: ${datasetProblem}`,
      );
    return warnings.map((text): Part => ({ kind: 'warning', text: `${run.name}: ${text}` }));
  });
  return parts.length > 0 ? { id: 'warnings', title: 'Warnings', parts } : null;
}

function updateWarnings({ updates }: RunRecord): string[] {
  const reasons = new Map<string, number[]>();
  for (const { uniformBecause, epoch } of updates) {
    if (uniformBecause) reasons.set(uniformBecause, [...(reasons.get(uniformBecause) ?? []), epoch + 1]);
  }
  return [...reasons].map(
    ([reason, epochs]) =>
      `draws were uniform, because ${reason.replaceAll('-', ' ')}, at ${counted(epochs.length, 'update')} (first before epoch ${epochs[0]})`,
  );
}

/** A path as a shell takes it. */
export function quoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
