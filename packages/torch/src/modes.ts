/**
 * @file Thread-local modes of libtorch, each for the length of a function: gradients, autocast; and threads.
 */
import { readFileSync } from 'node:fs';
import { native } from './native.js';
import { synchronous } from './scope.js';

function during<T>(set: (enabled: boolean) => boolean, enabled: boolean, body: () => T): T {
  const before = set(enabled);
  try {
    return synchronous('A mode', body());
  } finally {
    set(before);
  }
}

/** Runs `body` without recording a graph. */
export function noGrad<T>(body: () => T): T {
  return during(native.setGradMode, false, body);
}

/** Runs `body` with a graph recorded, also inside `noGrad`. */
export function enableGrad<T>(body: () => T): T {
  return during(native.setGradMode, true, body);
}

/**
 * Runs `body` with libtorch's autocast to bfloat16 on the CPU: convolutions and matrix products in bfloat16,
 * what needs range in float32. Call `backward` outside. Fast only where `hasFastBfloat16()`.
 */
export function autocast<T>(body: () => T, { enabled = true }: { enabled?: boolean } = {}): T {
  return during(native.setAutocast, enabled, body);
}

/**
 * Whether this processor computes in bfloat16 at speed (AVX-512 BF16 or AMX). Elsewhere libtorch emulates
 * it, many times slower than float32.
 */
export function hasFastBfloat16(): boolean {
  try {
    return /\b(avx512_bf16|amx_bf16)\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return false;
  }
}

/** Sets how many threads one operator called from this JavaScript thread may use. @throws Error unless a positive integer */
export function setThreads(count: number): void {
  native.setThreads(count);
}

/** @returns how many threads one operator may use */
export function getThreads(): number {
  return native.threads();
}

/** @returns how many tensors JavaScript holds at this moment, in all threads */
export function liveTensorCount(): number {
  return native.liveCount();
}
