#include <gtest/gtest.h>

#include <limits>

#include "model/pipeline/pickled_for_tests.h"

namespace scoria::model::distance {
namespace {

using namespace pipeline;  // the builders of pickled values
using pickle::text;

Estimator neighbours(const std::string& name) {
  return {"sklearn.neighbors.regression",
          name,
          {{"_fit_X", reals({3, 2}, {1, 2, 3, 4, 5, 6})},
           {"_y", wholes({0, 1, 1})},
           {"n_neighbors", whole(2)},
           {"weights", text("uniform")},
           {"effective_metric_", text("euclidean")},
           {"effective_metric_params_", "}"},
           {"outputs_2d_", truth(false)},
           {"classes_", wholes({4, 9})}}};
}

std::string parameters(const std::string& name, const std::string& value) { return "}(" + text(name) + value + "u"; }

TEST(SklearnKMeans, RefusesCentersThatAreNoMatrix) {
  const Estimator model{"sklearn.cluster.k_means_", "KMeans", {{"cluster_centers_", reals({2, 2}, {1, 2, 3, 4})}}};
  model.expect_refuses({{"cluster_centers_", reals({0, 2}, {}), "has no numbers"},
                        {"cluster_centers_", reals({1, 2, 2}, {1, 2, 3, 4}), "one or two dimensions"},
                        {"cluster_centers_", "", "is absent"},
                        {"n_features_in_", whole(3), "is 3, must be 2"}});
}

TEST(SklearnNeighbours, RefusesRowsThatDoNotFitTogether) {
  for (const char* name : {"KNeighborsRegressor", "KNeighborsClassifier"}) {
    neighbours(name).expect_refuses(
        {{"n_neighbors", whole(0), "is 0, must be 1 to 3"},
         {"n_neighbors", whole(4), "is 4, must be 1 to 3"},
         {"n_neighbors", whole(-1), "is -1, must be 1 to 3"},
         {"_fit_X", reals({6}, {1, 2, 3, 4, 5, 6}), "must be a matrix"},
         {"_fit_X", reals({0, 2}, {}), "must be a matrix"},
         {"_fit_X", reals({2, 1}, {1, std::numeric_limits<double>::quiet_NaN()}), "is not finite"},
         {"_y", wholes({0, 1}), "must have a row for each row of '_fit_X'"},
         {"_y", "", "attribute '_y' is absent"},
         {"effective_metric_", "", "is absent"},
         {"effective_metric_params_", parameters("p", text("x")), "has a 'p' that"}});
  }
}

TEST(SklearnNeighbours, RefusesClassesBeyondTheLabels) {
  neighbours("KNeighborsClassifier")
      .expect_refuses({{"_y", wholes({0, 2, 1}), "has 2, must be 0 to 1"},
                       {"_y", wholes({0, -1, 1}), "has -1, must be 0 to 1"},
                       {"classes_", "", "attribute 'classes_' is absent"}});
}

TEST(SklearnNeighbours, NamesWhatIsNotRead) {
  const std::string sparse = object("scipy.sparse.csr", "csr_matrix", {});
  const std::string function = pickle::global("numpy", "ndarray");
  neighbours("KNeighborsClassifier")
      .expect_refuses(
          {{"effective_metric_", text("cosine"), "is 'cosine'", Code::unsupported},
           {"effective_metric_", function, "is a function", Code::unsupported},
           {"effective_metric_params_", parameters("w", reals({2}, {1, 2})), "weighs columns", Code::unsupported},
           {"weights", function, "'uniform' and 'distance' are read", Code::unsupported},
           {"weights", text("other"), "is 'other'", Code::unsupported},
           {"outputs_2d_", truth(true), "several classes a row", Code::unsupported},
           {"_fit_X", sparse, "an array is read", Code::unsupported}});
}

TEST(SklearnNeighbours, RefusesAPowerThatIsNotAboveZero) {
  Estimator model = neighbours("KNeighborsRegressor");
  model.attributes["effective_metric_"] = text("minkowski");
  model.expect_refuses({{"effective_metric_params_", parameters("p", whole(0)), "is not above 0"},
                        {"effective_metric_params_", parameters("p", whole(-3)), "is not above 0"}});
}

// Three rows of two columns in a first node and its halves.
struct NodeBytes {
  std::int64_t first, end, is_leaf;
  double radius;
};

std::string dtype(const char* code) { return pickle::global("numpy", "dtype") + text(code) + "\x85R"; }

std::string tree_of(const std::vector<std::int64_t>& order, const std::vector<NodeBytes>& nodes,
                    const std::vector<std::int32_t>& bounds) {
  const auto field = [](const char* name, const char* type, std::int32_t offset) {
    return text(name) + "(" + dtype(type) + whole(offset) + "t";
  };
  const std::string type = pickle::global("numpy", "dtype") + text("V32") + "\x89\x88\x87R(" + whole(3) + text("|") +
                           "N(" + text("idx_start") + text("idx_end") + text("is_leaf") + text("radius") + "t}(" +
                           field("idx_start", "i8", 0) + field("idx_end", "i8", 8) + field("is_leaf", "i8", 16) +
                           field("radius", "f8", 24) + "u" + whole(32) + whole(1) + whole(16) + "tb";
  std::string data;
  for (const NodeBytes& node : nodes)
    data += pickle::little(node.first) + pickle::little(node.end) + pickle::little(node.is_leaf) +
            pickle::little(node.radius);
  const std::string all = pickle::global("numpy.core.multiarray", "_reconstruct") + "(" +
                          pickle::global("numpy", "ndarray") + sizes({0}) + pickle::bytes("b") + "tR(K\x01" +
                          sizes({static_cast<std::int32_t>(nodes.size())}) + type + "\x89" + pickle::bytes(data) + "tb";
  std::size_t count = 1;
  for (const std::int32_t size : bounds) count *= static_cast<std::size_t>(size);
  const std::string module = "sklearn.neighbors._kd_tree";
  return pickle::global(module, "newObj") + pickle::global(module, "KDTree") + "\x85R(" +
         reals({3, 2}, {1, 2, 3, 4, 5, 6}) + wholes(order) + all + reals(bounds, std::vector<double>(count, 1.0)) +
         "tb";
}

TEST(SklearnNeighbours, RefusesTreesThatAreNotOfTheRows) {
  const std::vector<NodeBytes> nodes = {{0, 3, 0, 1}, {0, 1, 1, 1}, {1, 3, 1, 1}};
  Estimator model = neighbours("KNeighborsRegressor");
  model.attributes["_fit_method"] = text("kd_tree");
  model.attributes["_tree"] = tree_of({2, 0, 1}, nodes, {2, 3, 2});
  const auto loaded = load(model.module, model.name, model.attributes);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  auto with = [&](std::size_t i, NodeBytes node) {
    std::vector<NodeBytes> changed = nodes;
    changed[i] = node;
    return tree_of({2, 0, 1}, changed, {2, 3, 2});
  };
  model.expect_refuses({{"_tree", "", "is absent"},
                        {"_tree", text("x"), "must have rows, their order, nodes and bounds"},
                        {"_fit_method", text("other"), "must be 'kd_tree', 'ball_tree' or 'brute'"},
                        {"_fit_method", text("ball_tree"), "must have [1 x 3 x 2]"},
                        {"_tree", tree_of({2, 0}, nodes, {2, 3, 2}), "orders 2 rows, must order the 3"},
                        {"_tree", tree_of({2, 0, 3}, nodes, {2, 3, 2}), "has row 3"},
                        {"_tree", tree_of({2, 0, -1}, nodes, {2, 3, 2}), "has row -1"},
                        {"_tree", tree_of({2, 0, 2}, nodes, {2, 3, 2}), "has row 2 twice"},
                        {"_tree", tree_of({2, 0, 1}, nodes, {2, 2, 2}), "must have [2 x 3 x 2]"},
                        {"_tree", tree_of({2, 0, 1}, {}, {2, 0, 2}), "must have a first node of all 3 rows"},
                        {"_tree", with(0, {0, 2, 0, 1}), "must have a first node of all 3 rows"},
                        {"_tree", with(0, {0, 4, 0, 1}), "of the rows 0 to 4, must be of 0 to 3"},
                        {"_tree", with(1, {-1, 1, 1, 1}), "of the rows -1 to 1"},
                        {"_tree", with(1, {0, 2, 1, 1}), "has node 0, whose halves do not make up its rows"},
                        {"_tree", with(2, {1, 3, 0, 1}), "has node 2, whose halves do not make up its rows"}});
}

}  // namespace
}  // namespace scoria::model::distance
