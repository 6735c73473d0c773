/** The inner loops of `la_ssl::conv2d`: the gradient of the weight of a 3×3 convolution, in bfloat16. */
#pragma once
#include <cstdint>

namespace la_ssl {

/** Sizes of a 3×3 convolution with a padding of 1. */
struct Convolution {
  int64_t images, inChannels, outChannels, height, width, stride;
  int64_t outHeight() const { return (height - 1) / stride + 1; }
  int64_t outWidth() const { return (width - 1) / stride + 1; }
};

/** Whether `weightGradient` takes it: channels in multiples of 16, images at least 2 pixels wide. */
bool takesWeightGradient(const Convolution& c);

/**
 * `out[o][ky][kx][i] = Σ gradient[n][y][x][o] · input[n][stride·y + ky − 1][stride·x + kx − 1][i]`, summed in float32.
 * The same numbers for the same number of threads.
 * @param input - `[images, height, width, inChannels]`, bfloat16
 * @param gradient - `[images, outHeight, outWidth, outChannels]`, bfloat16
 * @param out - `[outChannels, 3, 3, inChannels]`
 */
void weightGradient(const Convolution& c, const uint16_t* input, const uint16_t* gradient, float* out, int threads);

}  // namespace la_ssl
