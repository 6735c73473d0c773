/**
 * Winograd's way along rows alone: two outputs side by side with 4 products instead of 6. More products than `winograd_loops.h`
 * and less to transform, which pays where there are few channels.
 */
#pragma once
#include "winograd_loops.h"

namespace la_ssl {

/** Of a weight transformed for `winogradRows`, in numbers of bfloat16. */
inline int64_t transformedRowsSize(const Weight& w) { return 12 * w.outChannels * w.inChannels; }

/** `G` of each row of each kernel, rounded to bfloat16. @param turned - for the gradient of the input, as `transformTurnedWeight` */
void transformRowsOfWeight(const Weight& weight, bool turned, uint16_t* out);

/** As `winograd`, with a weight of `transformRowsOfWeight`, where `takesWinograd`. */
void winogradRows(const Convolution& c, const uint16_t* input, const uint16_t* weight, uint16_t* out, int threads,
                  const Finish* finish = nullptr);

}  // namespace la_ssl
