/** The inner loops of `la_ssl::linear`: output, gradient of the input and gradient of the weight, in bfloat16 summed in float32. */
#pragma once
#include <cstdint>

namespace la_ssl {

/** `y = x Wᵀ + bias` of so many rows, with W `[outs, ins]`. */
struct Linear {
  int64_t rows, outs, ins;
};

/** Whether `linearOutput` and `linearInputGradient` take it: rows enough to put the weight in order, sizes in multiples of 16. */
bool takesOutput(const Linear& l);

/** Whether `linearWeightGradient` takes it: at least a few rows, sizes in multiples of 16. */
bool takesWeightGradient(const Linear& l);

/**
 * All of them give the same numbers for any number of threads.
 * @param input - `[rows, ins]`, bfloat16
 * @param weight - `[outs, ins]`, bfloat16
 * @param bias - `[outs]`, or null
 * @param output - `[rows, outs]`, bfloat16, rounded once
 */
void linearOutput(const Linear& l, const uint16_t* input, const uint16_t* weight, const float* bias, uint16_t* output, int threads);

/**
 * `out[r][i] = Σ gradient[r][o] · weight[o][i]`
 * @param gradient - `[rows, outs]`, bfloat16
 * @param out - `[rows, ins]`, bfloat16, rounded once
 */
void linearInputGradient(const Linear& l, const uint16_t* gradient, const uint16_t* weight, uint16_t* out, int threads);

/**
 * `out[o][i] = Σ gradient[r][o] · input[r][i]`
 * @param out - `[outs, ins]`
 */
void linearWeightGradient(const Linear& l, const uint16_t* gradient, const uint16_t* input, float* out, int threads);

}  // namespace la_ssl
