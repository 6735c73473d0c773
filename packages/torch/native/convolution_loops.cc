/**
 * The instruction `vdpbf16ps` adds products of *pairs* of numbers. The pair here is the same pixel of two images: whatever
 * the shift of a tap and the stride, the pairs are the same, and are made once.
 *
 * Images are put into pairs in pieces that the caches hold: of the input by blocks of 16 channels, of the gradient by blocks
 * of 8. Then 8 × 3 vectors of sums, of 8 output channels, the three taps of a row and 16 input channels, stay in registers
 * over the pixels of a piece. Taps outside of an image are left out.
 * Meanwhile the images after these come into the cache: waiting for memory was a sixth of the time with 16 channels.
 */
#include "convolution_loops.h"

#include "bfloat16_dots.h"

#include <vector>

namespace la_ssl {

bool takesWeightGradient(const Convolution& c) {
  return c.inChannels % 16 == 0 && c.outChannels % 16 == 0 && c.inChannels > 0 && c.outChannels > 0 && c.width >= 2 &&
         c.height >= 1 && c.images >= 1;
}

#ifdef LA_SSL_BFLOAT16_DOTS
namespace {

constexpr int64_t kIn = 16, kOut = 8, kTaps = 3;
/** Pixels of the gradient for which sums stay in registers: 48 KiB of input and gradient. */
constexpr int64_t kPixels = 512;
/** Bytes of sums of which a thread has its own; more are shared out among the threads. */
constexpr int64_t kOwnSums = 1 << 20;

using Sums = __m512[kOut][kTaps];

/** Adds the products of one pixel of the gradient with the input under the taps `first` to `last`. */
template <int first, int last>
DOTS_INLINE void addPixel(const Pair* input, const Pair* gradient, Sums& sums) {
  __m512i x[kTaps];
#pragma GCC unroll 3
  for (int tap = first; tap <= last; tap++) x[tap] = _mm512_loadu_si512(input + (tap - 1) * kIn);
#pragma GCC unroll 8
  for (int o = 0; o < kOut; o++) {
    const __m512i g = _mm512_set1_epi32((int)gradient[o]);
#pragma GCC unroll 3
    for (int tap = first; tap <= last; tap++) sums[o][tap] = _mm512_dpbf16_ps(sums[o][tap], (__m512bh)x[tap], (__m512bh)g);
  }
}

/** A piece: `pairs` images one after another, rows `from` to `to` of the gradient. */
struct Piece {
  int64_t pairs, from, to;
  Ahead* ahead;
};

/**
 * Adds to the sums of 8 output channels and 16 input channels for one row of taps.
 * @param step - of `out` between output channels
 */
DOTS void addPiece(const Convolution& c, const Piece& piece, int64_t ky, const Pair* input, const Pair* gradient, float* out,
                   int64_t step) {
  const int64_t height = c.outHeight(), width = c.outWidth(), stride = c.stride;
  const int64_t inner = (width - 1) * stride + 1 < c.width ? width : width - 1;
  const int64_t from = std::max(piece.from, (int64_t)(ky == 0)), shift = ky - 1;
  const int64_t to = std::min(piece.to, (c.height - 1 - shift + stride) / stride);
  for (int64_t o = 0; o < kOut; o++) {
    for (int64_t tap = 0; tap < kTaps; tap++) __builtin_prefetch(out + o * step + tap * c.inChannels, 1);
  }
  Sums sums;
#pragma GCC unroll 8
  for (int o = 0; o < kOut; o++) {
#pragma GCC unroll 3
    for (int tap = 0; tap < kTaps; tap++) sums[o][tap] = _mm512_setzero_ps();
  }
  for (int64_t pair = 0; pair < piece.pairs; pair++) {
    for (int64_t y = from; y < to; y++) {
      piece.ahead[0].fetch();
      piece.ahead[1].fetch();
      const Pair* x = input + ((pair * c.height + y * stride + shift) * c.width) * kIn;
      const Pair* g = gradient + (pair * height + y) * width * kOut;
      const Pair* end = g + inner * kOut;
      addPixel<1, 2>(x, g, sums);
      x += stride * kIn;
      for (g += kOut; g < end; g += kOut, x += stride * kIn) addPixel<0, 2>(x, g, sums);
      if (inner < width) addPixel<0, 1>(x, g, sums);
    }
  }
#pragma GCC unroll 8
  for (int o = 0; o < kOut; o++) {
#pragma GCC unroll 3
    for (int tap = 0; tap < kTaps; tap++) {
      float* sum = out + o * step + tap * c.inChannels;
      _mm512_storeu_ps(sum, _mm512_add_ps(_mm512_loadu_ps(sum), sums[o][tap]));
    }
  }
}

/**
 * Pairs of `pixels` pixels of two images, by blocks of `block` channels, 16 or 8.
 * @param channels - how many to take of the `all` that a pixel has
 * @param step - of `out` between blocks
 */
template <int64_t block>
DOTS void pack(const uint16_t* a, const uint16_t* b, int64_t pixels, int64_t channels, int64_t all, Pair* out, int64_t step) {
  for (int64_t pixel = 0; pixel < pixels; pixel++, a += all, b += all, out += block) {
    for (int64_t c = 0; c < channels; c += 16) {
      const __m512i pairs = pairUp(a + c, b + c);
      Pair* to = out + c / block * step;
      if (block == 16) {
        _mm512_storeu_si512(to, pairs);
      } else {
        _mm256_storeu_si256((__m256i*)to, _mm512_castsi512_si256(pairs));
        _mm256_storeu_si256((__m256i*)(to + step), _mm512_extracti64x4_epi64(pairs, 1));
      }
    }
  }
}

/** What one thread does at a time: some of the images, some of the output channels. */
struct Share {
  int64_t firstImage, lastImage, firstOut, lastOut;
};

void addShare(const Convolution& c, const Share& s, const uint16_t* input, const uint16_t* gradient, float* out) {
  const int64_t inPixels = c.height * c.width, height = c.outHeight(), width = c.outWidth(), outPixels = height * width;
  const int64_t inSize = inPixels * c.inChannels, outSize = outPixels * c.outChannels;
  const int64_t outs = s.lastOut - s.firstOut, step = 9 * c.inChannels;
  const int64_t most = std::clamp<int64_t>(kPixels / outPixels, 1, (s.lastImage - s.firstImage + 1) / 2);
  const int64_t rows = std::max<int64_t>(1, kPixels / width);
  const int64_t inBlock = most * inPixels * kIn, outBlock = most * outPixels * kOut;
  const Scratch<Pair> x(c.inChannels / kIn * inBlock), g(outs / kOut * outBlock);
  const std::vector<uint16_t> none(c.images % 2 * std::max(inSize, outSize));
  for (int64_t image = s.firstImage; image < s.lastImage; image += 2 * most) {
    const int64_t pairs = std::min(most, (s.lastImage - image + 1) / 2);
    for (int64_t pair = 0; pair < pairs; pair++) {
      const int64_t a = image + 2 * pair, b = a + 1;
      const uint16_t *xa = input + a * inSize, *ga = gradient + a * outSize;
      const uint16_t* xb = b < s.lastImage ? xa + inSize : none.data();
      const uint16_t* gb = b < s.lastImage ? ga + outSize : none.data();
      pack<kIn>(xa, xb, inPixels, c.inChannels, c.inChannels, x + pair * inPixels * kIn, inBlock);
      pack<kOut>(ga + s.firstOut, gb + (b < s.lastImage ? s.firstOut : 0), outPixels, outs, c.outChannels,
                 g + pair * outPixels * kOut, outBlock);
    }
    const int64_t after = std::min(image + 2 * pairs, s.lastImage), next = std::min(s.lastImage - after, 2 * most);
    const int64_t times = pairs * height * 2 * (c.inChannels / kIn) * (outs / kOut);
    Ahead ahead[] = {{input + after * inSize, next * inSize, times},
                     {gradient + after * outSize, outs == c.outChannels ? next * outSize : 0, times}};
    for (int64_t row = 0; row < height; row += rows) {
      const Piece piece{pairs, row, std::min(height, row + rows), ahead};
      for (int64_t i = 0; i < c.inChannels / kIn; i++) {
        for (int64_t o = 0; o < outs / kOut; o++) {
          float* sums = out + (s.firstOut + o * kOut) * step + i * kIn;
          for (int64_t ky = 0; ky < 3; ky++) {
            addPiece(c, piece, ky, x + i * inBlock, g + o * outBlock, sums + ky * 3 * c.inChannels, step);
          }
        }
      }
    }
  }
}

}  // namespace

void weightGradient(const Convolution& c, const uint16_t* input, const uint16_t* gradient, float* out, int threads) {
  const int64_t size = c.outChannels * 9 * c.inChannels;
  const bool byChannels = size * (int64_t)sizeof(float) > kOwnSums;
  // Of pairs of images, or of blocks of output channels.
  const int64_t length = byChannels ? c.outChannels / 16 : (c.images + 1) / 2;
  const int64_t shares = std::clamp<int64_t>(threads, 1, length);
  const Scratch<float> own(byChannels ? 0 : shares * size);
  if (byChannels) std::fill_n(out, size, 0.0f);
#pragma omp parallel for num_threads((int)shares) schedule(static) if (shares > 1)
  for (int64_t i = 0; i < shares; i++) {
    const int64_t from = i * length / shares, to = (i + 1) * length / shares;
    if (byChannels) {
      addShare(c, {0, c.images, 16 * from, 16 * to}, input, gradient, out);
    } else {
      float* sums = own + i * size;
      std::fill_n(sums, size, 0.0f);
      addShare(c, {2 * from, std::min(c.images, 2 * to), 0, c.outChannels}, input, gradient, sums);
    }
  }
  if (byChannels) return;
  addUp(own, size, shares, threads);
  std::copy_n((const float*)own, size, out);
}
#else
void weightGradient(const Convolution&, const uint16_t*, const uint16_t*, float*, int) {}
#endif

}  // namespace la_ssl
