/** All works, in the order in which they are measured. */
import sampling from './sampling.mjs';
import simclr from './simclr.mjs';

export const WORKS = [...simclr, ...sampling];
