/** Winograd's way to a 3×3 convolution with a stride of 1, in bfloat16: output, and the gradients of input and weight. */
#pragma once
#include "convolution_loops.h"

namespace la_ssl {

/** Whether the loops below take it: a stride of 1, channels in multiples of 16, images that tiles of 2×2 fill well. */
bool takesWinograd(const Convolution& c);

/** A weight in float32. */
struct Weight {
  /** `[outChannels, 3, 3, inChannels]` */
  const float* data;
  int64_t outChannels, inChannels;
};

/** Of a transformed weight, in numbers of bfloat16. */
inline int64_t transformedSize(const Weight& w) { return 16 * w.outChannels * w.inChannels; }

/** `G g Gᵀ` of each kernel g, rounded to bfloat16, laid out for `winograd`. */
void transformWeight(const Weight& weight, uint16_t* out, int threads);

/** The same for the gradient of the input: a convolution with the kernels turned round, from outputs to inputs. */
void transformTurnedWeight(const Weight& weight, uint16_t* out, int threads);

/** What may follow, before an output is rounded: `y · scale + shift + residual`, then ReLU. */
struct Finish {
  /** One number an output channel. */
  const float *scale, *shift;
  /** As the output, or null. */
  const uint16_t* residual;
  bool relu;
};

/**
 * The convolution with a transformed weight. Sums are in float32; transforms of input and weight are rounded to bfloat16.
 * @param input - `[images, height, width, inChannels]`, bfloat16
 * @param out - `[images, height, width, outChannels]`, bfloat16
 * @param finish - or null
 */
void winograd(const Convolution& c, const uint16_t* input, const uint16_t* weight, uint16_t* out, int threads,
              const Finish* finish = nullptr);

/** As `weightGradient`, with transforms of input and gradient rounded to bfloat16, and their products summed in float32. */
void winogradWeightGradient(const Convolution& c, const uint16_t* input, const uint16_t* gradient, float* out, int threads);

}  // namespace la_ssl
