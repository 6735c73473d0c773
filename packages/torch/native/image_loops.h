/** The inner loops of `la_ssl::augment`, on float32 in [0, 1]. A colour image is three planes of `n` pixels, red, green, blue. */
#pragma once
#include <cstdint>

namespace la_ssl {

/** `bytes / 255` */
void toUnitRange(const uint8_t* bytes, int64_t n, float* out);
/** `out[i]` is from `row[index[i]]` to the value after it, by `weight[i]` from 0 to 1 */
void interpolateRow(const float* row, const int32_t* index, const float* weight, int64_t n, float* out);
void interpolateRows(const float* above, const float* below, float weight, int64_t n, float* out);

/** `scale · x + shift`, limited to [0, 1] */
void scaleAndShift(float* x, int64_t n, float scale, float shift);
double sum(const float* x, int64_t n);
double sumOfLuminance(const float* image, int64_t n);
/** `factor · x + (1 − factor) · luminance`, limited to [0, 1] */
void saturate(float* image, int64_t n, float factor);
/** @param turn - 1 is once around */
void turnHue(float* image, int64_t n, double turn);
void toGray(float* image, int64_t n);
/** `1 − x` where `x ≥ threshold` */
void solarise(float* x, int64_t n, float threshold);
/** `(x − mean) / std` */
void normalise(float* x, int64_t n, float mean, float std);

/** Floats that `blur` needs to work with. */
int64_t blurScratch(int64_t height, int64_t width, int64_t half);
/**
 * Convolves a plane with a kernel along its columns and then its rows, over borders that mirror it without its edge.
 * @param kernel - of `2 half + 1` weights, where `half` is less than either side
 */
void blur(float* plane, int64_t height, int64_t width, const float* kernel, int64_t half, float* scratch);

}  // namespace la_ssl
