/** @file The style of a report's page: light and dark, on screens from 320 pixels on, on paper. */
import { PAPERS } from './chart.js';

const [WHITE, DARK] = PAPERS;

/** Colours of text on paper, and of their dark forms; all have a contrast of 4.5 or more. */
export const INKS = {
  light: { paper: WHITE, ink: '#1d2129', soft: '#4f5865', warning: '#8a3b00' },
  dark: { paper: DARK, ink: '#e8eaee', soft: '#a9b1bd', warning: '#ffb77a' },
} as const;

const variables = ({ paper, ink, soft, warning }: (typeof INKS)[keyof typeof INKS]): string =>
  `--paper: ${paper}; --ink: ${ink}; --soft: ${soft}; --warning: ${warning};`;

export const PAGE_STYLE = `
:root { color-scheme: light; ${variables(INKS.light)} --line: #d5d9e0; --tint: #f3f5f8; }
@media screen and (prefers-color-scheme: dark) {
  :root { color-scheme: dark; ${variables(INKS.dark)} --line: #353b45; --tint: #1e232b; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem 1rem 3rem; max-width: 1240px; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 0.8rem; border-bottom: 1px solid var(--line); padding-bottom: 0.2rem; }
h3 { font-size: 1rem; margin: 0 0 0.4rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; list-style: none; padding: 0; }
a { color: inherit; }
a:focus-visible, [tabindex]:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
.parts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 360px), 1fr)); gap: 1.4rem; }
.parts > * { margin: 0; min-width: 0; }
.wide { grid-column: 1 / -1; }
figcaption, .caption, caption { color: var(--soft); font-size: 0.875rem; text-align: left; }
figure svg { display: block; max-width: 100%; height: auto; }
figure svg > rect { fill: transparent; }
figure svg .mark-text:not(.role-mark) > text { fill: var(--ink); }
figure svg .role-axis-grid line { stroke: var(--line); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875rem; overflow-wrap: normal; }
caption { padding-bottom: 0.4rem; overflow-wrap: anywhere; }
caption span { display: block; position: sticky; left: 0; max-width: calc(min(100vw, 1240px) - 2rem); }
tbody th { white-space: nowrap; }
th, td { text-align: left; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td { font-variant-numeric: tabular-nums; max-width: 34rem; }
td.number, th.number { text-align: right; }
td.number { white-space: nowrap; }
.broad th, .broad td { padding-right: 0.5rem; }
.broad tbody th { white-space: normal; min-width: 6rem; }
.interval { display: block; font-size: 0.75rem; color: var(--soft); white-space: nowrap; }
summary { cursor: pointer; padding: 0.5rem 0; font-size: 0.875rem; }
summary:focus-visible { outline: 2px solid currentColor; }
.details { border-bottom: 1px solid var(--line); }
.details > summary { font-size: 1rem; font-weight: 600; }
.details > .parts { padding: 0.6rem 0 1.4rem; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 0.8rem; list-style: none;
  padding: 0; margin: 0.6rem 0; font-size: 0.75rem; line-height: 1.35; }
.pictures img { display: block; image-rendering: pixelated; margin-bottom: 0.2rem; max-width: 100%; }
.note, .warning { background: var(--tint); border-left: 4px solid var(--line); padding: 0.6rem 0.9rem; }
.warning { border-color: var(--warning); }
.warning strong { color: var(--warning); }
code { font-family: ui-monospace, monospace; font-size: 0.875em; }
.note code { display: block; margin-top: 0.3rem; }
footer { margin-top: 3rem; color: var(--soft); font-size: 0.875rem; }
@media print {
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  nav { display: none; }
  figure, .note, .warning, tr, .pictures li { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .parts { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .scroll { overflow: visible; }
  details::details-content { display: block; content-visibility: visible; block-size: auto; }
  :not(.details) > summary { display: none; }
  table { font-size: 8pt; }
  td, th { overflow-wrap: anywhere; }
  tbody th { white-space: normal; }
  * { print-color-adjust: exact; }
}
`;
