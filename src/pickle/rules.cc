#include "pickle/rules.h"

#include <array>
#include <iterator>
#include <utility>

namespace scoria::pickle {
namespace {

// `module`: as current_module() gives it; one that ends in a dot stands for all modules below it, and for itself.
// `name`: "*": any; "Class*": that begins with a capital letter, underscores aside; "x*": that begins with x.
struct Rule {
  std::string_view module;
  std::string_view name;
  Action action;
};

// The first that fits counts.
constexpr Rule kRules[] = {
    {"", "", Action::refuse},

    {"numpy.core.multiarray", "_reconstruct", Action::array_shell},
    {"numpy.core.multiarray", "scalar", Action::make_scalar},
    {"numpy.core.numeric", "_frombuffer", Action::from_buffer},
    {"numpy", "dtype", Action::make_type},
    {"numpy.ma.core", "_mareconstruct", Action::record},  // masked arrays: a search keeps its results in them
    {"numpy.core", "_ufunc_reconstruct", Action::name_function},
    {"numpy.random.", "__pyx_unpickle_*", Action::class_is_first},
    {"numpy.random.", "*", Action::record},
    {"numpy.", "*", Action::refer},

    {"joblib.numpy_pickle", "NumpyArrayWrapper", Action::array_wrapper},

    {"sklearn.", "__pyx_unpickle_*", Action::class_is_first},
    {"sklearn.", "newObj", Action::class_is_first},
    {"sklearn.compose._column_transformer", "make_column_selector", Action::record},  // a class
    {"sklearn.", "Class*", Action::record},
    {"sklearn.", "*", Action::refer},
    // sklearn._loss._loss as scikit-learn 1.5 to 1.8 name it: they were built so that the module takes itself for a top one.
    {"_loss", "__pyx_unpickle_Cy*", Action::class_is_first},
    {"_loss", "Cy*", Action::record},
    {"xgboost.", "Class*", Action::record},
    {"lightgbm.", "Class*", Action::record},

    {"scipy.sparse.", "*", Action::record},
    {"scipy.interpolate.", "*", Action::record},
    {"scipy.stats.", "*", Action::record},
    {"scipy.special.", "*", Action::refer},

    // The names of a table's columns, which scikit-learn keeps as pandas has them, and pandas' missing value.
    {"pandas.core.indexes.base", "_new_Index", Action::record},
    {"pandas.core.indexes.", "Class*", Action::refer},
    {"pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked", Action::class_is_first},
    {"pandas.core.arrays.string_", "Class*", Action::record},
    {"pandas.arrays", "StringArray", Action::record},
    {"pandas", "StringDtype", Action::record},
    {"pandas", "Index", Action::refer},
    {"pandas", "RangeIndex", Action::refer},
    {"pandas", "NA", Action::refer},
    {"pandas._libs.missing", "NA", Action::refer},

    {"_codecs", "encode", Action::encode},
    {"copyreg", "_reconstructor", Action::reconstruct},
    {"collections", "OrderedDict", Action::make_dict},
    {"collections", "Counter", Action::make_dict},
    {"collections", "defaultdict", Action::make_default_dict},
    // A function with some arguments given: HistGradientBoosting keeps one around scikit-learn's check_array().
    {"functools", "partial", Action::record},
    {"builtins", "list", Action::make_list},
    {"builtins", "tuple", Action::make_tuple},
    {"builtins", "set", Action::make_set},
    {"builtins", "frozenset", Action::make_frozen_set},
    {"builtins", "dict", Action::make_dict},
    {"builtins", "bytes", Action::make_bytes},
    {"builtins", "bytearray", Action::make_byte_array},
    {"builtins", "complex", Action::record},
    {"builtins", "slice", Action::record},
    {"builtins", "range", Action::record},
    {"builtins", "xrange", Action::record},
    {"builtins", "object", Action::refer},
    {"builtins", "int", Action::refer},
    {"builtins", "long", Action::refer},
    {"builtins", "float", Action::refer},
    {"builtins", "bool", Action::refer},
    {"builtins", "str", Action::refer},
    {"builtins", "unicode", Action::refer},
    {"builtins", "Warning", Action::refer},  // kinds of warning, which results of a search keep
    {"builtins", "UserWarning", Action::refer},
    {"builtins", "FutureWarning", Action::refer},
    {"builtins", "RuntimeWarning", Action::refer},
    {"builtins", "DeprecationWarning", Action::refer},
    {"datetime", "*", Action::record},
};

constexpr std::pair<std::string_view, std::string_view> kHints[] = {
    {"__main__", "it was defined in the script that wrote the file, and a pickle holds no code"},
    {"pandas",
     "pandas objects are not read, apart from an Index of columns; fit the model on arrays, or keep names as a list"},
    {"cloudpickle", "such files hold Python code, which is not run; write the model with pickle or joblib"},
    {"dill", "such files hold Python code, which is not run; write the model with pickle or joblib"},
    {"joblib.numpy_pickle",
     "joblib before 0.10 kept arrays in files of their own; load the model there and dump it with a newer joblib"},
};

bool is_within(std::string_view module, std::string_view parent) {
  return module == parent ||
         (module.size() > parent.size() && module.starts_with(parent) && module[parent.size()] == '.');
}

bool module_fits(std::string_view module, std::string_view pattern) {
  if (!pattern.ends_with('.')) return module == pattern;
  return is_within(module, pattern.substr(0, pattern.size() - 1));
}

bool name_fits(std::string_view name, std::string_view pattern) {
  if (pattern == "*") return true;
  if (pattern == "Class*") {
    const std::size_t first = name.find_first_not_of('_');
    return first != std::string_view::npos && name[first] >= 'A' && name[first] <= 'Z';
  }
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return name == pattern;
}

}  // namespace

std::string current_module(std::string_view module) {
  constexpr std::pair<std::string_view, std::string_view> kMoved[] = {
      {"__builtin__", "builtins"},
      {"exceptions", "builtins"},
      {"copy_reg", "copyreg"},
      {"numpy._core", "numpy.core"},
      {"sklearn.externals.joblib", "joblib"},
  };
  for (const auto& [old_name, new_name] : kMoved) {
    if (is_within(module, old_name)) return std::string(new_name) + std::string(module.substr(old_name.size()));
  }
  return std::string(module);
}

std::size_t find_rule(std::string_view module, std::string_view name) {
  // A dotted name would reach an attribute of a class, or a module behind an allowed one.
  if (module.empty() || name.empty() || name.find('.') != std::string_view::npos) return 0;
  const std::string current = current_module(module);
  for (std::size_t i = 1; i < std::size(kRules); ++i) {
    if (module_fits(current, kRules[i].module) && name_fits(name, kRules[i].name)) return i;
  }
  return 0;
}

Action action(const Global& global) { return kRules[global.rule].action; }

std::string_view refusal_hint(std::string_view module) {
  const std::string current = current_module(module);
  for (const auto& [parent, hint] : kHints) {
    if (is_within(current, parent)) return hint;
  }
  return {};
}

}  // namespace scoria::pickle
