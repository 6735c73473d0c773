/** @file The report of one run, or of several side by side. */
import { counted } from './figures.js';
import type { Report, Section } from './parts.js';
import type { RunMaterial } from './run-material.js';
import { accuracySection } from './section-accuracy.js';
import { mapSection, picturesSection } from './section-examples.js';
import { learningSection } from './section-learning.js';
import { optionsSection, summarySection, warningsSection } from './section-run.js';
import { samplingSection } from './section-sampling.js';
import { speedsSection } from './section-speeds.js';

/** @param material - of `readMaterial`; one or more */
export async function runReport(material: readonly RunMaterial[]): Promise<Report> {
  const names = material.map(({ run }) => run.name).join(', ');
  const sections: (Section | null)[] = [
    warningsSection(material),
    await accuracySection(material),
    await learningSection(material),
    await speedsSection(material),
    await samplingSection(material),
    picturesSection(material),
    await mapSection(material),
    summarySection(material),
    optionsSection(material),
  ];
  const whole = sections.filter((section) => section !== null);
  const of = (key: 'method' | 'encoder' | 'sampler' | 'dataset'): string =>
    [...new Set(material.map(({ run }) => run.config[key]))].join(' and ');
  return {
    title: material.length === 1 ? `Run ${names}` : `Runs ${names}`,
    lead:
      `${counted(material.length, 'run')} of ${of('method')} with ${of('encoder')} on ${of('dataset')}, ` +
      `drawn by ${of('sampler')}. Accuracies are of the test set; what is said of learning is of training examples.`,
    sections: whole,
  };
}
