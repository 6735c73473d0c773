/**
 * `la_ssl::add_layer_norm`: what a block of a transformer does between two parts, in one operator: the sum
 * `s = x + branch + branch_bias`, and its layer normalisation `(s − mean) / √(var + eps) · weight + bias` over the last
 * dimension; forward and backward.
 *
 * Under autocast the branch is in bfloat16 and the sum in float32. libtorch carries each through memory several times: the bias,
 * the addition, the norm, its copy in bfloat16 for the next product, and the same on the way back. Here each is read
 * and written once. `composed` says the same with ATen's operators.
 * Source: Ba 2016, Eq. 3 and 4, https://arxiv.org/abs/1607.06450
 */
#include "differentiable.h"
#include "loops.h"
#include "operators.h"
#include "rows.h"

#include <cmath>

namespace {

/** @param branch - null for none, and then `sum` is `x`, and not written */
template <class A, class B, class O>
INLINE void forwardOf(const A* x, const B* branch, const A* branchBias, const A* weight, const A* bias, A eps,
                      int64_t rows, int64_t n, A* sum, O* y, A* mean, A* inverse) {
  for (int64_t row = 0; row < rows; row++, x += n, y += n) {
    const A* s = x;
    A total = 0, square = 0;
    if (branch) {
#pragma omp simd reduction(+ : total)
      for (int64_t j = 0; j < n; j++) {
        const A v = x[j] + ((A)branch[j] + branchBias[j]);
        sum[j] = v;
        total += v;
      }
      s = sum;
      branch += n;
      sum += n;
    } else {
#pragma omp simd reduction(+ : total)
      for (int64_t j = 0; j < n; j++) total += x[j];
    }
    const A m = total / n;
#pragma omp simd reduction(+ : square)
    for (int64_t j = 0; j < n; j++) square += (s[j] - m) * (s[j] - m);
    const A r = 1 / std::sqrt(square / n + eps);
#pragma GCC ivdep
    for (int64_t j = 0; j < n; j++) y[j] = (O)((s[j] - m) * r * weight[j] + bias[j]);
    mean[row] = m;
    inverse[row] = r;
  }
}

/**
 * @param gradSum - of the sum itself; null for none
 * @param gradBranch - null for none
 * @param sums - adds to the gradients of weight, bias and branch_bias, one after another
 */
template <class A, class B, class O>
INLINE void backwardOf(const A* gradSum, const O* gradY, const A* s, const A* weight, const A* mean, const A* inverse,
                       int64_t rows, int64_t n, A* gradX, B* gradBranch, A* sums) {
  A *gradWeight = sums, *gradBias = sums + n, *gradBranchBias = sums + 2 * n;
  for (int64_t row = 0; row < rows; row++, gradY += n, s += n, gradX += n) {
    const A m = mean[row], r = inverse[row];
    A first = 0, second = 0;
#pragma omp simd reduction(+ : first, second)
    for (int64_t j = 0; j < n; j++) {
      const A g = (A)gradY[j], x = (s[j] - m) * r, w = g * weight[j];
      gradWeight[j] += g * x;
      gradBias[j] += g;
      first += w;
      second += w * x;
    }
    // gx = (g w − mean(g w) − x̂ · mean(g w x̂)) / σ
    const A a = first / n, b = second / n;
    if (gradSum) {
#pragma GCC ivdep
      for (int64_t j = 0; j < n; j++)
        gradX[j] = gradSum[j] + r * ((A)gradY[j] * weight[j] - a - (s[j] - m) * r * b);
      gradSum += n;
    } else {
#pragma GCC ivdep
      for (int64_t j = 0; j < n; j++) gradX[j] = r * ((A)gradY[j] * weight[j] - a - (s[j] - m) * r * b);
    }
    if (gradBranch) {
#pragma GCC ivdep
      for (int64_t j = 0; j < n; j++) {
        gradBranchBias[j] += gradX[j];
        gradBranch[j] = (B)gradX[j];
      }
      gradBranch += n;
    }
  }
}

// The loops for each combination of types: a template takes no `target_clones`.
#define LOOPS(A, B, O)                                                                                               \
  EVERY_PROCESSOR void forwardRows(const A* x, const B* br, const A* bb, const A* w, const A* b, A eps, int64_t rows, \
                                   int64_t n, A* s, O* y, A* m, A* r) {                                              \
    forwardOf<A, B, O>(x, br, bb, w, b, eps, rows, n, s, y, m, r);                                                   \
  }                                                                                                                  \
  EVERY_PROCESSOR void backwardRows(const A* gs, const O* gy, const A* s, const A* w, const A* m, const A* r,         \
                                    int64_t rows, int64_t n, A* gx, B* gb, A* sums) {                                \
    backwardOf<A, B, O>(gs, gy, s, w, m, r, rows, n, gx, gb, sums);                                                  \
  }
LOOPS(double, double, double)
LOOPS(float, float, float)
LOOPS(float, float, at::BFloat16)
LOOPS(float, at::BFloat16, float)
LOOPS(float, at::BFloat16, at::BFloat16)
#undef LOOPS

#define WITH_TYPES(A_, B_, O_, ...) \
  {                                 \
    using A = A_;                   \
    using B = B_;                   \
    using O = O_;                   \
    __VA_ARGS__;                    \
  }
#define BY_TYPES(a, b, o, ...)                                                                              \
  if ((a) == at::kDouble) WITH_TYPES(double, double, double, __VA_ARGS__)                                   \
  else if ((b) == at::kFloat && (o) == at::kFloat) WITH_TYPES(float, float, float, __VA_ARGS__)             \
  else if ((b) == at::kFloat) WITH_TYPES(float, float, at::BFloat16, __VA_ARGS__)                           \
  else if ((o) == at::kFloat) WITH_TYPES(float, at::BFloat16, float, __VA_ARGS__)                           \
  else WITH_TYPES(float, at::BFloat16, at::BFloat16, __VA_ARGS__)

struct AddLayerNorm : torch::autograd::Function<AddLayerNorm> {
  /** @returns the sum, where there is a branch, and the normalised sum in the type `out` */
  static variable_list forward(AutogradContext* ctx, const Tensor& input, const OptionalTensor& branch,
                               const OptionalTensor& branchBias, const Tensor& weight, const Tensor& bias, double eps,
                               at::ScalarType out) {
    at::NoGradGuard noGrad;
    const int64_t n = input.size(-1), rows = input.numel() / n;
    const auto type = input.scalar_type();
    const Tensor sum = branch ? at::empty_like(input) : input;
    Tensor y = at::empty_like(input, input.options().dtype(out));
    const Tensor mean = at::empty({rows}, input.options()), inverse = at::empty({rows}, input.options());
    const Tensor zeros = branch && !branchBias ? at::zeros({n}, input.options()) : Tensor();
    BY_TYPES(type, branch ? branch->scalar_type() : type, out, {
      const A* x = input.data_ptr<A>();
      const B* added = branch ? branch->data_ptr<B>() : nullptr;
      const A* addedBias = !branch ? nullptr : branchBias ? branchBias->data_ptr<A>() : zeros.data_ptr<A>();
      const A *w = weight.data_ptr<A>(), *b = bias.data_ptr<A>();
      A *s = sum.data_ptr<A>(), *m = mean.data_ptr<A>(), *r = inverse.data_ptr<A>();
      O* normed = y.data_ptr<O>();
      eachRowBlock(rows, n, [&](int64_t, int64_t first, int64_t count) {
        const int64_t at = first * n;
        forwardRows(x + at, added ? added + at : nullptr, addedBias, w, b, (A)eps, count, n, s + at, normed + at,
                    m + first, r + first);
      });
    })
    ctx->set_materialize_grads(false);
    ctx->save_for_backward({sum, weight, branchBias ? *branchBias : Tensor(), mean, inverse});
    ctx->saved_data["branch"] = branch ? (int64_t)branch->scalar_type() : -1;
    ctx->saved_data["out"] = (int64_t)out;
    return branch ? variable_list{sum, y} : variable_list{y};
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    at::NoGradGuard noGrad;
    const auto saved = ctx->get_saved_variables();
    const Tensor &sum = saved[0], &weight = saved[1], &branchBias = saved[2], &mean = saved[3], &inverse = saved[4];
    const int64_t branch = ctx->saved_data["branch"].toInt();
    const auto out = (at::ScalarType)ctx->saved_data["out"].toInt(), type = sum.scalar_type();
    const int64_t n = sum.size(-1), rows = sum.numel() / n;
    const bool adds = branch >= 0;
    const auto branchType = adds ? (at::ScalarType)branch : type;
    Tensor gradSum = adds ? gradients[0] : Tensor(), gradY = gradients.back();
    if (gradSum.defined()) gradSum = gradSum.contiguous();
    gradY = gradY.defined() ? gradY.contiguous() : at::zeros_like(sum, sum.options().dtype(out));
    Tensor gradX = at::empty_like(sum), gradBranch = adds ? at::empty_like(sum, sum.options().dtype(branchType)) : Tensor();
    Tensor gradWeight, gradBias, gradBranchBias;
    BY_TYPES(type, branchType, out, {
      ColumnSums<A> sums(blocksOf(rows), 3 * n);
      const A *gs = gradSum.defined() ? gradSum.data_ptr<A>() : nullptr, *s = sum.data_ptr<A>();
      const O* gy = gradY.data_ptr<O>();
      const A *w = weight.data_ptr<A>(), *m = mean.data_ptr<A>(), *r = inverse.data_ptr<A>();
      A* gx = gradX.data_ptr<A>();
      B* gb = adds ? gradBranch.data_ptr<B>() : nullptr;
      eachRowBlock(rows, n, [&](int64_t block, int64_t first, int64_t count) {
        const int64_t at = first * n;
        backwardRows(gs ? gs + at : nullptr, gy + at, s + at, w, m + first, r + first, count, n, gx + at,
                     gb ? gb + at : nullptr, sums.of(block));
      });
      const Tensor total = sums.total(weight);
      gradWeight = total.narrow(0, 0, n).clone();
      gradBias = total.narrow(0, n, n).clone();
      if (branchBias.defined()) gradBranchBias = total.narrow(0, 2 * n, n).clone();
    })
    return {gradX, gradBranch, gradBranchBias, gradWeight, gradBias, Tensor(), Tensor()};
  }
};

/** The plain reference, by ATen's operators. */
std::tuple<Tensor, Tensor> composed(const Tensor& input, const OptionalTensor& branch, const OptionalTensor& branchBias,
                                    const Tensor& weight, const Tensor& bias, double eps, at::ScalarType out) {
  Tensor sum = input;
  if (branch) sum = sum + (branchBias ? *branch + *branchBias : *branch);
  return {sum, at::layer_norm(sum, weight.sizes(), weight, bias, eps).to(out)};
}

bool fits(const Tensor& input, const OptionalTensor& branch, const OptionalTensor& branchBias, const Tensor& weight,
          const Tensor& bias) {
  const auto type = input.scalar_type();
  if (!input.device().is_cpu() || !input.is_contiguous() || input.dim() == 0 || input.numel() == 0) return false;
  if (type != at::kFloat && type != at::kDouble) return false;
  for (const auto& t : {OptionalTensor(weight), OptionalTensor(bias), branchBias}) {
    if (t && (t->dim() != 1 || t->numel() != input.size(-1) || t->scalar_type() != type || !t->is_contiguous()))
      return false;
  }
  if (!branch) return !branchBias;
  const bool known = branch->scalar_type() == type || (type == at::kFloat && branch->scalar_type() == at::kBFloat16);
  return known && branch->is_contiguous() && branch->sizes() == input.sizes();
}

std::tuple<Tensor, Tensor> addLayerNorm(const Tensor& input, const OptionalTensor& branch,
                                        const OptionalTensor& branchBias, const Tensor& weight, const Tensor& bias,
                                        double eps, bool forProduct) {
  const bool narrow = forProduct && input.scalar_type() == at::kFloat && autocastsToBfloat16();
  const auto out = narrow ? at::kBFloat16 : input.scalar_type();
  if (!fits(input, branch, branchBias, weight, bias))
    return composed(input, branch, branchBias, weight, bias, eps, out);
  const auto results = AddLayerNorm::apply(input, branch, branchBias, weight, bias, eps, out);
  return {branch ? results[0] : input, results.back()};
}

}  // namespace

const Operator addLayerNormOperator(
    "add_layer_norm(Tensor input, Tensor? branch, Tensor? branch_bias, Tensor weight, Tensor bias, float eps, "
    "bool for_product) -> (Tensor, Tensor)",
    addLayerNorm);
