/** @file One of the threads of `decode-files.ts`. */
import { workerData } from 'node:worker_threads';
import { answer } from '../thread-pool.js';
import { type DecodeJob, type DecodeTask, decodeSome } from './decode-files.js';

answer((task: DecodeTask) => decodeSome(task, workerData as DecodeJob));
