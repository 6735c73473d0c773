#pragma once

/** Makes `la_ssl::batch_norm` known to the dispatcher, so that `call` reaches it as any other operator. */
void registerBatchNorm();
