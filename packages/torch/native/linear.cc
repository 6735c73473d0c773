/**
 * `la_ssl::linear`: `y = x Wᵀ + bias` with a gradient of the weight of our own, `linear_loops.cc`, in bfloat16. Output and gradient
 * of the input are libtorch's (oneDNN's), near what the processor can do; that of the weight, a third of all products, was
 * not. Everywhere else the operator is `at::linear`, the plain reference.
 *
 * Under autocast weight and bias stay in float32: they are rounded here, and their gradients are not.
 */
#include "bfloat16_dots.h"
#include "differentiable.h"
#include "linear_loops.h"
#include "operators.h"

namespace {

la_ssl::Linear sizesOf(const Tensor& input, const Tensor& weight) {
  return {input.numel() / input.size(-1), weight.size(0), weight.size(1)};
}

/** @param gradient - `[rows, outs]`; @param input - `[rows, ins]`; both in bfloat16. @returns float32 */
Tensor gradientOfWeight(const Tensor& gradient, const Tensor& input, const Tensor& weight) {
  const auto sizes = sizesOf(input, weight);
  const Tensor out = at::empty(weight.sizes(), weight.options().dtype(at::kFloat));
  la_ssl::linearWeightGradient(sizes, bitsOf(gradient), bitsOf(input), out.data_ptr<float>(),
                               threadsFor(out.numel() * sizes.rows));
  return out;
}

struct LinearProduct : torch::autograd::Function<LinearProduct> {
  static Variable forward(AutogradContext* ctx, const Variable& input, const Variable& weight, const OptionalTensor& bias) {
    at::NoGradGuard noGrad;
    const Tensor x = input.to(at::kBFloat16).contiguous(), w = weight.to(at::kBFloat16);
    ctx->save_for_backward({x, w});
    ctx->saved_data["input type"] = (int64_t)input.scalar_type();
    ctx->saved_data["weight type"] = (int64_t)weight.scalar_type();
    ctx->saved_data["bias type"] = bias ? (int64_t)bias->scalar_type() : -1;
    return at::linear(x, w, bias ? OptionalTensor(bias->to(at::kBFloat16)) : c10::nullopt);
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    at::NoGradGuard noGrad;
    const auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &w = saved[1];
    const Tensor g = gradients[0].contiguous().view({-1, w.size(0)});
    auto typeOf = [&](const char* which) { return (at::ScalarType)ctx->saved_data[which].toInt(); };
    Tensor gradX, gradW, gradBias;
    if (ctx->needs_input_grad(0)) gradX = at::mm(g, w).view(x.sizes()).to(typeOf("input type"));
    if (ctx->needs_input_grad(1)) gradW = gradientOfWeight(g, x, w).to(typeOf("weight type"));
    const bool hasBias = ctx->saved_data["bias type"].toInt() >= 0;
    if (hasBias && ctx->needs_input_grad(2)) gradBias = at::sum(g, 0, false, at::kFloat).to(typeOf("bias type"));
    return {gradX, gradW, gradBias};
  }
};

bool fits(const Tensor& input, const Tensor& weight, const OptionalTensor& bias) {
  static const bool fast = la_ssl::hasBfloat16Dots();
  if (!fast || !at::GradMode::is_enabled() || !weight.requires_grad()) return false;
  const bool casts = autocastsToBfloat16();
  for (const auto& t : {OptionalTensor(input), OptionalTensor(weight), bias}) {
    if (!t) continue;
    const bool cast = casts && t->scalar_type() == at::kFloat;
    if (!t->device().is_cpu() || (t->scalar_type() != at::kBFloat16 && !cast)) return false;
  }
  return weight.dim() == 2 && input.dim() >= 2 && input.size(-1) == weight.size(1) && weight.size(1) > 0 &&
         (!bias || (bias->dim() == 1 && bias->size(0) == weight.size(0))) &&
         la_ssl::takesWeightGradient(sizesOf(input, weight));
}

Tensor linear(const Tensor& input, const Tensor& weight, const OptionalTensor& bias) {
  return fits(input, weight, bias) ? LinearProduct::apply(input, weight, bias) : at::linear(input, weight, bias);
}

}  // namespace

void registerLinear() { registerOperator("linear(Tensor input, Tensor weight, Tensor? bias) -> Tensor", linear); }
