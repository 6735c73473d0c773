/** The ratios of an earlier commit on the same processor, in `ratios.json`, and which have fallen since. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const RATIOS_FILE = fileURLToPath(new URL('ratios.json', import.meta.url));

const read = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined);

/** @returns the commit that is checked out, with a + where files differ from it */
export function currentCommit() {
  const git = (...args) =>
    execFileSync('git', args, { cwd: fileURLToPath(new URL('.', import.meta.url)), encoding: 'utf8' });
  try {
    const commit = git('rev-parse', '--short', 'HEAD').trim();
    return git('status', '--porcelain', '--untracked-files=no') ? `${commit}+` : commit;
  } catch {
    return 'unknown';
  }
}

/** Keeps the ratios of these works; those of others stay where they are of the same processor. */
export function saveRatios(results, machine, file = RATIOS_FILE) {
  const before = read(file);
  const kept = before?.machine.processor === machine.processor ? before.works : {};
  const date = new Date().toISOString().slice(0, 10);
  const works = results.map(({ name, ratios }) => [
    name,
    {
      commit: currentCommit(),
      date,
      ratios: Object.fromEntries(
        ratios.map(({ to, ratio, least, most }) => [
          to,
          { ratio: round(ratio), least: round(least), most: round(most) },
        ]),
      ),
    },
  ]);
  const { processor, cores } = machine;
  const content = { machine: { processor, cores }, works: { ...kept, ...Object.fromEntries(works) } };
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
}

const round = (value) => Number(value.toFixed(3));

/**
 * @returns the ratios that lie below every round of what is kept: `{ work, to, now, before: { ratio, least, most, commit, date } }`;
 *   null where nothing is kept of this processor
 */
export function fallenRatios(results, machine, file = RATIOS_FILE) {
  const kept = read(file);
  if (kept?.machine.processor !== machine.processor) return null;
  return results.flatMap(({ name, ratios }) =>
    ratios.flatMap(({ to, role, ratio }) => {
      const work = kept.works[name];
      const before = work?.ratios[to];
      if (!before || role !== 'peer' || ratio >= before.least) return [];
      return [{ work: name, to, now: ratio, before: { ...before, commit: work.commit, date: work.date } }];
    }),
  );
}
