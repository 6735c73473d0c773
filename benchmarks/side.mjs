/** One side of a benchmark: a process of its own, which does its work when it is sent a line. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** So long a process may take to end by itself once it is told to, in ms. */
const PATIENCE = 5_000;

/** A process that does its work when it is sent a line, and answers each line with one of JSON. */
export class Side {
  /** @param signal - ends the process at once */
  constructor({ name, command, args, env = {} }, signal) {
    this.name = name;
    this.rounds = [];
    this.process = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.process.on('error', (error) => {
      this.failure = error.message;
    });
    this.process.stdin.on('error', () => {}); // it has ended: answer() says so
    signal?.addEventListener('abort', () => this.#kill(), { once: true });
    this.answers = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  async answer() {
    const { value, done } = await this.answers.next();
    if (done)
      throw new Error(`${this.name} ended before it answered (${this.failure ?? 'what it said is above'}).`);
    return JSON.parse(value);
  }

  /** Sends a line and waits for the answer. */
  async send(line) {
    this.process.stdin.write(`${line}\n`);
    return this.answer();
  }

  /** It and its threads stand still until `resume`; processes that it has started do not. */
  pause() {
    this.process.kill('SIGSTOP');
  }

  resume() {
    this.process.kill('SIGCONT');
  }

  async end() {
    this.process.stdin.end();
    this.resume();
    if (this.process.exitCode !== null || this.process.signalCode !== null || this.failure) return;
    const timer = setTimeout(() => this.#kill(), PATIENCE);
    await once(this.process, 'exit');
    clearTimeout(timer);
  }

  #kill() {
    this.process.kill('SIGTERM'); // PyTorch's workers end with it
    this.resume();
    setTimeout(() => this.process.kill('SIGKILL'), 2_000).unref();
  }
}

/** A python3 with PyTorch: the path's, or the system's. */
export const findPython = () =>
  ['python3', '/usr/bin/python3'].find(
    (command) => spawnSync(command, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0,
  );
