// What clients send and get: bodies of every api-version to documents of the newest shape, checked against one table of fields,
// and back.
// Source: Azure Batch REST API reference, 2018-03-01.6.1 to 2022-10-01.16.0. Threads: free functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "spec/api_version.h"
#include "spec/json.h"

namespace scoria::spec {

// One row of the table of types for each; what a body of this kind may and must hold.
enum class Body {
  pool_add,
  pool_patch,
  pool_update,  // updateproperties
  pool_resize,
  pool_enable_autoscale,
  pool_evaluate_autoscale,
  pool_remove_nodes,
  node_reboot,
  node_reimage,
  node_disable_scheduling,
  node_user,
  job_add,
  job_patch,
  job_update,  // PUT
  job_disable,
  job_terminate,
  task_add,
  task_collection,
  task_update,
  schedule_add,
  schedule_patch,
  schedule_update,
};

// A request's body as a document of the newest shape: names and types checked, enumerations in their canonical spelling (they compare
// without case), older fields renamed (maxTasksPerNode, blobSource), defaults of that version filled in (waitForSuccess, retentionTime),
// ids and ranges checked. Unknown properties are kept nowhere and not an error. `body` is at most 4 MiB and nests at most 64 deep.
// Errors, with the property's path as values["PropertyName"]: InvalidRequestBody, MissingRequiredProperty, InvalidPropertyValue,
// OutOfRangeInput, InvalidConstraintValue, MutuallyExclusiveProperties, InvalidAutoScalingSettings, AutoScaleFormulaTooLong,
// TaskDependencyListTooLong, RequestBodyTooLarge.
// A body that is wholly blank is {} where nothing is required. Defaults are filled in wherever the API has one, also below `constraints`;
// patches hold only what was sent. Not checked here, as settings decide: the least autoScaleEvaluationInterval, the most slots of a size.
Result<Json> read_body(Body kind, ApiVersion version, std::string_view body);

// The tasks of an addtaskcollection, each by itself: one that is wrong is that entry's clienterror, and not the request's. The id of a wrong
// one too, as far as it was readable. Errors of all: InvalidRequestBody, MissingRequiredProperty (value), InvalidPropertyValue (more than
// 100 tasks), RequestBodyTooLarge.
struct NewTaskBody {
  std::string id;
  Result<Json> document;
};
Result<std::vector<NewTaskBody>> read_task_collection(ApiVersion version, std::string_view body);

enum class Entity { pool, node, job, task, schedule, prep_status, task_counts, node_counts, image };

// Makes `document` what a client of `version` expects: drops what is private (kPrivate) and secrets, renames, flattens and adds what that
// version has; unknown members stay. Before Select::apply(), which may name what that version has and ours has not.
void shape_for(Entity entity, ApiVersion version, Json& document);

}  // namespace scoria::spec
