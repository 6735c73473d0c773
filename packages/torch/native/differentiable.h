/** What operators with a gradient of their own are written with. */
#pragma once
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/version.h>

#include <algorithm>

using at::Tensor;
using OptionalTensor = c10::optional<Tensor>;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

/** Whether products are to be taken in bfloat16 now. */
inline bool autocastsToBfloat16() {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  return at::autocast::is_autocast_enabled(at::kCPU) && at::autocast::get_autocast_dtype(at::kCPU) == at::kBFloat16;
#else
  return at::autocast::is_cpu_enabled() && at::autocast::get_autocast_cpu_dtype() == at::kBFloat16;
#endif
}

/** Numbers of bfloat16 as the loops take them. */
inline const uint16_t* bitsOf(const Tensor& t) { return (const uint16_t*)t.data_ptr<at::BFloat16>(); }
inline uint16_t* bitsOf(Tensor& t) { return (uint16_t*)t.data_ptr<at::BFloat16>(); }

/** How many threads so many products are worth: four million each. */
inline int threadsFor(int64_t products) {
  if (at::in_parallel_region()) return 1;
  return (int)std::clamp<int64_t>(products >> 22, 1, at::get_num_threads());
}
