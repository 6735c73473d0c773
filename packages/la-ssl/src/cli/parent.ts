/** @file A command that another process of la-ssl started, as `la-ssl study` does: it tells its progress, and ends with it. */

/** What a command tells whoever started it. */
export interface ProgressMessage {
  label: string;
  unit: string;
  /** Of `total`, in the unit of the work. */
  done: number;
  total: number;
  text: string;
}

/** Whether a process waits for messages. */
export function hasParent(): boolean {
  return process.env.LA_SSL_PARENT === '1' && process.channel !== undefined;
}

/** Tells the progress. A parent that is gone does not hear it. */
export function tellParent(message: ProgressMessage): void {
  if (process.connected) process.send!(message, undefined, undefined, () => {});
}

/** Calls back when the parent is gone, now or later; waiting for it keeps no process alive. @returns what ends the wait */
export function onParentGone(gone: () => void): () => void {
  if (process.env.LA_SSL_PARENT !== '1' || process.send === undefined) return () => {};
  if (!process.connected) gone();
  process.on('disconnect', gone);
  process.channel?.unref();
  return () => {
    process.off('disconnect', gone);
  };
}
