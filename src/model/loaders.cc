#include "model/loaders.h"

#include <algorithm>
#include <iterator>

#include "model/bayes/r_naive_bayes.h"
#include "model/dense_net/r_nnet.h"
#include "model/discriminant/r_discriminant.h"
#include "model/distance/r_kmeans.h"
#include "model/features.h"
#include "model/kernel_machine/r_svm.h"
#include "model/linear/r_glm.h"
#include "model/linear/r_lm.h"
#include "model/linear/r_rq.h"
#include "model/ordinal/r_polr.h"
#include "model/pipeline/sklearn_steps.h"
#include "model/projection/r_prcomp.h"
#include "model/tree/r_gbm.h"
#include "model/tree/r_random_forest.h"
#include "model/tree/r_rpart.h"
#include "pickle/reader.h"
#include "pickle/summary.h"

namespace scoria::model {
namespace {

constexpr Loader kLoaders[] = {
    {"gbm", "R gbm: boosted trees", tree::load_r_gbm},
    {"randomForest", "R randomForest: random forests", tree::load_r_random_forest},
    {"rpart", "R rpart: decision trees", tree::load_r_rpart},
    // A glm is an lm too, so it comes first.
    {"glm", "R glm and glm.nb: generalized linear models", linear::load_r_glm},
    {"lm", "R lm, mlm and aov: linear models", linear::load_r_lm},
    {"rq", "R quantreg: linear quantile regression", linear::load_r_rq},
    {"rqs", "R quantreg: linear quantile regression at several quantiles", linear::load_r_rq},
    {"multinom", "R nnet: multinomial logit", dense_net::load_r_multinom},  // also inherits nnet
    {"nnet", "R nnet: neural networks", dense_net::load_r_nnet},
    {"polr", "R MASS: ordered classes", ordinal::load_r_polr},
    {"lda", "R MASS: linear discriminants", discriminant::load_r_lda},
    {"qda", "R MASS: quadratic discriminants", discriminant::load_r_qda},
    {"naiveBayes", "R e1071: naive Bayes", bayes::load_r_naive_bayes},
    {"svm", "R e1071: support vector machines", kernel_machine::load_r_svm},
    {"kmeans", "R kmeans: nearest center", distance::load_r_kmeans},
    {"prcomp", "R prcomp: principal components", projection::load_r_prcomp},
    {"princomp", "R princomp: principal components", projection::load_r_princomp},
};

}  // namespace

std::span<const Loader> loaders() { return kLoaders; }

Result<const rdata::Value*> select_object(const rdata::Document& document, const std::optional<std::string>& object) {
  if (!document.is_workspace) {
    if (object)
      return Error{Code::invalid, "--object names an object of a workspace (.RData), and this file holds one object"};
    return &document.root();
  }
  std::vector<std::string> names;
  for (const rdata::Named& cell : document.root().cells) {
    names.emplace_back(cell.name);
    if (object && cell.name == *object) return cell.value;
  }
  if (object) return Error{Code::not_found, "no object '" + *object + "' in this workspace; it has " + listed(names)};
  if (names.size() == 1) return document.root().cells[0].value;
  return Error{Code::invalid, "this workspace has " + std::to_string(names.size()) + " objects (" + listed(names) +
                                  "); name one with --object"};
}

bool is_model(const rdata::Value& object) {
  return std::any_of(std::begin(kLoaders), std::end(kLoaders),
                     [&](const Loader& loader) { return rdata::inherits(object, loader.r_class); });
}

Result<ModelPtr> load_model(const rdata::Value& object) {
  for (const Loader& loader : kLoaders) {
    if (rdata::inherits(object, loader.r_class)) return loader.load(object);
  }
  std::string families;
  for (const Loader& loader : kLoaders) families += (families.empty() ? "" : ", ") + std::string(loader.r_class);
  const std::vector<std::string> names = rdata::classes(object);
  const std::string what = names.empty() ? std::string(rdata::kind_name(object.kind)) : "class " + listed(names);
  return Error{Code::unsupported,
               "this file's object (" + what + ") is not a model that can be scored; classes that can: " + families};
}

namespace {

Result<ModelPtr> open_pickle(std::span<const std::byte> bytes, const rdata::ReadLimits& limits) {
  SCORIA_TRY(document, pickle::read(bytes, {.decompress = limits.decompress,
                                            .max_values = limits.max_values,
                                            .max_bytes = limits.max_bytes}));
  if (document.root().kind != pickle::Kind::record) {
    return Error{Code::unsupported, "it holds " + pickle::describe_class(document.root()) + " (" +
                                        pickle::describe_file(document) +
                                        "), which is no estimator; 'scoria inspect' shows what is in the file"};
  }
  return pipeline::load_sklearn(document.root());
}

}  // namespace

Result<ModelPtr> open_model(std::span<const std::byte> bytes, const std::optional<std::string>& object,
                            const rdata::ReadLimits& limits) {
  if (pickle::is_pickle(bytes)) return open_pickle(bytes, limits);
  SCORIA_TRY(document, rdata::read(bytes, limits));
  SCORIA_TRY(value, select_object(document, object));
  return load_model(*value);
}

}  // namespace scoria::model
