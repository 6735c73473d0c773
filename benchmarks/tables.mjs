/** What is printed of measured works. */

const number = (value, digits = 1) => value.toFixed(value >= 100 ? 0 : digits);
const ms = ({ show = (time) => number(time) }) => show;
const times = ({ ratio, least, most }) => `${number(ratio, 2)} × (${number(least, 2)}–${number(most, 2)})`;

/** @param rows - of texts, the head first; the first column to the left, the others to the right */
export function table(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const line = (row) =>
    row.map((text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

/** From low to high: rates are high where times are low. */
const quartilesOf = (side, show) => side.ms.quartiles.map(show).sort((a, b) => a - b);

const versionOf = ({ version, threads }) =>
  [version, threads && `${threads} thread${threads > 1 ? 's' : ''}`].filter(Boolean).join(', ');

/** One work: its sides, and how many times faster ours is. */
export function workTable(work, result) {
  const show = ms(work);
  const ratios = new Map(result.ratios.map((ratio) => [ratio.to, ratio]));
  const rows = result.sides.map((side) => {
    const ratio = ratios.get(side.name);
    return [
      side.name,
      show(side.ms.median),
      quartilesOf(side, show).join(' – '),
      ratio ? times(ratio) : '',
      ratio ? times(ratio.byCpuTime) : '',
      side.peakMB ? number(side.peakMB) : '',
      versionOf(side),
    ];
  });
  const head = [work.unit, 'median', 'quartiles', 'ours is faster', 'by CPU time', 'peak MB', 'version'];
  return table([head, ...rows]);
}

/** Each target of each work, and whether it was reached. */
export function summaryTable(works, outcomes) {
  const rows = outcomes.flatMap(({ name, result, error }) => {
    const work = works.find((one) => one.name === name);
    if (error) return [[name, 'failed', '', '', '', '']];
    const ours = result.sides.find(({ role }) => role === 'ours');
    const show = ms(work);
    const middle = `${show(ours.ms.median)} (${quartilesOf(ours, show).join('–')}) ${work.unit}`;
    const peers = result.ratios.filter(({ target }) => target);
    return [
      ...peers.map((ratio) => [
        ...[name, middle, ratio.to, times(ratio)],
        ...[`${number(ratio.target, 2)} ×`, ratio.reached ? 'yes' : 'NO'],
      ]),
      ...result.conditions.map(({ what, target, reached }) => [
        ...[name, middle, '', what],
        ...[target, reached === null ? 'more rounds would tell' : reached ? 'yes' : 'NO'],
      ]),
      ...(peers.length + result.conditions.length === 0
        ? [[name, middle, 'no peer is here', '', '', '']]
        : []),
    ];
  });
  const head = ['work', 'ours: median (quartiles)', 'peer', 'ours is faster (rounds)', 'at least', 'reached'];
  return table([head, ...rows]);
}

/** What has fallen since the ratios were kept. */
export function fallenText(fallen) {
  if (fallen === null) return 'No ratios are kept of this processor: keep these with --save.';
  if (fallen.length === 0) return 'No ratio has fallen below the rounds of those that are kept.';
  return fallen
    .map(
      ({ work, to, now, before }) =>
        `FELL: ${work} against ${to}: ${number(now, 2)} ×, was ${times(before)} at ${before.commit}, ${before.date}`,
    )
    .join('\n');
}
