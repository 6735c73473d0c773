/** The inner loops of `la_ssl::linear`: the gradient of its weight, in bfloat16. */
#pragma once
#include <cstdint>

namespace la_ssl {

/** `y = x Wᵀ` of so many rows, with W `[outs, ins]`. */
struct Linear {
  int64_t rows, outs, ins;
};

/** Whether `linearWeightGradient` takes it: at least a few rows, sizes in multiples of 16. */
bool takesWeightGradient(const Linear& l);

/**
 * `out[o][i] = Σ gradient[r][o] · input[r][i]`, summed in float32. The same numbers for any number of threads.
 * @param gradient - `[rows, outs]`, bfloat16
 * @param input - `[rows, ins]`, bfloat16
 * @param out - `[outs, ins]`
 */
void linearWeightGradient(const Linear& l, const uint16_t* gradient, const uint16_t* input, float* out, int threads);

}  // namespace la_ssl
