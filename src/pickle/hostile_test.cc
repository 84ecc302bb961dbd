// Pickles that attack who reads them, and damaged ones: an Error, soon, without memory for what is not there. Nothing is called.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>

#include "base/compress_for_tests.h"
#include "base/file.h"
#include "pickle/reader.h"
#include "pickle/stream_for_tests.h"
#include "pickle/summary.h"

namespace scoria::pickle {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

long peak_kilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// What Python would call, by each of the ways that the machine has of calling.
TEST(Hostile, EveryWayToCallNamesWhatWouldBeCalled) {
  const std::string command = text("rm -rf ~");
  const std::string system = global("os", "system");
  const std::vector<std::string> pickles{
      "cos\nsystem\n(S'rm -rf ~'\ntR.",                                  // protocol 0, REDUCE
      "(S'rm -rf ~'\nios\nsystem\n.",                                    // INST
      stream("(" + system + command + "o"),                              // OBJ
      stream(system + command + "\x85R"),                                // REDUCE
      stream(system + command + "\x85\x81"),                             // NEWOBJ
      stream(system + command + "\x85}\x92"),                            // NEWOBJ_EX
      stream(text("os") + text("system") + "\x93" + command + "\x85R"),  // STACK_GLOBAL
      stream("]" + system +
             "q\x01"
             "0h\x01" +
             command +
             "\x85R"
             "a"),                                                               // by the memo
      "\x80\x05\x95" + little(std::uint64_t{10}) + system + command + "\x85R.",  // framed
  };
  for (const std::string& pickle : pickles) {
    EXPECT_THAT(error_of(pickle), StartsWith("denied: the file asks to call os.system('rm -rf ~'")) << pickle;
  }
}

TEST(Hostile, FunctionsThatReachOthersAreRefused) {
  for (const auto& [module, name] : {std::pair{"builtins", "eval"},
                                     std::pair{"__builtin__", "eval"},
                                     std::pair{"builtins", "exec"},
                                     std::pair{"builtins", "getattr"},
                                     std::pair{"builtins", "__import__"},
                                     std::pair{"builtins", "open"},
                                     std::pair{"builtins", "map"},
                                     std::pair{"builtins", "type"},
                                     std::pair{"posix", "system"},
                                     std::pair{"nt", "system"},
                                     std::pair{"subprocess", "Popen"},
                                     std::pair{"pty", "spawn"},
                                     std::pair{"importlib", "import_module"},
                                     std::pair{"runpy", "_run_code"},
                                     std::pair{"socket", "create_connection"},
                                     std::pair{"operator", "attrgetter"},
                                     std::pair{"functools", "reduce"},
                                     std::pair{"types", "FunctionType"},
                                     std::pair{"marshal", "loads"},
                                     std::pair{"pickle", "loads"},
                                     std::pair{"_pickle", "loads"},
                                     std::pair{"ctypes", "CDLL"},
                                     std::pair{"copyreg", "__newobj__"},
                                     std::pair{"copyreg", "add_extension"},
                                     std::pair{"numpy", "load"},
                                     std::pair{"numpy.f2py.diagnose", "run_command"},
                                     std::pair{"numpy.testing._private.utils", "runstring"},
                                     std::pair{"numpy.ctypeslib", "load_library"},
                                     std::pair{"sklearn.datasets", "load_files"},
                                     std::pair{"sklearn.externals.joblib", "load"},
                                     std::pair{"joblib", "load"},
                                     std::pair{"joblib.numpy_pickle", "read_array"},
                                     std::pair{"scipy.special", "expit"},
                                     std::pair{"pandas", "read_pickle"},
                                     std::pair{"torch", "load"},
                                     std::pair{"__main__", "Model"},
                                     std::pair{"webbrowser", "open"},
                                     std::pair{"code", "interact"},
                                     std::pair{"sys", "exit"},
                                     std::pair{"sklearn.svm", "SVC.__init__"},
                                     std::pair{"numpy", "dtype.newbyteorder"},
                                     std::pair{"sklearnx", "Evil"},
                                     std::pair{"numpyx.random", "seed"},
                                     std::pair{"", "eval"},
                                     std::pair{"builtins", ""}}) {
    const std::string error = error_of(stream(text(module) + text(name) + "\x93" + text("x") + "\x85R"));
    EXPECT_THAT(error, StartsWith("denied: the file asks to call ")) << module << "." << name;
    EXPECT_THAT(error, HasSubstr(std::string(name) + "('x'")) << module;
  }
}

TEST(Hostile, APartialIsARecordOfAFunctionThatMayBeNamed) {
  const std::string partial = global("functools", "partial");
  const std::string allowed = stream(partial + global("numpy", "log1p") + "\x85R");
  const auto document = read(as_bytes(allowed));
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_EQ(document.value().root().kind, Kind::record);
  EXPECT_THAT(error_of(stream(partial + global("os", "system") + text("rm -rf ~") + "\x86R")),
              StartsWith("denied: the file refers to os.system"));
}

TEST(Hostile, ANameThatIsNotCalledIsRefusedAsWell) {
  EXPECT_THAT(error_of(stream("]" + global("os", "environ") + "a")),
              StartsWith("denied: the file refers to os.environ, which is not on the list"));
  // Also where it is dropped again, or where the file then breaks.
  EXPECT_THAT(error_of(stream("N" + global("os", "environ") + "0")),
              StartsWith("denied: the file refers to os.environ"));
  EXPECT_THAT(error_of("\x80\x04" + global("os", "environ") + "\x8e"),
              StartsWith("denied: the file refers to os.environ"));
  EXPECT_THAT(error_of(stream(global("numpy.core", "_ufunc_reconstruct") + text("os") + text("system") + "\x86R")),
              StartsWith("denied: the file refers to os.system"));
}

TEST(Hostile, AClassWithinAnAllowedConstructorIsLookedAt) {
  const std::string system = global("os", "system");
  EXPECT_THAT(error_of(stream(global("copyreg", "_reconstructor") + system + global("builtins", "object") + "N\x87R")),
              StartsWith("denied: the file asks to call os.system"));
  EXPECT_THAT(error_of(stream(global("sklearn._loss._loss", "__pyx_unpickle_CyLoss") + system + "K\x01N\x87R")),
              StartsWith("denied: the file asks to call os.system"));
  // The same module under the name that scikit-learn 1.5 to 1.8 give it, of which nothing but the losses is let in.
  const std::string loss = global("_loss", "__pyx_unpickle_CyHalfSquaredError");
  EXPECT_EQ(error_of(stream(loss + global("_loss", "CyHalfSquaredError") + "K\x01N\x87R")), "");
  EXPECT_EQ(error_of(stream(global("_loss", "CyHalfBinomialLoss") + ")R")), "");
  EXPECT_THAT(error_of(stream(loss + system + "K\x01N\x87R")), StartsWith("denied: the file asks to call os.system"));
  EXPECT_THAT(error_of(stream(global("_loss", "system") + ")R")),
              StartsWith("denied: the file asks to call _loss.system"));
  // What is made by one call cannot be called by the next.
  const std::string object = global("sklearn.svm", "SVC") + ")R";
  EXPECT_THAT(error_of(stream(object + ")R")), StartsWith("corrupt: the file asks to call sklearn.svm.SVC()"));
  EXPECT_THAT(error_of(stream(text("os.system") + ")R")), StartsWith("corrupt: the file asks to call 'os.system'"));
}

TEST(Hostile, HintsSayWhatCouldBeDone) {
  const auto hint = [](std::string_view module) { return error_of(stream(global(module, "Thing"))); };
  EXPECT_THAT(hint("__main__"), HasSubstr("a pickle holds no code"));
  EXPECT_THAT(hint("pandas.core.frame"), HasSubstr("pandas objects are not read"));
  EXPECT_THAT(hint("cloudpickle.cloudpickle"), HasSubstr("Python code"));
  EXPECT_THAT(error_of(stream(global("joblib.numpy_pickle", "NDArrayWrapper"))), HasSubstr("joblib before 0.10"));
}

// ColumnTransformer keeps the Index of the table it was fitted on. Nothing else of pandas' is let in beside it.
TEST(Hostile, AnIndexOfColumnsIsARecordAndNoWayIntoPandas) {
  const std::string index = global("pandas.core.indexes.base", "_new_Index");
  EXPECT_EQ(error_of(stream(index + global("pandas.core.indexes.base", "Index") + "}" + "\x86R")), "");
  EXPECT_THAT(error_of(stream(global("pandas.core.indexes.base", "Index") + ")R")), StartsWith("denied: "));
  EXPECT_THAT(error_of(stream(index + global("pandas.io.pickle", "read_pickle") + "}" + "\x86R")),
              StartsWith("denied: "));
  EXPECT_THAT(error_of(stream(global("pandas", "NA") + ")R")), StartsWith("denied: "));
  EXPECT_THAT(error_of(stream(global("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked") + global("os", "system") +
                              "K\x01N\x87R")),
              StartsWith("denied: the file asks to call os.system"));
}

TEST(Hostile, WhatLiesOutsideTheFileIsUnsupported) {
  EXPECT_THAT(error_of("(lp0\nPid\na."), StartsWith("unsupported: a persistent id"));
  EXPECT_THAT(error_of(stream("NQ")), StartsWith("unsupported: a persistent id"));
  for (const std::string_view code : {"\x82\x01", "\x83\x01\x02", "\x84\x01\x02\x03\x04"}) {
    EXPECT_THAT(error_of(stream(code)), StartsWith("unsupported: an extension code"));
  }
  for (const std::string_view code : {"\x97", "N\x98"}) {
    EXPECT_THAT(error_of(stream(code)), StartsWith("unsupported: an out-of-band buffer"));
  }
  EXPECT_THAT(error_of("\x80\x06N."), StartsWith("unsupported: protocol 6"));
}

TEST(Hostile, HugeLengthsAreRefusedWithoutMemory) {
  const long before = peak_kilobytes();
  const std::string huge32 = little(std::uint32_t{0xFFFFFFF0});
  const std::string huge64 = little(std::uint64_t{1} << 62);
  for (const std::string& code : std::vector<std::string>{
           "X" + huge32, "B" + huge32, "\x8d" + huge64, "\x8e" + huge64, "\x96" + huge64, "\x95" + huge64,
           "\x8b" + little(std::int32_t{0x7FFFFFFF}), "T" + little(std::int32_t{0x7FFFFFFF})}) {
    EXPECT_THAT(error_of(stream(code)), AllOf(StartsWith("corrupt: "), HasSubstr("claim"), HasSubstr("are left")));
  }
  EXPECT_THAT(error_of(stream("\x8b" + little(std::int32_t{-1}))), StartsWith("corrupt: a whole number claims -1"));
  EXPECT_THAT(error_of(stream("T" + little(std::int32_t{-1}))), StartsWith("corrupt: a text claims -1"));
  EXPECT_LT(peak_kilobytes() - before, 10'000);
}

TEST(Hostile, AMemoIndexFarAwayTakesNoMemory) {
  const long before = peak_kilobytes();
  EXPECT_EQ(error_of(stream("Nr\xff\xff\xff\xff"
                            "0j\xff\xff\xff\xff")),
            "");
  EXPECT_EQ(error_of("(lp18446744073709551615\n0g18446744073709551615\n."), "");
  std::string many = "\x80\x04]";
  for (std::uint32_t i = 0; i < 10'000; ++i) many += "r" + little(0xFFFFFFFFu - 400'000u * i);
  EXPECT_EQ(error_of(many + "."), "");
  EXPECT_LT(peak_kilobytes() - before, 20'000);
  EXPECT_THAT(error_of(stream("h\x05")), StartsWith("corrupt: the file refers to its value 5, which was not stored"));
  EXPECT_THAT(error_of("(lp-1\n."), HasSubstr("'-1' stands where the number of a value should be"));
}

// A list of two references to a list of two references ...: 2^200 values when written out.
TEST(Hostile, ABillionLaughsStayFew) {
  std::string body = "]";
  for (int level = 0; level < 200; ++level)
    body +=
        "q\x01"
        "0](h\x01h\x01"
        "e";
  const auto document = read(as_bytes(stream(body)));
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_LT(summarize(document.value()).size(), 100'000u);
  EXPECT_LT(summarize_json(document.value(), {.max_depth = 1000}).size(), 1'000'000u);
  EXPECT_LT(brief(document.value().root()).size(), 1000u);
  EXPECT_EQ(sklearn_version(document.value().root()), "");
}

TEST(Hostile, CyclesAreReadAndShownToADepth) {
  for (const std::string_view body : {"]q\x01h\x01"
                                      "a",
                                      "}q\x01"
                                      "Nh\x01s",
                                      "]q\x01h\x01\x85"
                                      "a"}) {
    const auto document = read(as_bytes(stream(body)));
    ASSERT_TRUE(document.ok()) << document.error().message;
    EXPECT_LT(summarize(document.value()).size(), 10'000u);
    EXPECT_LT(brief(document.value().root()).size(), 1000u);
  }
}

TEST(Hostile, AMillionLevelsAreHeldOffTheMachinesStack) {
  for (const std::string& body :
       {"N" + repeated("\x85", 1'000'000), repeated("]", 1'000'000) + repeated("a", 999'999),
        repeated("(", 500'000) + "N" + repeated("t", 500'000), repeated("(N", 500'000) + repeated("l", 500'000)}) {
    const auto document = read(as_bytes(stream(body)));
    ASSERT_TRUE(document.ok()) << document.error().message;
    EXPECT_LT(summarize(document.value(), {.max_depth = 1'000'000}).size(), 100'000u);
    EXPECT_LT(brief(document.value().root()).size(), 1000u);
  }
}

// Bytes of the file that make the reader copy a stored value again and again.
TEST(Hostile, CopiesOfStoredValuesAreBounded) {
  const std::string list = "](" + repeated("N", 30'000) +
                           "e"
                           "q\x01"
                           "0";
  const std::string letters = text(std::string(30'000, 'a')) +
                              "q\x01"
                              "0";
  const std::string set = global("builtins", "set") +
                          "q\x02"
                          "0";
  const std::string encode = global("_codecs", "encode") +
                             "q\x02"
                             "0" +
                             text("latin1") +
                             "q\x03"
                             "0";
  const std::string dict = global("builtins", "dict") +
                           "q\x02"
                           "0";
  for (const std::string& body :
       std::vector<std::string>{list + set + "](" + repeated("h\x02h\x01\x85R", 100'000) + "e",
                                letters + encode + "](" + repeated("h\x02h\x01h\x03\x86R", 100'000) + "e",
                                "](" + repeated("NN\x86", 50'000) +
                                    "eq\x01"
                                    "0" +
                                    dict + "](" + repeated("h\x02h\x01\x85R", 100'000) + "e"}) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THAT(error_of(stream(body)), StartsWith("too_large: the file makes its reader copy"));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  }
}

TEST(Hostile, LimitsAreKept) {
  EXPECT_THAT(error_of(stream("](" + repeated("K\x01", 1000) + "e"), {.max_values = 100}), HasSubstr("max_values"));
  EXPECT_THAT(error_of(stream("](" + repeated("K\x01", 1000) + "e"), {.max_bytes = 10'000}), HasSubstr("max_bytes"));
}

TEST(Hostile, ACompressedBombIsRefusedByItsRatio) {
  const std::string bomb = stream(bytes(std::string(30 << 20, '\0')));
  ReadLimits limits;
  limits.decompress.max_ratio = 200;
  for (const std::string& file : {gzip(bomb), zlib_for_tests(bomb), lzma_for_tests(bomb, true), lz4_for_tests(bomb)}) {
    EXPECT_THAT(error_of(file, limits), StartsWith("too_large: "));
  }
}

TEST(Hostile, TheStackCannotBeUndercut) {
  for (const std::string_view body :
       {"",      "0",    "2",   "a",    "R",    "b", "\x81", "\x92", "\x93",      "\x85", "\x86",
        "\x87",  "s",    "e",   "u",    "t",    "l", "d",    "o",    "1",         "\x90", "\x91",
        "q\x01", "\x94", "N(a", "NN(R", "]N(s", "(", "(0",   "N(",   "(N\x85\x86"}) {
    EXPECT_THAT(error_of(stream(body)), StartsWith("corrupt: ")) << body;
  }
  EXPECT_EQ(error_of(stream("N(1")), "");
}

TEST(Hostile, ContainersTakeOnlyWhatBelongsIntoThem) {
  for (const std::string_view body :
       {"(Nd", "}(Nu", "N(Ne", "NNa", "K\x01NNs", "(Ne", ")NNs", "](NNu", "}Na", "\x8f(NNu", "NNb", "]}b"}) {
    EXPECT_NE(error_of(stream(body)), "") << body;
  }
}

TEST(Hostile, EveryTruncationIsAnError) {
  std::size_t files = 0;
  const std::filesystem::path folder = std::filesystem::path(SCORIA_SOURCE_DIR) / "tests/data/pickle";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("dumps") || name.starts_with("make") || entry.file_size() > 3000) continue;
    auto file = FileBytes::open(entry.path());
    auto inflated = decompress(file.value().bytes());
    if (!inflated.ok() || inflated.value().size() > 4'000) continue;
    ++files;
    for (std::size_t size = 0; size < inflated.value().size(); ++size) {
      ASSERT_NE(error_of(std::string_view(inflated.value()).substr(0, size)), "") << name << " cut at " << size;
    }
  }
  EXPECT_GT(files, 40u);
}

TEST(Hostile, FlippedBitsNeverCrash) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RecordProperty("seed", static_cast<int>(seed));
  std::mt19937 random(seed);
  std::size_t read_well = 0;
  const std::filesystem::path folder = std::filesystem::path(SCORIA_SOURCE_DIR) / "tests/data/pickle";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    auto file = FileBytes::open(entry.path());
    auto inflated = decompress(file.value().bytes());
    if (!inflated.ok()) continue;
    for (int round = 0; round < 20; ++round) {
      std::string damaged = inflated.value();
      for (unsigned flips = 1 + random() % 4; flips > 0; --flips) {
        const std::size_t at = random() % damaged.size();
        damaged[at] = static_cast<char>(damaged[at] ^ 1 << random() % 8);
      }
      const auto document = read(as_bytes(damaged), {.max_bytes = 64 << 20});
      if (!document.ok()) continue;
      ++read_well;
      EXPECT_FALSE(summarize(document.value()).empty());
    }
  }
  EXPECT_GT(read_well, 0u);  // a flip within a number is no damage that can be seen
}

}  // namespace
}  // namespace scoria::pickle
