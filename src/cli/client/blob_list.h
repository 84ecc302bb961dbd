// What a client needs of the XML that blob storage answers with. Threads: free functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scoria::cli {

struct BlobPage {
  std::vector<std::pair<std::string, std::uint64_t>> items;  // name, bytes
  std::string next;                                          // marker of the next page; empty: the last
};

// One page of "List Blobs" or (sizes 0) "List Containers". What is no such XML gives nothing.
BlobPage parse_blob_page(std::string_view xml);

// The text of the first element of that name, its entities resolved; empty where there is none.
std::string text_of_element(std::string_view xml, std::string_view name);

}  // namespace scoria::cli
