/**
 * @file Finds edges and measures the distance to them, as the water drops of the spatter need.
 *
 * Sources: Canny 1986, "A computational approach to edge detection", as OpenCV 4.6 `Canny` (3 × 3 Sobel, L1
 * norm); Borgefors 1986, "Distance transformations in digital images", as OpenCV 4.6 `distanceTransform`
 * (L2, 5 × 5 mask).
 */

import { correlate } from './convolve.js';
import type { Shape } from './picture.js';

const SOBEL_X = [-1, 0, 1, -2, 0, 2, -1, 0, 1];
const SOBEL_Y = [-1, -2, -1, 0, 0, 0, 1, 2, 1];
const TAN_22_5 = Math.SQRT2 - 1;
const TAN_67_5 = Math.SQRT2 + 1;

/**
 * Canny's edges: ridges of the gradient above `high`, and those above `low` that hang together with them.
 * @param bytes - one channel
 * @param low - gradient |dx| + |dy| above which an edge may go on
 * @param high - gradient above which an edge may begin
 * @returns 1 on an edge, else 0
 */
export function cannyEdges(bytes: Uint8Array, shape: Shape, low: number, high: number): Uint8Array {
  const { height, width } = shape;
  const dx = correlate(bytes, shape, SOBEL_X, 'nearest');
  const dy = correlate(bytes, shape, SOBEL_Y, 'nearest');
  const strength = dx.map((value, i) => Math.abs(value) + Math.abs(dy[i]!));
  const at = (y: number, x: number): number =>
    y < 0 || y >= height || x < 0 || x >= width ? 0 : strength[y * width + x]!;

  const isRidge = (y: number, x: number): boolean => {
    const i = y * width + x;
    const m = strength[i]!;
    if (m <= low) return false;
    const across = Math.abs(dx[i]!);
    const down = Math.abs(dy[i]!);
    if (down < across * TAN_22_5) return m > at(y, x - 1) && m >= at(y, x + 1);
    if (down > across * TAN_67_5) return m > at(y - 1, x) && m >= at(y + 1, x);
    const slope = dx[i]! < 0 === dy[i]! < 0 ? 1 : -1;
    return m > at(y - 1, x - slope) && m > at(y + 1, x + slope);
  };

  const ridges = new Uint8Array(height * width);
  const pending: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!isRidge(y, x)) continue;
      ridges[y * width + x] = 1;
      if (strength[y * width + x]! > high) pending.push(y * width + x);
    }
  }
  const edges = new Uint8Array(height * width);
  for (const i of pending) edges[i] = 1;
  for (let i = pending.pop(); i !== undefined; i = pending.pop()) {
    const column = i % width;
    for (let y = Math.floor(i / width) - 1; y <= Math.floor(i / width) + 1; y++) {
      for (let x = column - 1; x <= column + 1; x++) {
        if (y < 0 || y >= height || x < 0 || x >= width) continue;
        const neighbour = y * width + x;
        if (ridges[neighbour] === 0 || edges[neighbour] === 1) continue;
        edges[neighbour] = 1;
        pending.push(neighbour);
      }
    }
  }
  return edges;
}

/** Steps of a chess rook, bishop and knight; OpenCV holds them with 16 binary places. */
const [ROOK, BISHOP, KNIGHT] = [1, 1.4, 2.1969].map((step) => Math.round(step * 2 ** 16) / 2 ** 16) as [
  number,
  number,
  number,
];

/** The half of the 5 × 5 mask that a scan from the top left has already passed: rows up, columns, length. */
const PASSED = [
  [0, -1, ROOK],
  [-1, -1, BISHOP],
  [-1, 0, ROOK],
  [-1, 1, BISHOP],
  [-1, -2, KNIGHT],
  [-1, 2, KNIGHT],
  [-2, -1, KNIGHT],
  [-2, 1, KNIGHT],
] as const;

/**
 * About the Euclidean distance of each pixel to the nearest marked one: two scans with a chamfer mask.
 * @param marked - 1 where the distance is 0, else 0
 * @returns distances, pixels; Infinity where nothing is marked
 */
export function distanceTo(marked: Uint8Array, { height, width }: Shape): Float64Array {
  const distance = Float64Array.from(marked, (mark) => (mark === 1 ? 0 : Infinity));
  const relax = (y: number, x: number, direction: 1 | -1): void => {
    for (const [up, along, step] of PASSED) {
      const fromY = y + direction * up;
      const fromX = x + direction * along;
      if (fromY < 0 || fromY >= height || fromX < 0 || fromX >= width) continue;
      const through = distance[fromY * width + fromX]! + step;
      if (through < distance[y * width + x]!) distance[y * width + x] = through;
    }
  };
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) relax(y, x, 1);
  for (let y = height - 1; y >= 0; y--) for (let x = width - 1; x >= 0; x--) relax(y, x, -1);
  return distance;
}
