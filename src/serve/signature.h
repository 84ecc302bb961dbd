// What published code takes and gives: parameters by name and type, each as long as it is, where models have rows of columns.
//
//   POST /api/NAME/VERSION {"x": 1, "v": [1, 2, 3]}  ->  {"a": [6], "b": [1, 1]}
//
// On the way to a script and back they are a table: a column for each, filled up with missing values, and one of texts called ".lengths", whose first row
// has how many values of each are meant: "1 3".
// Source: ParameterDefinition of Machine Learning Server 9.x. Threads: plain values and free functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "serve/answer.h"
#include "serve/problem.h"
#include "table/table.h"

namespace scoria::serve {

// "numeric", "integer", "logical", "character": one value; "vector": as many as there are, of one kind.
struct ServiceParameter {
  std::string name, type;
};

struct Signature {
  std::vector<ServiceParameter> inputs, outputs;
};

// [{"name", "type"}, ...], at most 1,000. `member` is what the list is called. Errors: invalid; unsupported: a type that is not served.
Result<std::vector<ServiceParameter>> read_service_parameters(const nlohmann::json& list, const std::string& member);
nlohmann::json to_json(const std::vector<ServiceParameter>& parameters);

// A JSON body with a member for each input; other members are passed over. `has_rows`: they may be the only record of {"df": [{...}]} and its like.
// False: `problem` names each input that is missing or of another type.
bool read_inputs(std::string_view body, bool has_rows, const Signature& signature, table::Table& inputs,
                 Problem& problem);

// "a":[6],"b":[1,1]. Errors: corrupt: the table is no code's answer; as append_column().
Status append_outputs(std::string& out, const table::Table& outputs, NoNumber rule);

// Schemas of an object that has all of them; outputs are always arrays. `is_openapi`: OpenAPI 3, else Swagger 2.
nlohmann::ordered_json inputs_schema(const Signature& signature, bool is_openapi);
nlohmann::ordered_json outputs_schema(const Signature& signature, bool is_openapi);
nlohmann::ordered_json example_inputs(const Signature& signature);

}  // namespace scoria::serve
