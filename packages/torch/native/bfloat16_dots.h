/** What the loops of products share: the dot products of bfloat16 in vectors of 512 bits, and memory to compute in. */
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
// GCC 12 warns of its own intrinsics (bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#define LA_SSL_BFLOAT16_DOTS 1
#define DOTS __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))
#define DOTS_INLINE DOTS inline __attribute__((always_inline))
#endif

namespace la_ssl {

/** Whether this processor rounds to bfloat16 in vectors of 512 bits, and the loops were compiled for it. */
inline bool hasBfloat16Vectors() {
#ifdef LA_SSL_BFLOAT16_DOTS
  return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

/**
 * Whether this processor has the dot products of bfloat16 in vectors of 512 bits, and the loops were compiled for them.
 * Not where it has AMX: matrix instructions, which oneDNN uses, are faster.
 */
inline bool hasBfloat16Dots() {
#ifdef LA_SSL_BFLOAT16_DOTS
  return hasBfloat16Vectors() && !__builtin_cpu_supports("amx-bf16");
#else
  return false;
#endif
}

/** Memory that begins at a cache line. What it holds at first is of chance, unless `zeros`. */
template <class T>
class Scratch {
 public:
  explicit Scratch(int64_t size, bool zeros = false) : memory(new char[size * sizeof(T) + 64]) {
    aligned = (T*)(((uintptr_t)memory.get() + 63) / 64 * 64);
    if (zeros) std::memset((void*)aligned, 0, size * sizeof(T));
  }
  operator T*() const { return aligned; }

 private:
  std::unique_ptr<char[]> memory;
  T* aligned;
};

/** Adds to the first of `lists` lists of sums, one after another, all others. */
inline void addUp(float* sums, int64_t size, int64_t lists, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1 && size > 4096)
  for (int64_t part = 0; part < threads; part++) {
    const int64_t from = part * size / threads, to = (part + 1) * size / threads;
    for (int64_t i = 1; i < lists; i++) {
      for (int64_t j = from; j < to; j++) sums[j] += sums[i * size + j];
    }
  }
}

/** Two numbers of bfloat16 whose products are added together. */
using Pair = uint32_t;

#ifdef LA_SSL_BFLOAT16_DOTS
/** Sixteen numbers of a and the same of b → pairs. */
DOTS_INLINE __m512i pairUp(const uint16_t* a, const uint16_t* b) {
  const __m512i low = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)a));
  const __m512i high = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)b));
  return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

/** Rounded to bfloat16: a, then b. */
DOTS_INLINE __m512i rounded(__m512 a, __m512 b) { return (__m512i)_mm512_cvtne2ps_pbh(b, a); }

/** Rounded to bfloat16, in pairs of a lane of a and the same lane of b. */
DOTS_INLINE __m512i paired(__m512 a, __m512 b) {
  alignas(64) static const uint16_t order[32] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                                 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  return _mm512_permutexvar_epi16(_mm512_load_si512(order), rounded(a, b));
}
#endif

/** Images that come next: fetched into the cache a few lines at a time, while there is computing to do. */
class Ahead {
 public:
  /** @param times - how often `fetch` is called until all must be there */
  Ahead(const uint16_t* from, int64_t size, int64_t times)
      : at((const char*)from), end((const char*)(from + size)), bytes((size * 2 / times + 63) / 64 * 64) {}
  void fetch() {
    for (const char* to = std::min(end, at + bytes); at < to; at += 64) __builtin_prefetch(at);
  }

 private:
  const char *at, *end;
  int64_t bytes;
};

}  // namespace la_ssl
