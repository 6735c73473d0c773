/** The inner loops of `la_ssl::batch_norm`, each over a piece of a long row in which the channels come again and again. */
#pragma once
#include "loops.h"

#include <c10/util/BFloat16.h>

#include <cstdint>

namespace la_ssl {

/** `n` numbers. The values of the channels, and the sums over them, are lists of `width`, a multiple of the channels. */
struct Piece {
  int64_t n, width;
};

// For each type, T and what it is computed with.
#define LOOPS(T, A)                                                                                                    \
  /** Adds `x − about` and its squares. */                                                                             \
  void squares(const Piece&, const T* x, const A* about, A* sum, A* square);                                           \
  /** `y = x · scale + shift + residual`, then ReLU. @param residual - or null */                                      \
  void normalise(const Piece&, bool relu, const T* x, const T* residual, const A* scale, const A* shift, T* y);        \
  /** Adds the gradient, where y > 0 if `relu`, and its products with `x − mean`. */                                   \
  void gradientSums(const Piece&, bool relu, const T* gradient, const T* y, const T* x, const A* mean, A* sum,         \
                    A* product);                                                                                       \
  /** `gradX = scale · g + slope · x + shift`, g the gradient where y > 0 if `relu`. @param gradResidual - g, or null */ \
  void gradients(const Piece&, bool relu, const T* gradient, const T* y, const T* x, const A* scale, const A* slope,   \
                 const A* shift, T* gradX, T* gradResidual);
LOOPS(float, float)
LOOPS(double, double)
LOOPS(at::BFloat16, float)
#undef LOOPS

}  // namespace la_ssl
