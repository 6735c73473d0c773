/** What other operators take from `batch_norm.cc`. */
#pragma once
#include "differentiable.h"

#include <vector>

/**
 * The operator `la_ssl::batch_norm`: `relu(weight · (input − mean) / √(var + eps) + bias + residual)`, with what is given of these.
 * @param input - `[N, C]` or `[N, C, H, W]`; `residual` as it, all others `[C]`
 * @param training - by the statistics of the batch, which the running ones follow by `momentum`; else by these
 * @throws c10::Error where shapes do not fit
 */
Tensor batchNorm(const Tensor& input, const OptionalTensor& weight, const OptionalTensor& bias,
                 const OptionalTensor& runningMean, const OptionalTensor& runningVar, const OptionalTensor& residual,
                 bool training, double momentum, double eps, bool relu);

/** What each channel is multiplied by, and what is added to it. */
struct ScaleAndShift {
  std::vector<double> scale, shift;
  /** @param inverse - `1 / √(var + eps)` */
  ScaleAndShift(const std::vector<double>& mean, const std::vector<double>& inverse, const OptionalTensor& weight,
                const OptionalTensor& bias);
  /** Of evaluation, by the running statistics. */
  static ScaleAndShift running(const Tensor& mean, const Tensor& var, double eps, const OptionalTensor& weight,
                               const OptionalTensor& bias);
};
