/** @file One of the threads of `file-states.ts`. */
import { statesOf } from './file-states.js';
import { answer } from './thread-pool.js';

answer(statesOf);
