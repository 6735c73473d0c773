/** @file The report: what a person looks at. */
export { drawChart, PALETTE, SHAPES } from './chart.js';
export { type ContactSheetOptions, contactSheet, type SheetSection } from './contact-sheet.js';
export { groupSheet } from './group-sheet.js';
export type { Figure, Note, Part, Picture, Pictures, Report, Section, Table } from './parts.js';
export { type PrincipalComponents, principalComponents } from './principal-components.js';
export { type MaterialOptions, type RunMaterial, readMaterial } from './run-material.js';
export type { RunRecord } from './run-record.js';
export { runReport } from './run-report.js';
export { writeSpeedPlot } from './run-speeds.js';
export { type ScoreFiles, scoreTable, writeScoreFiles } from './score-files.js';
export { type SpeedsAtUpdate, speedPlot } from './speed-plot.js';
export { readStudyResult, studyReport } from './study-report.js';
export { spreadOverGroups, viewSheet } from './view-sheet.js';
export { type ReportFiles, writeReport } from './write-report.js';
