#include "model/terms/model_matrix.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/na.h"
#include "model/terms/coding.h"
#include "model/terms/terms.h"

namespace scoria::model::terms {

// A variable's columns: what is appended to a name, and how each is read.
struct ModelMatrix::Coded {
  std::vector<std::string> names;
  std::vector<Part> parts;
};

Result<const ModelMatrix::Coded*> ModelMatrix::coded(const CodedVariable& variable, std::uint32_t position,
                                                     bool by_contrasts, std::vector<Coded>& known) {
  Coded& coded = known[position];
  if (!coded.parts.empty()) return &coded;
  if (!variable.is_factor) {
    for (std::size_t column = 0; column < variable.columns; ++column) {
      std::string name = variable.name;
      if (variable.columns > 1)
        name += column < variable.column_names.size() ? variable.column_names[column] : std::to_string(column + 1);
      coded.names.push_back(std::move(name));
      coded.parts.push_back({Part::Kind::number, position, static_cast<std::uint32_t>(column)});
    }
    return &coded;
  }
  auto coding = by_contrasts ? contrast_coding(variable.levels, variable.is_ordered, variable.contrasts)
                             : Result<Coding>(full_coding(variable.levels));
  if (!coding.ok())
    return Error{coding.error().code, "factor '" + variable.name + "' " + std::move(coding).error().message};
  const Coding& columns = coding.value();
  for (std::size_t column = 0; column < columns.names.size(); ++column) {
    coded.names.push_back(variable.name + columns.names[column]);
    if (!columns.indicator.empty()) {
      coded.parts.push_back({Part::Kind::level, position, columns.indicator[column]});
    } else {
      const std::size_t start = tables_.size() + column * variable.levels.size();
      coded.parts.push_back({Part::Kind::table, position, static_cast<std::uint32_t>(start)});
    }
  }
  tables_.insert(tables_.end(), columns.values.begin(), columns.values.end());
  if (tables_.size() > kMaxMatrixValues)
    return Error{Code::too_large,
                 "the factors' contrasts hold more than " + std::to_string(kMaxMatrixValues) + " values"};
  return &coded;
}

Status ModelMatrix::add_term(const std::vector<CodedVariable>& variables, const CodedTerm& term, std::uint32_t number,
                             std::vector<Coded>& contrasts, std::vector<Coded>& full) {
  std::vector<const Coded*> factors;
  std::size_t count = 1;
  for (const auto& [position, code] : term.variables) {
    SCORIA_TRY(factor, coded(variables[position], position, code == 1, code == 1 ? contrasts : full));
    factors.push_back(factor);
    count *= factor->parts.size();
    if (count + columns_.size() > kMaxExpandedColumns ||
        parts_.size() + count * term.variables.size() > kMaxMatrixParts)
      return Error{Code::too_large, "the model matrix would have more than " + std::to_string(kMaxExpandedColumns) +
                                        " columns with the term '" + term.label + "'"};
  }
  // The first variable's columns go fastest.
  for (std::size_t column = 0; column < count; ++column) {
    const auto first = static_cast<std::uint32_t>(parts_.size());
    std::string name;
    std::size_t rest = column;
    for (const Coded* factor : factors) {
      const std::size_t at = rest % factor->parts.size();
      rest /= factor->parts.size();
      parts_.push_back(factor->parts[at]);
      name += (name.empty() ? "" : ":") + factor->names[at];
    }
    name_bytes_ += name.size();
    if (name_bytes_ > kMaxNameBytes)
      return Error{Code::too_large, "the names of the model matrix's columns take more than " +
                                        std::to_string(kMaxNameBytes) + " bytes with the term '" + term.label + "'"};
    columns_.push_back({first, static_cast<std::uint32_t>(factors.size())});
    names_.push_back(std::move(name));
    assign_.push_back(number);
  }
  return Ok{};
}

Result<ModelMatrix> ModelMatrix::make(const std::vector<CodedVariable>& variables, std::vector<CodedTerm> terms,
                                      bool has_intercept) {
  ModelMatrix matrix;
  if (has_intercept) {
    matrix.columns_.push_back({});
    matrix.names_.emplace_back("(Intercept)");
    matrix.assign_.push_back(0);
  } else {
    // Without an intercept the first factor takes its place.
    for (CodedTerm& term : terms) {
      const auto factor = std::find_if(term.variables.begin(), term.variables.end(),
                                       [&](const auto& variable) { return variables[variable.first].is_factor; });
      if (factor == term.variables.end()) continue;
      factor->second = 2;
      break;
    }
  }
  std::vector<Coded> contrasts(variables.size());
  std::vector<Coded> full(variables.size());
  for (std::size_t i = 0; i < terms.size(); ++i)
    SCORIA_TRY_STATUS(matrix.add_term(variables, terms[i], static_cast<std::uint32_t>(i + 1), contrasts, full));
  return matrix;
}

void ModelMatrix::fill(const ModelFrame& frame, std::size_t first, std::size_t count, std::span<double> out) const {
  SCORIA_CHECK(out.size() == count * columns_.size());
  double* target = out.data();
  for (const Column& column : columns_) {
    if (column.parts == 0) std::fill_n(target, count, 1.0);
    for (std::uint32_t i = 0; i < column.parts; ++i) {
      const Part& part = parts_[column.first_part + i];
      const Variable& variable = frame.variables[part.variable];
      const bool is_first = i == 0;
      const auto each = [&](auto value) {
        const double* source = variable.columns[part.kind == Part::Kind::number ? part.index : 0].data() + first;
        if (is_first) {
          for (std::size_t row = 0; row < count; ++row) target[row] = value(source[row]);
        } else {
          for (std::size_t row = 0; row < count; ++row) target[row] *= value(source[row]);
        }
      };
      switch (part.kind) {
        case Part::Kind::number: each([](double x) { return x; }); break;
        case Part::Kind::level: {
          const auto level = static_cast<double>(part.index);
          each([level](double code) { return code == level ? 1.0 : code == code ? 0.0 : code; });
          break;
        }
        case Part::Kind::table: {
          const double* table = &tables_[part.index];
          each([table](double code) { return code == code ? table[static_cast<std::size_t>(code)] : code; });
          break;
        }
      }
    }
    target += count;
  }
}

}  // namespace scoria::model::terms
