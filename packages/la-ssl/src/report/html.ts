/** @file HTML from templates in which every value is escaped, unless it is HTML already. */

/** Text that is HTML: made by `html`, or by `markup` from a source that is trusted. */
export class Html {
  constructor(readonly text: string) {}
}

export type HtmlValue = string | number | Html | null | readonly HtmlValue[];

/** `html\`<p>${name}</p>\``: strings are escaped, lists joined, null is nothing. Attributes stand in double quotes. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(strings.reduce((text, part, i) => text + textOf(values[i - 1]!) + part));
}

/** Takes text as HTML as it stands: what this program itself has made. */
export function markup(text: string): Html {
  return new Html(text);
}

function textOf(value: HtmlValue): string {
  if (value === null) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(textOf).join('');
  return escapeHtml(String(value));
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Makes text safe between tags and in quoted attributes; also in XML, of which control characters are left out. */
export function escapeHtml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML does not allow them
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
      .replace(/[&<>"']/g, (character) => ENTITIES[character]!)
  );
}
