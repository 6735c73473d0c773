/**
 * `la_ssl::conv2d`: convolution of images with loops of our own where bfloat16 meets a 3×3 kernel. With a stride of 1 it is
 * Winograd's, output and gradients, `winograd_loops.cc`. Else output and gradient of the input are libtorch's (oneDNN's), near
 * what the processor can do tap by tap; that of the weight, a third of all products, was not: `convolution_loops.cc`. Everywhere
 * else the operator is `at::conv2d`, the plain reference.
 *
 * Under autocast the weight stays in float32: it is rounded here, and its gradient is not.
 */
#include "batch_norm.h"
#include "bfloat16_dots.h"
#include "convolution_loops.h"
#include "differentiable.h"
#include "operators.h"
#include "winograd_loops.h"
#include "winograd_row_loops.h"

namespace {

/** Images, of which pairs are made: of very few, a pair with nothing would be a large part. */
constexpr int64_t kFewestImages = 8;
/** Products that take as long as to transform one number of a weight. */
constexpr int64_t kProductsOfTransform = 256;

la_ssl::Convolution sizesOf(const Tensor& input, const Tensor& weight, int64_t stride) {
  return {input.size(0), input.size(1), weight.size(0), input.size(2), input.size(3), stride};
}

/** `[N, C, H, W]` in bfloat16, its memory as `[N, H, W, C]`. */
Tensor laidOut(const Tensor& t) {
  return t.to(at::kBFloat16).contiguous(at::MemoryFormat::ChannelsLast);
}

int64_t productsOf(const la_ssl::Convolution& c) {
  return c.images * c.outHeight() * c.outWidth() * 9 * c.inChannels * c.outChannels;
}

/** Whether along rows alone Winograd's way is the faster one: by measurement. */
bool takesRows(const Tensor& weight) { return weight.size(0) == 16 && weight.size(1) == 16; }

/** @param turned - for the gradient of the input */
Tensor transformed(const Tensor& weight, bool turned) {
  const Tensor floats = weight.to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
  const la_ssl::Weight w{floats.data_ptr<float>(), weight.size(0), weight.size(1)};
  const bool rows = takesRows(weight);
  Tensor out = at::empty({rows ? la_ssl::transformedRowsSize(w) : la_ssl::transformedSize(w)},
                         weight.options().dtype(at::kBFloat16));
  if (rows) {
    la_ssl::transformRowsOfWeight(w, turned, bitsOf(out));
    return out;
  }
  const auto transform = turned ? la_ssl::transformTurnedWeight : la_ssl::transformWeight;
  transform(w, bitsOf(out), threadsFor(weight.numel() * kProductsOfTransform));
  return out;
}

/** @returns `[N, outChannels, H, W]` in channels-last */
Tensor winograd(const Tensor& input, const Tensor& weight, bool turned, const la_ssl::Finish* finish = nullptr) {
  const int64_t outs = weight.size(turned ? 1 : 0);
  const la_ssl::Convolution sizes{input.size(0), input.size(1), outs, input.size(2), input.size(3), 1};
  const Tensor x = laidOut(input), w = transformed(weight, turned);
  Tensor out = at::empty({sizes.images, outs, sizes.height, sizes.width}, x.options(), at::MemoryFormat::ChannelsLast);
  const auto convolve = takesRows(weight) ? la_ssl::winogradRows : la_ssl::winograd;
  convolve(sizes, bitsOf(x), bitsOf(w), bitsOf(out), threadsFor(productsOf(sizes)), finish);
  return out;
}

Tensor gradientOfInput(const Tensor& gradient, const Tensor& input, const Tensor& weight, int64_t stride) {
  if (la_ssl::takesWinograd(sizesOf(input, weight, stride))) return winograd(gradient, weight, true);
  return std::get<0>(at::convolution_backward(gradient, input, weight.to(at::kBFloat16), c10::nullopt, {stride, stride}, {1, 1},
                                              {1, 1}, false, {0, 0}, 1, {true, false, false}));
}

/** @returns float32, in channels-last */
Tensor gradientOfWeight(const Tensor& gradient, const Tensor& input, const Tensor& weight, int64_t stride) {
  const auto sizes = sizesOf(input, weight, stride);
  const Tensor out = at::empty({sizes.outChannels, 3, 3, sizes.inChannels}, weight.options().dtype(at::kFloat));
  const Tensor x = laidOut(input), g = laidOut(gradient);
  const auto add = la_ssl::takesWinograd(sizes) ? la_ssl::winogradWeightGradient : la_ssl::weightGradient;
  add(sizes, bitsOf(x), bitsOf(g), out.data_ptr<float>(), threadsFor(productsOf(sizes)));
  return out.permute({0, 3, 1, 2});
}

struct Conv2d : torch::autograd::Function<Conv2d> {
  static Variable forward(AutogradContext* ctx, const Variable& input, const Variable& weight, int64_t stride) {
    at::NoGradGuard noGrad;
    const Tensor x = input.to(at::kBFloat16);
    ctx->save_for_backward({x, weight});
    ctx->saved_data["stride"] = stride;
    ctx->saved_data["input type"] = (int64_t)input.scalar_type();
    if (la_ssl::takesWinograd(sizesOf(x, weight, stride))) return winograd(x, weight, false);
    return at::conv2d(x, weight.to(at::kBFloat16), {}, stride, 1);
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    at::NoGradGuard noGrad;
    const auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &gradient = gradients[0];
    const int64_t stride = ctx->saved_data["stride"].toInt();
    Tensor gradX, gradW;
    if (ctx->needs_input_grad(0)) {
      gradX = gradientOfInput(gradient, x, weight, stride).to((at::ScalarType)ctx->saved_data["input type"].toInt());
    }
    if (ctx->needs_input_grad(1)) gradW = gradientOfWeight(gradient, x, weight, stride).to(weight.scalar_type());
    return {gradX, gradW, Tensor()};
  }
};

bool fits(const Tensor& input, const Tensor& weight, const OptionalTensor& bias, int64_t stride, int64_t padding) {
  static const bool fast = la_ssl::hasBfloat16Dots();
  if (!fast || bias || padding != 1 || stride < 1) return false;
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

bool isDifferentiated(std::initializer_list<const Tensor*> tensors) {
  return at::GradMode::is_enabled() &&
         std::any_of(tensors.begin(), tensors.end(), [](const Tensor* t) { return t->defined() && t->requires_grad(); });
}

/**
 * A convolution and the batch norm after it, in evaluation: each channel's scale and shift, the residual and ReLU before outputs are
 * rounded and written, where nothing is to be differentiated and Winograd's way is taken. Else one operator after the other.
 */
Tensor conv2dBatchNorm(const Tensor& input, const Tensor& weight, int64_t stride, int64_t padding, const OptionalTensor& scale,
                       const OptionalTensor& shift, const Tensor& mean, const Tensor& var, const OptionalTensor& residual,
                       double eps, bool relu) {
  const Tensor none;
  const auto orNone = [&](const OptionalTensor& t) { return t ? &*t : &none; };
  bool together = fits(input, weight, c10::nullopt, stride, padding) &&
                  la_ssl::takesWinograd(sizesOf(input, weight, stride)) &&
                  !isDifferentiated({&input, &weight, orNone(scale), orNone(shift), orNone(residual)});
  for (const Tensor* t : {orNone(scale), orNone(shift), &mean, &var}) {
    if (together && t->defined()) together = t->dim() == 1 && t->numel() == weight.size(0) && at::isFloatingType(t->scalar_type());
  }
  if (together && residual) {
    together = residual->sizes() == at::IntArrayRef{input.size(0), weight.size(0), input.size(2), input.size(3)} &&
               residual->scalar_type() == at::kBFloat16;
  }
  if (!together) {
    const Tensor y = conv2d(input, weight, c10::nullopt, stride, padding);
    return batchNorm(y, scale, shift, mean, var, residual, false, 0, eps, relu);
  }
  const auto values = ScaleAndShift::running(mean, var, eps, scale, shift);
  const std::vector<float> a(values.scale.begin(), values.scale.end()), b(values.shift.begin(), values.shift.end());
  const Tensor added = residual ? laidOut(*residual) : none;
  const la_ssl::Finish finish{a.data(), b.data(), residual ? bitsOf(added) : nullptr, relu};
  return winograd(input, weight, false, &finish);
}

}  // namespace

const Operator conv2dOperator("conv2d(Tensor input, Tensor weight, Tensor? bias, int stride, int padding) -> Tensor", conv2d);
const Operator conv2dBatchNormOperator(
    "conv2d_batch_norm(Tensor input, Tensor weight, int stride, int padding, Tensor? norm_weight, Tensor? norm_bias, "
    "Tensor running_mean, Tensor running_var, Tensor? residual, float eps, bool relu) -> Tensor",
    conv2dBatchNorm);
