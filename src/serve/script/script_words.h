// What stands in a script's text, as far as its form and its packages are told by it: no parser of R or Python, but a look at words and lines, in time that
// grows with the text and without recursion, as the text is anybody's.
// Threads: free functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace scoria::serve::script {

// Names that are loaded ahead: more, and longer ones, are left to the script itself.
inline constexpr std::size_t kMostPreload = 24, kMostPackageName = 128;

// "get" where the line is an annotation of plumber's: "#* @get /path", "#' @get /path". Else empty.
std::string_view annotation(std::string_view line);

// The lines of an R script that are no comments; those below are given these.
std::string without_comments(std::string_view text);
// By library(x), require(x), requireNamespace("x"), loadNamespace("x"), then by x::f and x:::f; each once.
std::vector<std::string> r_packages(std::string_view code);
// Whether a line begins with the assignment of a function to `name`.
bool defines_r_function(std::string_view code, std::string_view name);
// Whether it makes a router by calls, without annotations: pr(), plumb(), Plumber$new() and their like.
bool makes_router(std::string_view code);

// By the first name of each line's import or from; each once.
std::vector<std::string> python_modules(std::string_view text);
// A function of the module, async or not.
bool defines_python_function(std::string_view text, std::string_view name);
// The same, or a class's.
bool defines_python_method(std::string_view text, std::string_view name);
// Whether a line begins with rowwise = True or self.rowwise = True.
bool declares_rowwise(std::string_view text);

template <typename Visit>
void for_each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    visit(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

}  // namespace scoria::serve::script
