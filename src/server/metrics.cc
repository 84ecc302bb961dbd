#include "server/metrics.h"

#include <charconv>

namespace scoria::server {
namespace {

std::string text_of(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}
std::string text_of(std::uint64_t value) { return std::to_string(value); }

class Page {
 public:
  void begin(std::string_view name, std::string_view type, std::string_view help) {
    text_ += "# HELP scoria_" + std::string(name) + " " + std::string(help) + "\n# TYPE scoria_" + std::string(name) +
             " " + std::string(type) + "\n";
    name_ = "scoria_" + std::string(name);
  }
  template <typename Number>
  void value(Number number, std::string_view state = {}) {
    text_ += name_;
    if (!state.empty()) text_ += "{state=\"" + std::string(state) + "\"}";
    text_ += " " + text_of(number) + "\n";
  }
  template <typename Number>
  void one(std::string_view name, std::string_view type, std::string_view help, Number number) {
    begin(name, type, help);
    value(number);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_, name_;
};

}  // namespace

std::string metrics_text(const batch::Metrics& metrics, const RetentionTotals& retained) {
  Page page;
  page.begin("nodes", "gauge", "Compute nodes by state.");
  for (const auto& [state, count] : metrics.nodes_by_state) page.value(count, state);
  page.begin("tasks", "gauge", "Open tasks by state.");
  page.value(metrics.tasks.active, "active");
  page.value(metrics.tasks.preparing, "preparing");
  page.value(metrics.tasks.running, "running");
  page.one("tasks_completed_total", "counter", "Tasks that completed.", metrics.tasks_completed_total);
  page.one("tasks_failed_total", "counter", "Tasks that completed with a failure.", metrics.tasks_failed_total);
  page.one("tasks_requeued_total", "counter", "Tasks that went back to active without using a retry.",
           metrics.tasks_requeued_total);
  page.one("queue_wait_seconds_total", "counter", "Time that tasks waited before they started.",
           metrics.queue_wait_seconds_sum);
  page.one("run_seconds_total", "counter", "Time that tasks ran.", metrics.run_seconds_sum);
  page.one("commits_total", "counter", "Groups of changes that were written to disk.", metrics.commits_total);
  page.one("commit_seconds_total", "counter", "Time that writing them took.", metrics.commit_seconds_sum);
  page.one("autoscale_evaluations_total", "counter", "Evaluations of autoscale formulas.",
           metrics.autoscale_evaluations_total);
  page.one("autoscale_errors_total", "counter", "Evaluations that failed.", metrics.autoscale_errors_total);
  page.one("retention_jobs_deleted_total", "counter", "Completed jobs that retention deleted.", retained.jobs.load());
  page.one("retention_blobs_deleted_total", "counter", "Blobs that retention deleted.", retained.blobs.load());
  page.one("retention_blob_bytes_deleted_total", "counter", "Their bytes.", retained.blob_bytes.load());
  return page.take();
}

}  // namespace scoria::server
