/**
 * Resize of the shorter side and centre crop of images of 8 bits: to the pixel what torchvision's `Resize(S)` and
 * `CenterCrop(S)` make of a PIL image.
 *
 * Source: Pillow's src/libImaging/Resample.c, `ImagingResample` with the bilinear filter: a triangle as wide as the step
 * between two output pixels, rows first, rounded to 8 bits in between, in fixed point with 22 bits. Sizes and offsets as
 * torchvision documents them. Only what the crop keeps is computed.
 */
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "loops.h"
#include "operators.h"

namespace {

using at::Tensor;

/** Bits after the point of a weight: 255 times the sum of the weights, and what rounds it, stays below 2^31. */
constexpr int kBits = 22;
constexpr int32_t kHalf = 1 << (kBits - 1);

/** So many rows are made narrow at once, by the same weights. */
constexpr int kRows = 4;

/** What each output pixel is the weighted mean of: `taps` pixels from `first[x]` on, some with weight 0. */
struct Weights {
  int64_t taps;
  std::vector<int64_t> first;
  std::vector<int32_t> weights;  // [S, taps]; in units of 2^-kBits, with sum 1
};

/** Python's `round`. */
int64_t roundHalfToEven(double value) { return (int64_t)std::nearbyint(value); }

/** The weights by which `from` pixels become `to`, for the `side` of them in the middle. */
Weights weightsOf(int64_t from, int64_t to, int64_t side) {
  const int64_t offset = roundHalfToEven((to - side) / 2.0);
  const double step = (double)from / to, reach = std::max(step, 1.0);
  const int64_t taps = std::min((int64_t)(2 * reach) + 1, from);
  Weights result{taps, std::vector<int64_t>(side), std::vector<int32_t>(side * taps)};
  for (int64_t x = 0; x < side; x++) {
    const double centre = (offset + x + 0.5) * step;
    const int64_t start = std::max<int64_t>(0, (int64_t)(centre - reach + 0.5));
    const int64_t end = std::min(from, (int64_t)(centre + reach + 0.5));
    const auto weightAt = [&](int64_t i) { return std::max(0.0, 1 - std::abs((i - centre + 0.5) / reach)); };
    double sum = 0;
    for (int64_t i = start; i < end; i++) sum += weightAt(i);
    const int64_t first = result.first[x] = std::min(start, from - taps);  // so that all taps lie inside
    for (int64_t i = start; i < end; i++)
      result.weights[x * taps + i - first] = (int32_t)std::floor(weightAt(i) / sum * (1 << kBits) + 0.5);
  }
  return result;
}

INLINE uint8_t rounded(int32_t sum) { return (uint8_t)std::min(sum >> kBits, 255); }

/** A pixel of each of the rows: its three values, and one that is ignored. */
typedef uint32_t Pixels __attribute__((vector_size(16 * kRows)));
static_assert(kRows == 4, "as `readPixels` has it");

/** @param offset - of the pixel in its row, behind which there is another byte */
INLINE void readPixels(const uint8_t* const* rows, int64_t offset, Pixels* out) {
  uint32_t p[kRows];
  for (int r = 0; r < kRows; r++) std::memcpy(&p[r], rows[r] + offset, 4);
  const Pixels all = {p[0], p[0], p[0], p[0], p[1], p[1], p[1], p[1], p[2], p[2], p[2], p[2], p[3], p[3], p[3], p[3]};
  *out = all >> Pixels{0, 8, 16, 24, 0, 8, 16, 24, 0, 8, 16, 24, 0, 8, 16, 24} & 255;
}

/** Rows `[W, 3]`, a byte longer than that, to `[3, S]` each. @param pixels - room for W of them */
EVERY_PROCESSOR void narrowColour(const uint8_t* const* rows, const Weights& across, Pixels* pixels, uint8_t* const* out) {
  const int64_t side = (int64_t)across.first.size(), taps = across.taps;
  const int64_t* first = across.first.data();
  const int32_t* weights = across.weights.data();
  for (int64_t x = first[0], end = first[side - 1] + taps; x < end; x++) readPixels(rows, 3 * x, &pixels[x]);
  for (int64_t x = 0; x < side; x++, weights += taps) {
    Pixels sums = Pixels{} + kHalf;
    for (int64_t k = 0; k < taps; k++) sums += pixels[first[x] + k] * (uint32_t)weights[k];
    sums >>= kBits;
    uint32_t values[4 * kRows];
    std::memcpy(values, &sums, sizeof values);
    for (int r = 0; r < kRows; r++) {
      for (int c = 0; c < 3; c++) out[r][c * side + x] = (uint8_t)std::min(values[4 * r + c], 255u);
    }
  }
}

/** Rows `[W]` to `[S]` each. */
EVERY_PROCESSOR void narrowGray(const uint8_t* const* rows, const Weights& across, uint8_t* const* out) {
  const int64_t side = (int64_t)across.first.size(), taps = across.taps;
  for (int r = 0; r < kRows; r++) {
    const int32_t* weights = across.weights.data();
    for (int64_t x = 0; x < side; x++, weights += taps) {
      const uint8_t* row = rows[r] + across.first[x];
      int32_t sum = kHalf;
      for (int64_t k = 0; k < taps; k++) sum += row[k] * weights[k];
      out[r][x] = rounded(sum);
    }
  }
}

/** The weighted sum of `taps` rows of `length` bytes. */
EVERY_PROCESSOR void sumOfRows(const uint8_t* rows, int64_t length, const int32_t* weights, int64_t taps, int32_t* sums) {
  std::fill(sums, sums + length, kHalf);
  for (int64_t k = 0; k < taps; k++, rows += length) {
    const int32_t weight = weights[k];
#pragma GCC ivdep
    for (int64_t i = 0; i < length; i++) sums[i] += rows[i] * weight;
  }
}

EVERY_PROCESSOR void roundRow(const int32_t* sums, int64_t length, uint8_t* out) {
#pragma GCC ivdep
  for (int64_t i = 0; i < length; i++) out[i] = rounded(sums[i]);
}

/** `[H, W, C]` to rows `[rows, C, S]` from row `top` on. */
std::vector<uint8_t> narrowed(const uint8_t* pixels, int64_t height, int64_t width, int64_t channels,
                              const Weights& across, int64_t top, int64_t rows) {
  const int64_t length = channels * (int64_t)across.first.size(), stride = channels * width;
  std::vector<uint8_t> result(rows * length), ignored(length);
  const std::unique_ptr<Pixels[]> packed(new Pixels[width]);
  // A pixel is read with the byte behind it, which the last row has not.
  std::vector<uint8_t> last(pixels + (height - 1) * stride, pixels + height * stride);
  last.push_back(0);
  for (int64_t y = 0; y < rows; y += kRows) {
    const uint8_t* in[kRows];
    uint8_t* out[kRows];
    for (int64_t r = 0; r < kRows; r++) {
      const bool wanted = y + r < rows;
      const int64_t row = top + y + r;
      in[r] = wanted && row < height - 1 ? pixels + row * stride : last.data();
      out[r] = wanted ? &result[(y + r) * length] : ignored.data();
    }
    if (channels == 1) {
      narrowGray(in, across, out);
    } else {
      narrowColour(in, across, packed.get(), out);
    }
  }
  return result;
}

Tensor resizeAndCrop(const Tensor& image, int64_t side) {
  TORCH_CHECK(image.dim() == 3 && image.scalar_type() == at::kByte && image.device().is_cpu() && image.numel() > 0 &&
                  (image.size(2) == 1 || image.size(2) == 3),
              "image must be uint8 [H, W, C] on the cpu, of 1 or 3 channels and at least a pixel, got ",
              image.scalar_type(), " ", image.sizes(), " on ", image.device());
  TORCH_CHECK(side > 0 && side < (1 << 15), "side must be from 1 to 32767, got ", side);
  const int64_t height = image.size(0), width = image.size(1), channels = image.size(2);
  const int64_t shorter = std::min(height, width);
  TORCH_CHECK(std::max(height, width) < INT32_MAX, "image is too long: ", image.sizes());
  const Tensor in = image.contiguous();
  const Weights across = weightsOf(width, side * width / shorter, side);
  const Weights down = weightsOf(height, side * height / shorter, side);
  const int64_t top = down.first[0], rows = down.first[side - 1] + down.taps - top, length = channels * side;
  const auto narrow = narrowed(in.data_ptr<uint8_t>(), height, width, channels, across, top, rows);
  Tensor result = at::empty({channels, side, side}, image.options());
  std::vector<int32_t> sums(length);
  for (int64_t y = 0; y < side; y++) {
    sumOfRows(&narrow[(down.first[y] - top) * length], length, &down.weights[y * down.taps], down.taps, sums.data());
    for (int64_t c = 0; c < channels; c++)
      roundRow(&sums[c * side], side, result.data_ptr<uint8_t>() + (c * side + y) * side);
  }
  return result;
}

}  // namespace

const Operator resizeAndCropOperator("resize_and_crop(Tensor image, int side) -> Tensor", resizeAndCrop);
