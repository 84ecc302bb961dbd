// The forms in which clients send rows and get predictions back. Each reads rows of a body, and says predictions, or what is wrong, in its own way.
// Sources: plumber and httr's bodies; MLflow "Deploy MLflow models", SageMaker's container contract; Open Inference Protocol V2 (REST) with Triton's
// binary data extension. Threads: constants and free functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "net/http.h"
#include "serve/answer.h"
#include "serve/inference_request.h"
#include "serve/service_version.h"

namespace scoria::serve {

struct Query {
  std::vector<std::pair<std::string, std::string>> items;  // decoded
  const std::string* find(std::string_view name) const;
};

// A request on its way through a protocol.
struct Exchange {
  ServiceVersionPtr version;
  net::HttpRequest request;
  Query query;
  std::size_t rows = 0;
  model::Request wanted;
  NoNumber no_number = NoNumber::text;
  InferenceRequest inference;  // of V2
};

// A protocol: what its bodies say, and how it says predictions and mistakes.
struct Form {
  Protocol protocol;
  // False: `problem` says what is wrong.
  bool (*read)(Exchange& exchange, table::Table& rows, Problem& problem);
  net::HttpReply (*write)(const Exchange& exchange, const table::Table& predictions);
  net::HttpReply (*refuse)(const Problem& problem);
};

// POST /score {"df": [...]}: records, columns, bare ones, arrays; CSV and JSON lines by Content-Type. Query: type, and the model's parameters;
// no_number=text|strict|literal. Answer: [25.63, ...], or records where a type has several columns.
extern const Form kPlumberForm;
// POST /invocations: dataframe_split, dataframe_records, instances or inputs, or CSV. Answer: {"predictions": [...]}.
extern const Form kInvocationsForm;
// POST /v2/models/NAME/infer. Answer: {"model_name", "model_version", "id", "outputs": [...]}, with binary tensors where asked for.
extern const Form kInferenceForm;
// POST /api/NAME/VERSION: one member for each input, or {"inputData": columns}. Answer: {"success", "outputParameters": {...}, ...}.
extern const Form kMlServerForm;

// The query's type and parameters, of those that the version has. False: it has one that is none of them.
bool read_query(Exchange& exchange, Problem& problem);

// True: it is published code, which a protocol of rows or tensors cannot ask; `problem` says what can.
bool refuse_published(const ServiceVersion& version, Problem& problem);

net::HttpReply json_reply(int status, std::string body);
net::HttpReply problem_reply(const Problem& problem);  // application/problem+json

// By a body's media_type(): what is read as CSV, and what as JSON, which is also what curl and old clients say of it by saying nothing.
bool is_csv(std::string_view media_type);
bool is_json(std::string_view media_type);

// "Application/JSON" of "Application/JSON; charset=utf-8": compared without case
std::string_view media_type(const net::HttpRequest& request);

}  // namespace scoria::serve
