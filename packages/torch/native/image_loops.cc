#include "image_loops.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "loops.h"

namespace la_ssl {
namespace {

/** Sixteen floats, wherever they lie. */
typedef float Lanes __attribute__((vector_size(64), aligned(4), may_alias));
constexpr int64_t kLanes = 16;

INLINE float limited(float x) { return x < 0 ? 0 : x > 1 ? 1 : x; }  // NaN stays NaN

/** Of ITU-R BT.601, as torchvision rounds its weights. */
INLINE float luminance(float red, float green, float blue) {
  return 0.2989f * red + 0.587f * green + 0.114f * blue;
}

/** Of the luminance of a colour image, or of one plane. Lanes are summed in float over blocks, blocks in double. */
template <bool colour>
INLINE double sumOf(const float* x, int64_t n) {
  constexpr int64_t width = 4 * kLanes, block = 64 * width;
  const float *green = x + n, *blue = x + 2 * n;
  double total = 0;
  for (int64_t start = 0; start < n; start += block) {
    const int64_t end = std::min(n, start + block);
    float lanes[width] = {};
    for (int64_t from = start; from < end; from += width) {
      const int64_t length = std::min(width, end - from);
#pragma GCC ivdep
      for (int64_t j = 0; j < length; j++) {
        lanes[j] += colour ? luminance(x[from + j], green[from + j], blue[from + j]) : x[from + j];
      }
    }
    for (const float lane : lanes) total += lane;
  }
  return total;
}

/** A multiple of twice the lanes. */
INLINE int64_t paddedWidth(int64_t width) { return (width + 2 * kLanes - 1) / (2 * kLanes) * (2 * kLanes); }

/** `Σ weights[k] · x[k · step + j]` for j from 0 to twice the lanes */
INLINE void weighted(const float* weights, int64_t n, const float* x, int64_t step, float* out) {
  Lanes a = {}, b = {};
  for (int64_t k = 0; k < n; k++, x += step) {
    a += weights[k] * *(const Lanes*)x;
    b += weights[k] * *(const Lanes*)(x + kLanes);
  }
  *(Lanes*)out = a;
  *(Lanes*)(out + kLanes) = b;
}

INLINE int64_t mirrored(int64_t i, int64_t n) { return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i; }

}  // namespace

EVERY_PROCESSOR void toUnitRange(const uint8_t* bytes, int64_t n, float* out) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) out[i] = (float)bytes[i] / 255;
}

EVERY_PROCESSOR void interpolateRow(const float* row, const int32_t* index, const float* weight, int64_t n,
                                    float* out) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) {
    const float first = row[index[i]], second = row[index[i] + 1];
    out[i] = first + weight[i] * (second - first);
  }
}

EVERY_PROCESSOR void interpolateRows(const float* above, const float* below, float weight, int64_t n, float* out) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) out[i] = above[i] + weight * (below[i] - above[i]);
}

EVERY_PROCESSOR void scaleAndShift(float* x, int64_t n, float scale, float shift) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) x[i] = limited(scale * x[i] + shift);
}

EVERY_PROCESSOR double sum(const float* plane, int64_t n) { return sumOf<false>(plane, n); }

EVERY_PROCESSOR double sumOfLuminance(const float* image, int64_t n) { return sumOf<true>(image, n); }

EVERY_PROCESSOR void saturate(float* image, int64_t n, float factor) {
  float *red = image, *green = image + n, *blue = image + 2 * n;
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) {
    const float light = (1 - factor) * luminance(red[i], green[i], blue[i]);
    red[i] = limited(factor * red[i] + light);
    green[i] = limited(factor * green[i] + light);
    blue[i] = limited(factor * blue[i] + light);
  }
}

/**
 * Keeps value and saturation of HSV. With the greatest of the three channels, the least and their difference, the chroma, hue
 * is a place on a circle of six sectors, on which each channel rises from the least to the greatest, stays for two sectors,
 * falls, and stays for two. Source: Smith 1978, "Color gamut transform pairs".
 */
EVERY_PROCESSOR void turnHue(float* image, int64_t n, double turn) {
  float *red = image, *green = image + n, *blue = image + 2 * n;
  const float sectors = (float)(6 * (turn - std::floor(turn)));
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) {
    const float r = red[i], g = green[i], b = blue[i];
    const float greatest = std::max(std::max(r, g), b), least = std::min(std::min(r, g), b);
    const float chroma = greatest - least, inverse = 1 / std::max(chroma, 1e-30f);
    // Products with 0 or 1 choose: with branches the loop would take a pixel at a time.
    const float isRed = r == greatest ? 1 : 0, isGreen = g == greatest ? 1 - isRed : 0, isBlue = 1 - isRed - isGreen;
    const float rise = isRed * (g - b) + isGreen * (b - r) + isBlue * (r - g);
    const float place = rise * inverse + (2 * isGreen + 4 * isBlue + sectors);
    const float hue = place + (place < 0 ? 6 : 0) - (place >= 6 ? 6 : 0);
    red[i] = least + chroma * limited(std::abs(hue - 3) - 1);
    green[i] = least + chroma * limited(2 - std::abs(hue - 2));
    blue[i] = least + chroma * limited(2 - std::abs(hue - 4));
  }
}

EVERY_PROCESSOR void toGray(float* image, int64_t n) {
  float *red = image, *green = image + n, *blue = image + 2 * n;
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) red[i] = green[i] = blue[i] = luminance(red[i], green[i], blue[i]);
}

EVERY_PROCESSOR void solarise(float* x, int64_t n, float threshold) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) {
    const float inverts = x[i] >= threshold ? 1 : 0;
    x[i] = inverts + (1 - 2 * inverts) * x[i];
  }
}

EVERY_PROCESSOR void normalise(float* x, int64_t n, float mean, float std) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) x[i] = (x[i] - mean) / std;
}

int64_t blurScratch(int64_t height, int64_t width, int64_t half) {
  return (height + 2 * half + 2) * paddedWidth(width) + 2 * half;
}

EVERY_PROCESSOR void blur(float* plane, int64_t height, int64_t width, const float* kernel, int64_t half,
                          float* scratch) {
  const int64_t taps = 2 * half + 1, stride = paddedWidth(width), bytes = width * sizeof(float);
  float *copy = scratch, *out = copy + (height + 2 * half) * stride, *bordered = out + stride, *row = bordered + half;
  for (int64_t y = 0; y < height + 2 * half; y++) {
    std::memcpy(copy + y * stride, plane + mirrored(y - half, height) * width, bytes);
  }
  for (int64_t y = 0; y < height; y++) {
    for (int64_t x = 0; x < stride; x += 2 * kLanes) weighted(kernel, taps, copy + y * stride + x, stride, row + x);
    for (int64_t i = 1; i <= half; i++) {
      row[-i] = row[i];
      row[width - 1 + i] = row[width - 1 - i];
    }
    for (int64_t x = 0; x < stride; x += 2 * kLanes) weighted(kernel, taps, bordered + x, 1, out + x);
    std::memcpy(plane + y * width, out, bytes);
  }
}

}  // namespace la_ssl
