#pragma once

/** Makes `la_ssl::augment` known to the dispatcher, so that `call` reaches it as any other operator. */
void registerAugment();
