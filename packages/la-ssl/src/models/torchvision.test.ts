/** @file ResNet-18 through torchvision; the larger ones are in `torchvision.test.slow.ts`. */
import { testThroughTorchvision } from './torchvision.test.support.js';

testThroughTorchvision(18);
