/**
 * `la_ssl::bias_gelu`: `GELU(x + bias)`, `x · Φ(x)` by the error function, forward and backward, where bias is one value
 * a column, and its gradient the sum over the rows.
 *
 * libtorch copies the bias to the size of the product before it, takes the error function to full precision, and sums the bias's
 * gradient in a pass of its own. Here Φ(x) of bfloat16 and float, and the derivative, are polynomials without exponential and
 * division. `composed` says the same with ATen's operators.
 * Source: Hendrycks 2016, https://arxiv.org/abs/1606.08415
 */
#include "differentiable.h"
#include "loops.h"
#include "operators.h"
#include "rows.h"

#include <cmath>

namespace {

/**
 * `0` below −limit, `1` above limit, and `½ + x · polynomial(2 x² / limit² − 1)` between: Φ(x), and what else goes from 0 to 1 as
 * it does. The coefficients minimise the largest error (Lawson's weighted least squares in Chebyshev polynomials).
 */
template <int N>
INLINE float risingOf(float x, float limit, const float (&coefficients)[N]) {
  const float s = x * x * (2 / (limit * limit)) - 1.0f;
  float p = coefficients[N - 1];
#pragma GCC unroll 16
  for (int i = N - 2; i >= 0; i--) p = p * s + coefficients[i];
  const float between = 0.5f + x * p;
  return x < -limit ? 0.0f : x > limit ? 1.0f : between;
}

/** Φ(x), error below 3e-7. */
INLINE float areaOf(float x) {
  constexpr float coefficients[] = {0.141363785f,   -0.0702962801f, 0.0515205227f,  -0.0404426083f, 0.0314421728f,
                                    -0.0232686531f, 0.0164021738f,  -0.0111643393f, 0.00641051028f, -0.00268557505f,
                                    0.0017227995f,  -0.00161326514f, 0.000608727278f};
  return risingOf(x, 5.0f, coefficients);
}
INLINE double areaOf(double x) { return 0.5 * std::erfc(-x * 0.70710678118654752440); }

/** The derivative of `x · Φ(x)`, `Φ(x) + x · φ(x)`; error below 6e-7. */
INLINE float slopeOf(float x) {
  constexpr float coefficients[] = {0.128759176f,   -0.0657401383f, 0.053670872f,   -0.0537258238f,
                                    0.060187228f,   -0.0688571557f, 0.0753351897f,  -0.0729194805f,
                                    0.0606564023f,  -0.0530861281f, 0.049566485f,   -0.0278236214f,
                                    0.00410068035f, -0.00642490899f, 0.0121202562f, -0.00490986556f};
  return risingOf(x, 5.5f, coefficients);
}
INLINE double slopeOf(double x) { return areaOf(x) + x * std::exp(-0.5 * x * x) * 0.39894228040143267794; }

template <class T>
INLINE void geluOf(const T* x, const Wide<T>* bias, int64_t rows, int64_t columns, T* y) {
  for (int64_t row = 0; row < rows; row++, x += columns, y += columns) {
#pragma GCC ivdep
    for (int64_t j = 0; j < columns; j++) {
      const Wide<T> v = (Wide<T>)x[j] + bias[j];
      y[j] = (T)(v * areaOf(v));
    }
  }
}

template <class T>
INLINE void geluGradientOf(const T* gradient, const T* x, const Wide<T>* bias, int64_t rows, int64_t columns, T* gradX,
                           Wide<T>* sum) {
  for (int64_t row = 0; row < rows; row++, gradient += columns, x += columns, gradX += columns) {
#pragma GCC ivdep
    for (int64_t j = 0; j < columns; j++) {
      const Wide<T> v = (Wide<T>)x[j] + bias[j];
      const Wide<T> g = (Wide<T>)gradient[j] * slopeOf(v);
      gradX[j] = (T)g;
      sum[j] += g;
    }
  }
}

// The loops for each type: a template takes no `target_clones`.
#define LOOPS(T)                                                                                                   \
  EVERY_PROCESSOR void gelu(const T* x, const Wide<T>* b, int64_t rows, int64_t columns, T* y) {                   \
    geluOf<T>(x, b, rows, columns, y);                                                                             \
  }                                                                                                                \
  EVERY_PROCESSOR void geluGradient(const T* g, const T* x, const Wide<T>* b, int64_t rows, int64_t columns, T* gx, \
                                    Wide<T>* sum) {                                                                \
    geluGradientOf<T>(g, x, b, rows, columns, gx, sum);                                                            \
  }
LOOPS(float)
LOOPS(double)
LOOPS(at::BFloat16)
#undef LOOPS

#define BY_TYPE(type, ...)                                      \
  switch (type) {                                               \
    case at::kFloat: { using T = float; __VA_ARGS__; break; }   \
    case at::kDouble: { using T = double; __VA_ARGS__; break; } \
    default: { using T = at::BFloat16; __VA_ARGS__; }           \
  }

template <class T>
Tensor wideBias(const OptionalTensor& bias, int64_t columns) {
  const auto type = c10::CppTypeToScalarType<Wide<T>>::value;
  return bias ? bias->detach().to(type).contiguous() : at::zeros({columns}, type);
}

struct BiasGelu : torch::autograd::Function<BiasGelu> {
  static Variable forward(AutogradContext* ctx, const Variable& input, const OptionalTensor& bias) {
    at::NoGradGuard noGrad;
    const int64_t columns = input.size(-1), rows = input.numel() / columns;
    Tensor y = at::empty_like(input);
    BY_TYPE(input.scalar_type(), {
      const auto wide = wideBias<T>(bias, columns);
      const auto *x = input.data_ptr<T>();
      const auto *b = wide.data_ptr<Wide<T>>();
      auto* out = y.data_ptr<T>();
      eachRowBlock(rows, columns, [&](int64_t, int64_t first, int64_t n) {
        gelu(x + first * columns, b, n, columns, out + first * columns);
      });
    })
    ctx->save_for_backward({input, bias ? *bias : Tensor()});
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    at::NoGradGuard noGrad;
    const auto saved = ctx->get_saved_variables();
    const Tensor &input = saved[0], &bias = saved[1], gradient = gradients[0].contiguous();
    const int64_t columns = input.size(-1), rows = input.numel() / columns;
    Tensor gradX = at::empty_like(input), gradBias;
    BY_TYPE(input.scalar_type(), {
      const auto wide = wideBias<T>(bias.defined() ? OptionalTensor(bias) : c10::nullopt, columns);
      ColumnSums<Wide<T>> sums(blocksOf(rows), columns);
      const auto *g = gradient.data_ptr<T>(), *x = input.data_ptr<T>();
      const auto *b = wide.data_ptr<Wide<T>>();
      auto* gx = gradX.data_ptr<T>();
      eachRowBlock(rows, columns, [&](int64_t block, int64_t first, int64_t n) {
        const int64_t at = first * columns;
        geluGradient(g + at, x + at, b, n, columns, gx + at, sums.of(block));
      });
      if (bias.defined()) gradBias = sums.total(bias);
    })
    return {gradX, gradBias};
  }
};

/** The plain reference, by ATen's operators. */
Tensor composed(const Tensor& input, const OptionalTensor& bias) {
  return at::gelu(bias ? at::add(input, *bias).to(input.scalar_type()) : input);
}

bool fits(const Tensor& input, const OptionalTensor& bias) {
  const auto type = input.scalar_type();
  if (!input.device().is_cpu() || !input.is_contiguous() || input.dim() == 0 || input.numel() == 0) return false;
  if (type != at::kFloat && type != at::kDouble && type != at::kBFloat16) return false;
  return !bias || (bias->dim() == 1 && bias->numel() == input.size(-1) && at::isFloatingType(bias->scalar_type()));
}

Tensor biasGelu(const Tensor& input, const OptionalTensor& bias) {
  return fits(input, bias) ? BiasGelu::apply(input, bias) : composed(input, bias);
}

}  // namespace

const Operator biasGeluOperator("bias_gelu(Tensor input, Tensor? bias) -> Tensor", biasGelu);
