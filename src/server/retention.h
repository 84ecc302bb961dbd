// Deletes completed jobs some time after their end, if the configuration says so. Threads: looks once a minute on a thread of its own.
// Borrows: app.
#pragma once

#include <stop_token>
#include <thread>

#include "server/app.h"

namespace scoria::server {

class Retention {
 public:
  Retention(App& app, Duration kept);

 private:
  void run(const std::stop_token& stop) const;
  void delete_old(const std::stop_token& stop) const;

  App& app_;
  Duration kept_;
  std::jthread thread_;
};

}  // namespace scoria::server
