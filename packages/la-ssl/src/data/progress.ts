/** @file What a long piece of data work tells its caller, who draws the bar or prints the line. */

export type DataEvent =
  | { kind: 'progress'; task: string; done: number; total?: number; unit: 'bytes' | 'examples' }
  | { kind: 'note'; text: string };

export type OnProgress = (event: DataEvent) => void;
