// The first third of a partition: from its files to the rows of each pass.
#include <algorithm>
#include <numeric>

#include "expr/message.h"
#include "model/features.h"
#include "plan/ordering.h"
#include "plan/partition.h"
#include "plan/prepare.h"
#include "plan/stacking.h"

namespace scoria::plan {
namespace {

using table::ColumnPtr;
using table::Table;
using table::Type;

// Every combination of one value each, the last variable changing fastest.
std::vector<expr::Constants> combinations(const NamedList<ColumnPtr>& variables) {
  std::vector<expr::Constants> all(1);
  for (const auto& [name, values] : variables) {
    std::vector<expr::Constants> longer;
    for (const expr::Constants& constants : all) {
      for (std::size_t i = 0; i < values->size(); ++i) {
        longer.push_back(constants);
        longer.back().insert_or_assign(name, expr::Scalar::from(*values, i));
      }
    }
    all = std::move(longer);
  }
  return all;
}

expr::Constants merged(expr::Constants constants, const expr::Constants& more) {
  constants.insert(more.begin(), more.end());
  return constants;
}

}  // namespace

Status Partition::know(const Use& use) {
  Stopwatch watch;
  std::vector<std::string> paths;
  for (const ModelGroup& group : use.models.groups) {
    if (!group.path.empty() && !known_.contains(group.path)) paths.push_back(group.path);
  }
  std::vector<std::optional<Result<ModelFactsPtr>>> facts(paths.size());
  executor_.parallel_for(paths.size(), [&](std::size_t i) {
    if (check_stop().ok()) facts[i] = models_.facts(paths[i]);
  });
  SCORIA_TRY_STATUS(check_stop());
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!facts[i]->ok()) return plan_.at(use.entry->path + ".file", std::move(*facts[i]).error());
    known_.emplace(paths[i], std::move(*facts[i]).value());
  }
  for (const ModelGroup& group : use.models.groups) {
    if (group.path.empty()) continue;
    const ModelFacts& facts_of = *known_.at(group.path);
    const std::vector<std::string> columns = columns_of(*use.entry, facts_of);
    if (columns.size() != facts_of.features.size()) {
      std::vector<std::string> names;
      for (const model::Feature& feature : facts_of.features) names.push_back(feature.name);
      return plan_.at(use.entry->path + ".features",
                      Error{Code::invalid, std::to_string(columns.size()) + " are given, model '" + facts_of.file.path +
                                               "' has " + std::to_string(names.size()) + ": " + model::listed(names)});
    }
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const model::FeatureKind kind = facts_of.features[i].kind;
      const bool is_text = kind == model::FeatureKind::factor || kind == model::FeatureKind::ordered;
      bool& as_text = read_by_models_[columns[i]];
      as_text = as_text || is_text;
    }
  }
  opening_.add({.name = "read models", .seconds = watch.lap()});
  return Ok{};
}

std::vector<std::string> Partition::columns_of(const Models& entry, const ModelFacts& facts) {
  if (!entry.features.empty()) return entry.features;
  std::vector<std::string> names;
  for (const model::Feature& feature : facts.features) names.push_back(feature.name);
  return names;
}

Status Partition::make_passes() {
  if (!plan_.partition.empty()) constants_[plan_.partition] = expr::Scalar{name_};
  for (const expr::Constants& each : combinations(plan_.each)) {
    Pass& pass = passes_.emplace_back();
    pass.constants = each;
    for (const Models& entry : plan_.models) {
      for (const expr::Constants& variables : combinations(entry.variables)) {
        Use& use = pass.uses.emplace_back();
        use.entry = &entry;
        use.constants = merged(merged(constants_, each), variables);
        if (!entry.groups.empty()) continue;  // the rows will tell
        auto model =
            group_by_model(entry, Table(1), use.constants, [&](const auto& path) { return models_.exists(path); });
        if (!model.ok()) return plan_.at(entry.path + ".file", std::move(model).error());
        use.models = std::move(model).value();
        SCORIA_TRY_STATUS(know(use));
      }
    }
  }
  return Ok{};
}

std::set<std::string> Partition::names_in_result() const {
  std::set<std::string> names;
  for (const auto& [name, expression] : plan_.result.mutate) names.merge(expr::names_used(expression));
  for (const auto& [name, old] : plan_.result.select) names.insert(old);
  return names;
}

std::set<std::string> Partition::names_in_frame() const {
  std::set<std::string> all = names_in_result();
  for (const std::vector<std::string>& names : {plan_.features.group_by, plan_.features.arrange, leading_columns()}) {
    all.insert(names.begin(), names.end());
  }
  for (const Models& entry : plan_.models) all.insert(entry.groups.begin(), entry.groups.end());
  for (const auto& [name, expression] : plan_.features.mutate) all.merge(expr::names_used(expression));
  if (plan_.features.filter) all.merge(expr::names_used(*plan_.features.filter));
  all.merge(names_used(plan_.features.prepare));
  return all;
}

void Partition::feature_names(std::set<std::string>& names, std::set<std::string>& as_text) const {
  for (const auto& [name, is_text] : read_by_models_) {
    names.insert(name);
    if (is_text) as_text.insert(name);
  }
}

std::map<std::string, WantedColumns> Partition::wanted_columns() const {
  WantedColumns stacked{names_in_frame(), {}};
  std::set<std::string> as_text;
  feature_names(stacked.names, as_text);
  for (const std::string& name : as_text) stacked.types[name] = Type::text;
  std::map<std::string, WantedColumns> wanted;
  for (const std::string& input : plan_.features.from) wanted[input] = stacked;
  for (const auto& [name, expression] : plan_.let) {
    for (const expr::TableReference& reference : expr::table_references(expression)) {
      wanted[reference.table].names.insert(reference.column);
    }
  }
  for (auto& [input, columns] : wanted) {
    for (const auto& [name, type] : plan_.types) columns.types[name] = type;
  }
  return wanted;
}

Status Partition::open_inputs() {
  for (const auto& [input, pattern] : plan_.inputs) {
    Stopwatch watch;
    auto path = input_path(pattern, plan_, name_);
    if (!path.ok()) return plan_.at("input." + input, std::move(path).error());
    const bool is_shared = !plan_.partition.empty() && pattern.names().empty();
    auto raw = is_shared ? shared_.open(path.value()) : open_owned(plan_, path.value());
    if (!raw.ok()) return plan_.at("input." + input, std::move(raw).error());
    inputs_.push_back(std::move(raw).value());
    opening_.add({.name = "input " + input, .seconds = watch.lap()});
  }
  return Ok{};
}

Status Partition::find_columns(const RawInput& input, std::set<std::string>& sought,
                               std::set<std::string>& known) const {
  const auto meet = [&](const std::vector<std::string>& names) {
    known.insert(names.begin(), names.end());
    for (const std::string& name : names) sought.erase(name);
  };
  SCORIA_TRY(reader, RowReader::open(input.location, read_options(input, {.names = sought, .types = plan_.types}),
                                     options_.memory_limit));
  if (reader.header() != nullptr) {
    meet(*reader.header());
    return Ok{};
  }
  // JSON lines: any row may bring a column.
  while (!sought.empty()) {
    SCORIA_TRY_STATUS(check_stop());
    SCORIA_TRY(rows, reader.next());
    if (!rows) break;
    meet(rows->names());
  }
  return Ok{};
}

Status Partition::check_types() const {
  std::set<std::string> sought;
  for (const auto& [name, type] : plan_.types) sought.insert(name);
  std::set<std::string> known;
  for (std::size_t i = 0; i < inputs_.size() && !sought.empty(); ++i) {
    Status looked = find_columns(*inputs_[i], sought, known);
    if (!looked.ok()) return plan_.at("input." + plan_.inputs[i].first, std::move(looked).error());
  }
  if (sought.empty()) return Ok{};
  const std::string& name = *sought.begin();
  return plan_.places->at_key(
      "types." + name,
      {Code::invalid, "no input has a column '" + name + "'; " + expr::suggestion(name, {known.begin(), known.end()})});
}

Result<Table> Partition::read_input(std::size_t input, const WantedColumns& wanted) const {
  // Every batch of a stream joins the same second table.
  const bool is_shared = is_streamed_ || (!plan_.partition.empty() && plan_.inputs[input].second.names().empty());
  if (!is_shared) return parse_input(*inputs_[input], wanted);
  SCORIA_TRY(table, shared_.table(*inputs_[input], wanted));
  return *table;
}

Result<expr::Tables> Partition::read_tables(const std::map<std::string, WantedColumns>& wanted) {
  expr::Tables tables;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const std::string& input = plan_.inputs[i].first;
    const auto columns = wanted.find(input);
    if (columns == wanted.end()) continue;
    Stopwatch watch;
    SCORIA_TRY(read, read_input(i, columns->second));
    log_.add({.name = "input " + input, .rows_out = read.rows(), .seconds = watch.lap()});
    tables.emplace(input, std::move(read));
  }
  return tables;
}

Result<Table> Partition::second_table(const Join& join, const Table& rows) const {
  WantedColumns wanted;
  std::set<std::string> as_text;
  NamedList<std::string> columns = join.take;  // name in the rows -> name in the second table
  if (columns.empty()) {
    std::set<std::string> names = names_in_frame();
    feature_names(names, as_text);
    for (const std::string& name : names) columns.emplace_back(name, name);
  } else {
    std::set<std::string> unused;
    feature_names(unused, as_text);
  }
  for (const auto& [name, old] : columns) {
    wanted.names.insert(old);
    if (as_text.contains(name)) wanted.types[old] = Type::text;
  }
  for (const auto& [left, right] : join.by) {
    wanted.names.insert(right);
    const ColumnPtr key = rows.find(left);
    if (key != nullptr && (key->type() == Type::text || key->type() == Type::factor)) wanted.types[right] = Type::text;
  }
  for (const auto& [name, type] : plan_.types) wanted.types[name] = type;
  for (std::size_t i = 0; i < plan_.inputs.size(); ++i) {
    if (plan_.inputs[i].first == join.input) return read_input(i, wanted);
  }
  throw_bug(__FILE__, __LINE__, "read_plan() knows every joined input");
}

Result<expr::Frame> Partition::make_frame(const expr::Tables& tables) {
  Stopwatch watch;
  for (const auto& [name, expression] : plan_.let) {
    auto value = expr::evaluate_scalar(expression, tables, constants_);
    if (!value.ok()) return plan_.at("let." + name, std::move(value).error());
    constants_.insert_or_assign(name, std::move(value).value());
    log_.add({.name = "let " + name, .seconds = watch.lap()});
  }
  from_.clear();
  std::uint64_t rows = 0;
  for (const std::string& input : plan_.features.from) {
    from_.push_back(tables.at(input));
    rows += from_.back().rows();
  }
  std::set<std::string> wanted = names_in_frame();
  std::set<std::string> as_text;
  if (!plan_.features.prepare.empty()) feature_names(wanted, as_text);
  auto stacked = stack_columns(from_, {wanted.begin(), wanted.end()});
  if (!stacked.ok()) return plan_.at("features.from", std::move(stacked).error());
  log_.add({.name = "stack", .rows_in = rows, .rows_out = rows, .seconds = watch.lap()});
  const SecondTable second = [this](const Join& join, const Table& of) { return second_table(join, of); };
  SCORIA_TRY(prepared, prepare(plan_, std::move(stacked).value(), constants_, second, log_));
  (void)watch.lap();
  for (const auto& [key, names] :
       {std::pair("group_by", &plan_.features.group_by), std::pair("arrange", &plan_.features.arrange)}) {
    for (const std::string& name : *names) {
      if (prepared.find(name) != nullptr) continue;
      const std::string hint = expr::suggestion(name, prepared.names());
      return plan_.at(std::string("features.") + key,
                      Error{Code::invalid, "there is no column '" + name + "' to order rows by; " + hint});
    }
  }
  auto ordering = order_rows(prepared, plan_.features.group_by, plan_.features.arrange);
  if (!ordering.ok()) return plan_.at("features", std::move(ordering).error());
  order_ = std::move(ordering.value().rows);
  expr::Frame frame(prepared.take(order_), std::move(ordering.value().group_starts));
  log_.add({.name = "order", .rows_in = prepared.rows(), .rows_out = prepared.rows(), .seconds = watch.lap()});
  for (const auto& [name, value] : constants_) {
    if (auto declared = frame.declare(name, value.type()); !declared.ok()) {
      return plan_.at(name == plan_.partition ? "partition" : "let." + name, std::move(declared).error());
    }
  }
  for (const auto& [name, values] : plan_.each) {
    if (auto declared = frame.declare(name, expr::Scalar::from(*values, 0).type()); !declared.ok()) {
      return plan_.at("each." + name, std::move(declared).error());
    }
  }
  for (const auto& [name, expression] : plan_.features.mutate) {
    if (auto defined = frame.define(name, expression); !defined.ok()) {
      return plan_.at("features.mutate." + name, std::move(defined).error());
    }
  }
  return frame.with(constants_);
}

Status Partition::choose_rows(const expr::Frame& frame, Pass& pass) {
  Stopwatch watch;
  SCORIA_TRY(now, frame.with(pass.constants));
  if (plan_.features.filter) {
    auto rows = now.rows_where(*plan_.features.filter);
    if (!rows.ok()) return plan_.at("features.filter", std::move(rows).error());
    pass.rows = std::move(rows).value();
  } else {
    pass.rows.resize(now.rows());
    std::iota(pass.rows.begin(), pass.rows.end(), 0);
  }
  log_.add({.name = "filter", .rows_in = now.rows(), .rows_out = pass.rows.size(), .seconds = watch.lap()});
  for (Use& use : pass.uses) {
    if (use.entry->groups.empty()) {
      ModelGroup& only = use.models.groups.front();
      only.rows.resize(pass.rows.size());
      std::iota(only.rows.begin(), only.rows.end(), 0);
      use.models.missing_rows = use.models.missing.empty() ? 0 : pass.rows.size();
      continue;
    }
    Table keys(pass.rows.size());
    for (const std::string& name : use.entry->groups) {
      auto column = now.column(name, pass.rows);
      if (!column.ok()) return plan_.at(use.entry->path + ".file", std::move(column).error());
      keys.add(name, std::move(column).value());
    }
    auto groups =
        group_by_model(*use.entry, keys, use.constants, [&](const auto& path) { return models_.exists(path); });
    if (!groups.ok()) return plan_.at(use.entry->path + ".file", std::move(groups).error());
    use.models = std::move(groups).value();
    SCORIA_TRY_STATUS(know(use));
  }
  return Ok{};
}

Result<expr::Frame> Partition::reach_rows() {
  for (;;) {
    const auto wanted = wanted_columns();
    log_ = {};
    SCORIA_TRY(tables, read_tables(wanted));
    SCORIA_TRY(frame, make_frame(tables));
    for (Pass& pass : passes_) {
      SCORIA_TRY_STATUS(check_stop());
      SCORIA_TRY_STATUS(choose_rows(frame, pass));
    }
    // Models only become more, so this ends: at the latest when the features of all of them are read.
    if (wanted == wanted_columns()) {
      opening_.merge(log_);
      log_ = std::move(opening_);
      return std::move(frame);
    }
  }
}

}  // namespace scoria::plan
