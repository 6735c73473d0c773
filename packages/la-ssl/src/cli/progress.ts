/**
 * @file Progress of long work, on standard error: a bar with rate and time left on a terminal, else a line now
 * and then, so that a log file says as much.
 */
import { Presets, SingleBar } from 'cli-progress';
import { hasParent, tellParent } from './parent.js';

export interface Progress {
  /** @param done - of `total`, in the unit of the work; `text` says what is being done */
  update(done: number, total: number, text: string): void;
  /** Prints a line above the bar. */
  line(text: string): void;
  /** Ends the bar. */
  stop(): void;
}

/** Seconds between lines where there is no terminal. */
const LINE_SECONDS = 10;

export function createProgress(
  label: string,
  unit: string,
  stream: NodeJS.WriteStream = process.stderr,
): Progress {
  if (hasParent()) return toParent(label, unit, stream);
  return stream.isTTY ? bar(label, unit, stream) : lines(label, unit, stream);
}

/** Estimates the rate and the time left from the recent past, so that a resumed run is not flattered. */
class Clock {
  readonly #marks: { time: number; done: number }[] = [];

  mark(done: number): void {
    this.#marks.push({ time: performance.now() / 1000, done });
  }

  describe(done: number, total: number, unit: string): string {
    this.mark(done);
    const now = this.#marks.at(-1)!.time;
    while (this.#marks.length > 2 && now - this.#marks[1]!.time > 60) this.#marks.shift();
    const first = this.#marks[0]!;
    const rate = (done - first.done) / Math.max(1e-9, now - first.time);
    if (!(rate > 0)) return 'measuring the rate';
    return `${formatCount(rate)} ${unit}/s, ${formatDuration((total - done) / rate)} left`;
  }
}

function bar(label: string, unit: string, stream: NodeJS.WriteStream): Progress {
  const clock = new Clock();
  const format = `${label} [{bar}] {percentage}% | {text}{speed}`;
  const single = new SingleBar({ format, stream, hideCursor: true, fps: 5, barsize: 24 }, Presets.rect);
  let started = false;
  let shown = 0;
  let speed = '';
  return {
    update(done, total, text) {
      if (performance.now() - shown > 200) {
        speed = clock.describe(done, total, unit);
        shown = performance.now();
      }
      const payload = { text: text ? `${text} | ` : '', speed };
      if (!started) single.start(total, done, payload);
      else {
        single.setTotal(total);
        single.update(done, payload);
      }
      started = true;
    },
    line(text) {
      if (!started) stream.write(`${text}\n`);
      else {
        stream.write(`\r\x1b[K${text}\n`);
        single.render();
      }
    },
    stop() {
      if (started) single.stop();
    },
  };
}

function lines(label: string, unit: string, stream: NodeJS.WriteStream): Progress {
  const clock = new Clock();
  let last: number | undefined;
  return {
    update(done, total, text) {
      const now = performance.now();
      if (last === undefined) {
        clock.mark(done);
        last = now;
      }
      if (now - last < LINE_SECONDS * 1000) return;
      last = now;
      const share = `${((100 * done) / total).toFixed(0)}%`;
      stream.write(`${label} ${share} | ${text ? `${text} | ` : ''}${clock.describe(done, total, unit)}\n`);
    },
    line(text) {
      stream.write(`${text}\n`);
    },
    stop() {},
  };
}

/** Messages to the process that started this one, which shows them. */
function toParent(label: string, unit: string, stream: NodeJS.WriteStream): Progress {
  let last = 0;
  return {
    update(done, total, text) {
      if (done < total && performance.now() - last < 200) return;
      last = performance.now();
      tellParent({ label, unit, done, total, text });
    },
    line: (text) => stream.write(`${text}\n`),
    stop() {},
  };
}

/** `75` → `1:15`, `3700` → `1:01:40`. @param seconds - ≥ 0 */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (n: number): string => String(n).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  const rest = two(whole % 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest}`;
}

/** `12345` → `12.3k`. */
export function formatCount(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)}M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(1)}k`;
  return value >= 10 ? value.toFixed(0) : value.toFixed(1);
}
