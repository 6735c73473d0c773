/** @file A report as one HTML page that needs nothing else: no script, no network. */
import { version } from '../version.js';
import { withOwnIds } from './chart.js';
import { counted } from './figures.js';
import { type Html, type HtmlValue, html, markup } from './html.js';
import { PAGE_STYLE } from './page-style.js';
import type { Part, Picture, Report, Table } from './parts.js';

/** Nothing may be fetched or run, whatever found its way into the page. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/**
 * @param files - the name of the folder beside the page that has its tables and figures
 * @returns the page; the same report gives the same bytes
 */
export function reportPage({ title, lead, sections }: Report, files: string): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${title}</title>
<style>${markup(PAGE_STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p>${lead}</p>
<nav aria-label="Sections"><ul>${sections.map(({ id, title }) => html`<li><a href="#section-${id}">${title}</a></li>`)}</ul></nav>
</header>
<main>
${sections.map(
  ({ id, title, parts }) => html`<section id="section-${id}" aria-labelledby="section-${id}-title">
<h2 id="section-${id}-title">${title}</h2>
<div class="parts">
${parts.map((part) => html`${partHtml(part)}\n`)}</div>
</section>
`,
)}</main>
<footer>Written by la-ssl ${version}. The tables as CSV and Markdown and the figures as SVG were written beside this page, into ${files}/.</footer>
</body>
</html>
`;
  return page.text;
}

function partHtml(part: Part): Html {
  switch (part.kind) {
    case 'figure':
      return html`<figure id="${part.slug}">
<h3>${part.title}</h3>
${markup(withOwnIds(part.svg, part.slug))}
<figcaption>${part.caption}</figcaption>
</figure>`;
    case 'table':
      return tableHtml(part);
    case 'pictures':
      return html`<section class="wide" id="${part.slug}" aria-labelledby="${part.slug}-title">
<h3 id="${part.slug}-title">${part.title}</h3>
<p class="caption">${part.caption}</p>
<ol class="pictures">${part.pictures.map(pictureHtml)}</ol>
</section>`;
    case 'details':
      return html`<details class="wide details"><summary>${part.title}</summary>
<div class="parts">
${part.parts.map((own) => html`${partHtml(own)}\n`)}</div>
</details>`;
    case 'warning':
      return html`<p class="wide warning"><strong>Warning.</strong> ${part.text}</p>`;
    case 'note':
      return html`<p class="wide note">${part.text}${part.command ? html` <code>${part.command}</code>` : null}</p>`;
  }
}

function pictureHtml({ png, width, height, alt, lines }: Picture): Html {
  const source = markup(`data:image/png;base64,${png.toString('base64')}`);
  const rows = lines.map((line, l) => html`${l > 0 ? markup('<br>') : null}${line}`);
  return html`<li><img src="${source}" width="${width}" height="${height}" alt="${alt}">${rows}</li>\n`;
}

/** A column of figures stands right. */
const FIGURE = /^[+−-]?[\d.,]+( ?%| s| \[.*\].*)?$|^–?$/;

/** Tables of more columns have intervals below their figures, so that they fit on a screen. */
const BROAD = 8;
const WITH_INTERVAL = /^(\S+) (\[.*)$/;

function cellHtml(text: string, isBroad: boolean): HtmlValue {
  const [, figure, interval] = (isBroad && WITH_INTERVAL.exec(text)) || [];
  return figure === undefined ? text : html`${figure} <span class="interval">${interval!}</span>`;
}

function tableHtml({ slug, caption, header, rows, fold }: Table): Html {
  const classes = header.map((_, c) =>
    c > 0 && rows.every((row) => FIGURE.test(row[c] ?? '')) ? 'number' : '',
  );
  const classOf = (c: number): Html | null => (classes[c] ? html` class="${classes[c]}"` : null);
  const isBroad = header.length > BROAD;
  const tableOf = (
    caption: string,
    own: Table['rows'],
  ): Html => html`<table${isBroad ? markup(' class="broad"') : null}>
<caption><span>${caption}</span></caption>
<thead><tr>${header.map((title, c) => html`<th scope="col"${classOf(c)}>${title}</th>`)}</tr></thead>
<tbody>
${own.map(
  (row) => html`<tr>${row.map((cell, c) =>
    c === 0 ? html`<th scope="row">${cell}</th>` : html`<td${classOf(c)}>${cellHtml(cell, isBroad)}</td>`,
  )}</tr>
`,
)}</tbody>
</table>`;
  const region = (content: Html): Html =>
    html`<div class="wide scroll" id="${slug}" tabindex="0" role="region" aria-label="${caption}">
${content}
</div>`;
  if (!fold) return region(tableOf(caption, rows));
  const rest = rows.filter((_, r) => !fold.shown.includes(r));
  const more = counted(rest.length, 'more row');
  return region(html`${tableOf(
    `${caption}. First ${fold.what}.`,
    fold.shown.map((r) => rows[r]!),
  )}
<details><summary>${more}</summary>
${tableOf(more, rest)}
</details>`);
}
