/**
 * libtorch for Node: one generic call into the ATen dispatcher.
 *
 * `call(op, ...args)` converts its arguments by the operator's own schema, so every ATen operator, with
 * autograd, is reachable by name, and this file does not grow with the operators that we use. The rest is
 * what no operator offers: memory in and out, gradients, thread-local modes, generators.
 *
 * A tensor lives in JavaScript as an External that owns one reference. `dispose` gives the reference back at
 * once; the garbage collector does so otherwise. Every C++ exception becomes a JavaScript error.
 * Compiles against libtorch 1.13 and 2.x.
 */
// A worker that is being terminated takes no exception any more: drop it instead of ending the process.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/util/Logging.h>
#include <malloc.h>
#include <napi.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/version.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <sstream>
#include <unordered_map>

#include "checks.h"

namespace {

using c10::IValue;
using c10::TypeKind;

constexpr uint64_t kTensorMagic = 0x7e45093d15a55101, kGeneratorMagic = 0x7e45093d15a55102;
std::atomic<int64_t> liveTensors{0};

/** What an External points to. `magic` comes first, so that a foreign External is told apart. */
struct TensorHandle {
  uint64_t magic = kTensorMagic;
  at::Tensor tensor;  // undefined once disposed
  explicit TensorHandle(at::Tensor t) : tensor(std::move(t)) { ++liveTensors; }
  TensorHandle(const TensorHandle&) = delete;
  ~TensorHandle() { release(); }
  void release() {
    if (tensor.defined()) {
      tensor.reset();
      --liveTensors;
    }
  }
};
struct GeneratorHandle {
  uint64_t magic = kGeneratorMagic;
  at::Generator generator;
};

/** An operator that JavaScript has looked up once. */
struct Operator {
  c10::OperatorHandle handle;
  std::string schema;
  bool returnsSelf;  // in-place: the caller already holds the result
  Check* check;      // what ATen does not check itself, or null
};
/** Operators looked up so far in this thread's environment. */
struct Environment {
  std::deque<Operator> operators;
};

/** Strings that stand where a schema has an enumeration coded as an integer. */
using Names = std::vector<std::pair<const char*, int64_t>>;
const Names kDtypes = {
    {"float32", (int64_t)at::kFloat}, {"int64", (int64_t)at::kLong},  {"bool", (int64_t)at::kBool},
    {"float64", (int64_t)at::kDouble}, {"uint8", (int64_t)at::kByte}, {"bfloat16", (int64_t)at::kBFloat16},
    {"float16", (int64_t)at::kHalf},   {"int32", (int64_t)at::kInt},  {"int16", (int64_t)at::kShort},
    {"int8", (int64_t)at::kChar},
};
const Names kMemoryFormats = {
    {"contiguous", (int64_t)at::MemoryFormat::Contiguous},
    {"preserve", (int64_t)at::MemoryFormat::Preserve},
    {"channelsLast", (int64_t)at::MemoryFormat::ChannelsLast},
};
const Names kLayouts = {{"strided", (int64_t)at::kStrided}};
const Names kReductions = {{"none", at::Reduction::None}, {"mean", at::Reduction::Mean}, {"sum", at::Reduction::Sum}};

const char* dtypeName(at::ScalarType type) {
  for (const auto& [name, code] : kDtypes) {
    if (code == (int64_t)type) return name;
  }
  return at::toString(type);
}

std::string describe(const Napi::Value& v) {
  switch (v.Type()) {
    case napi_undefined: return "undefined";
    case napi_null: return "null";
    case napi_string: return "the string '" + v.As<Napi::String>().Utf8Value() + "'";
    case napi_number: return "the number " + v.ToString().Utf8Value();
    case napi_boolean: return v.As<Napi::Boolean>().Value() ? "true" : "false";
    case napi_function: return "a function";
    case napi_symbol: return "a symbol";
    case napi_bigint: return "a bigint";
    case napi_external: return "a Tensor or another native handle";
    default: return v.IsArray() ? "an array" : "an object that is no Tensor of this thread";
  }
}

[[noreturn]] void mismatch(const std::string& wanted, const Napi::Value& got) {
  throw std::invalid_argument("expected " + wanted + ", got " + describe(got));
}

Napi::Value wrap(Napi::Env env, at::Tensor tensor) {
  if (!tensor.defined()) return env.Null();
  auto handle = std::make_unique<TensorHandle>(std::move(tensor));
  auto external =
      Napi::External<TensorHandle>::New(env, handle.get(), [](Napi::Env, TensorHandle* h) { delete h; });
  handle.release();  // the External owns it now
  return external;
}

TensorHandle* handleOf(const Napi::Value& v) {
  if (!v.IsExternal()) mismatch("a Tensor", v);
  auto* handle = v.As<Napi::External<TensorHandle>>().Data();
  if (handle == nullptr || handle->magic != kTensorMagic) mismatch("a Tensor", v);
  return handle;
}

const at::Tensor& tensorOf(const Napi::Value& v) {
  auto* handle = handleOf(v);
  if (!handle->tensor.defined())
    throw std::invalid_argument("this Tensor was freed (by dispose, or at the end of the scope that made it)");
  return handle->tensor;
}

at::Generator& generatorOf(const Napi::Value& v) {
  if (!v.IsExternal()) mismatch("a Generator", v);
  auto* handle = v.As<Napi::External<GeneratorHandle>>().Data();
  if (handle == nullptr || handle->magic != kGeneratorMagic) mismatch("a Generator", v);
  return handle->generator;
}

int64_t namedOf(const Napi::Value& v, const Names& names, const char* kind) {
  const std::string wanted = v.IsString() ? v.As<Napi::String>().Utf8Value() : "";
  for (const auto& [name, code] : names) {
    if (wanted == name) return code;
  }
  std::string list;
  for (const auto& entry : names) list += (list.empty() ? "'" : ", '") + std::string(entry.first) + "'";
  mismatch(std::string(kind) + " (" + list + ")", v);
}
int64_t dtypeOf(const Napi::Value& v) { return namedOf(v, kDtypes, "a dtype"); }

int64_t integerOf(const Napi::Value& v) {
  if (v.IsString()) return namedOf(v, kReductions, "an integer or a reduction");
  if (v.IsBigInt()) {
    bool lossless = false;
    int64_t n = v.As<Napi::BigInt>().Int64Value(&lossless);
    if (!lossless) mismatch("an integer of 64 bits", v);
    return n;
  }
  if (!v.IsNumber()) mismatch("an integer", v);
  double d = v.As<Napi::Number>().DoubleValue();
  if (std::trunc(d) != d || std::abs(d) > 9007199254740992.0) mismatch("an integer", v);
  return (int64_t)d;
}

double floatOf(const Napi::Value& v) {
  if (!v.IsNumber()) mismatch("a number", v);
  return v.As<Napi::Number>().DoubleValue();
}

bool boolOf(const Napi::Value& v) {
  if (!v.IsBoolean()) mismatch("true or false", v);
  return v.As<Napi::Boolean>().Value();
}

at::Scalar scalarOf(const Napi::Value& v) {
  if (v.IsBoolean()) return at::Scalar(v.As<Napi::Boolean>().Value());
  if (v.IsBigInt()) return at::Scalar(integerOf(v));
  double d = floatOf(v);
  // A whole number is an integer to ATen (`arange` stays int64); anything else is a double.
  if (std::trunc(d) == d && std::abs(d) <= 9007199254740992.0) return at::Scalar((int64_t)d);
  return at::Scalar(d);
}

template <class T, class F>
c10::List<T> listOf(const Napi::Value& v, c10::optional<int32_t> length, F element) {
  c10::List<T> list;
  if (!v.IsArray()) {  // `stride: 2` stands for `stride: [2, 2]`, as the schema's int[2] says
    if (!length || v.IsExternal()) mismatch("an array", v);
    T one = element(v);
    for (int32_t i = 0; i < *length; i++) list.push_back(one);
    return list;
  }
  auto array = v.As<Napi::Array>();
  list.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); i++) list.push_back(element(array.Get(i)));
  return list;
}

IValue toIValue(const Napi::Value& v, const c10::Type& type, c10::optional<int32_t> length) {
  switch (type.kind()) {
    case TypeKind::TensorType: return tensorOf(v);
    case TypeKind::OptionalType:
      if (v.IsNull() || v.IsUndefined()) return IValue();
      return toIValue(v, *type.containedTypes()[0], length);
    case TypeKind::IntType:
    case TypeKind::SymIntType: return integerOf(v);
    case TypeKind::ScalarTypeType: return dtypeOf(v);
    case TypeKind::MemoryFormatType: return namedOf(v, kMemoryFormats, "a memory format");
    case TypeKind::LayoutType: return namedOf(v, kLayouts, "a layout");
    case TypeKind::FloatType: return floatOf(v);
    case TypeKind::BoolType: return boolOf(v);
    case TypeKind::NumberType: return scalarOf(v);
    case TypeKind::StringType:
      if (!v.IsString()) mismatch("a string", v);
      return v.As<Napi::String>().Utf8Value();
    case TypeKind::DeviceObjType:
      if (!v.IsString()) mismatch("a device such as 'cpu' or 'cuda:0'", v);
      return c10::Device(v.As<Napi::String>().Utf8Value());
    case TypeKind::GeneratorType: return IValue(generatorOf(v));
    case TypeKind::ListType: {
      const auto& element = *type.containedTypes()[0];
      switch (element.kind()) {
        case TypeKind::TensorType: return listOf<at::Tensor>(v, length, tensorOf);
        case TypeKind::IntType:
        case TypeKind::SymIntType: return listOf<int64_t>(v, length, integerOf);
        case TypeKind::FloatType: return listOf<double>(v, length, floatOf);
        case TypeKind::BoolType: return listOf<bool>(v, length, boolOf);
        case TypeKind::NumberType: return listOf<at::Scalar>(v, length, scalarOf);
        case TypeKind::OptionalType:
          return listOf<c10::optional<at::Tensor>>(v, length, [](const Napi::Value& e) {
            return e.IsNull() || e.IsUndefined() ? c10::optional<at::Tensor>() : tensorOf(e);
          });
        default: break;
      }
      break;
    }
    default: break;
  }
  throw std::invalid_argument("an argument of type " + type.str() + " cannot come from JavaScript");
}

Napi::Value fromIValue(Napi::Env env, const IValue& value) {
  if (value.isTensor()) return wrap(env, value.toTensor());
  if (value.isNone()) return env.Null();
  if (value.isBool()) return Napi::Boolean::New(env, value.toBool());
  if (value.isInt()) return Napi::Number::New(env, (double)value.toInt());
  if (value.isDouble()) return Napi::Number::New(env, value.toDouble());
  if (value.isString()) return Napi::String::New(env, value.toStringRef());
  if (value.isList() || value.isTuple()) {
    std::vector<IValue> elements;
    if (value.isTuple()) {
      for (const auto& e : value.toTupleRef().elements()) elements.push_back(e);
    } else {
      elements = value.toListRef().vec();
    }
    auto array = Napi::Array::New(env, elements.size());
    for (uint32_t i = 0; i < elements.size(); i++) array.Set(i, fromIValue(env, elements[i]));
    return array;
  }
  throw std::invalid_argument("a result of type " + value.tagKind() + " cannot go to JavaScript");
}

/** Runs `body`; whatever it throws becomes a JavaScript error that names `context`. */
template <class F>
Napi::Value guarded(const Napi::CallbackInfo& info, F body, const char* context = nullptr) {
  std::string message;
  try {
    return body();
  } catch (const c10::Error& e) {
    message = e.what_without_backtrace();
  } catch (const std::exception& e) {  // a JavaScript exception too
    message = e.what();
  } catch (...) {
    message = "an unknown C++ exception";
  }
  throw Napi::Error::New(info.Env(), message + "\n  in " + (context ? context : (const char*)info.Data()));
}

/** `lookup(name, overload)`: the operator's index for `call`. */
Napi::Value lookup(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  return guarded(info, [&]() -> Napi::Value {
    std::string name = info[0].ToString(), overload = info[1].ToString();
    auto found = c10::Dispatcher::singleton().findSchema({name, overload});
    const std::string fullName = name + (overload.empty() ? "" : "." + overload);
    if (!found) throw std::invalid_argument("no operator '" + fullName + "' in this libtorch (" TORCH_VERSION ")");
    const auto& schema = found->schema();
    auto written = [](const c10::Argument& a) { return a.alias_info() && a.alias_info()->isWrite(); };
    bool returnsSelf = schema.returns().size() == 1 && written(schema.returns()[0]) && !schema.arguments().empty() &&
                       written(schema.arguments()[0]);
    std::ostringstream text;
    text << schema;
    auto& operators = env.GetInstanceData<Environment>()->operators;
    operators.push_back({*found, text.str(), returnsSelf, checkOf(fullName)});
    return Napi::Number::New(env, operators.size() - 1);
  });
}

Napi::Value invoke(const Napi::CallbackInfo& info, const Operator& op) {
  auto env = info.Env();
  const auto& arguments = op.handle.schema().arguments();
  if (info.Length() - 1 > arguments.size()) throw std::invalid_argument("too many arguments");
  torch::jit::Stack stack;
  stack.reserve(arguments.size());
  for (size_t i = 0; i < arguments.size(); i++) {
    const auto& argument = arguments[i];
    const Napi::Value v = info[i + 1];
    if (v.IsUndefined() && argument.default_value()) {
      stack.push_back(*argument.default_value());
      continue;
    }
    try {
      stack.push_back(toIValue(v, *argument.real_type(), argument.N()));
    } catch (const c10::Error& e) {
      throw std::invalid_argument("argument '" + argument.name() + "': " + e.what_without_backtrace());
    } catch (const std::exception& e) {
      throw std::invalid_argument("argument '" + argument.name() + "': " + e.what());
    }
  }
  if (op.check) op.check(stack);
  op.handle.callBoxed(&stack);
  if (op.returnsSelf || stack.empty()) return env.Undefined();
  if (stack.size() == 1) return fromIValue(env, stack[0]);
  auto results = Napi::Array::New(env, stack.size());
  for (uint32_t i = 0; i < stack.size(); i++) results.Set(i, fromIValue(env, stack[i]));
  return results;
}

/** `call(op, ...args)`: undefined stands for the schema's default, null for None. */
Napi::Value call(const Napi::CallbackInfo& info) {
  const auto& operators = info.Env().GetInstanceData<Environment>()->operators;
  const auto& op = operators.at(info[0].As<Napi::Number>().Uint32Value());
  return guarded(info, [&] { return invoke(info, op); }, op.schema.c_str());
}

/** `schemas(name)`: every overload of an operator, for the generator of the typed functions. */
Napi::Value schemas(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  std::string wanted = info[0].ToString();
  auto list = Napi::Array::New(env);
  for (const auto& name : c10::Dispatcher::singleton().getAllOpNames()) {
    if (name.name != wanted) continue;
    auto op = c10::Dispatcher::singleton().findSchema(name);
    if (!op) continue;
    const auto& schema = op->schema();
    auto entry = Napi::Object::New(env);
    std::ostringstream text;
    text << schema;
    entry["text"] = text.str();
    entry["overload"] = name.overload_name;
    auto arguments = Napi::Array::New(env);
    for (const auto& a : schema.arguments()) {
      auto argument = Napi::Object::New(env);
      argument["name"] = a.name();
      argument["type"] = a.type()->str();
      argument["hasDefault"] = a.default_value().has_value();
      argument["keywordOnly"] = a.kwarg_only();
      argument["length"] = a.N() ? Napi::Value::From(env, *a.N()) : env.Null();
      argument["written"] = a.alias_info() && a.alias_info()->isWrite();
      std::ostringstream fallback;
      if (a.default_value()) fallback << *a.default_value();
      argument["fallback"] = fallback.str();
      arguments.Set(arguments.Length(), argument);
    }
    entry["arguments"] = arguments;
    auto returns = Napi::Array::New(env);
    for (const auto& r : schema.returns()) returns.Set(returns.Length(), Napi::String::New(env, r.type()->str()));
    entry["returns"] = returns;
    list.Set(list.Length(), entry);
  }
  return list;
}

/** `fromBytes(typedArray, shape, dtype)`: a new tensor with a copy of the bytes. */
Napi::Value fromBytes(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  return guarded(info, [&] {
    if (!info[0].IsTypedArray()) mismatch("a typed array", info[0]);
    auto bytes = info[0].As<Napi::TypedArray>();
    auto shape = listOf<int64_t>(info[1], c10::nullopt, integerOf).vec();
    for (auto size : shape) TORCH_CHECK(size >= 0, "a shape has no negative sizes");
    auto tensor = at::empty(shape, at::TensorOptions((at::ScalarType)dtypeOf(info[2])));
    if ((size_t)tensor.nbytes() != bytes.ByteLength())
      throw std::invalid_argument("the data has " + std::to_string(bytes.ByteLength()) +
                                  " bytes, its shape and dtype need " + std::to_string(tensor.nbytes()));
    void* data = nullptr;  // also of a SharedArrayBuffer, which `bytes.ArrayBuffer()` refuses
    napi_get_typedarray_info(env, bytes, nullptr, nullptr, &data, nullptr, nullptr);
    if (tensor.nbytes() > 0) std::memcpy(tensor.data_ptr(), data, tensor.nbytes());
    return wrap(env, tensor);
  });
}

/** `toBytes(tensor, buffer)`: copies the elements in row-major order. JavaScript makes the ArrayBuffer: where there
 * is no memory for it, it throws, and Node-API would end the process. */
Napi::Value toBytes(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    at::NoGradGuard noGrad;
    auto tensor = tensorOf(info[0]).detach().cpu().contiguous();
    auto buffer = info[1].As<Napi::ArrayBuffer>();
    if (tensor.nbytes() != buffer.ByteLength()) throw std::invalid_argument("the buffer has another size");
    if (tensor.nbytes() > 0) std::memcpy(buffer.Data(), tensor.data_ptr(), tensor.nbytes());
    return info.Env().Undefined();
  });
}

Napi::Value arrayOf(Napi::Env env, at::IntArrayRef values) {
  auto array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); i++) array.Set(i, Napi::Number::New(env, (double)values[i]));
  return array;
}
Napi::Value shape(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return arrayOf(info.Env(), tensorOf(info[0]).sizes()); });
}
Napi::Value strides(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return arrayOf(info.Env(), tensorOf(info[0]).strides()); });
}
Napi::Value dtype(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return Napi::String::New(info.Env(), dtypeName(tensorOf(info[0]).scalar_type())); });
}
Napi::Value device(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return Napi::String::New(info.Env(), tensorOf(info[0]).device().str()); });
}

Napi::Value dispose(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    handleOf(info[0])->release();
    return info.Env().Undefined();
  });
}
Napi::Value isFreed(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return Napi::Boolean::New(info.Env(), !handleOf(info[0])->tensor.defined()); });
}
Napi::Value liveCount(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), (double)liveTensors.load());
}

Napi::Value requiresGrad(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return Napi::Boolean::New(info.Env(), tensorOf(info[0]).requires_grad()); });
}
Napi::Value grad(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return wrap(info.Env(), tensorOf(info[0]).grad()); });
}
Napi::Value setGrad(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    const auto& tensor = tensorOf(info[0]);
    if (info[1].IsNull()) {
      tensor.mutable_grad().reset();
    } else {
      const auto& value = tensorOf(info[1]);
      TORCH_CHECK(!value.is_same(tensor), "a tensor is not its own gradient");
      TORCH_CHECK(value.sizes() == tensor.sizes() && value.scalar_type() == tensor.scalar_type(),
                  "a gradient has the shape and dtype of its tensor");
      tensor.mutable_grad() = value;
    }
    return info.Env().Undefined();
  });
}
/** `backward(tensor, gradient | null, retainGraph)`. */
Napi::Value backward(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    torch::autograd::variable_list gradients;
    if (!info[1].IsNull()) gradients.push_back(tensorOf(info[1]));
    torch::autograd::backward({tensorOf(info[0])}, gradients, boolOf(info[2]));
    return info.Env().Undefined();
  });
}

/** `setGradMode(enabled)`: returns what it was. */
Napi::Value setGradMode(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    bool before = at::GradMode::is_enabled();
    at::GradMode::set_enabled(boolOf(info[0]));
    return Napi::Boolean::New(info.Env(), before);
  });
}
/** `setAutocast(enabled)`: bfloat16 on the CPU; returns what it was. Switching it off drops the cached casts. */
Napi::Value setAutocast(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    bool enabled = boolOf(info[0]);
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
    bool before = at::autocast::is_autocast_enabled(at::kCPU);
    at::autocast::set_autocast_enabled(at::kCPU, enabled);
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
#else
    bool before = at::autocast::is_cpu_enabled();
    at::autocast::set_cpu_enabled(enabled);
    at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
#endif
    if (!enabled) at::autocast::clear_cache();
    return Napi::Boolean::New(info.Env(), before);
  });
}

Napi::Value setThreads(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    int64_t n = integerOf(info[0]);
    if (n < 1 || n > 4096) mismatch("a number of threads of at least 1", info[0]);
    at::set_num_threads((int)n);
    return info.Env().Undefined();
  });
}
Napi::Value threads(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), at::get_num_threads());
}

Napi::Value wrapGenerator(Napi::Env env, at::Generator generator) {
  return Napi::External<GeneratorHandle>::New(env, new GeneratorHandle{kGeneratorMagic, std::move(generator)},
                                              [](Napi::Env, GeneratorHandle* h) { delete h; });
}
Napi::Value newGenerator(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    return wrapGenerator(info.Env(), at::make_generator<at::CPUGeneratorImpl>((uint64_t)integerOf(info[0])));
  });
}
Napi::Value defaultGenerator(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return wrapGenerator(info.Env(), at::detail::getDefaultCPUGenerator()); });
}
Napi::Value seedGenerator(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    auto& generator = generatorOf(info[0]);
    std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_current_seed((uint64_t)integerOf(info[1]));
    return info.Env().Undefined();
  });
}
Napi::Value generatorState(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    auto& generator = generatorOf(info[0]);
    std::lock_guard<std::mutex> lock(generator.mutex());
    return wrap(info.Env(), generator.get_state());
  });
}
Napi::Value setGeneratorState(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    auto& generator = generatorOf(info[0]);
    std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_state(tensorOf(info[1]));
    return info.Env().Undefined();
  });
}

/** Tensors on their way between threads: `share` puts a reference under a number, `take` gets it out, once. */
std::mutex sharedMutex;
std::unordered_map<int64_t, at::Tensor> sharedTensors;
int64_t nextShared = 1;
Napi::Value share(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    std::lock_guard<std::mutex> lock(sharedMutex);
    sharedTensors[nextShared] = tensorOf(info[0]).detach();
    return Napi::Number::New(info.Env(), (double)nextShared++);
  });
}
Napi::Value take(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    std::lock_guard<std::mutex> lock(sharedMutex);
    auto found = sharedTensors.find(integerOf(info[0]));
    if (found == sharedTensors.end())
      throw std::invalid_argument("no tensor is shared under this number (each can be taken once)");
    auto tensor = found->second;
    sharedTensors.erase(found);
    return wrap(info.Env(), tensor);
  });
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  static const bool once = [] {
    // glibc gives big blocks back to the kernel after every step and page-faults them in again; keep them.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 2047 << 20);
    mallopt(M_TOP_PAD, 64 << 20);
    // An error's C++ backtrace costs milliseconds, and its message is shown without.
    c10::SetStackTraceFetcher([] { return std::string(); });
    return true;
  }();
  (void)once;
  env.SetInstanceData(new Environment());
  // Errors name the signature, as those of operators name the schema.
  auto define = [&](Napi::Value (*function)(const Napi::CallbackInfo&), const char* signature) {
    const std::string name(signature, std::strcspn(signature, "("));
    exports[name] = Napi::Function::New(env, function, name, (void*)signature);
  };
  define(lookup, "lookup(name, overload) -> int");
  define(call, "call(operator, ...arguments)");
  define(schemas, "schemas(name)");
  define(fromBytes, "fromBytes(TypedArray data, int[] shape, ScalarType dtype) -> Tensor");
  define(toBytes, "toBytes(Tensor self, ArrayBuffer buffer)");
  define(shape, "shape(Tensor self) -> int[]");
  define(strides, "strides(Tensor self) -> int[]");
  define(dtype, "dtype(Tensor self) -> ScalarType");
  define(device, "device(Tensor self) -> Device");
  define(dispose, "dispose(Tensor self)");
  define(isFreed, "isFreed(Tensor self) -> bool");
  define(liveCount, "liveCount() -> int");
  define(requiresGrad, "requiresGrad(Tensor self) -> bool");
  define(grad, "grad(Tensor self) -> Tensor?");
  define(setGrad, "setGrad(Tensor self, Tensor? value)");
  define(backward, "backward(Tensor self, Tensor? gradient, bool retainGraph)");
  define(setGradMode, "setGradMode(bool enabled) -> bool");
  define(setAutocast, "setAutocast(bool enabled) -> bool");
  define(setThreads, "setThreads(int count)");
  define(threads, "threads() -> int");
  define(newGenerator, "newGenerator(int seed) -> Generator");
  define(defaultGenerator, "defaultGenerator() -> Generator");
  define(seedGenerator, "seedGenerator(Generator self, int seed)");
  define(generatorState, "generatorState(Generator self) -> Tensor");
  define(setGeneratorState, "setGeneratorState(Generator self, Tensor state)");
  define(share, "share(Tensor self) -> int");
  define(take, "take(int ticket) -> Tensor");
  exports["version"] = TORCH_VERSION;
  return exports;
}

}  // namespace

NODE_API_MODULE(la_ssl_torch, init)
