/** How functions of the addon become operators under `la_ssl::`, which `call` reaches by the dispatcher as it does ATen's. */
#pragma once
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <string>

/** Makes a function an operator when the addon is loaded: one of these stands at the end of each operator's file. */
class Operator {
 public:
  /** @param schema - as ATen writes them, beginning with the operator's name */
  template <class Function>
  Operator(const std::string& schema, Function* function) {
    // Another copy of the addon in this process may have done it.
    const std::string name = "la_ssl::" + schema.substr(0, schema.find('('));
    if (c10::Dispatcher::singleton().findSchema({name, ""})) return;
    // Kept for as long as the process runs: an operator is gone with its library.
    auto* library = new torch::Library(torch::Library::FRAGMENT, "la_ssl", c10::nullopt, __FILE__, __LINE__);
    library->def(schema.c_str(), function);
  }
};
