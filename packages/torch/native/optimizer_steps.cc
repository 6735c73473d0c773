/**
 * Steps of optimizers over a list of parameters, each value read and written once, where libtorch's lists of operators carry all
 * of them through memory several times. In the order of PyTorch's operators:
 *
 * `la_ssl::adamw_`: `p ← p · decay;  m ← m β₁ + (1 − β₁) g;  s ← s β₂ + (1 − β₂) g²;  p ← p + factor · m / (√s / correction + ε)`.
 * Source: Loshchilov & Hutter 2019, Algorithm 2, https://arxiv.org/abs/1711.05101
 *
 * `la_ssl::sgd_`: `d ← g + decay · p;  v ← v · momentum + d;  p ← p − lr · v`, with Nesterov `p ← p − lr · (d + momentum · v)`.
 * Source: Sutskever 2013, https://proceedings.mlr.press/v28/sutskever13.html
 */
#include "loops.h"
#include "operators.h"
#include "rows.h"

#include <cmath>

namespace {

using at::Tensor;

/** Values of a block. */
constexpr int64_t kBlock = 1 << 14;

struct AdamW {
  double decay, beta1, beta2, eps;
};
struct SGD {
  double decay, momentum, lr;
  bool nesterov;
};

template <class T>
INLINE void stepOf(T* p, const T* g, T* m, T* s, int64_t n, const AdamW& step, double correction, double factor) {
  const T decay = step.decay, beta1 = step.beta1, beta2 = step.beta2, eps = step.eps;
  const T other1 = 1 - step.beta1, other2 = 1 - step.beta2, divisor = correction, scale = factor;
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) {
    const T mean = m[i] * beta1 + g[i] * other1;
    const T square = s[i] * beta2 + other2 * (g[i] * g[i]);
    m[i] = mean;
    s[i] = square;
    p[i] = p[i] * decay + scale * (mean / (std::sqrt(square) / divisor + eps));
  }
}

template <class T>
INLINE void stepOf(T* p, const T* g, T* v, int64_t n, const SGD& step) {
  const T decay = step.decay, momentum = step.momentum, lr = step.lr;
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) {
    const T direction = g[i] + decay * p[i];
    v[i] = v[i] * momentum + direction;
    p[i] -= lr * (step.nesterov ? direction + momentum * v[i] : v[i]);
  }
}

#define LOOPS(T)                                                                                             \
  EVERY_PROCESSOR void stepBlock(T* p, const T* g, T* m, T* s, int64_t n, const AdamW& step, double correction, \
                                 double factor) {                                                            \
    stepOf<T>(p, g, m, s, n, step, correction, factor);                                                      \
  }                                                                                                          \
  EVERY_PROCESSOR void stepBlock(T* p, const T* g, T* v, int64_t n, const SGD& step) { stepOf<T>(p, g, v, n, step); }
LOOPS(float)
LOOPS(double)
#undef LOOPS

template <class T>
void stepTensor(const Tensor& p, const Tensor& g, const Tensor& m, const Tensor& s, const AdamW& step, double correction,
                double factor) {
  T *weights = p.data_ptr<T>(), *means = m.data_ptr<T>(), *squares = s.data_ptr<T>();
  const T* gradients = g.data_ptr<T>();
  at::parallel_for(0, p.numel(), kBlock, [&](int64_t begin, int64_t end) {
    stepBlock(weights + begin, gradients + begin, means + begin, squares + begin, end - begin, step, correction, factor);
  });
}

template <class T>
void stepTensor(const Tensor& p, const Tensor& g, const Tensor& v, const SGD& step) {
  T *weights = p.data_ptr<T>(), *velocities = v.data_ptr<T>();
  const T* gradients = g.data_ptr<T>();
  at::parallel_for(0, p.numel(), kBlock, [&](int64_t begin, int64_t end) {
    stepBlock(weights + begin, gradients + begin, velocities + begin, end - begin, step);
  });
}

/** The plain reference, by ATen's operators. */
void composed(const Tensor& p, const Tensor& g, const Tensor& m, const Tensor& s, const AdamW& step, double correction,
              double factor) {
  m.mul_(step.beta1).add_(g, 1 - step.beta1);
  s.mul_(step.beta2).addcmul_(g, g, 1 - step.beta2);
  p.mul_(step.decay).addcdiv_(m, s.sqrt().div_(correction).add_(step.eps), factor);
}

void composed(const Tensor& p, const Tensor& g, const Tensor& v, const SGD& step) {
  const Tensor direction = g.add(p, step.decay);
  v.mul_(step.momentum).add_(direction);
  p.sub_(step.nesterov ? direction.add(v, step.momentum) : v, step.lr);
}

/** Whether a parameter and what belongs to it lie alike and without gaps, so that one loop takes them value by value. */
bool fits(const Tensor& p, at::ArrayRef<Tensor> others) {
  const auto type = p.scalar_type();
  if (!p.device().is_cpu() || (type != at::kFloat && type != at::kDouble) || !p.is_non_overlapping_and_dense())
    return false;
  for (const auto& t : others) {
    if (t.scalar_type() != type || !t.device().is_cpu() || t.sizes() != p.sizes() || t.strides() != p.strides())
      return false;
  }
  return true;
}

/** As an operator in place does. */
void wrote(at::ArrayRef<Tensor> tensors) {
  for (const auto& t : tensors) t.unsafeGetTensorImpl()->bump_version();
}

void adamw(at::TensorList parameters, at::TensorList gradients, at::TensorList means, at::TensorList squares,
           at::ArrayRef<double> corrections, at::ArrayRef<double> factors, double decay, double beta1, double beta2,
           double eps) {
  const size_t count = parameters.size();
  TORCH_CHECK(gradients.size() == count && means.size() == count && squares.size() == count &&
                  corrections.size() == count && factors.size() == count,
              "all lists must be as long as that of the parameters, ", count);
  at::NoGradGuard noGrad;
  const AdamW step{decay, beta1, beta2, eps};
  for (size_t i = 0; i < count; i++) {
    const Tensor &p = parameters[i], &g = gradients[i], &m = means[i], &s = squares[i];
    if (!fits(p, {g, m, s})) {
      composed(p, g, m, s, step, corrections[i], factors[i]);
      continue;
    }
    if (p.scalar_type() == at::kFloat) stepTensor<float>(p, g, m, s, step, corrections[i], factors[i]);
    else stepTensor<double>(p, g, m, s, step, corrections[i], factors[i]);
    wrote({p, m, s});
  }
}

void sgd(at::TensorList parameters, at::TensorList gradients, at::TensorList velocities, double decay, double momentum, double lr,
         bool nesterov) {
  const size_t count = parameters.size();
  TORCH_CHECK(gradients.size() == count && velocities.size() == count, "all lists must be as long as that of the parameters, ",
              count);
  at::NoGradGuard noGrad;
  const SGD step{decay, momentum, lr, nesterov};
  for (size_t i = 0; i < count; i++) {
    const Tensor &p = parameters[i], &g = gradients[i], &v = velocities[i];
    if (!fits(p, {g, v})) {
      composed(p, g, v, step);
      continue;
    }
    if (p.scalar_type() == at::kFloat) stepTensor<float>(p, g, v, step);
    else stepTensor<double>(p, g, v, step);
    wrote({p, v});
  }
}

}  // namespace

const Operator sgdOperator(
    "sgd_(Tensor(a!)[] parameters, Tensor[] gradients, Tensor(b!)[] velocities, float decay, float momentum, float lr, "
    "bool nesterov) -> ()",
    sgd);
const Operator adamwOperator(
    "adamw_(Tensor(a!)[] parameters, Tensor[] gradients, Tensor(b!)[] means, Tensor(c!)[] squares, "
    "float[] corrections, float[] factors, float decay, float beta1, float beta2, float eps) -> ()",
    adamw);
