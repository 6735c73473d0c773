/**
 * `la_ssl::conv2d`: convolution of images with a gradient of the weight of our own, `convolution_loops.cc`, where bfloat16
 * meets a 3×3 kernel. Output and gradient of the input are libtorch's (oneDNN's), near what the processor can do; that of
 * the weight, a third of all products, was not. Everywhere else the operator is `at::conv2d`, the plain reference.
 *
 * Under autocast the weight stays in float32: it is rounded here, and its gradient is not.
 */
#include "convolution_loops.h"
#include "differentiable.h"
#include "operators.h"

#include <ATen/Parallel.h>

#include <algorithm>

namespace {

/** Images, of which pairs are made: of very few, a pair with nothing would be a large part. */
constexpr int64_t kFewestImages = 8;
/** Products for which a second thread is woken. */
constexpr int64_t kProductsOfThread = 1 << 22;

la_ssl::Convolution sizesOf(const Tensor& input, const Tensor& weight, int64_t stride) {
  return {input.size(0), input.size(1), weight.size(0), input.size(2), input.size(3), stride};
}

/** `[N, C, H, W]` in bfloat16, its memory as `[N, H, W, C]`. */
Tensor laidOut(const Tensor& t) {
  return t.to(at::kBFloat16).contiguous(at::MemoryFormat::ChannelsLast);
}

const uint16_t* bitsOf(const Tensor& t) { return (const uint16_t*)t.data_ptr<at::BFloat16>(); }

/** @returns float32, in channels-last */
Tensor gradientOfWeight(const Tensor& gradient, const Tensor& input, const Tensor& weight, int64_t stride) {
  const auto sizes = sizesOf(input, weight, stride);
  const Tensor out = at::empty({sizes.outChannels, 3, 3, sizes.inChannels}, weight.options().dtype(at::kFloat));
  const int64_t products = out.numel() * sizes.images * sizes.outHeight() * sizes.outWidth();
  const int threads = at::in_parallel_region()
                          ? 1
                          : (int)std::clamp<int64_t>(products / kProductsOfThread, 1, at::get_num_threads());
  const Tensor x = laidOut(input), g = laidOut(gradient);
  la_ssl::weightGradient(sizes, bitsOf(x), bitsOf(g), out.data_ptr<float>(), threads);
  return out.permute({0, 3, 1, 2});
}

struct Conv2d : torch::autograd::Function<Conv2d> {
  static Variable forward(AutogradContext* ctx, const Variable& input, const Variable& weight, int64_t stride) {
    at::NoGradGuard noGrad;
    const Tensor x = input.to(at::kBFloat16), w = weight.to(at::kBFloat16);
    ctx->save_for_backward({x, w});
    ctx->saved_data["stride"] = stride;
    ctx->saved_data["input type"] = (int64_t)input.scalar_type();
    ctx->saved_data["weight type"] = (int64_t)weight.scalar_type();
    return at::conv2d(x, w, {}, stride, 1);
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    at::NoGradGuard noGrad;
    const auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &w = saved[1], &gradient = gradients[0];
    const int64_t stride = ctx->saved_data["stride"].toInt();
    auto typeOf = [&](const char* which) { return (at::ScalarType)ctx->saved_data[which].toInt(); };
    Tensor gradX, gradW;
    if (ctx->needs_input_grad(0)) {
      gradX = std::get<0>(at::convolution_backward(gradient, x, w, c10::nullopt, {stride, stride}, {1, 1}, {1, 1}, false,
                                                   {0, 0}, 1, {true, false, false}));
      gradX = gradX.to(typeOf("input type"));
    }
    if (ctx->needs_input_grad(1)) gradW = gradientOfWeight(gradient, x, w, stride).to(typeOf("weight type"));
    return {gradX, gradW, Tensor()};
  }
};

bool fits(const Tensor& input, const Tensor& weight, const OptionalTensor& bias, int64_t stride, int64_t padding) {
  static const bool fast = la_ssl::hasBfloat16Dots();
  if (!fast || bias || padding != 1 || stride < 1 || !at::GradMode::is_enabled() || !weight.requires_grad()) return false;
  const bool casts = autocastsToBfloat16();
  for (const auto* t : {&input, &weight}) {
    const bool cast = casts && t->scalar_type() == at::kFloat;
    if (!t->device().is_cpu() || t->dim() != 4 || (t->scalar_type() != at::kBFloat16 && !cast)) return false;
  }
  return weight.size(2) == 3 && weight.size(3) == 3 && weight.size(1) == input.size(1) &&
         input.size(0) >= kFewestImages && la_ssl::takesWeightGradient(sizesOf(input, weight, stride));
}

Tensor conv2d(const Tensor& input, const Tensor& weight, const OptionalTensor& bias, int64_t stride, int64_t padding) {
  TORCH_CHECK(weight.dim() == 4 && weight.size(0) > 0, "weight has the shape ", weight.sizes(),
              ", must be [outChannels, inChannels, height, width]");
  if (!fits(input, weight, bias, stride, padding)) return at::conv2d(input, weight, bias, stride, padding);
  return Conv2d::apply(input, weight, stride);
}

}  // namespace

void registerConv2d() {
  registerOperator("conv2d(Tensor input, Tensor weight, Tensor? bias, int stride, int padding) -> Tensor", conv2d);
}
