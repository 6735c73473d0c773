/** @file Progress over all runs of a study: a bar on a terminal, else a line for each change, with the time that is left. */
import { Presets, SingleBar } from 'cli-progress';
import type { Estimator, StudyEvent, StudyRun } from '../study/index.js';
import { formatDuration } from './progress.js';

/** Shares of a run's training and probe that are left. */
interface Left {
  run: StudyRun;
  train: number;
  probe: number;
}

export class StudyProgress {
  readonly #left: Map<string, Left>;
  readonly #bar: SingleBar | null;
  #done: number;

  /** @param left - runs that are not done, with whether each is trained */
  constructor(
    left: readonly { run: StudyRun; trained: boolean }[],
    readonly total: number,
    readonly parallel: number,
    readonly estimator: Estimator,
    readonly stream: NodeJS.WriteStream = process.stderr,
  ) {
    this.#left = new Map(
      left.map(({ run, trained }) => [run.name, { run, train: trained ? 0 : 1, probe: 1 }]),
    );
    this.#done = total - left.length;
    const format = 'study [{bar}] {percentage}% | {text}';
    this.#bar = stream.isTTY
      ? new SingleBar({ format, stream, hideCursor: true, fps: 5, barsize: 24 }, Presets.rect)
      : null;
    this.#bar?.start(total, this.#done, { text: this.#describe() });
  }

  take(event: StudyEvent): void {
    const { name } = event.run;
    const left = this.#left.get(name);
    switch (event.kind) {
      case 'started':
        if (!this.#bar) this.#line(`${name} ${event.state === 'new' ? 'begins' : 'goes on'}`);
        break;
      case 'progress':
        if (left) Object.assign(left, { train: 1 - event.train, probe: 1 - event.probe });
        break;
      case 'trained':
        this.estimator.trained(event.run, event.seconds);
        if (left) left.train = 0;
        break;
      case 'finished':
        this.estimator.probed(event.seconds);
        this.#left.delete(name);
        this.#done++;
        this.#line(`${name} is done`);
        break;
      case 'failed':
        this.#left.delete(name);
        this.#line(`${name} failed`);
        for (const line of event.lastLines) this.#write(`    ${line}`);
        break;
      case 'pruned': {
        this.#left.delete(name);
        this.#done++;
        const figure = event.value === null ? '' : `, at ${Number(event.value.toPrecision(4))}`;
        this.#line(`${name} is pruned, by the comparison after epoch ${event.after}${figure}`);
        break;
      }
      case 'waits':
        this.#line(`${name} waits for others after epoch ${event.after}`);
        break;
      case 'interrupted':
        this.#line(`${name} was stopped`);
        break;
      default:
        event satisfies never;
    }
    const begun = [...this.#left.values()].reduce(
      (sum, { train, probe }) => sum + 1 - 0.9 * train - 0.1 * probe,
      0,
    );
    this.#bar?.update(this.#done + begun, { text: this.#describe() });
  }

  /** Something to read beside the runs. */
  note(text: string): void {
    this.#write(text);
  }

  stop(): void {
    this.#bar?.stop();
  }

  #describe(): string {
    const seconds = this.estimator.left([...this.#left.values()], this.parallel);
    const time = seconds === null ? 'measuring the time' : `${formatDuration(seconds)} left`;
    return `${this.#done}/${this.total} runs | ${time}`;
  }

  #line(text: string): void {
    this.#write(`${text} | ${this.#describe()}`);
  }

  #write(text: string): void {
    this.stream.write(this.#bar ? `\r\x1b[K${text}\n` : `${text}\n`);
  }
}
