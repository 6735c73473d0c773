/** @file `la-ssl export`: the encoder of a run, for PyTorch, timm and ONNX. */
import { Command, Option } from 'commander';
import { writeWhole } from '../data/cache.js';
import { ENCODER_FORMATS, type EncoderFormat, onnxModel, openEncoder } from '../export/index.js';
import { saveEncoder } from '../models/index.js';
import { version } from '../version.js';
import { dataProgress } from './data-progress.js';
import { outputFile } from './output-file.js';

interface ExportFlags {
  format?: EncoderFormat;
  output?: string;
  json?: boolean;
}

export function exportCommand(): Command {
  return new Command('export')
    .summary('Write the encoder of a run as safetensors or ONNX.')
    .description(
      'Write the encoder of a finished run for others to load. safetensors: the names of torchvision (ResNet) and ' +
        'timm (ViT), without a classifier. onnx: opset 17, images [batch, C, H, W] in, features [batch, F] out. Both ' +
        'take images in [0, 1], minus mean, divided by std; the file says which, with encoder, size and data set.',
    )
    .argument('<run>', 'the folder of a finished run, or a safetensors file that this command wrote')
    .addOption(
      new Option('--format <name>', `as the ending of --output says, or ${ENCODER_FORMATS[0]}`).choices(
        ENCODER_FORMATS,
      ),
    )
    .option('--output <file>', 'the file (the name of the run, here)')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  la-ssl export runs/study-3                         # study-3.safetensors
  la-ssl export runs/study-3 --output encoder.onnx
  la-ssl export study-3.safetensors --format onnx`,
    )
    .action(async (source: string, flags: ExportFlags) => {
      const { format, file: asked } = outputFile(flags, ENCODER_FORMATS);
      const loading = dataProgress();
      const opened = await openEncoder(source, loading.onProgress).finally(loading.stop);
      const { encoder, info, name } = opened;
      const file = asked ?? `${name}.${format}`;
      if (format === 'onnx') await writeWhole(file, [onnxModel(encoder, info, version)]);
      else saveEncoder(file, encoder, info);
      encoder.dispose();
      const { features } = encoder;
      process.stdout.write(
        flags.json
          ? `${JSON.stringify({ file, format, features, ...info })}\n`
          : `${file}: ${info.encoder}, ${features} features\n`,
      );
    });
}
