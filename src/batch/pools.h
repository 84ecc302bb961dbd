// Pools: what clients ask of them, and the growing and shrinking that follows. Bodies are documents of spec::read_body().
// Source: Azure Batch REST API, Pool. Threads: State's owner.
#pragma once

#include "batch/state.h"

namespace scoria::batch {

// Errors (api_code): PoolExists, PoolBeingDeleted, InvalidPropertyValue, AutoScalingFormulaSyntaxError, InvalidAutoScalingSettings.
// Where autoscale is on, its formula is evaluated before this returns, so that the targets are there at the next read.
Result<Stamp> add_pool(State& state, Json body);
Status delete_pool(State& state, std::string_view id, const Precondition& condition);
Result<Stamp> patch_pool(State& state, std::string_view id, Json body, const Precondition& condition);
Result<Stamp> update_pool(State& state, std::string_view id, Json body);  // updateproperties
Result<Stamp> enable_autoscale(State& state, std::string_view id, Json body, const Precondition& condition);
Result<Stamp> disable_autoscale(State& state, std::string_view id);
// {timestamp, results, error?}: an evaluation that fails is an answer, not an error.
Result<Json> evaluate_autoscale(State& state, std::string_view id, std::string_view formula);
Result<Stamp> resize_pool(State& state, std::string_view id, Json body, const Precondition& condition);
Result<Stamp> stop_resize(State& state, std::string_view id, const Precondition& condition);
Result<Stamp> remove_nodes(State& state, std::string_view id, Json body, const Precondition& condition);

// Makes actual node counts follow the targets: requests, drains, preempts; ends resizes that took too long. Idempotent; called by tick().
void allocate(State& state, Pool& pool);
// All that time brings to pools and nodes: samples, evaluations, silence, drains, usage. Called every 0.1 to 1 s.
void tick_pools(State& state);
// allocate() for every pool of restless_pools, and evaluations on change. Called after each group of changes, before flush().
void settle_pools(State& state);
// The pool of a job with poolInfo.autoPoolSpecification: made, or found where it lives as long as the job's schedule. It goes with its job.
// Errors: those of add_pool().
Result<Pool*> ensure_auto_pool(State& state, Job& job);
// Errors: PoolNotFound.
Result<Pool*> find_pool(State& state, std::string_view id);

// The document that clients read. Paths stand for urls ("/pools/p"): whoever answers puts the base before them.
Json pool_document(const Pool& pool);
// pool_document() with what recovery needs under "~": the text in the store.
Json stored_pool(const Pool& pool);
Status load_pool(State& state, const store::Document& document);

}  // namespace scoria::batch
