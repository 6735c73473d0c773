/** @file The events of the data room, as bars and lines on standard error. */
import type { DataEvent, OnProgress } from '../data/index.js';
import { createProgress, type Progress } from './progress.js';

/** A note on a table would come again for each of its splits. */
const said = new Set<string>();

export function dataProgress(): { onProgress: OnProgress; stop: () => void } {
  let bar: Progress | undefined;
  let task: string | undefined;
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
    task = undefined;
  };
  const onProgress = (event: DataEvent): void => {
    if (event.kind === 'note') {
      if (said.has(event.text)) return;
      said.add(event.text);
      if (bar) bar.line(event.text);
      else process.stderr.write(`${event.text}\n`);
      return;
    }
    if (event.task !== task) {
      stop();
      task = event.task;
      bar = createProgress(event.task, event.unit);
    }
    bar?.update(event.done, event.total ?? event.done, '');
    if (event.done === event.total) stop();
  };
  return { onProgress, stop };
}
