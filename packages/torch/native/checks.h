/**
 * What ATen (1.13 to 2.6) does not check itself and dies of: each of these ended the process when random calls
 * were made (`scripts/fuzz.mjs`). A check sees the arguments before the operator does, and throws.
 */
#pragma once
#include <ATen/ATen.h>
#include <ATen/ScalarOps.h>
#include <ATen/core/stack.h>

#include <algorithm>
#include <string>
#include <unordered_map>

using Check = void(const torch::jit::Stack& arguments);

/** The least integer has no quotient by −1: the processor traps. */
inline void leastByMinusOne(const torch::jit::Stack& arguments) {
  at::NoGradGuard noGrad;
  auto operand = [&](size_t i) {
    const auto& argument = arguments[i];
    return argument.isTensor() ? argument.toTensor() : at::native::wrapped_scalar_tensor(argument.toScalar());
  };
  const auto self = operand(0), other = operand(1);
  const auto type = at::result_type(self, other);
  if (!at::isIntegralType(type, /*includeBool=*/false)) return;
  const int64_t least = type == at::kLong ? INT64_MIN : type == at::kInt ? INT32_MIN : 1;
  if (least > 0 || !self.to(type).eq(least).logical_and(other.to(type).eq(-1)).any().item<bool>()) return;
  TORCH_CHECK(false, "the least int", type == at::kLong ? 64 : 32, " divided by -1 is out of range");
}

/** More groups than channels: a division by zero. */
inline void groupsOfChannels(const torch::jit::Stack& arguments) {
  const auto& weight = arguments[1].toTensor();
  const int64_t groups = arguments[6].toInt();
  TORCH_CHECK(weight.dim() > 0 && groups >= 1 && groups <= weight.size(0), "groups is ", groups,
              ", must be from 1 to the number of output channels of a weight of shape ", weight.sizes());
}

/** A scale that contradicts the sizes: reads outside of the image. */
inline void noScales(const torch::jit::Stack& arguments) {
  TORCH_CHECK(arguments[3].isNone() && arguments[4].isNone(), "leave scales_h and scales_w out: the sizes say them");
}

/** More elements than an integer counts: writes outside of the result. */
inline void countableRepeats(const torch::jit::Stack& arguments) {
  const int64_t elements = std::max<int64_t>(arguments[0].toTensor().numel(), 1), repeats = arguments[1].toInt();
  TORCH_CHECK(repeats <= INT64_MAX / elements, "repeats is ", repeats, ", the result would be too large");
}

/** @returns the check of the operator `name`, such as `aten::div.Tensor_mode`; null where ATen's own suffice */
inline Check* checkOf(const std::string& name) {
  static const std::unordered_map<std::string, Check*> checks = {
      {"aten::remainder.Tensor", leastByMinusOne},  {"aten::remainder.Scalar", leastByMinusOne},
      {"aten::remainder_.Tensor", leastByMinusOne}, {"aten::remainder_.Scalar", leastByMinusOne},
      {"aten::div.Tensor_mode", leastByMinusOne},   {"aten::div.Scalar_mode", leastByMinusOne},
      {"aten::div_.Tensor_mode", leastByMinusOne},  {"aten::div_.Scalar_mode", leastByMinusOne},
      {"aten::floor_divide", leastByMinusOne},      {"aten::floor_divide.Scalar", leastByMinusOne},
      {"aten::fmod.Tensor", leastByMinusOne},       {"aten::fmod.Scalar", leastByMinusOne},
      {"aten::conv1d", groupsOfChannels},           {"aten::conv2d", groupsOfChannels},
      {"aten::conv3d", groupsOfChannels},           {"aten::upsample_bilinear2d", noScales},
      {"aten::repeat_interleave.self_int", countableRepeats},
  };
  const auto found = checks.find(name);
  return found == checks.end() ? nullptr : found->second;
}
