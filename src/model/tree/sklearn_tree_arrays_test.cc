#include "model/tree/sklearn_tree_arrays.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/pipeline/sklearn_steps.h"
#include "model/tree/pickled_for_tests.h"
#include "model/tree/sklearn_forest.h"
#include "pickle/stream_for_tests.h"

namespace scoria::model::tree {
namespace {

using pickle::bytes;
using pickle::global;
using pickle::integer;
using pickle::text;
using testing::ElementsAre;
using testing::HasSubstr;

std::string tuple(const std::vector<std::string>& items) {
  std::string all = "(";
  for (const std::string& item : items) all += item;
  return all + "t";
}

std::string shape(const std::vector<std::int32_t>& sizes) {
  std::vector<std::string> items;
  for (const std::int32_t size : sizes) items.push_back(integer(size));
  return tuple(items);
}

std::string dtype(std::string_view code) { return global("numpy", "dtype") + text(code) + "\x85R"; }

std::string array(const std::vector<std::int32_t>& sizes, const std::string& type, std::string_view data) {
  return global("numpy.core.multiarray", "_reconstruct") + tuple({global("numpy", "ndarray"), shape({0}), bytes("b")}) +
         "R" + tuple({"K\x01", shape(sizes), type, "\x89", bytes(data)}) + "b";
}

struct TestNode {
  std::int64_t left = -1;
  std::int64_t right = -1;
  std::int64_t feature = -2;
  double threshold = -2;
};

// A tree of two outputs of 2 and 1 classes over 3 features, as scikit-learn before 1.3 wrote it, fields in another order.
struct TestTree {
  std::int32_t features = 3;
  std::int32_t outputs = 2;
  std::vector<std::int64_t> classes = {2, 1};
  std::vector<TestNode> nodes = {{1, 2, 0, 0.5}, {}, {3, 4, 2, -1.5}, {}, {}};
  std::vector<std::int32_t> values_shape = {5, 2, 2};
  std::string threshold_type = "f8";
  std::string left_name = "left_child";

  std::string node_type() const {
    const std::string names[] = {left_name, "right_child", "threshold", "feature", "n_node_samples"};
    const std::string types[] = {"i8", "i8", threshold_type, "i8", "i8"};
    std::string fields = "}(";
    for (int i = 0; i < 5; ++i) fields += text(names[i]) + dtype(types[i]) + integer(8 * i) + "\x86";
    std::vector<std::string> all;
    for (const std::string& name : names) all.push_back(text(name));
    return global("numpy", "dtype") + text("V40") + "\x85R" +
           tuple({"K\x03", text("|"), "N", tuple(all), fields + "u", integer(40), integer(1), integer(16)}) + "b";
  }

  std::string pickle() const {
    std::string data;
    for (const TestNode& node : nodes) {
      data += pickle::little(node.left) + pickle::little(node.right) + pickle::little(node.threshold) +
              pickle::little(node.feature) + pickle::little(std::int64_t{7});
    }
    std::string counts;
    for (const std::int64_t count : classes) counts += pickle::little(count);
    std::size_t numbers = 1;
    for (const std::int32_t size : values_shape) numbers *= static_cast<std::size_t>(size);
    std::string values;
    for (std::size_t i = 0; i < numbers; ++i) values += pickle::little(static_cast<double>(i));
    const auto rows = static_cast<std::int32_t>(nodes.size());
    return global("sklearn.tree._tree", "Tree") +
           tuple({integer(features), array({static_cast<std::int32_t>(classes.size())}, dtype("i8"), counts),
                  integer(outputs)}) +
           "R}(" + text("node_count") + integer(rows) + text("nodes") + array({rows}, node_type(), data) +
           text("values") + array(values_shape, dtype("f8"), values) + "ub";
  }
};

Result<SklearnTree> read(const TestTree& tree) {
  const std::string file = pickle::stream(tree.pickle());
  SCORIA_TRY(document, pickle::read(pickle::as_bytes(file)));
  SCORIA_TRY(object, pickle::Object::of(document.root(), "the tree"));
  return read_sklearn_tree(object);
}

std::string error_of(const TestTree& tree) {
  const auto result = read(tree);
  return result.ok() ? "" : std::string(code_name(result.error().code)) + ": " + result.error().message;
}

TEST(SklearnTreeArrays, FieldsAreFoundByName) {
  const auto tree = read({});
  ASSERT_TRUE(tree.ok()) << tree.error().message;
  EXPECT_THAT(tree.value().left, ElementsAre(1, -1, 3, -1, -1));
  EXPECT_THAT(tree.value().feature, ElementsAre(0, -1, 2, -1, -1));
  EXPECT_EQ(tree.value().threshold[2], -1.5);
  EXPECT_EQ(tree.value().value(4)[1], 17);
  EXPECT_TRUE(tree.value().missing_left.empty());
}

TEST(SklearnTreeArrays, ChildrenStandBehindTheirParents) {
  for (const std::int64_t child : {0L, 2L, 5L, -2L, 1L << 40}) {
    TestTree tree;
    tree.nodes[2].left = child;
    EXPECT_THAT(error_of(tree),
                HasSubstr("corrupt: the tree (sklearn.tree.Tree): attribute 'nodes' is wrong at node 2"))
        << child;
  }
  TestTree half;
  half.nodes[1].right = 3;
  EXPECT_THAT(error_of(half), HasSubstr("its child is node -1, must be one behind it, below 5"));
}

TEST(SklearnTreeArrays, FeaturesMustBeThere) {
  for (const std::int64_t feature : {3L, -1L, 1L << 33}) {
    TestTree tree;
    tree.nodes[0].feature = feature;
    EXPECT_THAT(error_of(tree), HasSubstr("splits on feature " + std::to_string(feature) + ", must be 0 to 2"));
  }
}

TEST(SklearnTreeArrays, AThresholdIsANumber) {
  TestTree tree;
  tree.nodes[0].threshold = std::nan("");
  EXPECT_THAT(error_of(tree), HasSubstr("node 0: its threshold is not a number"));
}

TEST(SklearnTreeArrays, ValuesHaveTheShapeOfNodesOutputsAndClasses) {
  for (const std::vector<std::int32_t>& sizes :
       {std::vector<std::int32_t>{5, 2, 1}, {4, 2, 2}, {5, 4}, {2, 5, 2}, {20}, {5, 2, 2, 1}}) {
    TestTree tree;
    tree.values_shape = sizes;
    EXPECT_THAT(error_of(tree), HasSubstr("attribute 'values' has the shape"));
  }
}

TEST(SklearnTreeArrays, CountsOfOutputsAndClassesMustAgree) {
  TestTree outputs;
  outputs.outputs = 1;
  EXPECT_THAT(error_of(outputs), HasSubstr("1 outputs and the classes of 2"));
  TestTree none;
  none.classes = {2, 0};
  EXPECT_THAT(error_of(none), HasSubstr("a number of classes"));
  TestTree many;
  many.classes = {2, 1'000'000'000};
  EXPECT_THAT(error_of(many), HasSubstr("must be [5 x 2 x 1000000000]"));
  TestTree features;
  features.features = 2'000'000'000;
  EXPECT_THAT(error_of(features), HasSubstr("2000000000 features"));
}

TEST(SklearnTreeArrays, FieldsMustBeThereAndOfTheirType) {
  TestTree absent;
  absent.left_name = "links";
  EXPECT_THAT(error_of(absent), HasSubstr("no field 'left_child'; it has links, right_child"));
  TestTree text;
  text.threshold_type = "S8";
  EXPECT_THAT(error_of(text), HasSubstr("|S8 stands where numbers should be"));
}

TEST(SklearnTreeArrays, ANodeThatTwoParentsShareIsNoTree) {
  TestTree tree;
  tree.nodes[0].left = 3;
  const auto arrays = read(tree);
  ASSERT_TRUE(arrays.ok());
  EnsembleSource source{.features = 3, .levels = {0, 0, 0}};
  source.trees.push_back(source_nodes(arrays.value(), std::vector<double>(5)));
  EXPECT_THAT(Ensemble::build(source).error().message, HasSubstr("node 3: is reached twice"));
}

// A decision tree around it: what a loader adds to the checks.
std::string estimator(const TestTree& tree, const std::string& name, const std::string& classes) {
  return pickle::stream(global("sklearn.tree._classes", name) + ")\x81}(" + text("tree_") + tree.pickle() + classes +
                        "ub");
}

std::string load_error(const std::string& file) {
  const auto document = pickle::read(pickle::as_bytes(file));
  if (!document.ok()) return document.error().message;
  const auto model = pipeline::load_sklearn(document.value().root());
  return model.ok() ? "" : model.error().message;
}

TEST(SklearnTree, LabelsAndTreesMustAgree) {
  const TestTree tree;
  const std::string one = array({1}, dtype("i8"), pickle::little(std::int64_t{4}));
  const std::string two = array({2}, dtype("i8"), pickle::little(std::int64_t{4}) + pickle::little(std::int64_t{5}));
  EXPECT_EQ(load_error(estimator(tree, "DecisionTreeClassifier", text("classes_") + "](" + two + one + "e")), "");
  EXPECT_THAT(load_error(estimator(tree, "DecisionTreeClassifier", text("classes_") + "](" + one + two + "e")),
              HasSubstr("attribute 'classes_' has 1 labels, and the trees have 2"));
  EXPECT_THAT(load_error(estimator(tree, "DecisionTreeClassifier", text("classes_") + two)),
              HasSubstr("the labels of 1 outputs, and the trees have 2"));
  EXPECT_THAT(load_error(estimator(tree, "DecisionTreeClassifier", text("classes_") + "]")), HasSubstr("is empty"));
  EXPECT_THAT(load_error(estimator(tree, "DecisionTreeRegressor", "")),
              HasSubstr("has classes, and a regression has none"));
}

// What check_array() of the version that wrote the file lets through; 1.6's ExtraTreeRegressor has a slip of its own.
TEST(SklearnTree, MissingValuesAreTakenByVersionClassAndSplitter) {
  const auto takes = [](std::string_view version, std::string_view name, std::string_view splitter) {
    const bool is_classifier = name.ends_with("Classifier");
    const std::string file =
        pickle::stream(Pickled::object("sklearn.tree._classes", name,
                                       {{"_sklearn_version", text(version)},
                                        {"splitter", text(splitter)},
                                        {"criterion", text(is_classifier ? "gini" : "squared_error")},
                                        {"monotonic_cst", "N"}}));
    const auto document = pickle::read(pickle::as_bytes(file));
    return document.ok() && takes_missing_values(pickle::Object::of(document.value().root(), "tree").value());
  };
  EXPECT_FALSE(takes("1.2.2", "DecisionTreeRegressor", "best"));
  EXPECT_TRUE(takes("1.3.2", "DecisionTreeRegressor", "best"));
  EXPECT_FALSE(takes("1.5.2", "DecisionTreeRegressor", "random"));
  EXPECT_TRUE(takes("1.6.1", "DecisionTreeRegressor", "random"));
  EXPECT_FALSE(takes("1.5.2", "ExtraTreeRegressor", "random"));
  EXPECT_TRUE(takes("1.6.1", "ExtraTreeRegressor", "random"));
  EXPECT_TRUE(takes("1.6.1", "ExtraTreeRegressor", "best"));
  EXPECT_FALSE(takes("1.6.1", "ExtraTreeClassifier", "best"));
  EXPECT_FALSE(takes("1.7.2", "ExtraTreeRegressor", "best"));
  EXPECT_FALSE(takes("1.9.1", "ExtraTreeRegressor", "best"));
}

}  // namespace
}  // namespace scoria::model::tree
