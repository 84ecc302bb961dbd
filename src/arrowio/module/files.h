// Where the Arrow module reads from, local files and object stores by URI, and the program's sink that it writes to.
// Threads: free functions.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <arrow/result.h>

#include <memory>
#include <string>

#include "arrowio/module.h"

namespace scoria::arrowio {

// Errors: as Arrow says them.
arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_random(const std::string& path,
                                                                        arrow::MemoryPool* pool);
arrow::Result<std::shared_ptr<arrow::io::InputStream>> open_stream(const std::string& uri);

// The sink of the program as Arrow's output stream. Closing it does nothing: the program decides whether it stays.
std::shared_ptr<arrow::io::OutputStream> sink_stream(ModuleSink sink);

}  // namespace scoria::arrowio
