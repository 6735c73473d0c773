/**
 * `la_ssl::linear`: `y = x Wᵀ + bias` with products of our own, `linear_loops.cc`, in bfloat16. Where there are few rows, output and
 * gradient of the input are libtorch's (oneDNN's). Everywhere else the operator is `at::linear`, the plain reference.
 *
 * Under autocast weight and bias stay in float32: the weight is rounded here, the bias only for libtorch, their gradients are not.
 */
#include "bfloat16_dots.h"
#include "differentiable.h"
#include "linear_loops.h"
#include "operators.h"

namespace {

la_ssl::Linear sizesOf(const Tensor& input, const Tensor& weight) {
  return {input.numel() / input.size(-1), weight.size(0), weight.size(1)};
}

/** @param x - bfloat16, as `w` @returns bfloat16 */
Tensor outputOf(const Tensor& x, const Tensor& w, const OptionalTensor& bias) {
  const auto sizes = sizesOf(x, w);
  if (!la_ssl::takesOutput(sizes)) return at::linear(x, w, bias ? OptionalTensor(bias->to(at::kBFloat16)) : c10::nullopt);
  auto shape = x.sizes().vec();
  shape.back() = sizes.outs;
  Tensor out = at::empty(shape, x.options());
  const Tensor b = bias ? bias->to(at::kFloat).contiguous() : Tensor();
  la_ssl::linearOutput(sizes, bitsOf(x), bitsOf(w), bias ? b.data_ptr<float>() : nullptr, bitsOf(out),
                       threadsFor(sizes.rows * w.numel()));
  return out;
}

/** @param g - `[rows, outs]`, bfloat16, as `w` @returns `[rows, ins]`, bfloat16 */
Tensor gradientOfInput(const Tensor& g, const Tensor& w) {
  const la_ssl::Linear sizes{g.size(0), w.size(0), w.size(1)};
  if (!la_ssl::takesOutput(sizes)) return at::mm(g, w);
  Tensor out = at::empty({sizes.rows, sizes.ins}, g.options());
  la_ssl::linearInputGradient(sizes, bitsOf(g), bitsOf(w), bitsOf(out), threadsFor(sizes.rows * w.numel()));
  return out;
}

/** @param g - `[rows, outs]`, bfloat16, as `x`, `[…, ins]` @returns `[outs, ins]`, float32 */
Tensor gradientOfWeight(const Tensor& g, const Tensor& x) {
  const la_ssl::Linear sizes{g.size(0), g.size(1), x.size(-1)};
  const Tensor out = at::empty({sizes.outs, sizes.ins}, g.options().dtype(at::kFloat));
  la_ssl::linearWeightGradient(sizes, bitsOf(g), bitsOf(x), out.data_ptr<float>(), threadsFor(out.numel() * sizes.rows));
  return out;
}

struct LinearProduct : torch::autograd::Function<LinearProduct> {
  static Variable forward(AutogradContext* ctx, const Variable& input, const Variable& weight, const OptionalTensor& bias) {
    at::NoGradGuard noGrad;
    const Tensor x = input.to(at::kBFloat16).contiguous(), w = weight.to(at::kBFloat16).contiguous();
    ctx->save_for_backward({x, w});
    ctx->saved_data["input type"] = (int64_t)input.scalar_type();
    ctx->saved_data["weight type"] = (int64_t)weight.scalar_type();
    ctx->saved_data["bias type"] = bias ? (int64_t)bias->scalar_type() : -1;
    return outputOf(x, w, bias);
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    at::NoGradGuard noGrad;
    const auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &w = saved[1];
    const Tensor g = gradients[0].to(at::kBFloat16).contiguous().view({-1, w.size(0)});
    auto typeOf = [&](const char* which) { return (at::ScalarType)ctx->saved_data[which].toInt(); };
    Tensor gradX, gradW, gradBias;
    if (ctx->needs_input_grad(0)) gradX = gradientOfInput(g, w).view(x.sizes()).to(typeOf("input type"));
    if (ctx->needs_input_grad(1)) gradW = gradientOfWeight(g, x).to(typeOf("weight type"));
    const bool hasBias = ctx->saved_data["bias type"].toInt() >= 0;
    if (hasBias && ctx->needs_input_grad(2)) gradBias = at::sum(g, 0, false, at::kFloat).to(typeOf("bias type"));
    return {gradX, gradW, gradBias};
  }
};

bool fits(const Tensor& input, const Tensor& weight, const OptionalTensor& bias) {
  static const bool fast = la_ssl::hasBfloat16Dots();
  if (!fast) return false;
  const bool casts = autocastsToBfloat16();
  for (const auto& t : {OptionalTensor(input), OptionalTensor(weight), bias}) {
    if (!t) continue;
    const bool cast = casts && t->scalar_type() == at::kFloat;
    if (!t->device().is_cpu() || (t->scalar_type() != at::kBFloat16 && !cast)) return false;
  }
  if (weight.dim() != 2 || input.dim() < 2 || input.size(-1) != weight.size(1) || weight.size(1) == 0) return false;
  if (bias && (bias->dim() != 1 || bias->size(0) != weight.size(0))) return false;
  const bool learns = at::GradMode::is_enabled() && weight.requires_grad();
  const auto sizes = sizesOf(input, weight);
  // What `linearOutput` takes `linearWeightGradient` takes too.
  return la_ssl::takesOutput(sizes) || (learns && la_ssl::takesWeightGradient(sizes));
}

Tensor linear(const Tensor& input, const Tensor& weight, const OptionalTensor& bias) {
  return fits(input, weight, bias) ? LinearProduct::apply(input, weight, bias) : at::linear(input, weight, bias);
}

}  // namespace

const Operator linearOperator("linear(Tensor input, Tensor weight, Tensor? bias) -> Tensor", linear);
