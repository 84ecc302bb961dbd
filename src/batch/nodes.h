// Nodes: their life from creating to gone, what clients ask of them, what they say of themselves.
// Source: Azure Batch REST API, Compute Node. Threads: State's owner.
#pragma once

#include "batch/state.h"

namespace scoria::batch {

// `option`: requeue, terminate, taskcompletion, retaineddata. Errors: NodeNotFound, NodeStateUnusable, NodeAlreadyInTargetSchedulingState.
Status reboot_node(State& state, std::string_view pool, std::string_view node, std::string_view option);
Status reimage_node(State& state, std::string_view pool, std::string_view node, std::string_view option);
Status disable_scheduling(State& state, std::string_view pool, std::string_view node, std::string_view option);
Status enable_scheduling(State& state, std::string_view pool, std::string_view node);
// A low-priority node loses its place: notice, grace, kill; its tasks are requeued without using a retry.
Status preempt_node(State& state, std::string_view pool, std::string_view node);
// A machine joins a pool of provider "joined": a new node, or the one that it was before. Errors: PoolNotFound, InvalidPropertyValue.
Result<Node*> join_node(State& state, std::string_view pool, std::string_view name, std::string_view token_hash,
                        int slots);

Node* find_node(State& state, std::string_view pool, std::string_view node);
// A sync's facts, sample and trouble; a new session or keeper; the node's state that follows.
Status heard_from(State& state, Node& node, const spec::SyncRequest& request);
// The provider says that it is gone, or nothing was heard for too long: its attempts are requeued, their late results refused.
void lose_node(State& state, Node& node, std::string_view why);
void set_node_state(State& state, Node& node, NodeState to);
Json node_document(const Node& node);
Status load_node(State& state, const store::Document& document);

}  // namespace scoria::batch
