/** How inner loops are compiled. `#pragma GCC ivdep` before one says that what it reads and what it writes do not overlap. */
#pragma once
#include <type_traits>

/** What is computed with: bfloat16 in float. */
template <class T>
using Wide = std::conditional_t<std::is_same_v<T, double>, double, float>;

// Loops are compiled for what processors have, and chosen when the addon is loaded.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#if __GNUC__ >= 12
#define EVERY_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EVERY_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
#else
#define EVERY_PROCESSOR
#endif
#define INLINE inline __attribute__((always_inline))
