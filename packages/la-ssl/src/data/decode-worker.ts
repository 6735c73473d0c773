/** @file One of the threads of `decode-files.ts`. */
import { workerData } from 'node:worker_threads';
import { type DecodeJob, type DecodeTask, decodeSome } from './decode-files.js';
import { answer } from './thread-pool.js';

answer((task: DecodeTask) => decodeSome(task, workerData as DecodeJob));
