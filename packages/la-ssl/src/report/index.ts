/** @file The report: what a person looks at. */
export { type ContactSheetOptions, contactSheet, type SheetSection } from './contact-sheet.js';
export { groupSheet } from './group-sheet.js';
export { writeSpeedPlot } from './run-speeds.js';
export { type ScoreFiles, scoreTable, writeScoreFiles } from './score-files.js';
export { type SpeedsAtUpdate, speedPlot } from './speed-plot.js';
export { spreadOverGroups, viewSheet } from './view-sheet.js';
