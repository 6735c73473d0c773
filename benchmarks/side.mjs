/** What the benchmarks share: processes that take turns, and the middle of what they measured. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A process that does its work when it is sent a line, and answers each line with one of JSON. */
export class Side {
  constructor(name, command, args, env = {}) {
    this.name = name;
    this.rounds = [];
    this.process = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.answers = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }
  async answer() {
    const { value, done } = await this.answers.next();
    if (done) throw new Error(`${this.name} ended before it answered; what it said is above.`);
    return JSON.parse(value);
  }
  /** Sends a line and keeps the answer. */
  async round(line) {
    this.process.stdin.write(`${line}\n`);
    this.rounds.push(await this.answer());
  }
  async end() {
    this.process.stdin.end();
    if (this.process.exitCode === null) await once(this.process, 'exit');
  }
}

/** A python3 with PyTorch: the path's, or the system's. */
export const findPython = () =>
  ['python3', '/usr/bin/python3'].find(
    (command) => spawnSync(command, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0,
  );

export const quantile = (sorted, q) => sorted[Math.round(q * (sorted.length - 1))];
export const median = (values) =>
  quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );

/** Time of `a` by that of `b`, two lists of what was measured in turns: below 1 is faster. */
export function ratioByRound(a, b) {
  const byRound = a.map((time, i) => time / b[i]);
  return { ratio: median(byRound), least: Math.min(...byRound), most: Math.max(...byRound) };
}
