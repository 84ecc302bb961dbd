// Deletes what the configuration lets go after its time: completed jobs, a schedule's older ones, blobs by container, name and age.
// Threads: looks once a minute (at blobs once in ten) on a thread of its own; sweep() may be called by tests instead. Borrows: app.
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <thread>

#include "server/app.h"
#include "server/config.h"

namespace scoria::server {

class Retention {
 public:
  // Starts where the policy lets anything go.
  Retention(App& app, const RetentionPolicy& policy);

  // All that is due now: once.
  static void sweep(App& app, const RetentionPolicy& policy, const std::stop_token& stop = {}, bool blobs_too = true);

 private:
  void run(const std::stop_token& stop) const;

  App& app_;
  const RetentionPolicy& policy_;
  std::jthread thread_;
};

}  // namespace scoria::server
