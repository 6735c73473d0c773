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

/**
 * Whether this processor has the dot products of bfloat16 in vectors of 512 bits, and the loops were compiled for them.
 * Not where it has AMX: matrix instructions, which oneDNN uses, are faster.
 */
inline bool hasBfloat16Dots() {
#ifdef LA_SSL_BFLOAT16_DOTS
  return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         !__builtin_cpu_supports("amx-bf16");
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

/** Two numbers of bfloat16 whose products are added together. */
using Pair = uint32_t;

#ifdef LA_SSL_BFLOAT16_DOTS
/** Sixteen numbers of a and the same of b → pairs. */
DOTS_INLINE __m512i pairUp(const uint16_t* a, const uint16_t* b) {
  const __m512i low = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)a));
  const __m512i high = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)b));
  return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
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
