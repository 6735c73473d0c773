/** All works, in the order in which they are measured. */
import augment from './augment.mjs';
import epoch from './epoch.mjs';
import jpegFolder from './jpeg-folder.mjs';
import laSslCost from './la-ssl-cost.mjs';
import linearProbe from './linear-probe.mjs';
import sampling from './sampling.mjs';
import simclr from './simclr.mjs';
import vit from './vit.mjs';

export const WORKS = [
  ...simclr,
  ...vit,
  ...epoch,
  ...augment,
  ...jpegFolder,
  ...laSslCost,
  ...sampling,
  ...linearProbe,
];
