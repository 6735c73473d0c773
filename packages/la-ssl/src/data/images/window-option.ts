/** @file The option for a window; beside `window.ts`, since threads that decode begin sooner without the schema library. */
import { z } from 'zod';
import { areBounds, boundsIn } from './window.js';

export const windowOption = z
  .templateLiteral([z.int(), ':', z.int()])
  .or(z.enum(['full', 'auto']))
  .refine((window) => window === 'full' || window === 'auto' || areBounds(boundsIn(window)), {
    error:
      'give auto, full, or black and white as <low>:<high>, whole numbers from 0 to 65535 such as 0:4095',
  });
