// The forms in which clients send rows and get predictions back. Each reads the body, scores, and says what it has to say in its own way of being wrong.
// Sources: plumber and httr's bodies; MLflow "Deploy MLflow models", SageMaker's container contract; Open Inference Protocol V2 (REST) with Triton's
// binary data extension. Threads: free functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "net/http.h"
#include "serve/answer.h"
#include "serve/served_model.h"

namespace scoria::serve {

struct Query {
  std::vector<std::pair<std::string, std::string>> items;  // decoded
  const std::string* find(std::string_view name) const;
};

// What a protocol's function works with, and what it leaves for the numbers.
struct Exchange {
  const ServedModel& model;
  net::HttpRequest& request;
  const Query& query;
  Executor& executor;
  std::size_t rows = 0;
};

// POST /score {"df": [...]}: records, columns, bare ones, arrays; CSV and JSON lines by Content-Type. Query: type, and the model's parameters;
// no_number=text|strict|literal. Answer: [25.63, ...], or records where a type has several columns.
net::HttpReply answer_plumber(Exchange& exchange);
// POST /invocations: dataframe_split, dataframe_records, instances or inputs, or CSV. Answer: {"predictions": [...]}.
net::HttpReply answer_invocations(Exchange& exchange);
// POST /v2/models/NAME/infer. Answer: {"model_name", "model_version", "id", "outputs": [...]}, with binary tensors where asked for.
net::HttpReply answer_inference(Exchange& exchange);
// POST /api/NAME/VERSION: one member for each input, or {"inputData": columns}. Answer: {"success", "outputParameters": {...}, ...}.
net::HttpReply answer_ml_server(Exchange& exchange);

// The query's type and parameters, of those that the model has. False: it has one that is none of them.
bool read_request(const Exchange& exchange, model::Request& request, NoNumber& no_number, Problem& problem);

net::HttpReply json_reply(int status, std::string body);
net::HttpReply problem_reply(const Problem& problem);  // application/problem+json

// By a body's media_type(): what is read as CSV, and what as JSON, which is also what curl and old clients say of it by saying nothing.
bool is_csv(std::string_view media_type);
bool is_json(std::string_view media_type);

// "Application/JSON" of "Application/JSON; charset=utf-8": compared without case
std::string_view media_type(const net::HttpRequest& request);

}  // namespace scoria::serve
