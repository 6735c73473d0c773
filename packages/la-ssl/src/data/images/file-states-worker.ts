/** @file One of the threads of `file-states.ts`. */

import { answer } from '../thread-pool.js';
import { statesOf } from './file-states.js';

answer(statesOf);
