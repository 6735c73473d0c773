/**
 * JPEG files by libjpeg-turbo, as Pillow and torchvision read them: the slow but exact inverse DCT, smooth upsampling.
 * Without libjpeg's header this is empty, and the operator is not there.
 */
#include "operators.h"

#ifdef WITH_JPEG
#include <ATen/ATen.h>

#include <csetjmp>
#include <cstdio>
// After <cstdio>, which it needs.
#include <jpeglib.h>

namespace {

using at::Tensor;

/** Of a progressive file, which may have a great many that change nothing. */
constexpr int kMostScans = 100;

/** libjpeg is C, which C++ exceptions must not cross: what goes wrong jumps back, over nothing that has a destructor. */
struct Decoder {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf failed;
  char message[JMSG_LENGTH_MAX] = "";

  Decoder() {
    info.err = jpeg_std_error(&errors);
    info.client_data = this;
    errors.error_exit = [](j_common_ptr info) { fail(info); };
    errors.emit_message = [](j_common_ptr info, int level) {
      if (level < 0) fail(info);
    };
    progress.progress_monitor = [](j_common_ptr info) {
      if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMostScans) return;
      auto* decoder = static_cast<Decoder*>(info->client_data);
      std::snprintf(decoder->message, sizeof decoder->message, "more than %d scans", kMostScans);
      std::longjmp(decoder->failed, 1);
    };
  }
  ~Decoder() { jpeg_destroy_decompress(&info); }
  Decoder(const Decoder&) = delete;

  static void fail(j_common_ptr info) {
    auto* decoder = static_cast<Decoder*>(info->client_data);
    info->err->format_message(info, decoder->message);
    std::longjmp(decoder->failed, 1);
  }

  /** Sizes and channels of the result are in `info` then. @returns whether it went well */
  bool start(const uint8_t* content, size_t length, bool gray) {
    if (setjmp(failed)) return false;
    jpeg_create_decompress(&info);
    info.progress = &progress;
    jpeg_mem_src(&info, const_cast<unsigned char*>(content), (unsigned long)length);
    jpeg_read_header(&info, TRUE);
    info.out_color_space = gray && info.jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_calc_output_dimensions(&info);
    return true;
  }

  /** @param out - `[H, W, C]` @returns whether it went well */
  bool read(uint8_t* out) {
    if (setjmp(failed)) return false;
    jpeg_start_decompress(&info);
    const size_t stride = (size_t)info.output_width * info.output_components;
    while (info.output_scanline < info.output_height) {
      JSAMPROW row = out + info.output_scanline * stride;
      jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    return true;
  }
};

Tensor decodeJpeg(const Tensor& content, int64_t channels) {
  TORCH_CHECK(content.dim() == 1 && content.scalar_type() == at::kByte && content.device().is_cpu() &&
                  content.is_contiguous() && content.numel() > 0,
              "content must be the uint8 [bytes] of a file, contiguous on the cpu, got ", content.scalar_type(), " ",
              content.sizes(), " on ", content.device());
  TORCH_CHECK(channels == 1 || channels == 3, "channels must be 1 or 3, got ", channels);
  Decoder decoder;
  TORCH_CHECK(decoder.start(content.data_ptr<uint8_t>(), content.numel(), channels == 1), decoder.message);
  const auto& info = decoder.info;
  Tensor result = at::empty({info.output_height, info.output_width, info.output_components}, content.options());
  TORCH_CHECK(decoder.read(result.data_ptr<uint8_t>()), decoder.message);
  return result;
}

}  // namespace

const Operator decodeJpegOperator("decode_jpeg(Tensor content, int channels) -> Tensor", decodeJpeg);

#endif
