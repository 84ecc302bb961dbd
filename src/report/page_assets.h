// The style sheets and the script of the report page, made part of the program by CMake (page_assets.cc.in).
// Threads: constants.
#pragma once

#include <string_view>

namespace scoria::report::assets {

std::string_view page_css();
std::string_view page_js();
std::string_view figure_css();  // for an SVG file by itself: the colours of page.css

}  // namespace scoria::report::assets
