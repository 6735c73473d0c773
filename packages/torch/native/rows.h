/** What the operators on tokens share: rows of C values, cut into blocks of a fixed size, whatever the number of threads. */
#pragma once
#include "loops.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

constexpr int64_t kRowsOfBlock = 64;

inline int64_t blocksOf(int64_t rows) { return (rows + kRowsOfBlock - 1) / kRowsOfBlock; }

/** Calls `body(block, first row, rows)` for each, on as many threads as this thread may use. */
template <class F>
void eachRowBlock(int64_t rows, int64_t columns, const F& body) {
  const int64_t blocks = blocksOf(rows);
  const int threads = (int)std::clamp<int64_t>(rows * columns >> 14, 1, std::min<int64_t>(blocks, at::get_num_threads()));
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1 && !at::in_parallel_region())
  for (int64_t block = 0; block < blocks; block++) {
    const int64_t first = block * kRowsOfBlock;
    body(block, first, std::min(kRowsOfBlock, rows - first));
  }
}

/** Sums by column, each block's by itself, then in double over the blocks: equal on any number of threads. */
template <class A>
class ColumnSums {
 public:
  ColumnSums(int64_t blocks, int64_t columns) : blocks_(blocks), columns_(columns), partial_(blocks * columns) {}
  A* of(int64_t block) { return &partial_[block * columns_]; }
  /** @param like - a tensor of one value a column */
  at::Tensor total(const at::Tensor& like) const {
    std::vector<double> sum(columns_);
    for (int64_t block = 0; block < blocks_; block++) {
      for (int64_t c = 0; c < columns_; c++) sum[c] += partial_[block * columns_ + c];
    }
    return at::from_blob(sum.data(), {columns_}, at::kDouble).to(like.options(), /*non_blocking=*/false, /*copy=*/true);
  }

 private:
  int64_t blocks_, columns_;
  std::vector<A> partial_;
};
