// Copies of all golden models with a few bytes changed. Each is refused with a clear error or gives a whole answer: no crash,
// no hang, no heap of memory. What a compressed file's checksum covers gives the sound file's answer or an error; a change of
// the bytes behind it may be another number in the model, which no reader can tell from the right one.
// SCORIA_MUTATIONS=10000 changes how many (default 1000), SCORIA_SEED the seed; both are printed and repeat a run.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "model/table_for_tests.h"
#include "mutation_subject.h"

namespace scoria::mutation {
namespace {

constexpr int kSecondsOfProcessor = 30;             // for one damaged file; a sound one takes milliseconds
constexpr std::int64_t kMemoryKilobytes = 2 << 20;  // of the whole run; sanitizers hold a quarter of it back on purpose

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// What is being tried, for whoever has to say so when it never returns.
char g_current[512];

extern "C" void report_hang(int) {
  constexpr char kWhat[] = "\nmutation_test: this one does not end: ";
  (void)!write(STDERR_FILENO, kWhat, sizeof kWhat - 1);
  (void)!write(STDERR_FILENO, g_current, sizeof g_current);
  _exit(3);
}

// Processor time and not the clock: other programs may be busy.
void allow_seconds(int seconds) {
  itimerval timer{};
  timer.it_value.tv_sec = seconds;
  setitimer(ITIMER_PROF, &timer, nullptr);
}

struct Tally {
  int same = 0;
  int other = 0;
  int errors = 0;
};

class Mutation : public testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPROF, report_hang);
    auto sources = golden_sources();
    ASSERT_TRUE(sources.ok()) << sources.error().message;
    sources_ = std::move(sources).value();
    ASSERT_FALSE(sources_.empty());
  }
  void TearDown() override { allow_seconds(0); }

  // The sound file's answer. A refusal is one too: cases of what R refuses are among the models.
  static Result<table::Table> sound_answer(const Subject& subject) {
    return ask(subject, subject.stored, model::SimdTarget::automatic);
  }

  // Calls each(subject, how many damages, its random numbers) for all models, `in_all` damages together.
  template <class Each>
  void for_all_models(std::uint64_t in_all, Each each) {
    const std::uint64_t seed = number_from_environment("SCORIA_SEED", 20'261'120);
    std::printf("  SCORIA_SEED=%llu SCORIA_MUTATIONS=%llu, %zu models\n", static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(in_all), sources_.size());
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      std::mt19937_64 random(seed + i);  // of its own: a model's damages do not depend on which others there are
      const std::uint64_t share = in_all / sources_.size() + (i < in_all % sources_.size() ? 1 : 0);
      if (share == 0) continue;
      const Source& source = sources_[i];
      auto subject = read_subject(source, random() % source.questions.size());
      ASSERT_TRUE(subject.ok()) << source.name << ": " << subject.error().message;
      for (std::uint64_t k = 0; k < share; ++k) {
        std::snprintf(g_current, sizeof g_current, "%s, damage %llu, seed %llu\n", source.name.c_str(),
                      static_cast<unsigned long long>(k), static_cast<unsigned long long>(seed));
        SCOPED_TRACE(g_current);
        allow_seconds(kSecondsOfProcessor);
        try {
          each(subject.value(), random);
        } catch (const std::exception& exception) {
          FAIL() << "an exception instead of an error: " << exception.what();
        }
        if (HasFatalFailure()) return;
      }
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    EXPECT_LT(usage.ru_maxrss, kMemoryKilobytes);
  }

  // A whole answer of the same shape whatever the kernel, or errors that say something.
  static Result<table::Table> whole_answer(const Subject& subject, const std::string& bytes) {
    auto answer = ask(subject, bytes, model::SimdTarget::automatic);
    const auto plain = ask(subject, bytes, model::SimdTarget::plain);
    EXPECT_EQ(answer.ok(), plain.ok()) << "one kernel answers and another refuses";
    if (!answer.ok()) {
      EXPECT_FALSE(answer.error().message.empty());
    } else if (plain.ok()) {
      EXPECT_EQ(answer.value().rows(), rows_asked(subject));
      EXPECT_GT(answer.value().columns(), 0u);
      EXPECT_EQ(model::table_difference(answer.value(), plain.value()), "") << "kernels differ";
    }
    return answer;
  }

  std::vector<Source> sources_;
};

TEST_F(Mutation, AnswersOrRefusesWhateverBytesOfTheStreamAreChanged) {
  const std::uint64_t in_all = number_from_environment("SCORIA_MUTATIONS", 1000);
  Tally tally;
  for_all_models(in_all - in_all / 4, [&](const Subject& subject, std::mt19937_64& random) {
    const auto answer = whole_answer(subject, damaged(subject.inflated, random));
    if (!answer.ok()) {
      ++tally.errors;
      return;
    }
    const auto sound = sound_answer(subject);
    ++(sound.ok() && model::table_difference(answer.value(), sound.value()).empty() ? tally.same : tally.other);
  });
  std::printf("  %d the same answer, %d another, %d errors\n", tally.same, tally.other, tally.errors);
}

TEST_F(Mutation, GivesTheSameAnswerOrAnErrorWhereAChecksumCoversTheFile) {
  const std::uint64_t in_all = number_from_environment("SCORIA_MUTATIONS", 1000);
  Tally tally;
  for_all_models(in_all / 4, [&](const Subject& subject, std::mt19937_64& random) {
    const auto answer = whole_answer(subject, damaged(subject.stored, random));
    if (!answer.ok()) {
      ++tally.errors;
      return;
    }
    const auto sound = sound_answer(subject);
    const bool is_same = sound.ok() && model::table_difference(answer.value(), sound.value()).empty();
    ++(is_same ? tally.same : tally.other);
    if (subject.has_checksum) {
      EXPECT_TRUE(is_same) << "the checksum let another answer pass";
    }
  });
  std::printf("  %d the same answer, %d another (files without a checksum), %d errors\n", tally.same, tally.other,
              tally.errors);
}

}  // namespace
}  // namespace scoria::mutation
