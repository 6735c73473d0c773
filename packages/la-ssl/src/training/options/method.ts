/** @file The self-supervised method, and the options that each has for itself. */
import { z } from 'zod';
import { methods, positive, share, whole } from './fields.js';

/** An option of some methods only; `--help` says of which, with their defaults. */
function own<T extends z.ZodType>(name: string, type: T, text: string) {
  const takers = methods.flatMap(([method, { options }]) => {
    if (!(name in options)) return [];
    const value = (options as Record<string, unknown>)[name];
    return [value === undefined ? method : `${method}: ${value}`];
  });
  return type.optional().describe(`${text} (${takers.join('; ')})`);
}

const needing = methods.filter(([, spec]) => spec.needs === 'attributes').map(([name]) => name);

export const methodOptions = {
  method: z
    .enum(methods.map(([name]) => name))
    .default('simclr')
    .describe(`self-supervised method; ${needing.join(' and ')} need the attributes`),
  temperature: own('temperature', positive(), 'temperature of the loss'),
  speedTemperature: own(
    'speedTemperature',
    positive(),
    'temperature of the learning speed, or that of the loss',
  ),
  hidden: own('hidden', whole(1), "size of the projector's hidden layers, or that of the features"),
  projections: own('projections', whole(1), 'size of the projections'),
  projectorLayers: own('projectorLayers', whole(1), 'linear layers of the projector'),
  predictorHidden: own('predictorHidden', whole(1), "size of the predictor's hidden layer"),
  lambda: own('lambda', positive(), 'weight of what different projections have in common'),
  lossScale: own('lossScale', positive(), 'what the loss is multiplied with'),
  invarianceWeight: own('invarianceWeight', z.number().min(0), 'weight of the distance between views'),
  varianceWeight: own('varianceWeight', z.number().min(0), 'weight of projections that vary too little'),
  covarianceWeight: own('covarianceWeight', z.number().min(0), 'weight of projections that vary together'),
  maskDuplicates: own(
    'maskDuplicates',
    z.boolean(),
    'an example drawn twice into a batch is not its own negative',
  ),
  encoderMomentum: own(
    'encoderMomentum',
    share(),
    'momentum of the encoder that follows the other, in the first step; it goes to 1 by a cosine',
  ),
  freezePatches: own(
    'freezePatches',
    z.boolean(),
    'the patch projection of a transformer keeps its random first weights',
  ),
  bottleneck: own('bottleneck', whole(1), 'size of the layer before the prototypes'),
  headBatchNorm: own('headBatchNorm', z.boolean(), 'batch norm in the heads of student and teacher'),
  prototypes: own('prototypes', whole(2), 'outputs of student and teacher'),
  studentTemperature: own('studentTemperature', positive(), 'temperature of the student'),
  teacherTemperature: own('teacherTemperature', positive(), 'temperature of the teacher after its warm-up'),
  teacherTemperatureStart: own('teacherTemperatureStart', positive(), 'temperature of the teacher at first'),
  teacherWarmupEpochs: own(
    'teacherWarmupEpochs',
    whole(0),
    'epochs over which the temperature of the teacher rises; 0: it does not',
  ),
  centerMomentum: own('centerMomentum', share(), "momentum of the centre of the teacher's outputs"),
  freezeLastLayerEpochs: own(
    'freezeLastLayerEpochs',
    whole(0),
    'epochs in which the prototypes keep their first weights',
  ),
  maskRatio: own('maskRatio', z.number().gt(0).lt(1), 'share of the patches that is hidden'),
  normalizeTarget: own(
    'normalizeTarget',
    z.boolean(),
    'what is hidden is to be drawn with mean 0 and variance 1 in each patch',
  ),
  decoderWidth: own('decoderWidth', whole(4), "size of the decoder's tokens, or 2/3 of the encoder's"),
  decoderDepth: own('decoderDepth', whole(1), 'blocks of the decoder'),
  decoderHeads: own('decoderHeads', whole(1), 'heads of the decoder, or one for each 32 of its width'),
  latePruning: own(
    'latePruning',
    z.number().gt(0).lt(1),
    "share of the late weights that is zero for the second view, the smallest ones of the encoder's at each step",
  ),
  lateLayers: own(
    'lateLayers',
    whole(1),
    'how many of the last convolutions, or linear layers of a transformer, are pruned',
  ),
  keepPruned: own(
    'keepPruned',
    z.boolean(),
    "the pruned copy is the encoder that is kept, as it is said of the paper's algorithm",
  ),
  adversaryWeight: own(
    'adversaryWeight',
    z.number().min(0),
    'weight of the turned gradient that the head on the attribute gives to the encoder',
  ),
  adversarySchedule: own(
    'adversarySchedule',
    z.enum(['rising', 'constant']),
    'whether that weight rises from 0, as in the paper, or stays',
  ),
  adversaryHidden: own(
    'adversaryHidden',
    whole(1),
    'size of the hidden layer of the head on the attribute, or that of the features',
  ),
  speed: own(
    'speed',
    z.enum(['reconstruction', 'features']),
    'learning speed: by the error of what is drawn, or by the features under two masks',
  ),
};
