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

// May be given tasks: idle or running, its scheduling on, neither leaving nor draining, no trouble.
bool can_take_work(const Node& node);
// Shall leave or be restarted once retention times are over, and some are not.
bool is_kept_by_data(const Node& node);
// What follows from its attempts having changed: idle or running, drained. Called by whoever adds or ends one. No node is destroyed.
void settle_node(State& state, Node& node);
// An event of the attempt of its start task, which is erased when it ended. take_events() hands it on.
void start_task_event(State& state, Node& node, AttemptId attempt, const spec::Event& event);
// A directory of a deleted job or task goes with the node's next orders. One that is silent for long keeps what is more than a thousand of them
// until its retention time is over.
void remove_directory(State& state, Node& node, std::string directory);
// What a provider says of all its nodes, as often as it is asked.
void take_provider_status(State& state, std::string_view provider, const std::vector<scoria::pool::NodeStatus>& nodes);
// A provider refused an effect's request.
void request_failed(State& state, std::string_view pool, std::string_view node, const Error& error);
// While a commit takes long (a full disk) nobody is answered, and who is silent may be waiting for that: it is not held against nodes.
bool is_stalled(const State& state);
void end_stall(State& state);
// Who was silent for too long is lost; drains end. Called by tick_pools().
void watch_nodes(State& state);
std::string_view node_state_name(NodeState state);

// Paths stand for urls ("/pools/p/nodes/n"): whoever answers puts the base before them.
Json node_document(const Node& node);
// node_document() with what recovery needs under "~": the text in the store.
Json stored_node(const Node& node);
Status load_node(State& state, const store::Document& document);  // after its pool

}  // namespace scoria::batch
