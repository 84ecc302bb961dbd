#include "spec/errors.h"

#include <algorithm>
#include <array>

#include "spec/json_text.h"

namespace scoria::spec {
namespace {

struct Row {
  std::string_view api_code;
  int http;
  Code code;
  std::string_view message;
};

// Ordered by api_code: found by bisection.
constexpr auto kRows = std::to_array<Row>({
    {"ActiveJobAndScheduleQuotaReached", 409, Code::exhausted,
     "The active job and job schedule quota of the account has been reached."},
    {"ApplicationNotFound", 404, Code::not_found, "The specified application does not exist."},
    {"AuthenticationFailed", 403, Code::denied,
     "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly "
     "including the signature."},
    {"AutoScaleFormulaTooLong", 400, Code::invalid, "The autoscale formula is longer than 8192 characters."},
    {"AutoScalingFormulaEvaluationError", 400, Code::invalid, "The autoscale formula could not be evaluated."},
    {"AutoScalingFormulaSyntaxError", 400, Code::invalid, "The autoscale formula has a syntax error."},
    {"ConditionNotMet", 412, Code::conflict, "The condition specified using HTTP conditional header(s) is not met."},
    {"FileNotFound", 404, Code::not_found, "The specified file does not exist."},
    {"InsufficientAccountPermissions", 403, Code::denied, "The credentials do not permit this operation."},
    {"InternalError", 500, Code::corrupt, "Server encountered an internal error. Please try again after some time."},
    {"InvalidAutoScalingSettings", 400, Code::invalid, "The autoscale settings of the pool are not valid."},
    {"InvalidConstraintValue", 400, Code::invalid, "The value of one of the constraints is not valid."},
    {"InvalidHeaderValue", 400, Code::invalid, "The value of one of the HTTP headers is not in the correct format."},
    {"InvalidInput", 400, Code::invalid, "One of the request inputs is not valid."},
    {"InvalidPropertyValue", 400, Code::invalid,
     "The value provided for one of the properties in the request body is invalid."},
    {"InvalidQueryParameterValue", 400, Code::invalid,
     "Value for one of the query parameters specified in the request URI is invalid."},
    {"InvalidRange", 416, Code::invalid, "The range specified is invalid for the current size of the resource."},
    {"InvalidRequestBody", 400, Code::invalid, "The specified request body is not syntactically valid."},
    {"JobBeingDeleted", 409, Code::conflict, "The specified job is being deleted."},
    {"JobBeingTerminated", 409, Code::conflict, "The specified job is being terminated."},
    {"JobCompleted", 409, Code::conflict, "The specified job is already in a completed state."},
    {"JobDisabled", 409, Code::conflict, "The specified job is disabled."},
    {"JobExists", 409, Code::conflict, "The specified job already exists."},
    {"JobNotActive", 409, Code::conflict, "The specified job is not active."},
    {"JobNotFound", 404, Code::not_found, "The specified job does not exist."},
    {"JobPreparationTaskNotRunOnNode", 404, Code::not_found,
     "The job preparation task has not run on the specified node."},
    {"JobPreparationTaskNotSpecified", 404, Code::not_found, "The specified job has no job preparation task."},
    {"JobReleaseTaskNotRunOnNode", 404, Code::not_found, "The job release task has not run on the specified node."},
    {"JobScheduleBeingDeleted", 409, Code::conflict, "The specified job schedule is being deleted."},
    {"JobScheduleBeingTerminated", 409, Code::conflict, "The specified job schedule is being terminated."},
    {"JobScheduleCompleted", 409, Code::conflict, "The specified job schedule has already completed."},
    {"JobScheduleDisabled", 409, Code::conflict, "The specified job schedule is disabled."},
    {"JobScheduleExists", 409, Code::conflict, "The specified job schedule already exists."},
    {"JobScheduleNotFound", 404, Code::not_found, "The specified job schedule does not exist."},
    {"JobScheduleWithSameIdExists", 409, Code::conflict, "A job schedule with the specified id already exists."},
    {"JobWithSameIdExists", 409, Code::conflict, "A job with the specified id already exists."},
    {"MissingContentLengthHeader", 411, Code::invalid, "Content-Length header was not specified."},
    {"MissingRequiredHeader", 400, Code::invalid,
     "An HTTP header that is mandatory for this request is not specified."},
    {"MissingRequiredProperty", 400, Code::invalid, "A required property was not specified in the request body."},
    {"MissingRequiredQueryParameter", 400, Code::invalid,
     "A query parameter that is mandatory for this request is not specified."},
    {"MutuallyExclusiveProperties", 400, Code::invalid, "Properties that exclude each other were specified together."},
    {"NodeAlreadyInTargetSchedulingState", 409, Code::conflict,
     "The specified node is already in the target scheduling state."},
    {"NodeBeingCreated", 409, Code::conflict, "The specified node is being created."},
    {"NodeBeingRebooted", 409, Code::conflict, "The specified node is being rebooted."},
    {"NodeBeingReimaged", 409, Code::conflict, "The specified node is being reimaged."},
    {"NodeBeingStarted", 409, Code::conflict, "The specified node is being started."},
    {"NodeCountsMismatch", 409, Code::conflict, "The node counts have changed since they were read."},
    {"NodeNotFound", 404, Code::not_found, "The specified node does not exist."},
    {"NodeStateUnusable", 409, Code::conflict, "The specified node is unusable."},
    {"NodeUserExists", 409, Code::conflict, "The specified node user already exists."},
    {"NodeUserNotFound", 404, Code::not_found, "The specified node user does not exist."},
    {"NotImplemented", 501, Code::unsupported, "This server does not have the requested operation."},
    {"OperationInvalidForCurrentState", 409, Code::conflict,
     "The operation is invalid for the current state of the resource."},
    {"OperationTimedOut", 500, Code::deadline, "The operation could not be completed within the permitted time."},
    {"OutOfRangeInput", 400, Code::invalid, "One of the request inputs is out of range."},
    {"OutOfRangeQueryParameterValue", 400, Code::invalid,
     "A query parameter specified in the request URI is outside the permissible range."},
    {"PoolBeingDeleted", 409, Code::conflict, "The specified pool is being deleted."},
    {"PoolBeingResized", 409, Code::conflict, "The specified pool is being resized."},
    {"PoolExists", 409, Code::conflict, "The specified pool already exists."},
    {"PoolNotEligibleForOSVersionUpgrade", 409, Code::conflict,
     "The specified pool is not eligible for an upgrade of its operating system."},
    {"PoolNotFound", 404, Code::not_found, "The specified pool does not exist."},
    {"PoolQuotaReached", 409, Code::exhausted, "The pool quota of the account has been reached."},
    {"RequestBodyTooLarge", 413, Code::too_large, "The size of the request body exceeds the maximum size permitted."},
    {"RequestUrlFailedToParse", 400, Code::invalid, "The URL in the request could not be parsed."},
    {"ResourceNotFound", 404, Code::not_found, "The specified resource does not exist."},
    {"ServerBusy", 503, Code::unavailable,
     "The server is currently unable to receive requests. Please retry your request."},
    {"TaskCompleted", 409, Code::conflict, "The specified task is already in a completed state."},
    {"TaskDependenciesNotSpecifiedOnJob", 400, Code::invalid,
     "The task depends on others, but usesTaskDependencies is not set on its job."},
    {"TaskDependencyListTooLong", 400, Code::invalid,
     "The ids of the tasks that the task depends on have more than 64000 characters."},
    {"TaskDependencyRangesTooLong", 400, Code::invalid, "The task has too many ranges of tasks that it depends on."},
    {"TaskExists", 409, Code::conflict, "The specified task already exists."},
    {"TaskFilesCleanedup", 409, Code::conflict, "The files of the specified task have been removed from the node."},
    {"TaskFilesUnavailable", 409, Code::conflict,
     "The files of the specified task are not available: its node is not there."},
    {"TaskIdSameAsJobPreparationTask", 409, Code::conflict, "The task has the id of the job's preparation task."},
    {"TaskNotCompleted", 409, Code::conflict, "The specified task is not completed."},
    {"TaskNotFound", 404, Code::not_found, "The specified task does not exist."},
    {"TaskSucceeded", 409, Code::conflict, "The specified task has succeeded: only failed tasks can be reactivated."},
    {"TooManyEnableAutoScaleRequests", 409, Code::conflict,
     "Autoscale was enabled too often: at most once in 30 seconds."},
    {"TooManyRequests", 429, Code::exhausted, "Too many requests. Please retry after some time."},
    {"UnsupportedHeader", 400, Code::invalid, "One of the HTTP headers specified in the request is not supported."},
    {"UnsupportedHttpVerb", 405, Code::invalid, "The resource does not support the specified HTTP verb."},
    {"UnsupportedHttpVersion", 400, Code::invalid, "The HTTP version specified is not supported."},
    {"UnsupportedQueryParameter", 400, Code::invalid,
     "One of the query parameters specified in the request URI is not supported."},
    {"UnsupportedRequestVersion", 400, Code::invalid, "The specified api-version is not supported."},
    {"UnsupportedVMSize", 400, Code::invalid, "The specified VM size is not supported."},
});

const Row* find_row(std::string_view api_code) {
  const auto row = std::ranges::lower_bound(kRows, api_code, {}, &Row::api_code);
  return row != kRows.end() && row->api_code == api_code ? &*row : nullptr;
}

// What clients are told of an error that names no code of Azure's.
const Row& row_of(const Error& error) {
  if (const Row* row = find_row(error.api_code)) return *row;
  const auto name = [&]() -> std::string_view {
    switch (error.code) {
      case Code::invalid: return "InvalidInput";
      case Code::not_found: return "ResourceNotFound";
      case Code::conflict: return "OperationInvalidForCurrentState";
      case Code::denied: return "InsufficientAccountPermissions";
      case Code::too_large: return "RequestBodyTooLarge";
      case Code::exhausted:
      case Code::unavailable: return "ServerBusy";
      case Code::deadline: return "OperationTimedOut";
      case Code::corrupt: return "InternalError";
      case Code::unsupported: return "NotImplemented";
    }
    return "InternalError";
  }();
  return *find_row(name);
}

}  // namespace

Error batch_error(std::string_view code, std::string message, std::vector<std::pair<std::string, std::string>> values) {
  const Row* row = find_row(code);
  SCORIA_CHECK(row != nullptr);
  if (message.empty()) message = row->message;
  return {row->code, std::move(message), std::string(code), std::move(values)};
}

int http_status(const Error& error) { return row_of(error).http; }

std::string error_body(const Error& error, std::string_view base_url, std::string_view request_id,
                       std::string_view time) {
  const Row& row = row_of(error);
  const std::string_view code = error.api_code.empty() ? row.api_code : std::string_view(error.api_code);
  const std::string_view words = error.message.empty() ? row.message : std::string_view(error.message);
  std::string metadata(base_url);
  while (metadata.ends_with('/')) metadata.pop_back();
  metadata += "/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element";
  std::string text(words);
  text.append("\nRequestId:").append(request_id).append("\nTime:").append(time);

  std::string out = "{\"odata.metadata\":";
  append_json_string(out, metadata);
  out += ",\"code\":";
  append_json_string(out, code);
  out += ",\"message\":{\"lang\":\"en-US\",\"value\":";
  append_json_string(out, text);
  out += '}';
  if (!error.values.empty()) {
    out += ",\"values\":[";
    for (const auto& [key, value] : error.values) {
      if (out.back() != '[') out += ',';
      out += "{\"key\":";
      append_json_string(out, key);
      out += ",\"value\":";
      append_json_string(out, value);
      out += '}';
    }
    out += ']';
  }
  out += '}';
  return out;
}

}  // namespace scoria::spec
