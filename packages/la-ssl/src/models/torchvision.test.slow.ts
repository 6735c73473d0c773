/**
 * @file ResNet-34 and -50 through torchvision. Not part of the quick suite, which has ResNet-18: it takes ten seconds.
 *
 *     node packages/la-ssl/dist/models/torchvision.test.slow.js
 */
import { testThroughTorchvision } from './torchvision.test.support.js';

testThroughTorchvision(34);
testThroughTorchvision(50);
