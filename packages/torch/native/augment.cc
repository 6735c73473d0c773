/**
 * `la_ssl::augment`: a crop of each image, resized and mirrored, then a list of changes of its own for each, then
 * normalisation, in one operator. One image after another goes through all of it, while it is in the cache; operators on whole
 * batches carry each intermediate to memory and back. Images are shared among threads, and none depends on their number.
 *
 * `augment/` of la-ssl draws the numbers, and holds the plain reference, `composed-changes.ts`.
 */
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "image_loops.h"
#include "operators.h"

namespace {

using namespace la_ssl;
using at::Tensor;
using OptionalTensor = c10::optional<Tensor>;

/** As `operations` names them. */
enum Operation : uint8_t { kNothing, kBrightness, kContrast, kSaturation, kHue, kGrayscale, kBlur, kSolarise, kOperations };

/** Rows of `crops`. */
enum CropRow { kTop, kLeft, kHeight, kWidth, kFlipped, kCropRows };

/** Everything about the batch but its pixels. */
struct Batch {
  int64_t count, channels, height, width;  // as they come
  int64_t rows, columns;                   // as they leave
  const int32_t* crops;                    // [5, N], or null
  int64_t steps;
  const uint8_t* operations;  // [steps, N]
  const float* amounts;       // [steps, N]
  int64_t blurSize;
  std::vector<double> mean, std;  // by channel, or empty

  int64_t crop(CropRow row, int64_t i) const { return crops[row * count + i]; }
  int64_t pixels() const { return rows * columns; }
};

/** What one thread works with. */
struct Scratch {
  std::vector<float> row, resized[2], kernel, blur;
  std::vector<int32_t> index;
  std::vector<float> weight;
};

/** Where one side of a result is read: at `clamp((i + ½) · length / size − ½, 0, length − 1)`; bilinear, not antialiased. */
void samplingPoints(int64_t length, int64_t size, bool reversed, int32_t* index, float* weight) {
  for (int64_t i = 0; i < size; i++) {
    const double place = std::clamp((i + 0.5) * length / size - 0.5, 0.0, (double)(length - 1));
    const int64_t to = reversed ? size - 1 - i : i;
    index[to] = (int32_t)place;
    weight[to] = (float)(place - index[to]);
  }
}

void readRow(const float* in, int64_t n, float* out) { std::copy(in, in + n, out); }
void readRow(const uint8_t* in, int64_t n, float* out) { toUnitRange(in, n, out); }

/** Row by row: each row of the crop that is read is resized once, and two of them make a row of the result. */
template <class T>
void resizeCrop(const Batch& b, int64_t i, const T* image, float* out, Scratch& s) {
  const int64_t top = b.crop(kTop, i), left = b.crop(kLeft, i), height = b.crop(kHeight, i), width = b.crop(kWidth, i);
  s.index.resize(b.columns + b.rows);
  s.weight.resize(b.columns + b.rows);
  s.row.resize(width + 1);
  for (auto& resized : s.resized) resized.resize(b.columns);
  samplingPoints(width, b.columns, b.crop(kFlipped, i), s.index.data(), s.weight.data());
  const int32_t* index = &s.index[b.columns];
  const float* weight = &s.weight[b.columns];
  samplingPoints(height, b.rows, false, &s.index[b.columns], &s.weight[b.columns]);
  for (int64_t c = 0; c < b.channels; c++) {
    const T* plane = image + (c * b.height + top) * b.width + left;
    int64_t held[2] = {-1, -1};
    auto resized = [&](int64_t y, int64_t keep) {
      for (int k = 0; k < 2; k++) {
        if (held[k] == y) return k;
      }
      const int k = held[0] == keep ? 1 : 0;
      readRow(plane + y * b.width, width, s.row.data());
      s.row[width] = s.row[width - 1];
      interpolateRow(s.row.data(), s.index.data(), s.weight.data(), b.columns, s.resized[k].data());
      held[k] = y;
      return k;
    };
    for (int64_t y = 0; y < b.rows; y++, out += b.columns) {
      const int64_t first = index[y], second = std::min<int64_t>(first + 1, height - 1);
      const int above = resized(first, second), below = resized(second, first);
      interpolateRows(s.resized[above].data(), s.resized[below].data(), weight[y], b.columns, out);
    }
  }
}

/** `exp(−(x / σ)² / 2)` at whole x around 0, divided by their sum. @returns half, without what no float32 would show */
int64_t gaussian(float sigma, int64_t size, std::vector<float>& kernel) {
  int64_t half = size / 2;
  kernel.resize(size);
  double sum = 0;
  for (int64_t x = 0; x < size; x++) {
    const double z = (x - half) / (double)sigma;
    sum += kernel[x] = (float)std::exp(-0.5 * z * z);
  }
  for (auto& weight : kernel) weight = (float)(weight / sum);
  int64_t none = 0;
  while (none < half && kernel[none] < 1e-9f) none++;
  kernel.erase(kernel.begin(), kernel.begin() + none);
  return half - none;
}

void blurImage(const Batch& b, float sigma, float* image, Scratch& s) {
  const int64_t half = gaussian(sigma, b.blurSize, s.kernel);
  if (half == 0) return;
  s.blur.resize(blurScratch(b.rows, b.columns, half));
  for (int64_t c = 0; c < b.channels; c++)
    blur(image + c * b.pixels(), b.rows, b.columns, s.kernel.data(), half, s.blur.data());
}

/** One change, in place. Images of one channel have neither saturation nor hue. */
void change(const Batch& b, Operation operation, float amount, float* image, Scratch& s) {
  const int64_t pixels = b.pixels(), all = b.channels * pixels;
  const bool colour = b.channels == 3;
  switch (operation) {
    case kBrightness:
      return scaleAndShift(image, all, amount, 0);
    case kContrast: {
      const double mean = (colour ? sumOfLuminance(image, pixels) : sum(image, pixels)) / pixels;
      return scaleAndShift(image, all, amount, (float)((1 - (double)amount) * mean));
    }
    case kSaturation:
      return colour ? saturate(image, pixels, amount) : void();
    case kHue:
      return colour && amount != 0 ? turnHue(image, pixels, amount) : void();
    case kGrayscale:
      return colour ? toGray(image, pixels) : void();
    case kBlur:
      return blurImage(b, amount, image, s);
    case kSolarise:
      return solarise(image, all, amount);
    default:
      return;
  }
}

template <class T>
void augmentImage(const Batch& b, int64_t i, const T* image, float* out, Scratch& s) {
  if (b.crops) {
    resizeCrop(b, i, image, out, s);
  } else {
    readRow(image, b.channels * b.pixels(), out);
  }
  for (int64_t k = 0; k < b.steps; k++) {
    const int64_t at = k * b.count + i;
    change(b, (Operation)b.operations[at], b.amounts[at], out, s);
  }
  if (b.mean.empty()) return;
  for (int64_t c = 0; c < b.channels; c++)
    normalise(out + c * b.pixels(), b.pixels(), (float)b.mean[c], (float)b.std[c]);
}

template <class T>
void augmentBatch(const Batch& b, const T* in, float* out) {
  const int64_t size = b.channels * b.pixels();
  const int threads =
      at::in_parallel_region() ? 1 : (int)std::clamp<int64_t>(b.count * size >> 14, 1, at::get_num_threads());
#pragma omp parallel num_threads(threads) if (threads > 1)
  {
    Scratch scratch;
#pragma omp for schedule(dynamic)
    for (int64_t i = 0; i < b.count; i++)
      augmentImage(b, i, in + i * b.channels * b.height * b.width, out + i * size, scratch);
  }
}

void checkCrops(const Batch& b) {
  for (int64_t i = 0; i < b.count; i++) {
    const int64_t top = b.crop(kTop, i), left = b.crop(kLeft, i), height = b.crop(kHeight, i), width = b.crop(kWidth, i);
    TORCH_CHECK(top >= 0 && left >= 0 && height >= 1 && width >= 1 && top + height <= b.height && left + width <= b.width,
                "the crop of example ", i, " (top ", top, ", left ", left, ", ", height, "x", width,
                ") is not inside of its image (", b.height, "x", b.width, ")");
  }
}

void checkOperations(const Batch& b) {
  for (int64_t at = 0; at < b.steps * b.count; at++) {
    TORCH_CHECK(b.operations[at] < kOperations, "an operation is from 0 to ", kOperations - 1, ", got ",
                (int)b.operations[at]);
    if (b.operations[at] != kBlur) continue;
    const float sigma = b.amounts[at];
    TORCH_CHECK(sigma > 0 && sigma < INFINITY, "the sigma of a blur must be positive, got ", sigma);
    TORCH_CHECK(b.blurSize % 2 == 1 && b.blurSize > 0 && b.blurSize / 2 < std::min(b.rows, b.columns),
                "blur_size must be odd and less than twice the sides (", b.rows, "x", b.columns, "), got ", b.blurSize);
  }
}

Tensor plain(const char* name, const Tensor& t, at::ScalarType type, at::IntArrayRef sizes) {
  TORCH_CHECK(t.scalar_type() == type && t.device().is_cpu() && t.sizes() == sizes, name, " must be ", type, " ", sizes,
              " on the cpu, got ", t.scalar_type(), " ", t.sizes(), " on ", t.device());
  return t.contiguous();
}

Tensor augment(const Tensor& images, const OptionalTensor& crops, at::IntArrayRef size, const Tensor& operations,
               const Tensor& amounts, int64_t blurSize, at::ArrayRef<double> mean, at::ArrayRef<double> std) {
  const auto type = images.scalar_type();
  TORCH_CHECK(images.dim() == 4 && images.device().is_cpu() && (type == at::kByte || type == at::kFloat),
              "images must be uint8 or float32 [N, C, H, W] on the cpu, got ", type, " ", images.sizes(), " on ",
              images.device());
  TORCH_CHECK(!(at::GradMode::is_enabled() && images.requires_grad()),
              "images that require a gradient: augmentation has none, detach them or call it under noGrad");
  const int64_t count = images.size(0), channels = images.size(1), height = images.size(2), width = images.size(3);
  TORCH_CHECK((channels == 1 || channels == 3) && height > 0 && width > 0 && height < INT32_MAX && width < INT32_MAX,
              "images must have 1 or 3 channels and at least a pixel, got ", images.sizes());
  TORCH_CHECK(size.size() == 2 && size[0] > 0 && size[1] > 0, "size must be two positive numbers, got ", size);
  TORCH_CHECK(crops || (size[0] == height && size[1] == width), "size ", size, " without crops, of images of ",
              images.sizes());
  TORCH_CHECK((mean.empty() || (int64_t)mean.size() == channels) && mean.size() == std.size(),
              "mean and std must have a number for each of the ", channels, " channels, or none; got ", mean.size(),
              " and ", std.size());
  TORCH_CHECK(operations.dim() == 2, "operations must be [steps, N], got ", operations.sizes());
  const int64_t steps = operations.size(0);
  const Tensor in = images.contiguous(), chosen = plain("operations", operations, at::kByte, {steps, count}),
               by = plain("amounts", amounts, at::kFloat, {steps, count}),
               places = crops ? plain("crops", *crops, at::kInt, {kCropRows, count}) : Tensor();
  const int32_t* rectangles = crops ? places.data_ptr<int32_t>() : nullptr;
  const Batch batch{count, channels, height, width, size[0], size[1], rectangles,
                    steps, chosen.data_ptr<uint8_t>(), by.data_ptr<float>(), blurSize, mean.vec(), std.vec()};
  if (crops) checkCrops(batch);
  checkOperations(batch);
  Tensor out = at::empty({count, channels, size[0], size[1]}, images.options().dtype(at::kFloat));
  if (type == at::kByte) {
    augmentBatch(batch, in.data_ptr<uint8_t>(), out.data_ptr<float>());
  } else {
    augmentBatch(batch, in.data_ptr<float>(), out.data_ptr<float>());
  }
  return out;
}

}  // namespace

const Operator augmentOperator(
    "augment(Tensor images, Tensor? crops, int[] size, Tensor operations, Tensor amounts, int blur_size, float[] mean, "
    "float[] std) -> Tensor",
    augment);
