/**
 * `la_ssl::batch_norm`: batch normalisation, an addition and ReLU in one operator,
 * `relu(weight · (x − mean) / √(var + eps) + bias + residual)`, forward and backward.
 *
 * libtorch does the three one after another, and a narrow ResNet spends a third of its step in carrying their
 * intermediates to memory and back. Here each element is read twice and written once. `composed` says the same with
 * ATen's operators, and is what runs where the fused loops do not fit: other devices, types and layouts.
 *
 * The images lie in channels-last, so that a tensor is rows of C channels. Rows are summed by blocks of a fixed size, the
 * blocks in double precision: a result does not depend on the number of threads.
 * Source: Ioffe & Szegedy 2015, Algorithm 1 and the derivatives below it, https://arxiv.org/abs/1502.03167
 */
#include "batch_norm.h"
#include "batch_norm_loops.h"
#include "operators.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

/** Elements of a block: what the first level of a cache holds of each of the three tensors. */
constexpr int64_t kBlock = 1 << 13;

/**
 * A tensor as one long row of `elements`, cut into blocks. Per-channel values are repeated up to `width`, a multiple of
 * the channels that is long enough for vector instructions; every block begins at a multiple of it.
 */
struct Rows {
  int64_t channels, elements, width, block, blocks;
  explicit Rows(const Tensor& x) : channels(x.size(1)), elements(x.numel()) {
    width = channels * std::max<int64_t>(1, 128 / channels);
    block = width * std::max<int64_t>(1, kBlock / width);
    blocks = (elements + block - 1) / block;
  }
  int64_t rows() const { return elements / channels; }
};

/**
 * Calls `body(block, start, length)` for each, on as many threads as this thread may use, each of which takes blocks that lie
 * together. A second pass goes backwards: what a thread read last in the first one is in its cache still.
 */
template <bool backwards = false, class F>
void eachBlock(const Rows& r, const F& body) {
  const int64_t threads = std::clamp<int64_t>(r.elements / (2 * kBlock), 1, at::get_num_threads());
#pragma omp parallel for num_threads((int)threads) schedule(static) if (threads > 1 && !at::in_parallel_region())
  for (int64_t i = 0; i < threads; i++) {
    const int64_t first = i * r.blocks / threads, last = (i + 1) * r.blocks / threads;
    for (int64_t k = first; k < last; k++) {
      const int64_t block = backwards ? first + last - 1 - k : k, start = block * r.block;
      body(block, start, std::min(r.block, r.elements - start));
    }
  }
}

/** Values of the channels, repeated up to the width of the rows. */
template <class A>
std::vector<A> repeated(const Rows& r, const std::vector<double>& values) {
  std::vector<A> wide(r.width);
  for (int64_t j = 0; j < r.width; j++) wide[j] = (A)values[j % r.channels];
  return wide;
}

/** `sum(start, n, a, b)` adds to two lists of `width`, block by block. @returns the sums by channel, of a and of b */
template <class A, class F>
std::pair<std::vector<double>, std::vector<double>> sumBlocks(const Rows& r, const F& sum) {
  std::vector<double> partial(r.blocks * 2 * r.channels);
  eachBlock(r, [&](int64_t block, int64_t start, int64_t length) {
    std::vector<A> a(r.width), b(r.width);
    sum(start, length, a.data(), b.data());
    double *first = &partial[block * 2 * r.channels], *second = first + r.channels;
    for (int64_t j = 0; j < r.width; j += r.channels) {
      for (int64_t c = 0; c < r.channels; c++) {
        first[c] += a[j + c];
        second[c] += b[j + c];
      }
    }
  });
  std::vector<double> first(r.channels), second(r.channels);
  for (int64_t i = 0; i < r.blocks; i++) {
    for (int64_t c = 0; c < r.channels; c++) {
      first[c] += partial[(2 * i) * r.channels + c];
      second[c] += partial[(2 * i + 1) * r.channels + c];
    }
  }
  return {first, second};
}

// By hand where it is float32: a dozen operators for each batch norm were a fifteenth of what a step costs whatever its size.
std::vector<double> valuesOf(const Tensor& perChannel) {
  const bool plain = perChannel.scalar_type() == at::kFloat && perChannel.is_contiguous() && perChannel.device().is_cpu();
  if (plain) return {perChannel.data_ptr<float>(), perChannel.data_ptr<float>() + perChannel.numel()};
  const auto t = perChannel.detach().to(at::kCPU, at::kDouble).contiguous();
  return {t.data_ptr<double>(), t.data_ptr<double>() + t.numel()};
}
Tensor tensorOf(const std::vector<double>& values, const at::TensorOptions& options) {
  if (options.dtype() != at::kFloat || !options.device().is_cpu()) return at::tensor(values, at::kDouble).to(options);
  Tensor out = at::empty({(int64_t)values.size()}, options);
  std::copy(values.begin(), values.end(), out.data_ptr<float>());
  return out;
}

std::vector<double> inverseOf(std::vector<double> var, double eps) {
  for (auto& v : var) v = 1 / std::sqrt(v + eps);
  return var;
}

struct Settings {
  bool training;
  double momentum, eps;
  bool relu;
};

/** Mean and variance (biased) of each channel. Summed about a mean of a few rows, so that nothing cancels. */
template <class T>
std::pair<std::vector<double>, std::vector<double>> moments(const Rows& r, const T* x) {
  using A = Wide<T>;
  const int64_t rows = r.rows(), few = std::min<int64_t>(16, rows);
  std::vector<double> about(r.channels);
  for (int64_t i = 0; i < few; i++) {
    for (int64_t c = 0; c < r.channels; c++) about[c] += (double)x[i * rows / few * r.channels + c] / few;
  }
  const auto wide = repeated<A>(r, about);
  auto [mean, var] = sumBlocks<A>(r, [&](int64_t start, int64_t n, A* sum, A* square) {
    la_ssl::squares({n, r.width}, x + start, wide.data(), sum, square);
  });
  for (int64_t c = 0; c < r.channels; c++) {
    const double d = mean[c] / rows;
    var[c] = std::max(0.0, var[c] / rows - d * d);
    mean[c] = d + (double)(A)about[c];
  }
  return {mean, var};
}

template <class T>
Tensor forwardOf(const Tensor& x, const OptionalTensor& residual, const std::vector<double>& mean,
                 const std::vector<double>& inverse, const OptionalTensor& weight, const OptionalTensor& bias, bool relu) {
  const Rows r(x);
  const ScaleAndShift values(mean, inverse, weight, bias);
  using A = Wide<T>;
  const auto a = repeated<A>(r, values.scale), b = repeated<A>(r, values.shift);
  Tensor y = at::empty_like(x);
  const T* in = x.data_ptr<T>();
  const T* add = residual ? residual->data_ptr<T>() : nullptr;
  T* out = y.data_ptr<T>();
  eachBlock<true>(r, [&](int64_t, int64_t start, int64_t n) {
    la_ssl::normalise({n, r.width}, relu, in + start, add ? add + start : nullptr, a.data(), b.data(), out + start);
  });
  return y;
}

/** Gradients of input, residual (undefined where `adds` is false), weight and bias (double, by channel). */
template <class T>
std::tuple<Tensor, Tensor, std::vector<double>, std::vector<double>> backwardOf(
    const Tensor& gradient, const Tensor& y, const Tensor& x, const std::vector<double>& mean,
    const std::vector<double>& inverse, const std::vector<double>& weight, const Settings& s, bool adds) {
  using A = Wide<T>;
  const Rows r(x);
  const T *g = gradient.data_ptr<T>(), *out = y.data_ptr<T>(), *in = x.data_ptr<T>();
  const auto about = repeated<A>(r, mean);
  auto [sum, product] = sumBlocks<A>(r, [&](int64_t start, int64_t n, A* a, A* b) {
    la_ssl::gradientSums({n, r.width}, s.relu, g + start, out + start, in + start, about.data(), a, b);
  });
  // gx = w/σ · (g − mean(g) − (x − μ)/σ² · mean(g (x − μ))); with running statistics w/σ · g.
  std::vector<double> scale(r.channels), slope(r.channels), shift(r.channels), gradWeight(r.channels);
  const double rows = (double)r.rows();
  for (int64_t c = 0; c < r.channels; c++) {
    scale[c] = weight[c] * inverse[c];
    gradWeight[c] = product[c] * inverse[c];
    if (!s.training) continue;
    slope[c] = -scale[c] * inverse[c] * inverse[c] * product[c] / rows;
    shift[c] = -scale[c] * sum[c] / rows - slope[c] * mean[c];
  }
  const auto a = repeated<A>(r, scale), c = repeated<A>(r, slope), b = repeated<A>(r, shift);
  Tensor gradX = at::empty_like(x), gradResidual = adds ? at::empty_like(x) : Tensor();
  T *gx = gradX.data_ptr<T>(), *gr = adds ? gradResidual.data_ptr<T>() : nullptr;
  eachBlock<true>(r, [&](int64_t, int64_t start, int64_t n) {
    la_ssl::gradients({n, r.width}, s.relu, g + start, out + start, in + start, a.data(), c.data(), b.data(), gx + start,
                      gr ? gr + start : nullptr);
  });
  return {gradX, gradResidual, gradWeight, sum};
}

bool sameLayout(const Tensor& t) {
  return t.dim() == 2 ? t.is_contiguous() : t.is_contiguous(at::MemoryFormat::ChannelsLast);
}
Tensor laidOut(const Tensor& t) {
  return t.dim() == 2 ? t.contiguous() : t.contiguous(at::MemoryFormat::ChannelsLast);
}

#define BY_TYPE(type, ...)                                             \
  switch (type) {                                                      \
    case at::kFloat: { using T = float; return __VA_ARGS__; }          \
    case at::kDouble: { using T = double; return __VA_ARGS__; }        \
    default: { using T = at::BFloat16; return __VA_ARGS__; }           \
  }

struct FusedBatchNorm : torch::autograd::Function<FusedBatchNorm> {
  static Variable forward(AutogradContext* ctx, const Variable& input, const OptionalTensor& weight,
                          const OptionalTensor& bias, const OptionalTensor& runningMean,
                          const OptionalTensor& runningVar, const OptionalTensor& residual, bool training,
                          double momentum, double eps, bool relu) {
    at::NoGradGuard noGrad;
    const Rows r(input);
    std::vector<double> mean, var;
    if (training) {
      std::tie(mean, var) = [&]() -> std::pair<std::vector<double>, std::vector<double>> {
        BY_TYPE(input.scalar_type(), moments<T>(r, input.data_ptr<T>()))
      }();
      const double rows = (double)r.rows();
      auto update = [&](const OptionalTensor& running, std::vector<double> values, double factor) {
        if (!running) return;
        const auto before = valuesOf(*running);
        for (size_t c = 0; c < values.size(); c++) {
          values[c] = (1 - momentum) * before[c] + momentum * factor * values[c];
        }
        running->copy_(tensorOf(values, running->options()));
      };
      update(runningMean, mean, 1);
      update(runningVar, var, rows / std::max(1.0, rows - 1));  // the running variance is the unbiased one
    } else {
      mean = valuesOf(*runningMean);
      var = valuesOf(*runningVar);
    }
    const auto inverse = inverseOf(var, eps);
    const OptionalTensor added = residual ? OptionalTensor(laidOut(*residual)) : residual;
    Tensor y = [&]() -> Tensor {
      BY_TYPE(input.scalar_type(), forwardOf<T>(input, added, mean, inverse, weight, bias, relu))
    }();
    ctx->save_for_backward({input, y, weight ? *weight : Tensor(), bias ? *bias : Tensor()});
    ctx->saved_data["mean"] = mean;
    ctx->saved_data["inverse"] = inverse;
    ctx->saved_data["training"] = training;
    ctx->saved_data["relu"] = relu;
    ctx->saved_data["adds"] = residual.has_value();
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    at::NoGradGuard noGrad;
    const auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &y = saved[1], &weight = saved[2], &bias = saved[3];
    const Settings s{ctx->saved_data["training"].toBool(), 0, 0, ctx->saved_data["relu"].toBool()};
    const auto mean = ctx->saved_data["mean"].toDoubleVector(), inverse = ctx->saved_data["inverse"].toDoubleVector();
    const bool adds = ctx->saved_data["adds"].toBool();
    const Tensor gradient = laidOut(gradients[0]);
    const auto w = weight.defined() ? valuesOf(weight) : std::vector<double>(mean.size(), 1);
    auto [gradX, gradResidual, gradWeight, gradBias] =
        [&]() -> std::tuple<Tensor, Tensor, std::vector<double>, std::vector<double>> {
      BY_TYPE(x.scalar_type(), backwardOf<T>(gradient, y, x, mean, inverse, w, s, adds))
    }();
    return {gradX,
            weight.defined() ? tensorOf(gradWeight, weight.options()) : Tensor(),
            bias.defined() ? tensorOf(gradBias, bias.options()) : Tensor(),
            Tensor(),
            Tensor(),
            gradResidual,
            Tensor(),
            Tensor(),
            Tensor(),
            Tensor()};
  }
};

/** The plain reference, by ATen's operators. */
Tensor composed(const Tensor& input, const OptionalTensor& weight, const OptionalTensor& bias,
                const OptionalTensor& runningMean, const OptionalTensor& runningVar, const OptionalTensor& residual,
                bool training, double momentum, double eps, bool relu) {
  Tensor y = at::batch_norm(input, weight, bias, runningMean, runningVar, training, momentum, eps, true);
  if (residual) y = y + *residual;
  return relu ? y.relu_() : y;
}

bool fits(const Tensor& input, const OptionalTensor& weight, const OptionalTensor& bias,
          const OptionalTensor& runningMean, const OptionalTensor& runningVar, const OptionalTensor& residual,
          bool training) {
  const auto type = input.scalar_type();
  if (!input.device().is_cpu() || (input.dim() != 2 && input.dim() != 4) || input.numel() == 0) return false;
  if (type != at::kFloat && type != at::kDouble && type != at::kBFloat16) return false;
  if (!sameLayout(input) || (residual && (residual->scalar_type() != type || residual->sizes() != input.sizes())))
    return false;
  for (const auto* perChannel : {&weight, &bias, &runningMean, &runningVar}) {
    if (*perChannel && ((*perChannel)->numel() != input.size(1) || (*perChannel)->dim() != 1 ||
                        !at::isFloatingType((*perChannel)->scalar_type())))
      return false;
  }
  return training || (runningMean && runningVar);
}

}  // namespace

ScaleAndShift::ScaleAndShift(const std::vector<double>& mean, const std::vector<double>& inverse, const OptionalTensor& weight,
                             const OptionalTensor& bias)
    : scale(inverse), shift(mean.size()) {
  if (weight) {
    const auto w = valuesOf(*weight);
    for (size_t c = 0; c < scale.size(); c++) scale[c] *= w[c];
  }
  if (bias) shift = valuesOf(*bias);
  for (size_t c = 0; c < scale.size(); c++) shift[c] -= mean[c] * scale[c];
}

ScaleAndShift ScaleAndShift::running(const Tensor& mean, const Tensor& var, double eps, const OptionalTensor& weight,
                                     const OptionalTensor& bias) {
  return {valuesOf(mean), inverseOf(valuesOf(var), eps), weight, bias};
}

Tensor batchNorm(const Tensor& input, const OptionalTensor& weight, const OptionalTensor& bias,
                 const OptionalTensor& runningMean, const OptionalTensor& runningVar, const OptionalTensor& residual,
                 bool training, double momentum, double eps, bool relu) {
  if (!fits(input, weight, bias, runningMean, runningVar, residual, training))
    return composed(input, weight, bias, runningMean, runningVar, residual, training, momentum, eps, relu);
  return FusedBatchNorm::apply(input, weight, bias, runningMean, runningVar, residual, training, momentum, eps, relu);
}

const Operator batchNormOperator(
    "batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, "
    "Tensor? residual, bool training, float momentum, float eps, bool relu) -> Tensor",
    batchNorm);
