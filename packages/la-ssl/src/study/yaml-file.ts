/** @file A YAML file with the lines of its keys. */
import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';

/** A study that cannot be meant. */
export class StudyProblem extends Error {}

/** The line of the file in which the first of these keys stands that is there. */
export type LineOf = (...paths: readonly (readonly PropertyKey[])[]) => number;

/** @param what - it should be, for the message. @throws StudyProblem where it cannot be read or is not YAML */
export function readYaml(file: string, what = 'a study'): { content: unknown; lineOf: LineOf } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StudyProblem(`${file} cannot be read (${code}). Give the path of ${what}, a YAML file.`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const problem = document.errors[0];
  if (problem) throw new StudyProblem(`${file}: ${problem.message}`);
  const lineOf: LineOf = (...paths) => {
    for (const path of paths) {
      for (let depth = path.length; depth > 0; depth--) {
        const node = document.getIn(path.slice(0, depth), true) as { range?: number[] } | undefined;
        if (depth < path.length && paths.length > 1) break; // another of them may be there whole
        if (node?.range) return lines.linePos(node.range[0]!).line;
      }
    }
    return paths.length > 1 ? lineOf(paths.at(-1)!) : 1;
  };
  return { content: document.toJS() ?? {}, lineOf };
}
